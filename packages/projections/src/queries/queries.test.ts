import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { fold } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { paused } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import fc from "fast-check"
import { refold } from "../refold.js"
import { expectSame } from "../testing/fixtures.js"
import { failureOf, sevenTurns, started, thread, withQueries } from "../testing/queryDatabase.js"
import { randomLog } from "../testing/randomEvents.js"
import { idFor } from "../testing/TestLog.js"
import { Projections } from "./Projections.js"

describe("thread snapshot", () => {
  it("is the same from SQL, from rows in hand, and from Maps, for any log", () =>
    fc.assert(
      paused(
        fc.asyncProperty(randomLog, (batches) =>
          Effect.runPromise(
            withQueries(
              ({ append }) => {
                for (const batch of batches) append(batch)
              },
              ({ store, log }) =>
                Effect.gen(function* () {
                  const queries = yield* Projections
                  for (const streamId of log.streams(null, 10)) {
                    const { snapshot, more } = yield* queries.threadSnapshot(streamId, { limitPerList: null })
                    expectSame(snapshot, snapshotOf(store.rowsOf(streamId), log.events.length))
                    const maps = new MapStore()
                    refold(log, maps, fold, streamId)
                    expectSame(snapshot, snapshotOf(maps.rowsOf(streamId), log.events.length))
                    expect(Object.values(more).every((cursor) => cursor === null)).toBe(true)
                  }
                }),
            ),
          ),
        ),
      ),
      { numRuns: 25 },
    ))

  it.effect("shows the newest entries, oldest first, and where the rest is", () =>
    withQueries(sevenTurns, ({ log }) =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const { snapshot, more } = yield* queries.threadSnapshot(thread, { limitPerList: 3 })
        expect(snapshot.sequence).toBe(log.events.length)
        expect(snapshot.turns.map(({ nativeTurnId }) => nativeTurnId)).toEqual(["t5", "t6", "t7"])
        expect(snapshot.items.map(({ text }) => text)).toEqual(["text 5", "text 6", "one more\n\ntwo"])
        expect(snapshot.session).toMatchObject({ status: "running", epoch: 1 })
        expect(more.requests).toBeNull()
        const older = yield* queries.turns(thread, { limit: 3, cursor: more.turns ?? "" })
        expect(older.items.map(({ nativeTurnId }) => nativeTurnId)).toEqual(["t4", "t3", "t2"])
      }),
    ),
  )

  it.effect("says which thread is not there", () =>
    withQueries(sevenTurns, () =>
      Effect.gen(function* () {
        const queries = yield* Projections
        expect(failureOf(yield* Effect.exit(queries.threadSnapshot("missing")))).toBe("RowNotFound thread")
        expect(failureOf(yield* Effect.exit(queries.turns("missing")))).toBe("RowNotFound thread")
        expect(failureOf(yield* Effect.exit(queries.usage("missing")))).toBe("RowNotFound thread")
        expect(failureOf(yield* Effect.exit(queries.session("missing")))).toBe("RowNotFound session")
      }),
    ),
  )
})

describe("one resource", () => {
  it.effect("comes with its version and with the sequence that it is true for", () =>
    withQueries(sevenTurns, ({ store, log, append }) =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const found = yield* queries.thread(thread)
        expect(found).toMatchObject({ sequence: log.events.length, version: log.events.length })
        expect(found.value).toMatchObject({ threadId: thread, status: "working", turns: 7 })
        append([{ ...started, stream: "other", session: "session of other" }])
        expect(yield* queries.thread(thread)).toEqual({ ...found, sequence: found.sequence + 1 })
        const sessionId = idFor("session")
        const session = yield* queries.session(sessionId)
        expect(session.version).toBe(store.find("sessions", "key", [sessionId])?.sequence)
        expect(session.value).toMatchObject({ sessionId, status: "running" })
        expect(yield* queries.usage(thread)).toMatchObject({ sequence: log.events.length, usage: null })
        expect((yield* queries.sessionRow(sessionId)).value).toEqual(store.find("sessions", "key", [sessionId]))
        const [last] = (yield* queries.turns(thread, { limit: 1 })).items
        const turn = yield* queries.turn(last?.turnId ?? "")
        expect(turn.version).toBe(store.find("turns", "key", [last?.turnId ?? ""])?.sequence)
        expect(turn.value).toMatchObject({ ...last, threadId: thread, uncertain: false, version: turn.version })
        expect(failureOf(yield* Effect.exit(queries.turn("missing")))).toBe("RowNotFound turn")
      }),
    ),
  )
})

describe("stats", () => {
  it.effect("counts what is there", () =>
    withQueries(sevenTurns, ({ log }) =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const found = yield* queries.stats({ byType: true })
        expect(found).toMatchObject({ events: log.events.length, lastSequence: log.events.length, threads: 1 })
        expect(found.byType).toMatchObject({ "turn.started": 7, "content.delta": 3 })
        expect(found.walBytes).toBeGreaterThan(0)
        expect((yield* queries.stats()).byType).toBeNull()
      }),
    ),
  )
})

describe("a database that is no Threadfold database", () => {
  it("is an error, not a defect", async () => {
    const directory = mkdtempSync(join(tmpdir(), "threadfold-queries-"))
    const file = join(directory, "other.db")
    new Sqlite(file).exec("CREATE TABLE t (a)").close()
    const layer = Projections.layer(file)
    const exit = await Effect.runPromiseExit(
      Effect.provide(
        Effect.flatMap(Projections, (queries) => queries.threads()),
        layer,
      ),
    )
    rmSync(directory, { recursive: true })
    expect(failureOf(exit)).toBe("StorageUnavailable")
  })
})
