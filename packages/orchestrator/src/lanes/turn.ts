/** Hands turns over: the user's text to the agent, and what interrupts it. */
import type { EffectRow, Problem, TurnRow } from "@threadfold/contracts"
import type { ThreadWork } from "@threadfold/projections"
import type { HandedOver, ProviderFailure } from "@threadfold/providers"
import { Clock, Duration, Effect, Either, Option } from "effect"
import { isRecord } from "../isRecord.js"
import type { LiveThread } from "../live/LiveThreads.js"
import { upkeep } from "../upkeep.js"
import { type Attempt, done, waits } from "./Lanes.js"
import { abandon, closeLive, ensureSession, isStopping } from "./session.js"
import { amend, type Ending, end, endPending, type Lease, lease, type Told, type Workshop } from "./Workshop.js"

const textOf = ({ payload }: EffectRow): string =>
  isRecord(payload) && typeof payload.text === "string" ? payload.text : ""

/** How often a turn is handed over to a process that then turns out to be gone, before it fails. */
const ATTEMPTS = 3

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

const notStarted = (effect: EffectRow, message: string): Ending => ({
  status: "failed",
  message,
  events: [{ type: "turn.start-failed", turnId: effect.turnId, payload: { error: { message } } }],
})

/** The answer to an order, within the agent's limit; null: there was none. */
const answerOf = (
  { answered }: HandedOver,
  answerMs: number,
): Effect.Effect<Either.Either<void, ProviderFailure> | null> => {
  const answer = Effect.either(answered)
  return answerMs === 0
    ? answer
    : Effect.map(Effect.timeoutOption(answer, answerMs), (given) => (given._tag === "Some" ? given.value : null))
}

/** The hand-over itself, within the agent's limit. */
export const handOver = (
  order: Effect.Effect<HandedOver, ProviderFailure>,
  answerMs: number,
): Effect.Effect<Either.Either<HandedOver, ProviderFailure> | null> => {
  const given = Effect.either(order)
  return answerMs === 0
    ? given
    : Effect.map(Effect.timeoutOption(given, Duration.millis(answerMs)), (one) =>
        one._tag === "Some" ? one.value : null,
      )
}

/**
 * After the hand-over: waits for the provider's acknowledgement, beside the lane. A refusal makes the effect failed, no
 * answer makes it uncertain; it is never repeated.
 */
export const awaitAnswer = (
  shop: Workshop,
  { effect }: Lease,
  handed: HandedOver,
  answerMs: number,
  after: {
    readonly accepted?: readonly Told[]
    readonly refused: (message: string) => readonly Told[]
  },
): Effect.Effect<void> =>
  shop.beside(
    Effect.gen(function* () {
      const answer = yield* answerOf(handed, answerMs)
      if (answer === null) {
        const message = `no answer within ${answerMs} ms`
        yield* amend(shop, effect, {
          status: "uncertain",
          message,
          events: [outcome("effect.uncertain", effect, message)],
        })
      } else if (Either.isRight(answer)) {
        if (after.accepted !== undefined) {
          yield* amend(shop, effect, { status: "delivered", events: after.accepted })
        }
      } else if (answer.left._tag === "Refused") {
        const message = said(answer.left)
        yield* amend(shop, effect, { status: "failed", message, events: after.refused(message) })
      }
      // A connection that is lost says so by events; they tell what became of the turn.
      yield* shop.poke(effect.threadId)
    }),
  )

/** Its agent's own word about its end may still come. One that never ran has none to come. */
export const isProvisional = ({ settled, startedAt, status }: TurnRow): boolean =>
  status === "ended" && settled === 0 && startedAt !== null

/** Whether the turn may start now: one at a time, and only after the last one's end is final. */
const mayStart = ({ turns }: ThreadWork, turnId: string): boolean =>
  !turns.some(
    (turn) =>
      turn.turnId !== turnId &&
      (turn.status === "running" ||
        isProvisional(turn) ||
        (turn.status === "requested" && turn.handedOver === 1 && turn.uncertain === 0)),
  )

