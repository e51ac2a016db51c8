/** One item by its id: who decided about it and why, what it looked for, and where its output ends. */
import { describe, expect, it } from "@effect/vitest"
import { ItemDetail, ItemReport, TextRange } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { attachThread, callAs, problemOfCall, push, says, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const opened = attachThread(1)

const turn = { turnId: "t" }
const ofItem = (itemId: string) => ({ ...turn, itemId })

/** The reports of all items, by their native ids. */
const reports = Effect.gen(function* () {
  const { body } = yield* callAs(pageOf(ItemDetail), "/v1/items")
  const found = yield* Effect.forEach(body.items, ({ itemId }) => callAs(ItemReport, `/v1/items/${itemId}`))
  return new Map(found.map(({ body }) => [body.item.nativeItemId, body]))
})

describe("an item", () => {
  it.live("says who declined or reviewed it, and why", () =>
    Effect.gen(function* () {
      yield* opened
      const line = says()
      const done = (id: string, kind: string, status: string, data: object) =>
        line("item.completed", ofItem(id), { kind, status, data })
      const review = { status: "denied", riskLevel: "high", rationale: "It reaches the network." }
      yield* push(session, [
        line("turn.started", turn),
        done("reviewed", "command", "declined", { review }),
        done("allowed", "command", "completed", {
          review: { status: "approved", riskLevel: "low", rationale: "It reads." },
        }),
        done("refused", "tool_call", "declined", { input: {}, result: "The user does not want this: too slow." }),
        line("item.started", ofItem("asked"), { kind: "command" }),
        line("request.opened", { ...ofItem("asked"), requestId: "1" }, { kind: "command_approval", title: "May I?" }),
        line("request.resolved", { requestId: "1" }, { decision: "decline" }),
        done("asked", "command", "declined", {}),
        done("plain", "command", "completed", {}),
      ])
      const found = yield* reports
      const decisionOf = (id: string) => found.get(id)?.decision
      expect(decisionOf("reviewed")).toMatchObject({
        by: "review",
        decision: "denied",
        reason: review.rationale,
        risk: "high",
      })
      expect(decisionOf("allowed")).toMatchObject({ by: "review", decision: "approved", reason: "It reads." })
      expect(decisionOf("refused")).toMatchObject({
        by: "agent",
        decision: "declined",
        reason: "The user does not want this: too slow.",
      })
      expect(decisionOf("asked")).toMatchObject({ decision: "decline", requestId: expect.any(String) })
      expect(decisionOf("plain")).toBeNull()
      expect((yield* problemOfCall(`/v1/items/${sessionId(9)}`)).slug).toBe("resource-not-found")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("names what a web search looked for and found", () =>
    Effect.gen(function* () {
      yield* opened
      const line = says()
      const result = 'Links: [{"title":"Effect","url":"https://effect.website/"}]'
      yield* push(session, [
        line("turn.started", turn),
        line("item.completed", ofItem("s"), {
          kind: "web_search",
          status: "completed",
          data: { input: { query: "effect" }, result },
        }),
      ])
      const report = (yield* reports).get("s")
      expect([report?.queries, report?.links]).toEqual([
        ["effect"],
        [{ url: "https://effect.website/", title: "Effect" }],
      ])
    }).pipe(Effect.provide(testServer())),
  )
})

describe("a background task", () => {
  it.live("shows the end of what it has printed", () =>
    Effect.gen(function* () {
      const { body } = yield* opened
      const line = says()
      const printed = Array.from({ length: 300 }, (_, at) => `${at} é\n`).join("")
      yield* push(session, [
        line("turn.started", turn),
        line("item.started", ofItem("c"), { kind: "command", title: "serve" }),
        line("task.started", { ...ofItem("c"), taskId: "k" }, { kind: "command", title: "serve" }),
        ...(printed
          .match(/.{1,200}/gs)
          ?.map((delta) => line("content.delta", ofItem("c"), { stream: "output", delta })) ?? []),
      ])
      const tasks = yield* callAs(
        pageOf(Schema.Struct({ taskId: Schema.String, itemId: Schema.NullOr(Schema.String) })),
        `/v1/threads/${body.threadId}/tasks`,
      )
      const [task] = tasks.body.items
      expect(task?.itemId).not.toBeNull()
      const tail = yield* callAs(TextRange, `/v1/tasks/${task?.taskId}/output?limit=100`)
      expect(printed.endsWith(tail.body.text ?? "-")).toBe(true)
      expect(Buffer.byteLength(tail.body.text ?? "")).toBeGreaterThanOrEqual(100)
      expect(tail.body).toMatchObject({ bytes: Buffer.byteLength(printed), next: null })
      const all = yield* callAs(TextRange, `/v1/tasks/${task?.taskId}/output`)
      expect([all.body.offset, all.body.text]).toEqual([0, printed])
      expect((yield* problemOfCall(`/v1/tasks/${sessionId(9)}/output`)).slug).toBe("resource-not-found")
    }).pipe(Effect.provide(testServer())),
  )
})
