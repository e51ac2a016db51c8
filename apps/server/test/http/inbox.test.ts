/** What needs a person, of all threads: the page, the stream, and the marks that empty it. */
import { describe, expect, it } from "@effect/vitest"
import { Inbox, Receipt, ThreadView } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { openStream } from "./support/Sse.js"
import { attach, callAs, problemOfCall, push, sessionId, testServer } from "./support/TestServer.js"

const threads = pageOf(ThreadView)
const decode = Schema.decodeUnknownSync(Schema.parseJson(Inbox))
let seq = 0
const say = (type: string, payload: object, native: object = {}) => {
  seq += 1
  return { type, channel: "adapter:test", seq, at: 1_700_000_000_000 + seq, payload, native }
}
const opened = (n: number) =>
  Effect.map(
    attach(sessionId(n), { provider: "test", nativeThreadId: `native-${n}`, leaseMs: 600_000 }),
    ({ body }) => body.threadId,
  )
const post = (path: string, body: object) =>
  callAs(Receipt, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
const inboxNow = Effect.map(callAs(Inbox, "/v1/inbox"), ({ body }) => body)
const shown = ({ items }: Inbox) => items.map(({ kind, text, threadId }) => [kind, threadId, text])

describe("the inbox", () => {
  it.live("has the questions of all threads and the failed turn that nobody has read", () =>
    Effect.gen(function* () {
      seq = 0
      const [one, two] = [yield* opened(1), yield* opened(2)]
      expect(yield* inboxNow).toMatchObject({ items: [], counts: { total: 0 }, more: false, partial: false })
      yield* push(sessionId(1), [
        say("turn.started", {}, { turnId: "t1" }),
        say("turn.completed", { outcome: "failed", error: { message: "no credit" } }, { turnId: "t1" }),
      ])
      yield* push(sessionId(2), [
        say("turn.started", {}, { turnId: "t2" }),
        say("request.opened", { kind: "command_approval", title: "May I?" }, { turnId: "t2", requestId: "1" }),
      ])
      const both = yield* inboxNow
      expect(shown(both)).toEqual([
        ["request", two, "May I?"],
        ["failed-turn", one, "no credit"],
      ])
      expect(both.counts).toMatchObject({ request: 1, "failed-turn": 1, total: 2 })
      const few = (yield* callAs(Inbox, "/v1/inbox?limit=1")).body
      expect([few.items.length, few.more, few.counts.total]).toEqual([1, true, 2])

      const list = (yield* callAs(threads, "/v1/threads")).body.items
      expect(list.map(({ threadId, unread }) => [threadId, unread])).toEqual([
        [two, true],
        [one, true],
      ])
      const version = list.find(({ threadId }) => threadId === one)?.streamVersion ?? 0
      const early = yield* problemOfCall(`/v1/threads/${one}/read`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ version: version + 1 }),
      })
      expect(early.slug).toBe("precondition-failed")
      yield* post(`/v1/threads/${one}/read`, { version })
      expect(shown(yield* inboxNow)).toEqual([["request", two, "May I?"]])
      const after = (yield* callAs(threads, "/v1/threads")).body.items.find(({ threadId }) => threadId === one)
      expect(after).toMatchObject({ unread: false })
    }).pipe(Effect.provide(testServer())),
  )

  it.live("comes as a stream: now, whenever it is another, and not when only its threads go on", () =>
    Effect.gen(function* () {
      seq = 0
      const thread = yield* opened(1)
      const [one, two] = [yield* openStream("/v1/inbox"), yield* openStream("/v1/inbox")]
      const next = (stream: typeof one) =>
        Effect.map(stream.until("inbox"), (blocks) => decode(blocks.at(-1)?.data ?? ""))
      expect((yield* next(one)).counts.total).toBe(0)
      expect((yield* next(two)).counts.total).toBe(0)
      yield* push(sessionId(1), [
        say("turn.started", {}, { turnId: "t1" }),
        say("item.started", { kind: "agent_message" }, { turnId: "t1", itemId: "i1" }),
        say("content.delta", { stream: "text", delta: "working" }, { turnId: "t1", itemId: "i1" }),
      ])
      const question = yield* push(sessionId(1), [
        say("request.opened", { kind: "command_approval", title: "May I?" }, { turnId: "t1", requestId: "1" }),
      ])
      const asked = yield* next(one)
      expect(shown(asked)).toEqual([["request", thread, "May I?"]])
      expect(asked.sequence).toBe(question.body.results[0]?.sequence)
      expect(yield* next(two)).toEqual(asked)
      // Who was away is told at once, unless it has the present one.
      const resumed = yield* openStream("/v1/inbox", { "last-event-id": "1" })
      expect(yield* next(resumed)).toEqual(asked)
      yield* push(sessionId(1), [say("request.resolved", { decision: "accept" }, { requestId: "1" })])
      for (const stream of [one, two, resumed]) expect((yield* next(stream)).counts.total).toBe(0)
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("comes beside the stream of the rows that change, whichever is opened first and closed first", () =>
    Effect.gen(function* () {
      seq = 0
      yield* opened(1)
      const asks = (id: string) =>
        push(sessionId(1), [say("request.opened", { kind: "command_approval", title: id }, { requestId: id })])
      const before = yield* openStream("/v1/changes")
      yield* before.until("synced")
      const inbox = yield* openStream("/v1/inbox")
      yield* inbox.until("inbox")
      const after = yield* openStream("/v1/changes")
      yield* after.until("synced")
      yield* asks("1")
      yield* before.until("changes")
      yield* after.until("changes")
      yield* inbox.until("inbox")
      yield* inbox.close
      yield* asks("2")
      yield* before.until("changes")
      yield* after.until("changes")
      const last = yield* openStream("/v1/inbox")
      expect((yield* last.until("inbox")).length).toBe(1)
      yield* before.close
      yield* after.close
      yield* asks("3")
      yield* last.until("inbox")
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )
})
