/** Hands an order over to an agent, and says what became of it: by bytes first, by the agent's answer later. */
import type { EffectRow } from "@threadfold/contracts"
import type { Delivered, ProviderFailure } from "@threadfold/providers"
import { Effect, Either, Option } from "effect"
import type { WorkError } from "../Errors.js"
import type { LiveThread } from "../live/LiveThreads.js"
import { amend, end, type Lease, lease, type Told, type Workshop } from "./Workshop.js"

/** What a failed call says to a person. */
export const said = (failure: ProviderFailure): string => {
  switch (failure._tag) {
    case "Unsupported":
      return `The agent cannot do this (${failure.operation}).`
    case "TimedOut":
      return `The agent did not answer within ${failure.afterMs} ms.`
    default:
      return failure.message
  }
}

/** The event that tells what became of an effect. */
export const outcome = (
  type: "effect.delivered" | "effect.failed" | "effect.uncertain",
  { effectId, kind, requestId, turnId }: EffectRow,
  message: string | null = null,
): Told => ({ type, payload: { effect: kind, effectId, message }, turnId, requestId })

/** What comes of a call within the agent's limit, ms (0: none); null: nothing came. */
export const within = <A>(
  call: Effect.Effect<A, ProviderFailure>,
  limitMs: number,
): Effect.Effect<Either.Either<A, ProviderFailure> | null> => {
  const given = Effect.either(call)
  return limitMs === 0 ? given : Effect.map(Effect.timeoutOption(given, limitMs), Option.getOrNull)
}

/** What is told of an answer. */
export interface Answers {
  /** The agent has said that it does it. */
  readonly accepted?: readonly Told[]
  readonly refused: (message: string) => readonly Told[]
}

/**
 * After the hand-over: waits for the provider's acknowledgement, beside the lane. A refusal makes the effect failed, no
 * answer makes it uncertain; it is never repeated.
 */
export const awaitAnswer = (
  shop: Workshop,
  { effect }: Lease,
  handed: Delivered,
  answerMs: number,
  { accepted = [], refused }: Answers,
): Effect.Effect<void> =>
  shop.beside(
    Effect.gen(function* () {
      const answer = yield* within(handed.answered, answerMs)
      if (answer === null) {
        const message = `no answer within ${answerMs} ms`
        yield* amend(shop, effect, {
          status: "uncertain",
          message,
          events: [outcome("effect.uncertain", effect, message)],
        })
      } else if (Either.isRight(answer)) {
        if (accepted.length > 0) yield* amend(shop, effect, { status: "delivered", events: accepted })
      } else if (answer.left._tag === "Refused") {
        const message = said(answer.left)
        yield* amend(shop, effect, { status: "failed", message, events: refused(message) })
      }
      // A connection that is lost says so by events; they tell what became of the turn.
      yield* shop.poke(effect.threadId)
    }),
  )

/** An order, and what is told of it. */
export interface Delivery {
  readonly order: Effect.Effect<Delivered, ProviderFailure>
  /** What the agent is given, for a person. */
  readonly what?: "it" | "the message"
  /** The agent has it. */
  readonly delivered?: readonly Told[]
  /** The agent has said that it does it. */
  readonly accepted?: readonly Told[]
  /** The agent does not have it, or nobody knows; told after what became of the effect. */
  readonly notTaken?: (message: string) => readonly Told[]
  /** The agent surely does not have it: it refused it, or has no such call; told after what became of the effect. */
  readonly refused?: (message: string) => readonly Told[]
  /** What an order is that the agent may have or not: `uncertain`, unless it does no harm to take it for `failed`. */
  readonly unheard?: "failed" | "uncertain"
}

/** Leases an effect and hands its order over, within the agent's limit. Does nothing where somebody else has the effect. */
export const deliver = (
  shop: Workshop,
  effect: EffectRow,
  { on }: LiveThread,
  {
    accepted = [],
    delivered = [outcome("effect.delivered", effect)],
    notTaken = () => [],
    order,
    refused = () => [],
    unheard = "uncertain",
    what = "it",
  }: Delivery,
): Effect.Effect<void, WorkError> =>
  Effect.gen(function* () {
    const held = yield* lease(shop, effect)
    if (held === null) return
    const { answerMs } = on.agent.limits
    const given = yield* within(order, answerMs)
    if (given !== null && Either.isRight(given)) {
      yield* end(shop, held, { status: "delivered", events: delivered })
      yield* awaitAnswer(shop, held, given.right, answerMs, {
        accepted,
        refused: (message) => [outcome("effect.failed", effect, message), ...refused(message)],
      })
      return
    }
    // A driver that waited in vain does not know either.
    const isUnheard = given === null || given.left._tag === "TimedOut"
    const status = isUnheard ? unheard : "failed"
    const message = given === null ? `the agent did not take ${what} within ${answerMs} ms` : said(given.left)
    const isRefused = given !== null && (given.left._tag === "Refused" || given.left._tag === "Unsupported")
    const events = [
      outcome(`effect.${status}`, effect, message),
      ...notTaken(message),
      ...(isRefused ? refused(message) : []),
    ]
    yield* end(shop, held, { status, message, events })
  })