const send = (shop: Workshop, held: Lease, live: LiveThread, turnId: string): Effect.Effect<void, Problem> =>
  Effect.gen(function* () {
    const { effect } = held
    const { answerMs } = live.on.agent.limits
    const settings = isRecord(effect.payload) && isRecord(effect.payload.settings) ? effect.payload.settings : null
    const order = live.on.connection.sendTurn({
      nativeThreadId: live.nativeThreadId,
      turnId,
      text: textOf(effect),
      ...(settings === null ? {} : { settings }),
    })
    const given = yield* handOver(order, answerMs)
    if (given === null) {
      const message = `the agent did not take the message within ${answerMs} ms`
      yield* end(shop, held, { status: "uncertain", message, events: [outcome("effect.uncertain", effect, message)] })
    } else if (Either.isRight(given)) {
      const delivered = { ...outcome("effect.delivered", effect), callId: given.right.callId }
      yield* end(shop, held, { status: "delivered", events: [delivered] })
      // A refusal of the start itself is told by the translator, with the turn's id.
      yield* awaitAnswer(shop, held, given.right, answerMs, { refused: () => [] })
    } else if (given.left._tag === "ConnectionLost" && effect.attempts < ATTEMPTS) {
      // The line did not go out whole, so the agent has not read it: the next session gets it.
      yield* end(shop, held, { status: "pending", message: given.left.message })
      yield* shop.connections.disconnect(live.on.connectionId)
    } else {
      yield* end(shop, held, notStarted(effect, said(given.left)))
    }
  })

/** `turn.start`. */
export const startTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, Problem> =>
  Effect.gen(function* () {
    const { projections } = shop
    const { threadId, turnId } = effect
    const retire = (message: string) => Effect.as(endPending(shop, effect, { status: "retired", message }), done)
    const waiting = Effect.map(turnId === null ? Effect.succeed(null) : projections.turnRow(turnId), (turn) =>
      turn !== null && turn.status === "requested" && turn.handedOver === 0 ? turn : null,
    )
    const work = yield* projections.threadWork(threadId)
    if (turnId === null || work === null || (yield* waiting) === null)
      return yield* retire("the turn does not wait any more")
    if (!mayStart(work, turnId) || (yield* isStopping(shop, threadId))) return waits
    const wasLive = shop.connections.threads.of(threadId) !== null
    const started = yield* Effect.either(shop.starts.run(threadId, ensureSession(shop, work)))
    if (Either.isLeft(started)) {
      yield* endPending(shop, effect, notStarted(effect, started.left.detail))
      return done
    }
    const held = Option.isNone(started.right) ? null : yield* lease(shop, effect)
    if (held === null || Option.isNone(started.right)) {
      if ((yield* waiting) !== null) return waits
      // It was cancelled while the session started: nobody wants the session any more.
      if (!wasLive) yield* abandon(shop, threadId)
      return yield* retire("it was cancelled")
    }
    const live = started.right.value
    yield* send(shop, held, live, turnId)
    return done
  })

const running = (shop: Workshop, turnId: string | null): Effect.Effect<TurnRow | null, Problem> =>
  Effect.map(turnId === null ? Effect.succeed(null) : shop.projections.turnRow(turnId), (turn) =>
    turn !== null && turn.status === "running" ? turn : null,
  )

/** `turn.steer`: the message stays in the queue until the agent has taken it. */
export const steerTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, Problem> =>
  Effect.gen(function* () {
    const { messageId, threadId } = effect
    const live = shop.connections.threads.of(threadId)
    const turn = yield* running(shop, effect.turnId)
    const work = yield* shop.projections.threadWork(threadId)
    if (live === null || turn?.nativeTurnId == null || messageId === null || work === null) {
      yield* endPending(shop, effect, { status: "retired", message: "the turn is over; the message runs next" })
      return done
    }
    const held = yield* lease(shop, effect)
    if (held === null) return done
    const { nativeThreadId, on } = live
    const { answerMs } = on.agent.limits
    const order = on.connection.steer({ nativeThreadId, nativeTurnId: turn.nativeTurnId, text: textOf(effect) })
    const given = yield* handOver(order, answerMs)
    if (given !== null && Either.isRight(given)) {
      yield* end(shop, held, { status: "delivered", events: [outcome("effect.delivered", effect)] })
      yield* awaitAnswer(shop, held, given.right, answerMs, {
        accepted: [{ type: "message.steered", turnId: turn.turnId, payload: { messageId } }],
        refused: (message) => [outcome("effect.failed", effect, message)],
      })
    } else {
      const message = given === null ? `the agent did not take the message within ${answerMs} ms` : said(given.left)
      const type = given === null ? "effect.uncertain" : "effect.failed"
      const status = given === null ? "uncertain" : "failed"
      yield* end(shop, held, { status, message, events: [outcome(type, effect, message)] })
    }
    return done
  })

