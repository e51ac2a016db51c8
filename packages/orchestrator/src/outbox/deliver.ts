/** Delivers calls to an agent, and says what became of them: by bytes first, by the agent's answer later. */
import type { EffectRow } from "@threadfold/contracts"
import type { Engine } from "@threadfold/engine"
import type { Delivered, ProviderFailure } from "@threadfold/providers"
import { Effect, Either, Option } from "effect"
import { Background } from "../Background.js"
import type { LiveThread } from "../connections/LiveThreads.js"
import type { WorkError } from "../Errors.js"
import type { Incarnation } from "../Ids.js"
import type { OwnEvent } from "../ownWrites.js"
import { Wakeups } from "../Wakeups.js"
import { amendDelivered, delivered, endLeased, type Lease, lease, outcome, uncertain } from "./conclude.js"

/** A failed call in a sentence for a person. */
export const failureText = (failure: ProviderFailure): string => {
  switch (failure._tag) {
    case "Unsupported":
      return `The agent cannot do this (${failure.operation}).`
    case "TimedOut":
      return `The agent did not answer within ${failure.afterMs} ms.`
    default:
      return failure.message
  }
}

/** What comes of a call within the agent's limit, ms (0: none); null: nothing came. */
export const within = <A>(
  call: Effect.Effect<A, ProviderFailure>,
  limitMs: number,
): Effect.Effect<Either.Either<A, ProviderFailure> | null> => {
  const ended = Effect.either(call)
  return limitMs === 0 ? ended : Effect.map(Effect.timeoutOption(ended, limitMs), Option.getOrNull)
}

/** The events of an answer. */
export interface AnswerEvents {
  /** The agent has said that it does it. */
  readonly accepted?: readonly OwnEvent[]
  readonly refused: (message: string) => readonly OwnEvent[]
}

/**
 * After the delivery: waits for the provider's acknowledgement, in the background. A refusal makes the effect failed, no
 * answer makes it uncertain; it is never repeated.
 */
export const awaitAnswer = (
  { effect }: Lease,
  { answered }: Delivered,
  answerMs: number,
  { accepted = [], refused }: AnswerEvents,
): Effect.Effect<void, never, Background | Engine | Wakeups> =>
  Effect.gen(function* () {
    const background = yield* Background
    const wakeups = yield* Wakeups
    yield* background.run(
      Effect.gen(function* () {
        const answer = yield* within(answered, answerMs)
        if (answer === null) {
          const message = `no answer within ${answerMs} ms`
          yield* amendDelivered(effect, uncertain(effect, message))
        } else if (Either.isRight(answer)) {
          if (accepted.length > 0) yield* amendDelivered(effect, { status: "delivered", events: accepted })
        } else if (answer.left._tag === "Refused") {
          const message = failureText(answer.left)
          yield* amendDelivered(effect, { status: "failed", message, events: refused(message) })
        }
        // A connection that is lost says so by events; they tell what became of the turn.
        yield* wakeups.wake(effect.threadId)
      }),
    )
  })

/** A call to an agent, and the events of what becomes of it. */
export interface Delivery {
  readonly call: Effect.Effect<Delivered, ProviderFailure>
  /** What the agent is given, for a person. */
  readonly what?: "it" | "the message"
  /** The agent has said that it does it. */
  readonly accepted?: readonly OwnEvent[]
  /** The agent surely does not have it: it refused it, or has no such call. Told after what became of the effect. */
  readonly refused?: (message: string) => readonly OwnEvent[]
  /** What a call is that the agent may have or not: `uncertain`, unless it does no harm to take it for `failed`. */
  readonly unheard?: "failed" | "uncertain"
}

/** Leases an effect and delivers its call, within the agent's limit. Does nothing where the effect is leased or ended. */
export const deliver = (
  effect: EffectRow,
  { on }: LiveThread,
  { accepted = [], call, refused = () => [], unheard = "uncertain", what = "it" }: Delivery,
): Effect.Effect<void, WorkError, Background | Engine | Incarnation | Wakeups> =>
  Effect.gen(function* () {
    const leased = yield* lease(effect)
    if (leased === null) return
    const { answerMs } = on.agent.limits
    const taken = yield* within(call, answerMs)
    if (taken !== null && Either.isRight(taken)) {
      yield* endLeased(leased, delivered(effect))
      yield* awaitAnswer(leased, taken.right, answerMs, {
        accepted,
        refused: (message) => [outcome("effect.failed", effect, message), ...refused(message)],
      })
      return
    }
    // A driver that waited in vain does not know either.
    const isUnheard = taken === null || taken.left._tag === "TimedOut"
    const status = isUnheard ? unheard : "failed"
    const message = taken === null ? `the agent did not take ${what} within ${answerMs} ms` : failureText(taken.left)
    const isRefused = taken !== null && (taken.left._tag === "Refused" || taken.left._tag === "Unsupported")
    const events = [outcome(`effect.${status}`, effect, message), ...(isRefused ? refused(message) : [])]
    yield* endLeased(leased, { status, message, events })
  })
