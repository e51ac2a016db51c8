/** Pushes over HTTP: every line gets its answer after the commit, and a bad one costs nothing but itself. */
import { describe, expect, it } from "@effect/vitest"
import { channelLimit, maxPushLines, ThreadSnapshot } from "@threadfold/contracts"
import { EventDetail, LineResult, PushResult } from "@threadfold/contracts/api"
import { Engine, QueueFull } from "@threadfold/engine"
import { Effect, Layer, Schema } from "effect"
import { HttpServerLive } from "../../src/http/index.js"
import { readSide } from "../../src/serve/graph.js"
import { testOrchestration } from "./support/TestOrchestration.js"
import {
  attach,
  callAs,
  callSession,
  callText,
  notice,
  notices,
  problemOfCall,
  published,
  push,
  sessionId,
  temporaryDirectory,
  testServer,
  threadOf,
} from "./support/TestServer.js"

const session = sessionId(1)

const body = { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000, title: "A thread", cwd: "/w" }

describe("pushing events", () => {
  it.live("answers a line each: appended, duplicate, conflict, gap, invalid", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      const head = yield* published
      const first = yield* push(session, [notice(1), notice(2), "", notice(2), notice(2, "other"), notice(5)])
      expect(first.body.results).toEqual([
        { line: 1, seq: 1, status: "appended", sequence: head + 1 },
        { line: 2, seq: 2, status: "appended", sequence: head + 2 },
        { line: 4, seq: 2, status: "duplicate", sequence: head + 2 },
        { line: 5, seq: 2, status: "conflict", problem: "seq-conflict" },
        { line: 6, seq: 5, status: "gap", sequence: head + 4 },
      ])
      const snapshot = yield* threadOf(opened.threadId)
      expect(snapshot.anomalies.map(({ reason }) => reason).sort()).toEqual(["seq-conflict", "seq-gap"])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("keeps a bad line under its number, so that it blocks nothing", () =>
    Effect.gen(function* () {
      yield* attach(session, body)
      const head = yield* published
      const cut = '{"type":"item.started","channel":"adapter:test","seq":4,"at":17000'
      const lines = [
        notice(1),
        { ...notice(2), payload: { message: 5 } },
        { ...notice(3), type: "turn.requested" },
        cut,
        { channel: "adapter:test", seq: 5 },
        notice(6),
        "no JSON at all",
        { ...notice(7), channel: "client" },
        { ...notice(8), seq: 0 },
        notice(7),
      ]
      const { results } = (yield* push(session, lines)).body
      expect(results.map(({ status, seq }) => [status, seq])).toEqual([
        ["appended", 1],
        ["invalid", 2],
        ["invalid", 3],
        ["invalid", 4],
        ["invalid", 5],
        ["appended", 6],
        ["invalid", null],
        ["invalid", null],
        ["invalid", null],
        ["appended", 7],
      ])
      expect(results.map(({ sequence }) => sequence ?? null)).toEqual([
        ...[1, 2, 3, 4, 5, 6].map((n) => head + n),
        ...[null, null, null],
        head + 7,
      ])
      expect(results.map(({ place, problem }) => [problem, place])).toEqual([
        [undefined, undefined],
        ["payload-invalid", "payload.message"],
        ["type-reserved", "type"],
        ["line-not-json", undefined],
        ["not-an-event", "type"],
        [undefined, undefined],
        ["line-not-json", undefined],
        ["channel-reserved", "channel"],
        ["not-an-event", "seq"],
        [undefined, undefined],
      ])
      const { body: kept } = yield* callAs(EventDetail, `/v1/events/${head + 4}?native=1`)
      expect([kept.type, kept.seq, kept.nativeBody]).toEqual(["provider.unmapped", 4, cut])
      // The whole of it again adds nothing.
      const again = (yield* push(session, lines)).body.results
      expect(new Set(again.filter(({ seq }) => seq !== null).map(({ status }) => status))).toEqual(
        new Set(["duplicate"]),
      )
      expect(yield* published).toBe(head + 7)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("takes a JSON array, and answers NDJSON to who asks for it", () =>
    Effect.gen(function* () {
      yield* attach(session, body)
      const array = yield* callText(`/v1/sessions/${session}/events`, {
        method: "POST",
        headers: { "content-type": "application/json; charset=utf-8", accept: "application/x-ndjson" },
        body: JSON.stringify([notice(1), 5, notice(2)]),
      })
      expect(array.headers.get("content-type")).toBe("application/x-ndjson")
      const results = array.text
        .trim()
        .split("\n")
        .map((line) => Schema.decodeUnknownSync(Schema.parseJson(LineResult))(line))
      expect(results.map(({ line, status }) => [line, status])).toEqual([
        [1, "appended"],
        [2, "invalid"],
        [3, "appended"],
      ])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("never takes an id of ours from outside", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      yield* push(session, [
        {
          type: "turn.started",
          channel: "adapter:test",
          seq: 1,
          at: 1,
          native: { turnId: "t" },
          payload: {},
          turnId: sessionId(9),
        },
      ])
      const snapshot = yield* threadOf(opened.threadId)
      expect(snapshot.turns.map(({ nativeTurnId }) => nativeTurnId)).toEqual(["t"])
      expect(snapshot.turns[0]?.turnId).not.toBe(sessionId(9))
    }).pipe(Effect.provide(testServer())),
  )

  it.live("folds a turn end to end", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      const on = (seq: number, type: string, native: object, payload: object) => ({
        type,
        channel: "adapter:test",
        seq,
        at: 1_000 + seq,
        native,
        payload,
      })
      const item = { turnId: "t1", itemId: "i1" }
      const pushed = yield* push(session, [
        on(1, "turn.started", { turnId: "t1" }, {}),
        on(2, "item.started", item, { kind: "agent_message" }),
        on(3, "content.delta", item, { stream: "text", delta: "Hel" }),
        on(4, "item.completed", item, { kind: "agent_message", status: "completed", text: "Hello" }),
        on(5, "turn.completed", { turnId: "t1" }, { outcome: "completed" }),
      ])
      expect(pushed.body.results.map(({ problem, status }) => problem ?? status)).toEqual(Array(5).fill("appended"))
      const sequence = pushed.body.results[4]?.sequence
      const { body: snapshot } = yield* callAs(
        ThreadSnapshot,
        `/v1/threads/${opened.threadId}?min-sequence=${sequence}`,
      )
      expect(snapshot.turns[0]).toMatchObject({ status: "ended", outcome: "completed", evidence: "observed" })
      expect(snapshot.items[0]).toMatchObject({ status: "completed", text: "Hello" })
      expect(snapshot.anomalies).toEqual([])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("from eight adapters at once stores all of it, a long output included", () =>
    Effect.gen(function* () {
      const writers = [1, 2, 3, 4, 5, 6, 7, 8].map(sessionId)
      for (const [n, id] of writers.entries()) yield* attach(id, { ...body, nativeThreadId: `native-${n}` })
      const head = yield* published
      const output = "o".repeat(900_000)
      const all = yield* Effect.forEach(
        writers,
        (id) =>
          Effect.gen(function* () {
            const small = yield* push(id, notices(1, 600))
            const large = yield* push(id, [notice(601, output), notice(602, output)])
            return [...small.body.results, ...large.body.results].map(({ status }) => status)
          }),
        { concurrency: "unbounded" },
      )
      expect(new Set(all.flat())).toEqual(new Set(["appended"]))
      expect(yield* published).toBe(head + 8 * 602)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("to a full queue is told to wait, and stores nothing", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = `${directory}/threadfold.db`
        const engine = Layer.effect(
          Engine,
          Effect.map(Engine, (real) => ({
            ...real,
            trySubmit: () => Effect.fail(new QueueFull()),
            offer: () => false,
          })),
        ).pipe(Layer.provide(Engine.layerInProcess({ file })))
        const layer = HttpServerLive({ dataDir: directory, version: "0", accessLog: () => undefined }).pipe(
          Layer.provideMerge(testOrchestration()),
          Layer.provideMerge(readSide(file)),
          Layer.provideMerge(engine),
        )
        yield* Effect.gen(function* () {
          yield* attach(session, body)
          const head = yield* published
          const problem = yield* problemOfCall(`/v1/sessions/${session}/events`, {
            method: "POST",
            headers: { "content-type": "application/x-ndjson" },
            body: JSON.stringify(notice(1)),
          })
          expect([problem.status, problem.slug]).toEqual([429, "too-many-requests"])
          expect(problem.headers.get("retry-after")).toBe("1")
          expect(yield* published).toBe(head)
        }).pipe(Effect.provide(layer))
      }),
    ),
  )
})

describe("what a push must not cost", () => {
  const wire = { "content-type": "application/x-ndjson" }
  const pushText = (text: string) =>
    callText(`/v1/sessions/${session}/events`, { method: "POST", headers: wire, body: text })

  it.live("a body of 16 MiB of short lines is refused at once, while others are served", () =>
    Effect.gen(function* () {
      yield* attach(session, body)
      const head = yield* published
      const before = process.memoryUsage().rss
      const text = "1\n".repeat(8 * 1024 * 1024)
      const problem = yield* problemOfCall(`/v1/sessions/${session}/events`, {
        method: "POST",
        headers: wire,
        body: text,
      })
      expect([problem.status, problem.slug]).toEqual([413, "payload-too-large"])
      expect(yield* published).toBe(head)
      // The caller is in this process, too: its own copies of the body count.
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("as many invalid lines as a body may have are answered in 200 bytes each", () =>
    Effect.gen(function* () {
      yield* attach(session, body)
      const { text } = yield* pushText("1\n".repeat(maxPushLines))
      const { results } = Schema.decodeUnknownSync(Schema.parseJson(PushResult))(text)
      expect(results).toHaveLength(maxPushLines)
      expect(new Set(results.map(({ problem, status }) => `${status} ${problem}`))).toEqual(
        new Set(["invalid not-an-event"]),
      )
      expect(text.length / maxPushLines).toBeLessThan(200)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("a channel more than a session may have is refused, and the others go on", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      const onChannel = (n: number, seq = 1) => ({ ...notice(seq), channel: `adapter:${n}` })
      const answers = (lines: readonly object[]) =>
        Effect.map(push(session, lines), ({ body: { results } }) =>
          results.map(
            ({ problem, sequence, status }) => problem ?? `${status}${sequence === undefined ? " nowhere" : ""}`,
          ),
        )
      const all = Array.from({ length: channelLimit }, (_, n) => onChannel(n))
      expect(new Set(yield* answers(all))).toEqual(new Set(["appended"]))
      const head = yield* published
      const beyond = [onChannel(channelLimit), onChannel(channelLimit), onChannel(0, 2), onChannel(channelLimit + 1)]
      expect(yield* answers(beyond)).toEqual(["channel-limit", "channel-limit", "appended", "channel-limit"])
      expect(yield* answers(beyond)).toEqual(["channel-limit", "channel-limit", "duplicate", "channel-limit"])
      expect(yield* published).toBe(head + 1)
      expect((yield* threadOf(opened.threadId)).anomalies).toEqual([])
      // The next session has channels of its own.
      yield* callSession(session, "", "DELETE")
      yield* attach(sessionId(2), body)
      const next = yield* push(sessionId(2), [onChannel(channelLimit)])
      expect(next.body.results.map(({ status }) => status)).toEqual(["appended"])
    }).pipe(Effect.provide(testServer())),
  )

  it.live("a long line, a deep one and half a pair cost nothing but themselves, and are known again", () =>
    Effect.gen(function* () {
      const { body: opened } = yield* attach(session, body)
      const head = yield* published
      const line = (seq: number, json: string) =>
        JSON.stringify({ ...notice(seq), payload: { message: "?" } }).replace('"?"', json)
      const lines = [
        JSON.stringify(notice(1)),
        line(2, JSON.stringify("x".repeat(2 * 1024 * 1024))),
        JSON.stringify(notice(3)),
        line(4, `${"[".repeat(100_000)}${"]".repeat(100_000)}`),
        line(5, '"\\ud800 alone"'),
        line(6, "1e999"),
        JSON.stringify({ ...notice(7), at: -5 }),
        JSON.stringify({ ...notice(8), type: "odd\ud800" }),
        JSON.stringify({ ...notice(9), native: { turnId: "odd\ud800" } }),
        JSON.stringify(notice(10)),
      ]
      const statuses = (text: string) =>
        Schema.decodeUnknownSync(Schema.parseJson(PushResult))(text).results.map(({ status }) => status)
      const first = yield* pushText(lines.join("\n"))
      expect(statuses(first.text)).toEqual(["appended", "invalid", "appended", ...Array(6).fill("invalid"), "appended"])
      expect(yield* published).toBe(head + 10)
      const again = yield* pushText(lines.join("\n"))
      expect(statuses(again.text)).toEqual(Array(10).fill("duplicate"))
      // Other content under the number of a line that was no event is a conflict like any other.
      expect(statuses((yield* pushText(line(2, JSON.stringify("y".repeat(2 * 1024 * 1024))))).text)).toEqual([
        "conflict",
      ])
      expect((yield* threadOf(opened.threadId)).anomalies.map(({ reason }) => reason)).not.toContain("fold-defect")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("an id of another thread in a payload is not taken, and a repeat of it is a duplicate", () =>
    Effect.gen(function* () {
      const { body: other } = yield* attach(sessionId(2), { ...body, nativeThreadId: "parent" })
      const { body: opened } = yield* attach(session, body)
      const said = (seq: number, payload: object) => ({ ...notice(seq), type: "thread.started", payload })
      const lines = [
        said(1, { parentThreadId: other.threadId, forkedFromThreadId: other.threadId }),
        said(2, { parentNativeThreadId: "parent", parentThreadId: "mine" }),
        said(3, { parentNativeThreadId: "parent" }),
      ]
      const pushed = yield* push(session, lines.slice(0, 1))
      expect(pushed.body.results.map(({ status }) => status)).toEqual(["appended"])
      expect((yield* threadOf(opened.threadId)).thread.parentThreadId).toBeNull()
      yield* push(session, lines)
      expect((yield* push(session, lines)).body.results.map(({ status }) => status)).toEqual(Array(3).fill("duplicate"))
    }).pipe(Effect.provide(testServer())),
  )
})
