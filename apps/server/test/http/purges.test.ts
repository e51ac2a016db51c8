/** A thread that is purged over HTTP: what is left of it, and what every reader of it is told. */
import { describe, expect, it } from "@effect/vitest"
import { connect } from "@threadfold/client"
import { EventDetail, PurgeView, RowsSnapshot, StreamReset, ThreadPage } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openStream } from "./support/Sse.js"
import {
  attach,
  call,
  callAs,
  callSession,
  callText,
  notice,
  notices,
  problemOfCall,
  push,
  sessionId,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const words = "what nobody is to read again"

/** A thread with words in it, whose session has ended, and a neighbour. */
const filled = Effect.gen(function* () {
  const { body } = yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
  yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
  yield* push(session, notices(1, 20, words))
  yield* push(session, [{ ...notice(21), type: "thread.metadata.updated", payload: { title: words } }])
  yield* push(sessionId(2), notices(1, 5))
  return { threadId: String(body.threadId), path: `/v1/threads/${body.threadId}` }
})

const viewOf = (path: string) => Effect.map(callAs(PurgeView, `${path}/purge`), ({ body }) => body)

const untilFinished = (path: string): Effect.Effect<PurgeView, unknown, HttpServer> =>
  Effect.flatMap(viewOf(path), (view) =>
    view.status === "finished" ? Effect.succeed(view) : Effect.delay(untilFinished(path), "10 millis"),
  )

const resetOf = (data: string | undefined) => Schema.decodeUnknownSync(Schema.parseJson(StreamReset))(data)

const withServer = <A, E>(body: Effect.Effect<A, E, Effect.Effect.Context<ReturnType<typeof openStream>>>) =>
  Effect.scoped(Effect.provide(body, testServer()))

describe("a purge over HTTP", () => {
  it.live("tells what it would remove, waits for the end of what lives, and leaves a tombstone", () =>
    withServer(
      Effect.gen(function* () {
        const { path, threadId } = yield* filled
        const preview = yield* viewOf(path)
        expect(preview).toMatchObject({ threadId, status: "none", eventId: null, removed: { events: { count: 23 } } })
        expect(preview.bytes).toBeGreaterThan(20 * words.length)
        expect(preview.notPurged.join(" ")).toMatch(/[Bb]undles and backups/)
        expect((yield* problemOfCall(`${path}/purge`, { method: "POST" })).slug).toBe("thread-busy")
        yield* callSession(session, "", "DELETE")

        const { removed } = yield* viewOf(path)
        const before = yield* callText(path)
        expect(before.text).toContain(words)
        const old = Number(before.headers.get("sequence"))
        const { url, token } = yield* HttpServer
        const client = connect({ url, token })
        const begun = yield* Effect.promise(() => client.purgeThread(threadId))
        const done = yield* untilFinished(path)
        expect(done).toMatchObject({ eventId: begun.eventId, sealedHash: begun.sealedHash, removed })
        // Once more, by whatever way: the same tombstone.
        expect(yield* Effect.promise(() => client.purgeThread(threadId))).toEqual(done)

        const { body: page } = yield* callAs(ThreadPage, path)
        expect(page.thread).toMatchObject({ threadId, status: "purged", title: null, turns: 0 })
        expect(page.anomalies).toEqual([])
        for (const read of [path, `${path}/events`, `/v1/events`, `${path}/items`, "/v1/threads"]) {
          expect((yield* callText(read)).text).not.toContain(words)
        }
        const earlier = yield* problemOfCall(`${path}?at=${old}`)
        expect(earlier.slug).toBe("thread-purged")
        expect(earlier.detail).toContain(done.eventId)
        expect(earlier.detail).toContain(new Date(done.purgedAt ?? 0).toISOString())
        // Every question about what the thread was is answered so, whatever it names. The tombstone is older than its commit.
        const { body: tombstone } = yield* callAs(EventDetail, `/v1/events/${done.sequence}`)
        const drop = JSON.stringify({ edits: [{ op: "drop", sequence: old }] })
        const edits = { method: "POST", body: drop, headers: { "content-type": "application/json" } }
        for (const [ask, options] of [
          [`${path}/whatif`, edits],
          [`${path}/diff?from=${old}&to=${done.sequence}`, {}],
          [`${path}/moment?turn=${sessionId(8)}`, {}],
          [`${path}/moment?event=${old}`, {}],
          [`${path}/moment?time=1000`, {}],
          [`${path}/moment?time=${tombstone.at - 1}`, {}],
        ] as const) {
          expect([ask, (yield* problemOfCall(ask, options)).slug]).toEqual([ask, "thread-purged"])
        }
        const rename = {
          method: "PATCH",
          body: JSON.stringify({ title: "again" }),
          headers: { "content-type": "application/json" },
        }
        expect((yield* problemOfCall(path, rename)).slug).toBe("thread-purged")
        const attached = JSON.stringify({ provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
        const again = { method: "PUT", body: attached, headers: { "content-type": "application/json" } }
        expect((yield* problemOfCall(`/v1/sessions/${sessionId(3)}`, again)).slug).toBe("thread-purged")
        expect((yield* problemOfCall(`/v1/threads/${sessionId(9)}/purge`)).slug).toBe("thread-not-found")
        expect((yield* problemOfCall("/v1/threads/nothing/purge", { method: "POST" })).slug).toBe("thread-not-found")
      }),
    ),
  )

  it.live("has streams begin again that stand among what was purged, and tells which rows are gone", () =>
    withServer(
      Effect.gen(function* () {
        const { path, threadId } = yield* filled
        yield* callSession(session, "", "DELETE")
        const changes = yield* openStream("/v1/changes")
        yield* changes.until("synced")
        const live = yield* openStream(`${path}/events?after=3`)
        yield* live.until("synced")
        expect((yield* call(`${path}/purge`, { method: "POST" })).status).toBe(202)
        const { sequence } = yield* untilFinished(path)
        // Who is there hears of it.
        expect((yield* live.next)?.event).toBe("thread.purged")

        const one = yield* openStream(`${path}/events?after=3`)
        const reset = resetOf((yield* one.until("reset")).at(-1)?.data)
        expect(reset).toMatchObject({ reason: "purged", snapshot: path })
        expect(reset.cursor.endsWith(String(sequence))).toBe(true)
        const all = yield* openStream("/v1/events?after=6")
        expect(resetOf((yield* all.until("reset")).at(-1)?.data).reason).toBe("purged")
        // An event of the neighbour can be gone on from.
        const beside = yield* openStream("/v1/events?after=3")
        expect((yield* beside.until("synced")).some(({ event }) => event === "reset")).toBe(false)

        // Who keeps a copy of the rows is told to begin again, and finds one row.
        const begun = yield* changes.until("reset")
        const { snapshot } = resetOf(begun.at(-1)?.data)
        expect(snapshot).toBe(`${path}/snapshot`)
        const { body: copy } = yield* callAs(RowsSnapshot, snapshot)
        expect(Object.keys(copy.rows)).toEqual(["threads"])
        expect(copy.threadId).toBe(threadId)
      }),
    ),
  )
})
