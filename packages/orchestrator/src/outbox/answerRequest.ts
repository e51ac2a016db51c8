/** Delivers answers, while the call that waits for them is still open (rule 6). */
import type { EffectRow } from "@threadfold/contracts"
import { answersRequest } from "@threadfold/core"
import { Projections } from "@threadfold/projections"
import { Effect, Predicate } from "effect"
import { Connections } from "../connections/Connections.js"
import type { OwnEvent } from "../ownWrites.js"
import { type Attempted, done } from "./Attempt.js"
import { endPending } from "./conclude.js"
import { deliver } from "./deliver.js"

/** The agent does not have the answer: its question is open again, with the reason. */
const answerFailed = ({ commandId, effectId, requestId }: EffectRow, message: string): OwnEvent => ({
  type: "request.answer-failed",
  requestId,
  payload: { commandId, effectId, message },
})

/** `request.answer`. */
export const answerRequest = (effect: EffectRow): Attempted =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const projections = yield* Projections
    const { payload, requestId, threadId } = effect
    const request = requestId === null ? null : yield* projections.requestRow(requestId)
    const decision = Predicate.isRecord(payload) && typeof payload.decision === "string" ? payload.decision : null
    if (request === null || answersRequest(request) === "never" || decision === null) {
      yield* endPending(effect, { status: "retired", message: "the question is over" })
      return done
    }
    const live = connections.threads.reached(threadId, request.sessionId)
    if (live === null || request.nativeRequestId === null) {
      const message = "The agent that asked cannot be reached."
      yield* endPending(effect, { status: "failed", message, events: [answerFailed(effect, message)] })
      return done
    }
    const { nativeThreadId, on } = live
    const data = Predicate.isRecord(payload) ? (payload.data ?? null) : null
    yield* deliver(effect, live, {
      call: on.connection.answer({
        nativeThreadId,
        nativeRequestId: request.nativeRequestId,
        decision,
        ...(data === null ? {} : { data }),
      }),
      // The agent has said that it takes it; where its protocol has no word for that, the bytes are all there is.
      accepted: [
        {
          type: "request.answered",
          requestId,
          turnId: effect.turnId,
          payload: {
            decision,
            by: request.decidedBy ?? "client",
            // As it was recorded, not as it was sent: without what is secret.
            ...(Predicate.isRecord(request.answer) ? request.answer : {}),
          },
        },
      ],
      refused: (message) => [answerFailed(effect, message)],
    })
    return done
  })
