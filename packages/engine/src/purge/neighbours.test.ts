/** Purges of one thread in any log: all other threads stay as they were. */
import { hashStream, rebuild, verify } from "@threadfold/projections"
import { arbSession } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ended, lookAt, purged } from "../../test/PurgeBench.js"
import { databases, id, submit } from "../../test/support.js"
import { eventSourceOf } from "../writer/index.js"

describe("a purge of any thread of any log", () => {
  it.each(databases)("leaves every other thread as it was (%s)", (name, open) => {
    fc.assert(
      fc.property(arbSession({ threads: 3 }), fc.nat(), (events, pick) => {
        const b = open()
        try {
          for (const { actor, connection, event, session, stream } of events) {
            const payload =
              event.type === "session.started" && typeof event.payload === "object"
                ? { ...event.payload, connectionId: id(connection) }
                : event.payload
            const raw = JSON.stringify({ event: event.type, of: stream })
            const to = { streamId: id(stream) }
            b.writer.process([
              submit({
                to,
                sessionId: session === null ? null : id(session),
                actor,
                event: { ...event, payload, raw },
              }),
            ])
          }
          b.driver.compressNative(10_000)
          const threads = b.driver
            .streams(null, 100)
            .filter((streamId) => b.store.whole("threads", [streamId]) !== null)
          const threadId = threads[pick % threads.length] ?? ""
          ended(b, threadId)
          // A connection that served no other thread goes with this one.
          const goes = (streamId: string) =>
            (b.store.sessionsAfter(threadId, 0, 100).some(({ connectionId }) => connectionId === streamId) ||
              b.store.openedFor(threadId, "", 100).includes(streamId)) &&
            !b.store.servesOther(streamId, threadId) &&
            b.store.whole("connections", [streamId])?.status === "closed"
          const others = b.driver.streams(null, 100).filter((streamId) => streamId !== threadId && !goes(streamId))
          const looks = () => others.map((streamId) => lookAt(b, streamId))
          const before = looks()
          const sealedHash = hashStream(b.store.rowsOf(threadId))
          expect(purged(b, threadId)).toMatchObject({ ok: true, purge: { sealedHash } })
          expect(looks()).toEqual(before)
          expect([...b.store.rowsOf(threadId)].map(({ table }) => table)).toEqual(["threads"])
          const source = eventSourceOf(b.driver)
          expect(verify({ source, store: b.store, readTransaction: (body) => body() })).toMatchObject({
            ok: true,
            stale: [],
          })
          // A rebuild begins at the tombstone, and leads to the same.
          const row = b.store.whole("threads", [threadId])
          rebuild({ source, store: b.store })
          expect(b.store.whole("threads", [threadId])).toEqual(row)
          expect(looks()).toEqual(before)
        } finally {
          b.close()
        }
      }),
      // A database on the disk takes ten times as long.
      { numRuns: name === "on SQLite" ? 3 : 12 },
    )
  })
})
