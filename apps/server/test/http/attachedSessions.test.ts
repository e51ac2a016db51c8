/** Attached sessions over HTTP: opening is idempotent, and an end is told apart from a session that is not there. */
import { describe, expect, it } from "@effect/vitest"
import { SessionView } from "@threadfold/contracts"
import { EventPage } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/index.js"
import {
  attach,
  call,
  callAs,
  callSession,
  notice,
  notices,
  problemOfCall,
  published,
  push,
  sessionId,
  testServer,
  threadOf,
} from "./support/TestServer.js"

const session = sessionId(1)

const body = { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000, title: "A thread", cwd: "/w" }

const put = (id: string, content: unknown, type = "application/json") =>
  problemOfCall(`/v1/sessions/${id}`, {
    method: "PUT",
    headers: { "content-type": type },
    body: typeof content === "string" ? content : JSON.stringify(content),
  })

describe("opening a session", () => {
  it.live("makes thread and session once, however often it is repeated", () =>
    Effect.gen(function* () {
      const first = yield* attach(session, body)
      expect(first.status).toBe(201)
      expect(first.headers.get("location")).toBe(`/v1/sessions/${session}`)
      const head = yield* published
      const again = yield* attach(session, body)
      expect(again.status).toBe(200)
      expect({ ...again.body, leaseExpiresAt: 0 }).toEqual({ ...first.body, leaseExpiresAt: 0 })
      expect(yield* published).toBe(head)
      const snapshot = yield* threadOf(first.body.threadId)
      expect(snapshot.thread).toMatchObject({
        title: "A thread",
        cwd: "/w",
        provider: "test",
        nativeThreadId: "native-1",
      })
      expect(snapshot.session).toMatchObject({ sessionId: session, epoch: 1, mode: "attached", status: "ready" })
    }).pipe(Effect.provide(testServer())),
  )

  it.live("refuses other content under the same id, and a thread that is taken", () =>
    Effect.gen(function* () {
      yield* attach(session, body)
      const head = yield* published
      for (const other of [
        { leaseMs: 5_000 },
        { title: "Another" },
        { nativeThreadId: "native-2" },
        { provider: "x" },
      ]) {
        const problem = yield* put(session, { ...body, ...other })
        expect([problem.status, problem.slug]).toEqual([409, "session-conflict"])
      }
      // The numbers of a stream and those of a session are told apart by their ids.
      const { body: opened } = yield* attach(session, body)
      const stream = yield* put(opened.threadId, { ...body, nativeThreadId: "native-3" })
      expect([stream.status, stream.slug]).toEqual([409, "session-conflict"])
      const busy = yield* put(sessionId(2), body)
      expect([busy.status, busy.slug]).toEqual([409, "thread-busy"])
      expect(yield* published).toBe(head)
      yield* callSession(session, "", "DELETE")
      const next = yield* attach(sessionId(2), body)
      expect([next.status, next.body.epoch]).toEqual([201, 2])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("of one id twice at once opens one session", () =>
    Effect.gen(function* () {
      const both = yield* Effect.all([attach(session, body), attach(session, body)], { concurrency: 2 })
      expect(both.map(({ status }) => status).sort()).toEqual([200, 201])
      const { body: page } = yield* callAs(EventPage, "/v1/events?types=session.started,thread.created")
      expect(page.items.map(({ type }) => type)).toEqual(["thread.created", "session.started"])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("by our thread id creates the thread, or takes up the one that is there", () =>
    Effect.gen(function* () {
      const threadId = sessionId(77)
      const byId = { provider: "test", threadId, leaseMs: 600_000 }
      expect((yield* attach(session, byId)).body.threadId).toBe(threadId)
      yield* callSession(session, "/close", "POST")
      const second = yield* attach(sessionId(2), { ...byId, title: "Later" })
      expect([second.body.threadId, second.body.epoch]).toEqual([threadId, 2])
      expect((yield* threadOf(threadId)).thread.title).toBe("Later")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("says what is wrong with a registration", () =>
    Effect.gen(function* () {
      const { nativeThreadId: _, ...neither } = body
      const wrong: readonly (readonly [string, unknown, number, string])[] = [
        [session, neither, 400, "exactly one of threadId and nativeThreadId"],
        [session, { ...body, threadId: sessionId(3) }, 400, "exactly one of threadId and nativeThreadId"],
        [session, { ...body, leaseMs: 0 }, 400, "leaseMs"],
        [session, { ...body, provider: "" }, 400, "provider"],
        ["not-a-uuid", body, 400, "UUIDv7"],
        ["c56a4180-65aa-42ec-a945-5fd21dec0538", body, 400, "UUIDv7"],
      ]
      for (const [id, content, status, text] of wrong) {
        const problem = yield* put(id, content)
        expect([problem.status, problem.slug]).toEqual([status, "invalid-request"])
        expect(problem.detail).toContain(text)
      }
      expect((yield* put(session, body, "text/plain")).status).toBe(415)
      expect(yield* published).toBe(0)
    }).pipe(Effect.provide(testServer())),
  )
})

describe("ending a session", () => {
  it.live("closes it once, and what comes later is kept without effect", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      yield* push(session, [
        { type: "turn.started", channel: "adapter:test", seq: 1, at: 1, native: { turnId: "t" }, payload: {} },
      ])
      const ended = yield* callSession(session, "", "DELETE")
      expect(ended.body).toMatchObject({ status: "stopped", cause: "detached", leaseExpiresAt: null })
      const head = yield* published
      expect((yield* callSession(session, "/close", "POST")).status).toBe(200)
      expect((yield* callSession(session, "/heartbeat", "POST")).body.leaseExpiresAt).toBeNull()
      expect(yield* published).toBe(head)
      expect(
        (yield* push(session, [{ ...notice(2), type: "turn.started", native: { turnId: "t2" }, payload: {} }])).body
          .results[0]?.status,
      ).toBe("appended")
      const snapshot = yield* threadOf(opened.threadId)
      expect(snapshot.session).toMatchObject({ status: "stopped", activeTurnId: null })
      expect(snapshot.turns[0]).toMatchObject({ status: "ended", outcome: "interrupted" })
      expect(snapshot.anomalies.map(({ reason }) => reason)).toEqual(["session-event-after-exit"])
      // The same registration again does not bring it back.
      expect((yield* attach(session, body)).body).toMatchObject({ status: "stopped" })
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is told apart: not there, and shown by its id", () =>
    Effect.gen(function* () {
      for (const [path, method] of [
        ["", "DELETE"],
        ["/heartbeat", "POST"],
        ["/close", "POST"],
      ] as const) {
        const problem = yield* problemOfCall(`/v1/sessions/${session}${path}`, { method })
        expect([problem.status, problem.slug]).toEqual([404, "session-not-found"])
      }
      yield* attach(session, body)
      const { body: view, headers } = yield* callAs(SessionView, `/v1/sessions/${session}`)
      expect(view).toMatchObject({ sessionId: session, mode: "attached", status: "ready" })
      const etag = headers.get("etag") ?? ""
      const get = call(`/v1/sessions/${session}`, { headers: { "if-none-match": etag } })
      expect((yield* get).status).toBe(304)
      yield* push(session, notices(1, 1))
      expect((yield* get).status).toBe(200)
      expect((yield* HttpServer).port).toBeGreaterThan(0)
    }).pipe(Effect.provide(testServer())),
  )
})
