/** Has a thread's live session work with what a client chose. One that starts later starts with it. */
import { Configuration, type EffectRow } from "@threadfold/contracts"
import { Effect, Either, Predicate, Schema } from "effect"
import { Connections } from "../connections/Connections.js"
import type { OwnEvent } from "../ownWrites.js"
import { type Attempted, done } from "./Attempt.js"
import { endLeased, endPending, lease, outcome, uncertain } from "./conclude.js"
import { failureText, within } from "./deliver.js"

const Payload = Schema.Struct({
  chosen: Configuration,
  settings: Schema.declare(Predicate.isReadonlyRecord),
  before: Schema.Struct({ model: Schema.NullOr(Schema.String), settings: Schema.Unknown }),
})

const readPayload = Schema.decodeUnknownEither(Payload)

/** The session has what was chosen. */
const configured = (chosen: Configuration): OwnEvent => ({
  type: "session.configured",
  payload: { ...(chosen.model === undefined ? {} : { model: chosen.model }), chosen },
})

/** `session.configure`. The answer is waited for, so that the turn after it in the lane runs with what was chosen. */
export const configureSession = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const payload = readPayload(effect.payload)
    if (Either.isLeft(payload)) {
      yield* endPending(effect, { status: "failed", message: "The effect does not say what was chosen." })
      return done
    }
    const live = connections.threads.of(effect.threadId)
    if (live === null) {
      yield* endPending(effect, { status: "retired", message: "no session lives; the next one starts with it" })
      return done
    }
    const leased = yield* lease(effect)
    if (leased === null) return done
    const { chosen } = payload.right
    const { agent, connection } = live.on
    const { answerMs } = agent.limits
    const answer = yield* within(connection.configure({ nativeThreadId: live.nativeThreadId, chosen }), answerMs)
    if (answer !== null && Either.isRight(answer)) {
      const events = [outcome("effect.delivered", effect), configured(chosen)]
      yield* endLeased(leased, { status: "delivered", events })
      return done
    }
    const isUnheard = answer === null || answer.left._tag === "TimedOut" || answer.left._tag === "ConnectionLost"
    const message = answer === null ? `the agent did not answer within ${answerMs} ms` : failureText(answer.left)
    if (isUnheard) {
      yield* endLeased(leased, uncertain(effect, message))
      return done
    }
    const { effectId } = effect
    const refused: OwnEvent = { type: "session.configure-failed", payload: { ...payload.right, effectId, message } }
    yield* endLeased(leased, {
      status: "failed",
      message,
      events: [outcome("effect.failed", effect, message), refused],
    })
    return done
  })