/** Stops the session of a turn that goes on after it was interrupted. */
const escalate = (shop: Workshop, turnId: string, live: LiveThread): Effect.Effect<void> => {
  const { interruptMs } = live.on.agent.limits
  if (interruptMs === 0) return Effect.void
  return shop.beside(
    Effect.gen(function* () {
      yield* Effect.sleep(interruptMs)
      const turn = yield* running(shop, turnId)
      if (turn === null || shop.connections.threads.of(live.threadId) !== live) return
      yield* Effect.logWarning(`turn ${turnId} goes on ${interruptMs} ms after its interrupt: its session is stopped`)
      yield* closeLive(shop, live)
    }),
  )
}

/** Whether the time is over that a turn has which the agent took and did not begin: it cannot be named to the agent. */
const isOverdue = ({ handedOver, interruptRequestedAt }: TurnRow, live: LiveThread): Effect.Effect<boolean> => {
  const { interruptMs } = live.on.agent.limits
  return Effect.map(
    Clock.currentTimeMillis,
    (now) =>
      handedOver === 1 && interruptMs > 0 && interruptRequestedAt !== null && now - interruptRequestedAt >= interruptMs,
  )
}

/** An interrupt of a turn whose agent is not there. */
const withoutAgent = (shop: Workshop, effect: EffectRow, turn: TurnRow): Effect.Effect<Attempt, Problem> =>
  Effect.gen(function* () {
    const { threadId, turnId } = turn
    const wasGiven = turn.status === "requested" && turn.handedOver === 1
    // The last word of its session is still to come.
    if (wasGiven && turn.uncertain === 0) return waits
    // Nobody knows whether it had begun. Who wanted it stopped need not say so again.
    if (wasGiven) yield* upkeep(shop, { type: "turn.interrupt", threadId, turnId, reason: "its agent is gone" })
    yield* endPending(shop, effect, { status: "retired", message: "the turn is over" })
    return done
  })

/** `turn.interrupt`. */
export const interruptTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, Problem> =>
  Effect.gen(function* () {
    const { threadId, turnId } = effect
    const turn = turnId === null ? null : yield* shop.projections.turnRow(turnId)
    const live = shop.connections.threads.of(threadId)
    if (turn === null || turn.status === "ended") {
      yield* endPending(shop, effect, { status: "retired", message: "the turn is over" })
      return done
    }
    if (live === null) return yield* withoutAgent(shop, effect, turn)
    // Handed over and not started: there is nothing yet that could be named to the agent.
    if (turn.status === "requested" || turn.nativeTurnId === null) {
      if (yield* isOverdue(turn, live)) {
        yield* Effect.logWarning(`turn ${turn.turnId} was interrupted and never began: its session is stopped`)
        yield* closeLive(shop, live)
      }
      return waits
    }
    const held = yield* lease(shop, effect)
    if (held === null) return done
    const { nativeThreadId, on } = live
    const { answerMs } = on.agent.limits
    const order = on.connection.interrupt({ nativeThreadId, nativeTurnId: turn.nativeTurnId })
    const given = yield* handOver(order, answerMs)
    yield* escalate(shop, turn.turnId, live)
    if (given !== null && Either.isRight(given)) {
      yield* end(shop, held, { status: "delivered", events: [outcome("effect.delivered", effect)] })
      yield* awaitAnswer(shop, held, given.right, answerMs, {
        refused: (message) => [outcome("effect.failed", effect, message)],
      })
    } else {
      const message = given === null ? `the agent did not take it within ${answerMs} ms` : said(given.left)
      yield* end(shop, held, { status: "failed", message, events: [outcome("effect.failed", effect, message)] })
    }
    return done
  })
