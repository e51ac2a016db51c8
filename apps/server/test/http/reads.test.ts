/** The reading routes: shapes, pages, tags, sequences, and the problem of every wrong call. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Stats, ThreadView } from "@threadfold/contracts"
import {
  EventDetail,
  EventPage,
  InvariantList,
  pageOf,
  Readiness,
  ThreadPage,
  UsagePage,
} from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { Effect, Fiber, Schema } from "effect"
import { range } from "./support/Sse.js"
import {
  attach,
  call,
  callAs,
  callText,
  notices,
  problemOfCall,
  push,
  sessionId,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const opened = Effect.map(
  attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }),
  ({ body }) => body,
)
const lists = [
  "sessions",
  "turns",
  "items",
  "requests",
  "inferences",
  "realtime",
  "delegations",
  "tasks",
  "queue",
  "anomalies",
]

describe("reading routes", () => {
  it.live("give every list of a thread as a page with its sequence", () =>
    Effect.gen(function* () {
      const { threadId } = yield* opened
      yield* push(session, notices(1, 3))
      for (const list of lists) {
        const { body, headers } = yield* callAs(pageOf(Schema.Unknown), `/v1/threads/${threadId}/${list}`)
        expect(body.sequence).toBe(5)
        expect(headers.get("sequence")).toBe("5")
        const problem = yield* problemOfCall(`/v1/threads/${sessionId(404)}/${list}`)
        expect([problem.status, problem.slug]).toEqual([404, "thread-not-found"])
      }
      expect((yield* callAs(UsagePage, `/v1/threads/${threadId}/usage`)).body).toEqual({
        sequence: 5,
        usage: null,
        context: { used: null, window: null, compaction: null },
      })
      expect((yield* callAs(ThreadPage, `/v1/threads/${threadId}`)).body.thread.threadId).toBe(threadId)
      expect((yield* callAs(Stats, "/v1/stats?byType=1")).body.byType?.["runtime.warning"]).toBe(3)
      expect((yield* callAs(InvariantList, "/v1/invariants")).body.items.length).toBeGreaterThanOrEqual(20)
      expect((yield* callAs(Readiness, "/readyz")).body.sequence).toBe(5)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("page through threads by cursors that belong to one list", () =>
    Effect.gen(function* () {
      const count = 7
      for (const n of range(1, count)) {
        yield* attach(sessionId(n), { provider: "test", nativeThreadId: `native-${n}`, leaseMs: 600_000 })
      }
      const seen: string[] = []
      let cursor: string | null = ""
      while (cursor !== null) {
        const path: string = `/v1/threads?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`
        const { body } = yield* callAs(pageOf(ThreadView), path)
        seen.push(...body.items.map(({ threadId }) => threadId))
        if (body.next !== null) {
          expect((yield* problemOfCall(`/v1/anomalies?cursor=${body.next}`)).slug).toBe("invalid-cursor")
        }
        cursor = body.next
      }
      expect(new Set(seen).size).toBe(count)
      expect(seen.length).toBe(count)
      for (const wrong of ["limit=0", "limit=501", "limit=x", "order=up", "archived=maybe", "min-sequence=-1"]) {
        const problem = yield* problemOfCall(`/v1/threads?${wrong}`)
        expect([problem.status, problem.slug, problem.type]).toEqual([
          400,
          "invalid-request",
          "application/problem+json",
        ])
      }
      expect((yield* problemOfCall("/v1/threads?cursor=nonsense")).slug).toBe("invalid-cursor")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("page through the log in both directions, of everything, a thread, or some types", () =>
    Effect.gen(function* () {
      const { threadId } = yield* opened
      yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
      yield* push(session, notices(1, 10))
      const walk = (query: string) =>
        Effect.gen(function* () {
          const seen: number[] = []
          let cursor: string | null = ""
          while (cursor !== null) {
            const path: string = `${query}&limit=4${cursor === "" ? "" : `&cursor=${cursor}`}`
            const { body } = yield* callAs(EventPage, path)
            seen.push(...body.items.map(({ sequence }) => sequence))
            cursor = body.next
          }
          return seen
        })
      expect(yield* walk("/v1/events?order=asc")).toEqual(range(1, 14))
      expect(yield* walk("/v1/events?order=desc")).toEqual([...range(1, 14)].reverse())
      expect(yield* walk("/v1/events?after=9")).toEqual(range(10, 14))
      expect(yield* walk(`/v1/threads/${threadId}/events?order=asc`)).toEqual([1, 2, ...range(5, 14)])
      expect(yield* walk("/v1/events?types=session.started,thread.created")).toEqual([1, 2, 3, 4])
      const foreign = yield* problemOfCall("/v1/events?after=01990000-0000-7000-8000-00000000ffff.1")
      expect(foreign.slug).toBe("invalid-cursor")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("give one event, with the provider's words when asked, and say so when there is none", () =>
    Effect.gen(function* () {
      yield* opened
      yield* push(session, [{ ...notices(1, 1)[0], raw: '{"their": "words"}' }])
      const plain = yield* callAs(EventDetail, "/v1/events/3")
      expect(plain.body.nativeBody).toBeUndefined()
      expect((yield* callAs(EventDetail, "/v1/events/3?native=1")).body.nativeBody).toBe('{"their": "words"}')
      expect((yield* callAs(EventDetail, "/v1/events/1?native=true")).body.nativeBody).toBeNull()
      const tag = plain.headers.get("etag") ?? ""
      expect((yield* call("/v1/events/3", { headers: { "if-none-match": `"other", W/${tag}` } })).status).toBe(304)
      for (const missing of ["0", "4", "999999"]) {
        expect((yield* problemOfCall(`/v1/events/${missing}`)).slug).toBe("event-not-found")
      }
      expect((yield* problemOfCall("/v1/events/x")).slug).toBe("invalid-request")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("tell an unchanged thread by its tag, and a changed one by another", () =>
    Effect.gen(function* () {
      const { threadId } = yield* opened
      const get = (etag: string) => call(`/v1/threads/${threadId}`, { headers: { "if-none-match": etag } })
      const first = (yield* get("")).headers.get("etag") ?? ""
      const unchanged = yield* get(first)
      expect([unchanged.status, unchanged.headers.get("sequence")]).toEqual([304, "2"])
      yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
      expect((yield* get(first)).status).toBe(304)
      yield* push(session, notices(1, 1))
      const changed = yield* get(first)
      expect(changed.status).toBe(200)
      expect(changed.headers.get("etag")).not.toBe(first)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("wait for a sequence that comes, and say so when it does not", () =>
    Effect.gen(function* () {
      const { threadId } = yield* opened
      const waiting = yield* Effect.fork(callAs(ThreadPage, `/v1/threads/${threadId}?min-sequence=5`))
      yield* push(session, notices(1, 3))
      expect((yield* Fiber.join(waiting)).body.sequence).toBe(5)
      const never = yield* problemOfCall("/v1/threads?min-sequence=99")
      expect([never.status, never.slug]).toEqual([503, "range-not-reached"])
      expect(never.detail).toContain("the log is at 5")
      expect((yield* Engine).log.published()).toBe(5)
    }).pipe(Effect.provide(testServer({ limits: { waitMs: 300 } }))),
  )

  it.live("describe themselves: OpenAPI 3.1 with problems and security, and a page that needs no network", () =>
    Effect.gen(function* () {
      const { text } = yield* callText("/openapi.json")
      const spec = JSON.parse(text)
      expect(spec.openapi).toBe("3.1.0")
      expect(text).not.toContain("HttpApiDecodeError")
      expect(spec.paths["/livez"].get.security).toEqual([])
      expect(spec.paths["/v1/threads"].get.security).toEqual([{ bearer: [] }])
      expect(Object.keys(spec.paths["/v1/sessions/{sessionId}"])).toEqual(["get", "put", "delete"])
      expect(Object.keys(spec.paths["/v1/threads/{threadId}"].get.responses["404"].content)).toEqual([
        "application/problem+json",
      ])
      const docs = yield* callText("/docs")
      expect(docs.headers.get("content-security-policy")).toContain("script-src 'unsafe-inline'")
      expect(docs.text).not.toMatch(/(?:src|href)="https?:/)
      const reference = readFileSync(new URL("../../../../docs/reference/openapi.json", import.meta.url), "utf8")
      expect(JSON.parse(reference)).toEqual(spec)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("answer HEAD as GET without a body, and name the methods of a path", () =>
    Effect.gen(function* () {
      const head = yield* callText("/v1/threads", { method: "HEAD" })
      expect([head.status, head.text]).toEqual([200, ""])
      const wrong = yield* problemOfCall("/v1/threads", { method: "PUT" })
      expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"])
      // However long a name is, it is no other method that is wrong.
      const long = "x".repeat(2_000)
      expect((yield* problemOfCall(`/v1/threads/${long}`)).slug).toBe("thread-not-found")
      expect((yield* problemOfCall(`/v1/subscriptions/${long}`, { method: "PUT" })).slug).toBe("invalid-request")
      const key = encodeURIComponent(JSON.stringify([long, "seq-conflict", long]))
      expect((yield* problemOfCall(`/v1/rows/anomalies/${key}/text?field=detail`)).slug).toBe("resource-not-found")
    }).pipe(Effect.provide(testServer())),
  )
})
