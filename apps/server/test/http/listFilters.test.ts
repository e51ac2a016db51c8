/** Lists over all threads: filters, fields, and what is refused. */
import { describe, expect, it } from "@effect/vitest"
import { EventPage, pageOf } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { attach, callAs, problemOfCall, push, sessionId, testServer } from "./support/TestServer.js"

const anyPage = pageOf(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const session = sessionId(1)

const filled = Effect.gen(function* () {
  const { body } = yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
  const line = (seq: number, type: string, payload: object, native: object) =>
    ({ type, channel: "adapter:test", seq, at: 1_700_000_000_000 + seq, native, payload }) as const
  yield* push(session, [
    line(1, "turn.started", {}, { turnId: "t1" }),
    line(
      2,
      "item.completed",
      { kind: "command", status: "failed", title: "make", text: "no, rule" },
      { turnId: "t1", itemId: "i1" },
    ),
    line(
      3,
      "item.completed",
      { kind: "agent_message", status: "completed", text: "done" },
      { turnId: "t1", itemId: "i2" },
    ),
    line(4, "turn.completed", { outcome: "completed" }, { turnId: "t1" }),
  ])
  return body.threadId
})

describe("lists over all threads", () => {
  it.live("choose rows by several values, and show the fields that are asked for", () =>
    Effect.gen(function* () {
      const threadId = yield* filled
      const { body, headers } = yield* callAs(
        anyPage,
        "/v1/items?kind=command,plan&fields=title,threadId&provider=test",
      )
      expect(body.items).toEqual([{ title: "make", threadId }])
      expect(Object.keys(body.items[0] ?? {})).toEqual(["title", "threadId"])
      expect(headers.get("sequence")).toBe(String(body.sequence))
      const titles = yield* callAs(anyPage, `/v1/threads/${threadId}/items?status=failed&fields=title`)
      expect(titles.body.items).toEqual([{ title: "make" }])
      const then = yield* callAs(
        anyPage,
        `/v1/threads/${threadId}/items?status=failed&fields=title&at=${body.sequence}`,
      )
      expect(then.body.items).toEqual([{ title: "make" }])
      expect((yield* callAs(anyPage, "/v1/turns?outcome=completed&root=true")).body.items).toHaveLength(1)
      expect((yield* callAs(anyPage, "/v1/turns?outcome=failed")).body.items).toEqual([])
      expect((yield* callAs(anyPage, "/v1/inferences")).body.items).toEqual([])
      expect(
        (yield* callAs(anyPage, "/v1/threads?sort=updatedAt&status=idle,stopped,working")).body.items,
      ).toHaveLength(1)
      expect((yield* callAs(anyPage, "/v1/threads?folder=%2Fa%2Cb&folder=%2Fc")).body.items).toEqual([])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("leave event types out", () =>
    Effect.gen(function* () {
      const threadId = yield* filled
      const types = (path: string) =>
        Effect.map(callAs(EventPage, path), ({ body }) => body.items.map(({ type }) => type))
      const all = yield* types("/v1/events")
      expect(all).toContain("item.completed")
      const some = all.filter((type) => type !== "item.completed" && type !== "turn.started")
      for (const path of ["/v1/events", `/v1/threads/${threadId}/events`]) {
        expect(yield* types(`${path}?except=item.completed,turn.started`)).toEqual(some)
        expect(yield* types(`${path}?types=turn.started,turn.completed&except=turn.started`)).toEqual([
          "turn.completed",
        ])
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("refuse what they do not know, and what is too much", () =>
    Effect.gen(function* () {
      for (const [path, said] of [
        ["/v1/items?kind=comand", 'there is no value "comand"; the nearest is "command"'],
        ["/v1/threads?fields=titel", '"title"'],
        ["/v1/threads?status=idle,wating", '"waiting"'],
        ["/v1/threads?status=", "names no value"],
        [`/v1/turns?agent=${Array.from({ length: 33 }, (_, at) => `a${at}`).join(",")}`, "32 values at most"],
        [`/v1/turns?agent=${"a".repeat(1_025)}`, "1024 characters"],
        ["/v1/threads?text=%00", "without a NUL"],
        [`/v1/threads?text=${"x".repeat(201)}`, "1 to 200 characters"],
        ["/v1/threads?sort=title", '"createdAt"'],
        ["/v1/events?except=turn.startd", '"turn.started"'],
        ["/v1/turns?form=1", '"from"'],
      ] as const) {
        const problem = yield* problemOfCall(path)
        expect([path, problem.status, problem.slug]).toEqual([path, 400, "invalid-request"])
        expect(problem.detail).toContain(said)
      }
    }).pipe(Effect.provide(testServer())),
  )
})
