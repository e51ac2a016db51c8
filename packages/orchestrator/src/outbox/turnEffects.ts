/** Effects of turns: the user's text goes to the agent, a message steers it, an interrupt ends it. */
import { type EffectRow, type TurnRow, TurnWork } from "@threadfold/contracts"
import {
  interruptsTurn,
  interruptWithoutAgent,
  isDeliverable,
  isWorkedOn,
  mayDeliverAgain,
  startsTurn,
  steeredInto,
} from "@threadfold/core"
import { type Engine, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { type CompactThread, type Delivered, type ProviderFailure, Unsupported } from "@threadfold/providers"
import { Effect, Either, Option, Predicate, Schema } from "effect"
import { Background } from "../Background.js"
import { Connections } from "../connections/Connections.js"
import type { LiveConnection, LiveThread } from "../connections/LiveThreads.js"
import type { WorkError } from "../Errors.js"
import type { Blobs } from "../messages/Blobs.js"
import { drivenParts } from "../messages/drivenParts.js"
import { upkeep } from "../ownWrites.js"
import type { Wakeups } from "../Wakeups.js"
import { type Attempted, done, waits } from "./Attempt.js"
import { type Ending, endLeased, endPending, type Lease, lease, outcome, uncertain } from "./conclude.js"
import { awaitAnswer, deliver, failureText, within } from "./deliver.js"
import { ensureSession } from "./ensureSession.js"
import { SessionStarts } from "./SessionStarts.js"
import { abandon } from "./sessionEffects.js"

const textOf = ({ payload }: EffectRow): string =>
  Predicate.isRecord(payload) && typeof payload.text === "string" ? payload.text : ""

/** What the turn does, where it is no answer to a message. */
const workOf = ({ payload }: EffectRow): TurnWork | null =>
  Predicate.isRecord(payload) ? Option.getOrNull(Schema.decodeUnknownOption(TurnWork)(payload.work)) : null

const doWork = (
  { agent, connection }: LiveConnection,
  turn: CompactThread,
  work: TurnWork,
): Effect.Effect<Delivered, ProviderFailure> => {
  const { compact, review } = connection
  const cannot = new Unsupported({ provider: agent.driver.provider, operation: work.type })
  switch (work.type) {
    case "compact":
      return compact === undefined ? cannot : compact(turn)
    case "review":
      return review === undefined ? cannot : review({ ...turn, target: work.target })
  }
}

const notStarted = (effect: EffectRow, message: string): Ending => ({
  status: "failed",
  message,
  events: [{ type: "turn.start-failed", turnId: effect.turnId, payload: { error: { message } } }],
})

const send = (
  leased: Lease,
  live: LiveThread,
  turnId: string,
): Effect.Effect<void, WorkError, Background | Blobs | Connections | Engine | Projections | Wakeups> =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const { effect } = leased
    const parts = yield* Effect.either(drivenParts(effect))
    if (Either.isLeft(parts)) {
      if (parts.left._tag !== "BlobUnknown") return yield* parts.left
      return yield* endLeased(leased, notStarted(effect, parts.left.message))
    }
    const { answerMs } = live.on.agent.limits
    const settings =
      Predicate.isRecord(effect.payload) && Predicate.isRecord(effect.payload.settings) ? effect.payload.settings : null
    const { nativeThreadId } = live
    const work = workOf(effect)
    const call =
      work === null
        ? live.on.connection.sendTurn({
            nativeThreadId,
            turnId,
            text: textOf(effect),
            ...parts.right,
            ...(settings === null ? {} : { settings }),
          })
        : doWork(live.on, { nativeThreadId, turnId }, work)
    const taken = yield* within(call, answerMs)
    if (taken === null) {
      const message = `the agent did not take the message within ${answerMs} ms`
      yield* endLeased(leased, uncertain(effect, message))
    } else if (Either.isRight(taken)) {
      const delivered = { ...outcome("effect.delivered", effect), callId: taken.right.callId }
      yield* endLeased(leased, { status: "delivered", events: [delivered] })
      // A refusal of the start itself is an event of the translator, with the turn's id.
      yield* awaitAnswer(leased, taken.right, answerMs, { refused: () => [] })
    } else if (taken.left._tag === "ConnectionLost" && mayDeliverAgain(effect)) {
      // The line did not go out whole, so the agent has not read it: the next session gets it.
      yield* endLeased(leased, { status: "pending", message: taken.left.message })
      yield* connections.disconnect(live.on.connectionId)
    } else {
      yield* endLeased(leased, notStarted(effect, failureText(taken.left)))
    }
  })

