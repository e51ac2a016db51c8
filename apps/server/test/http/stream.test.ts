/** Scenario 15: streams of events resume without loss or repetition, whatever the cursor. */
import { describe, expect, it } from "@effect/vitest"
import { EventEnvelope } from "@threadfold/contracts"
import { StreamReset } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { Effect, Fiber, Schema } from "effect"
import { openStream, range, sequencesOf } from "./support/Sse.js"
import {
  attach,
  callText,
  notice,
  notices,
  problemOfCall,
  push,
  serverOn,
  sessionId,
  temporaryDirectory,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)

/** An attached session on an empty log: sequences 1 and 2. */
const opened = attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })

const head = Effect.map(Engine, ({ log }) => log.published())

const withServer = <A, E>(body: Effect.Effect<A, E, Effect.Effect.Context<ReturnType<typeof openStream>> | Engine>) =>
  Effect.scoped(Effect.provide(body, testServer()))

describe("a stream of events", () => {
  it.live("goes on after Last-Event-ID while events arrive: each once and in order, no seam", () =>
    withServer(
      Effect.gen(function* () {
        yield* opened
        yield* push(session, notices(1, 1_000))
        const first = yield* openStream("/v1/events?after=0")
        const seen = yield* first.take(500)
        yield* first.close
        const last = seen[seen.length - 1]?.id ?? ""
        yield* push(session, notices(1_001, 2_000))
        const arriving = yield* Effect.fork(
          Effect.forEach(range(0, 49), (n) => push(session, notices(2_001 + n * 20, 2_020 + n * 20))),
        )
        const second = yield* openStream("/v1/events", { "last-event-id": last })
        const rest = yield* second.take(3_002 - 500)
        yield* Fiber.join(arriving)
        expect(sequencesOf([...seen, ...rest])).toEqual(range(1, 3_002))
        expect(yield* head).toBe(3_002)
      }),
    ),
  )

  it.live("says synced at the watermark, once, and with an id that resumes even when nothing came before", () =>
    withServer(
      Effect.gen(function* () {
        yield* opened
        yield* push(session, notices(1, 10))
        const at = yield* head
        const quiet = yield* openStream(`/v1/events?after=${at}`)
        const [synced] = yield* quiet.until("synced")
        expect(JSON.parse(synced?.data ?? "")).toEqual({ sequence: at })
        yield* quiet.close
        yield* push(session, notices(11, 15))
        const again = yield* openStream("/v1/events", { "last-event-id": synced?.id ?? "" })
        const blocks = yield* again.until("synced")
        expect(sequencesOf(blocks)).toEqual([...range(at + 1, at + 5), at + 5])
        yield* push(session, [notice(16)])
        expect((yield* again.next)?.event).toBe("runtime.warning")
      }),
    ),
  )

  it.live("gives whole envelopes, and those of a thread or of some types only", () =>
    withServer(
      Effect.gen(function* () {
        const { body } = yield* opened
        yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
        yield* push(sessionId(2), notices(1, 3))
        yield* push(session, notices(1, 3))
        const thread = yield* openStream(`/v1/threads/${body.threadId}/events?after=0`)
        const blocks = (yield* thread.until("synced")).slice(0, -1)
        const envelopes = blocks.map(({ data }) =>
          Schema.decodeUnknownSync(Schema.parseJson(EventEnvelope))(data, { onExcessProperty: "error" }),
        )
        expect(envelopes.map(({ streamId }) => streamId)).toEqual(envelopes.map(() => body.threadId))
        expect(envelopes.map(({ type }) => type)).toEqual([
          "thread.created",
          "session.started",
          "runtime.warning",
          "runtime.warning",
          "runtime.warning",
        ])
        const typed = yield* openStream("/v1/events?after=0&types=thread.created,session.started")
        expect((yield* typed.until("synced")).map(({ event }) => event)).toEqual([
          "thread.created",
          "session.started",
          "thread.created",
          "session.started",
          "synced",
        ])
        // What is filtered out while it is live does not hold up what comes after it.
        yield* push(session, notices(4, 6))
        yield* attach(sessionId(3), { provider: "test", nativeThreadId: "native-3", leaseMs: 600_000 })
        expect((yield* typed.take(2)).map(({ event }) => event)).toEqual(["thread.created", "session.started"])
      }),
    ),
  )

  it.live("answers a cursor that cannot be read with a problem", () =>
    withServer(
      Effect.gen(function* () {
        const accept = { accept: "text/event-stream" }
        for (const cursor of ["abc", "-1", "1.5.2", "1e3", " "]) {
          const problem = yield* problemOfCall("/v1/events", { headers: { ...accept, "last-event-id": cursor } })
          expect([problem.status, problem.slug]).toEqual([400, "invalid-cursor"])
        }
        expect((yield* problemOfCall("/v1/events?after=abc", { headers: accept })).slug).toBe("invalid-cursor")
        // The header wins, right or wrong.
        const both = { headers: { ...accept, "last-event-id": "abc" } }
        expect((yield* problemOfCall("/v1/events?after=0", both)).slug).toBe("invalid-cursor")
      }),
    ),
  )

  it.live("resets a cursor of the future or of another log once, and goes on live from there", () =>
    withServer(
      Effect.gen(function* () {
        const { body } = yield* opened
        const { log } = yield* Engine
        const cases = [
          { path: "/v1/events", cursor: `${log.logId}.999999`, reason: "future", snapshot: "/v1/threads" },
          { path: "/v1/events", cursor: "999999", reason: "future", snapshot: "/v1/threads" },
          {
            path: `/v1/threads/${body.threadId}/events`,
            cursor: "01990000-0000-7000-8000-00000000ffff.1",
            reason: "other-log",
            snapshot: `/v1/threads/${body.threadId}`,
          },
        ]
        let seq = 1
        for (const { path, cursor, reason, snapshot } of cases) {
          const stream = yield* openStream(path, { "last-event-id": cursor })
          const [reset, synced] = [yield* stream.next, yield* stream.next]
          expect(reset?.event).toBe("reset")
          const now = `${log.logId}.${yield* head}`
          const data = Schema.decodeUnknownSync(Schema.parseJson(StreamReset))(reset?.data)
          expect(data).toEqual({ reason, snapshot, cursor: now })
          expect([reset?.id, synced?.event, synced?.id]).toEqual([now, "synced", now])
          expect((yield* callText(data.snapshot)).status).toBe(200)
          yield* push(session, [notice(seq++)])
          expect(sequencesOf([...(yield* stream.take(1))])).toEqual([yield* head])
          yield* stream.close
        }
      }),
    ),
  )

  it.live("starts from a snapshot and its sequence without loss", () =>
    withServer(
      Effect.gen(function* () {
        const { body } = yield* opened
        yield* push(session, notices(1, 5))
        const snapshot = yield* callText(`/v1/threads/${body.threadId}`)
        const sequence = Number(snapshot.headers.get("sequence"))
        yield* push(session, notices(6, 7))
        const stream = yield* openStream(`/v1/threads/${body.threadId}/events?after=${sequence}`)
        expect(sequencesOf(yield* stream.take(2))).toEqual([sequence + 1, sequence + 2])
      }),
    ),
  )

  it.live("is the same stream after a restart of the server", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const before = Effect.gen(function* () {
          yield* opened
          yield* push(session, notices(1, 10))
          const stream = yield* openStream("/v1/events?after=0")
          return (yield* stream.take(7))[6]?.id ?? ""
        })
        const last = yield* Effect.scoped(Effect.provide(before, serverOn(directory)))
        const after = Effect.gen(function* () {
          yield* push(session, notices(11, 12))
          const stream = yield* openStream("/v1/events", { "last-event-id": last })
          return sequencesOf(yield* stream.take(7))
        })
        expect(yield* Effect.scoped(Effect.provide(after, serverOn(directory)))).toEqual(range(8, 14))
      }),
    ),
  )

  it.live("carries the head in its heartbeats, and tells how soon to come back", () =>
    Effect.scoped(
      Effect.gen(function* () {
        yield* opened
        const stream = yield* openStream("/v1/events?after=0&types=turn.started")
        expect(stream.headers.get("content-type")).toBe("text/event-stream")
        expect(stream.headers.get("cache-control")).toBe("no-store")
        // Its connection ends with it: a client that kept it for its next call would meet the end of a stopped server.
        expect(stream.headers.get("connection")).toBe("close")
        expect(yield* stream.comment).toBe("head=2")
        yield* push(session, notices(1, 3))
        const beats = yield* Effect.iterate("", {
          while: (comment) => comment !== "head=5",
          body: () => Effect.map(stream.comment, (comment) => comment ?? ""),
        })
        expect(beats).toBe("head=5")
      }).pipe(Effect.provide(testServer({ limits: { stream: { heartbeatMs: 20 } } }))),
    ),
  )

  it.live("encodes each event once for all streams that are live", () =>
    withServer(
      Effect.gen(function* () {
        yield* opened
        const streams = yield* Effect.forEach(range(1, 8), () => openStream(`/v1/events?after=0`))
        for (const stream of streams) yield* stream.until("synced")
        const metric = Effect.map(callText("/metrics"), ({ text }) =>
          Number(/^threadfold_stream_encoded_events_total (\d+)$/m.exec(text)?.[1]),
        )
        const before = yield* metric
        yield* push(session, notices(1, 100))
        for (const stream of streams) expect(sequencesOf(yield* stream.take(100))).toEqual(range(3, 102))
        expect((yield* metric) - before).toBe(100)
      }),
    ),
  )
})
