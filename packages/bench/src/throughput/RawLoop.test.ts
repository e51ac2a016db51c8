/** The bare loop must do what the engine did: the same rows of every table, in the same transactions. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { sqliteDriver } from "@threadfold/event-log"
import { recording } from "@threadfold/testkit"
import type Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { submissions } from "../Workload.js"
import { chunksOf, commitAll } from "./chunks.js"
import { engineOn, openDatabase } from "./engineOn.js"
import { Capture, prepareReplay } from "./RawLoop.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-bench-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

/** Every row of the tables that a log consists of; its own small values (its id, say) differ. */
const rowsOf = (handle: Sqlite.Database): unknown => {
  const names = handle
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%_migrations'")
    .pluck()
    .all()
  const tables = names.filter((name) => name !== "meta").sort()
  return Object.fromEntries(tables.map((name) => [name, handle.prepare(`SELECT * FROM "${name}"`).all()]))
}

it.scoped("the rows that a bare loop writes are those of the engine", () =>
  Effect.gen(function* () {
    const below = yield* directory
    const capture = new Capture()
    const engine = yield* engineOn(join(below, "engine"), ({ handle }) => {
      capture.watch(handle)
      return sqliteDriver(handle)
    })
    const raw = (yield* openDatabase(join(below, "raw"))).handle
    const load = submissions({
      events: 2_500,
      threads: 5,
      burst: 16,
      startAt: 1_764_000_000_000,
      recording: recording("codex-02-approval-untrusted-accept").path,
    })
    let transactions = 0
    for (const chunk of chunksOf(load)) {
      yield* commitAll(engine.loop, chunk)
      const captured = capture.take()
      transactions += captured.length
      prepareReplay(raw, captured)()
    }
    expect(transactions).toBeGreaterThan(2)
    const rows = rowsOf(engine.database.handle)
    expect(rows).toMatchObject({ events: { length: 2_500 }, native: { length: 2_500 } })
    expect(rowsOf(raw)).toEqual(rows)
  }),
)
