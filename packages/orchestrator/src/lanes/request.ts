/** Hands answers over, while the call that waits for them is still open. */
import type { EffectRow, Problem } from "@threadfold/contracts"
import { Effect, Either } from "effect"
import { isRecord } from "../isRecord.js"
import { type Attempt, done } from "./Lanes.js"
import { awaitAnswer, handOver, outcome, said } from "./turn.js"
import { end, endPending, lease, type Workshop } from "./Workshop.js"

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
    const held = yield* lease(shop, effect)
    if (held === null) return done
    const { nativeThreadId, on } = live
    const { answerMs } = on.agent.limits
    const data = isRecord(payload) ? (payload.data ?? null) : null
    const order = on.connection.answer({
      nativeThreadId,
      nativeRequestId: request.nativeRequestId ?? "",
      decision,
      ...(data === null ? {} : { data }),
    })
    const given = yield* handOver(order, answerMs)
    if (given !== null && Either.isRight(given)) {
      // The agent has it: that is all that an answer wants.
      const answered = {
        type: "request.answered",
        requestId,
        turnId: effect.turnId,
        payload: { decision, by: request.decidedBy ?? "client" },
      } as const
      yield* end(shop, held, { status: "delivered", events: [answered] })
      yield* awaitAnswer(shop, held, given.right, answerMs, {
        refused: (message) => [outcome("effect.failed", effect, message)],
      })
    } else {
      const message = given === null ? `the agent did not take it within ${answerMs} ms` : said(given.left)
      const expired = { type: "request.expired", requestId, payload: { reason: message } } as const
      yield* end(shop, held, {
        status: given === null ? "uncertain" : "failed",
        message,
        events: [outcome(given === null ? "effect.uncertain" : "effect.failed", effect, message), expired],
      })
    }
    return done
  })