/** `turn.start`. */
export const attemptTurnStart = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const projections = yield* Projections
    const reads = yield* WorkReads
    const starts = yield* SessionStarts
    const { threadId, turnId } = effect
    const retire = (message: string) => Effect.as(endPending(effect, { status: "retired", message }), done)
    const turn = turnId === null ? Effect.succeed(null) : projections.turnRow(turnId)
    const work = yield* projections.threadWork(threadId)
    const eligibility = startsTurn(yield* turn, work, yield* reads.openEffects(threadId))
    if (turnId === null || work === null || eligibility === "never")
      return yield* retire("the turn does not wait any more")
    if (eligibility === "later") return waits
    const wasLive = connections.threads.of(threadId) !== null
    const started = yield* Effect.either(starts.run(threadId, ensureSession(work)))
    if (Either.isLeft(started)) {
      yield* endPending(effect, notStarted(effect, started.left.message))
      return done
    }
    const leased = Option.isNone(started.right) ? null : yield* lease(effect)
    if (leased === null || Option.isNone(started.right)) {
      const now = yield* turn
      if (now !== null && isDeliverable(now)) return waits
      // It was cancelled while the session started: the session came up for nothing.
      if (!wasLive) yield* abandon(threadId)
      return yield* retire("it was cancelled")
    }
    yield* send(leased, started.right.value, turnId)
    return done
  })

/** `turn.steer`: the message stays in the queue until the agent has taken it. */
export const attemptSteer = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const projections = yield* Projections
    const { messageId, threadId } = effect
    const live = connections.threads.of(threadId)
    const turn = effect.turnId === null ? null : yield* projections.turnRow(effect.turnId)
    const nativeTurnId = steeredInto(turn)
    if (live === null || turn === null || nativeTurnId === null || messageId === null) {
      yield* endPending(effect, { status: "retired", message: "the turn is over; the message runs next" })
      return done
    }
    const { nativeThreadId, on } = live
    const parts = yield* Effect.either(drivenParts(effect))
    if (Either.isLeft(parts)) {
      if (parts.left._tag !== "BlobUnknown") return yield* parts.left
      yield* endPending(effect, { status: "failed", message: parts.left.message })
      return done
    }
    yield* deliver(effect, live, {
      call: on.connection.steer({
        nativeThreadId,
        nativeTurnId,
        messageId,
        text: textOf(effect),
        ...parts.right,
      }),
      what: "the message",
      accepted: [{ type: "message.steered", turnId: turn.turnId, payload: { messageId } }],
    })
    return done
  })

/** Stops the session of a turn that goes on after it was interrupted; that of a sub-agent ends with its agent's alone. */
const escalate = (turnId: string, live: LiveThread) =>
  Effect.gen(function* () {
    const background = yield* Background
    const connections = yield* Connections
    const projections = yield* Projections
    const { interruptMs } = live.on.agent.limits
    if (interruptMs === 0) return
    yield* background.run(
      Effect.gen(function* () {
        yield* Effect.sleep(interruptMs)
        const turn = yield* projections.turnRow(turnId)
        if (turn === null || !isWorkedOn(turn)) return
        if (connections.threads.of(live.threadId) !== live) return
        yield* Effect.logWarning(`turn ${turnId} goes on ${interruptMs} ms after its interrupt: its session is stopped`)
        yield* connections.closeThread(live)
      }),
    )
  })

/** An interrupt of a turn whose agent is not there. */
const withoutAgent = (effect: EffectRow, turn: TurnRow): Attempted =>
  Effect.gen(function* () {
    const { threadId, turnId } = turn
    switch (interruptWithoutAgent(turn)) {
      case "wait":
        return waits
      case "conclude":
        // A stop that was asked for need not be asked for again.
        yield* upkeep({ type: "turn.interrupt", threadId, turnId, reason: "its agent is gone" })
        return waits
      case "over":
        yield* endPending(effect, { status: "retired", message: "the turn is over" })
        return done
    }
  })

/** `turn.interrupt`. */
export const attemptInterrupt = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Background | Connections | Projections>()
    const connections = yield* Connections
    const projections = yield* Projections
    const { threadId, turnId } = effect
    const turn = turnId === null ? null : yield* projections.turnRow(turnId)
    const { threads } = connections
    const eligibility = interruptsTurn(turn)
    if (turn === null || eligibility === "never") {
      yield* endPending(effect, { status: "retired", message: "the turn is over" })
      return done
    }
    // A thread that an agent opened by itself is reached through the session that it works in.
    const live = threads.reached(threadId, turn.sessionId)
    if (live === null || (turn.sessionId !== null && !threads.hasSession(turn.sessionId))) {
      return yield* withoutAgent(effect, turn)
    }
    const { nativeTurnId } = turn
    if (eligibility === "later" || nativeTurnId === null) return waits
    const { nativeThreadId, on } = live
    const interrupt = on.connection.interrupt({ nativeThreadId, nativeTurnId })
    yield* deliver(effect, live, {
      // Whatever becomes of the call, the turn is to end.
      call: Effect.ensuring(interrupt, Effect.provide(escalate(turn.turnId, live), context)),
      unheard: "failed",
    })
    return done
  })
