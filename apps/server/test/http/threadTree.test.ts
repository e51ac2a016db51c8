/** A thread with the threads that it spawned, its to-do list, and how full its context is. */
import { describe, expect, it } from "@effect/vitest"
import { ThreadTree } from "@threadfold/contracts"
import { ThreadPage, UsagePage } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { attachThread, callAs, problemOfCall, push, says, sessionId, testServer } from "./support/TestServer.js"

describe("the context of a conversation", () => {
  it.live("is as full as the last model call, and was made smaller by the last compaction", () =>
    Effect.gen(function* () {
      const { threadId } = (yield* attachThread(1)).body
      const line = says()
      const total = { inputTokens: 150_000, outputTokens: 900 }
      yield* push(sessionId(1), [
        line("turn.started", { turnId: "t" }),
        line(
          "turn.plan.updated",
          { turnId: "t" },
          {
            steps: [
              { step: "Look", status: "completed" },
              { step: "Mend", status: "inProgress" },
            ],
          },
        ),
        line("item.completed", { turnId: "t", itemId: "c" }, { kind: "compaction", status: "completed" }),
        line(
          "thread.token-usage.updated",
          { turnId: "t" },
          {
            mode: "cumulative-thread",
            total,
            last: { inputTokens: 40_000, outputTokens: 500 },
            contextWindow: 272_000,
          },
        ),
      ])
      const { body } = yield* callAs(UsagePage, `/v1/threads/${threadId}/usage`)
      expect(body.context).toMatchObject({ used: 40_500, window: 272_000, compaction: { status: "completed" } })
      const tree = yield* callAs(ThreadTree, `/v1/threads/${threadId}/tree`)
      expect(tree.body.items[0]?.context).toEqual(body.context)
      const page = yield* callAs(ThreadPage, `/v1/threads/${threadId}`)
      expect(page.body.thread.plan).toEqual({
        explanation: null,
        steps: [
          { step: "Look", status: "completed" },
          { step: "Mend", status: "inProgress" },
        ],
      })
      const past = yield* callAs(UsagePage, `/v1/threads/${threadId}/usage?at=100`)
      expect(past.body.context).toEqual(body.context)
      expect((yield* problemOfCall(`/v1/threads/${sessionId(9)}/tree`)).slug).toBe("thread-not-found")
    }).pipe(Effect.provide(testServer())),
  )
})
