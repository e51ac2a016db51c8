/** Hands answers over, while the call that waits for them is still open. */
import type { EffectRow, Problem } from "@threadfold/contracts"
import { Effect } from "effect"
import { isRecord } from "../isRecord.js"
import { deliver } from "./handOver.js"
import { type Attempt, done } from "./Lanes.js"
import { endPending, type Workshop } from "./Workshop.js"

/** `request.answer`. */
export const answerRequest = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, Problem> =>
  Effect.gen(function* () {
    const { payload, requestId, threadId } = effect
    const request = requestId === null ? null : yield* shop.projections.requestRow(requestId)
    const live = shop.connections.threads.of(threadId)
    const decision = isRecord(payload) && typeof payload.decision === "string" ? payload.decision : null
    const gone = request === null || request.status !== "answering" || request.nativeRequestId === null
    if (gone || live === null || decision === null) {
      yield* endPending(shop, effect, { status: "retired", message: "the question is over" })
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
      // The agent has it: that is all that an answer wants.
      delivered: [
        {
          type: "request.answered",
          requestId,
          turnId: effect.turnId,
          payload: { decision, by: request.decidedBy ?? "client" },
        },
      ],
      notTaken: (message) => [{ type: "request.expired", requestId, payload: { reason: message } }],
    })
    return done
  })
