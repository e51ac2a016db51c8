/** Delivers answers, while the call that waits for them is still open (rule 6). */
import type { EffectRow } from "@threadfold/contracts"
import { answersRequest } from "@threadfold/core"
import { Effect } from "effect"
import type { WorkError } from "../Errors.js"
import { isRecord } from "../isRecord.js"
import { deliver } from "./handOver.js"
import { type Attempt, done } from "./Lanes.js"
import { endPending, type Told, type Workshop } from "./Workshop.js"

/** The agent does not have the answer: its question is open again, with the reason. */
const answerFailed = ({ commandId, effectId, requestId }: EffectRow, message: string): Told => ({
  type: "request.answer-failed",
  requestId,
  payload: { commandId, effectId, message },
})

/** `request.answer`. */
export const answerRequest = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const { payload, requestId, threadId } = effect
    const request = requestId === null ? null : yield* shop.projections.requestRow(requestId)
    const decision = isRecord(payload) && typeof payload.decision === "string" ? payload.decision : null
    if (request === null || answersRequest(request) === "never" || decision === null) {
      yield* endPending(shop, effect, { status: "retired", message: "the question is over" })
      return done
    }
    const live = shop.connections.threads.of(threadId)
    if (live === null || request.nativeRequestId === null) {
      const message = "The agent that asked cannot be reached."
      yield* endPending(shop, effect, { status: "failed", message, events: [answerFailed(effect, message)] })
      return done
    }
    const { nativeThreadId, on } = live
    const data = isRecord(payload) ? (payload.data ?? null) : null
    yield* deliver(shop, effect, live, {
      order: on.connection.answer({
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
            ...(isRecord(request.answer) ? request.answer : {}),
          },
        },
      ],
      refused: (message) => [answerFailed(effect, message)],
    })
    return done
  })
