/** Hands turns over: the user's text to the agent, and what interrupts it. */
import type { EffectRow, TurnRow } from "@threadfold/contracts"
import {
  interruptsTurn,
  interruptWithoutAgent,
  isDeliverable,
  isWorkedOn,
  mayDeliverAgain,
  startsTurn,
  steeredInto,
} from "@threadfold/core"
import { Effect, Either, Option } from "effect"
import type { WorkError } from "../Errors.js"
import { isRecord } from "../isRecord.js"
import type { LiveThread } from "../live/LiveThreads.js"
import { upkeep } from "../upkeep.js"
import { awaitAnswer, deliver, outcome, said, within } from "./handOver.js"
import { type Attempt, done, waits } from "./Lanes.js"
import { abandon, closeLive, ensureSession } from "./session.js"
import { type Ending, end, endPending, type Lease, lease, type Workshop } from "./Workshop.js"

const textOf = ({ payload }: EffectRow): string =>
  isRecord(payload) && typeof payload.text === "string" ? payload.text : ""

const notStarted = (effect: EffectRow, message: string): Ending => ({
  status: "failed",
  message,
  events: [{ type: "turn.start-failed", turnId: effect.turnId, payload: { error: { message } } }],
})

const send = (shop: Workshop, held: Lease, live: LiveThread, turnId: string): Effect.Effect<void, WorkError> =>
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
    const given = yield* within(order, answerMs)
    if (given === null) {
      const message = `the agent did not take the message within ${answerMs} ms`
      yield* end(shop, held, { status: "uncertain", message, events: [outcome("effect.uncertain", effect, message)] })
    } else if (Either.isRight(given)) {
      const delivered = { ...outcome("effect.delivered", effect), callId: given.right.callId }
      yield* end(shop, held, { status: "delivered", events: [delivered] })
      // A refusal of the start itself is told by the translator, with the turn's id.
      yield* awaitAnswer(shop, held, given.right, answerMs, { refused: () => [] })
    } else if (given.left._tag === "ConnectionLost" && mayDeliverAgain(effect)) {
      // The line did not go out whole, so the agent has not read it: the next session gets it.
      yield* end(shop, held, { status: "pending", message: given.left.message })
      yield* shop.connections.disconnect(live.on.connectionId)
    } else {
      yield* end(shop, held, notStarted(effect, said(given.left)))
    }
  })

/** `turn.start`. */
export const startTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const { projections } = shop
    const { threadId, turnId } = effect
    const retire = (message: string) => Effect.as(endPending(shop, effect, { status: "retired", message }), done)
    const turn = turnId === null ? Effect.succeed(null) : projections.turnRow(turnId)
    const work = yield* projections.threadWork(threadId)
    const eligibility = startsTurn(yield* turn, work, yield* shop.reads.openEffects(threadId))
    if (turnId === null || work === null || eligibility === "never")
      return yield* retire("the turn does not wait any more")
    if (eligibility === "later") return waits
    const wasLive = shop.connections.threads.of(threadId) !== null
    const started = yield* Effect.either(shop.starts.run(threadId, ensureSession(shop, work)))
    if (Either.isLeft(started)) {
      yield* endPending(shop, effect, notStarted(effect, started.left.message))
      return done
    }
    const held = Option.isNone(started.right) ? null : yield* lease(shop, effect)
    if (held === null || Option.isNone(started.right)) {
      const now = yield* turn
      if (now !== null && isDeliverable(now)) return waits
      // It was cancelled while the session started: nobody wants the session any more.
      if (!wasLive) yield* abandon(shop, threadId)
      return yield* retire("it was cancelled")
    }
    const live = started.right.value
    yield* send(shop, held, live, turnId)
    return done
  })

/** `turn.steer`: the message stays in the queue until the agent has taken it. */
export const steerTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const { messageId, threadId } = effect
    const live = shop.connections.threads.of(threadId)
    const turn = effect.turnId === null ? null : yield* shop.projections.turnRow(effect.turnId)
    const nativeTurnId = steeredInto(turn)
    if (live === null || turn === null || nativeTurnId === null || messageId === null) {
      yield* endPending(shop, effect, { status: "retired", message: "the turn is over; the message runs next" })
      return done
    }
    const { nativeThreadId, on } = live
    yield* deliver(shop, effect, live, {
      order: on.connection.steer({
        nativeThreadId,
        nativeTurnId,
        messageId,
        text: textOf(effect),
      }),
      what: "the message",
      accepted: [{ type: "message.steered", turnId: turn.turnId, payload: { messageId } }],
    })
    return done
  })

/** Stops the session of a turn that goes on after it was interrupted. */
const escalate = (shop: Workshop, turnId: string, live: LiveThread): Effect.Effect<void> => {
  const { interruptMs } = live.on.agent.limits
  if (interruptMs === 0) return Effect.void
  return shop.beside(
    Effect.gen(function* () {
      yield* Effect.sleep(interruptMs)
      const turn = yield* shop.projections.turnRow(turnId)
      if (turn === null || !isWorkedOn(turn)) return
      if (shop.connections.threads.of(live.threadId) !== live) return
      yield* Effect.logWarning(`turn ${turnId} goes on ${interruptMs} ms after its interrupt: its session is stopped`)
      yield* closeLive(shop, live)
    }),
  )
}

/** An interrupt of a turn whose agent is not there. */
const withoutAgent = (shop: Workshop, effect: EffectRow, turn: TurnRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const { threadId, turnId } = turn
    switch (interruptWithoutAgent(turn)) {
      case "wait":
        return waits
      case "conclude":
        // A stop that was asked for need not be asked for again.
        yield* upkeep(shop, { type: "turn.interrupt", threadId, turnId, reason: "its agent is gone" })
        return waits
      case "over":
        yield* endPending(shop, effect, { status: "retired", message: "the turn is over" })
        return done
    }
  })

/** `turn.interrupt`. */
export const interruptTurn = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const { threadId, turnId } = effect
    const turn = turnId === null ? null : yield* shop.projections.turnRow(turnId)
    const live = shop.connections.threads.of(threadId)
    const eligibility = interruptsTurn(turn)
    if (turn === null || eligibility === "never") {
      yield* endPending(shop, effect, { status: "retired", message: "the turn is over" })
      return done
    }
    if (live === null || (turn.sessionId !== null && !shop.connections.threads.hasSession(turn.sessionId))) {
      return yield* withoutAgent(shop, effect, turn)
    }
    const { nativeTurnId } = turn
    if (eligibility === "later" || nativeTurnId === null) return waits
    const { nativeThreadId, on } = live
    const order = on.connection.interrupt({ nativeThreadId, nativeTurnId })
    yield* deliver(shop, effect, live, {
      // Whatever becomes of the call, the turn is to end.
      order: Effect.ensuring(order, escalate(shop, turn.turnId, live)),
      unheard: "failed",
    })
    return done
  })
