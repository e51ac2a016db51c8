/** The newest golden database is one of today's schema and fold, so that each schema that was ever used is tried on what comes later. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FOLD_VERSION } from "@threadfold/core"
import { openSqlite } from "@threadfold/event-log"
import { foldOfRelease, releaseDump, releases } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { databaseGroups } from "./sqlite.js"

const newest = releases[releases.length - 1] ?? "release-1"

/** What a database consists of, and which migrations made it. */
const shapeOf = (handle: Sqlite.Database) => ({
  format: handle.pragma("user_version", { simple: true }),
  schema: handle
    .prepare<[], string>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name",
    )
    .pluck()
    .all(),
  migrations: databaseGroups
    .map(({ table }) => table)
    .concat("log_migrations")
    .map((table) => handle.prepare<[], string>(`SELECT name FROM "${table}" ORDER BY migration_id`).pluck().all()),
})

it(`${newest} has the tables of a new database, and rows of this version of the fold`, () => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-golden-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const fresh = Effect.runSync(
    Effect.scoped(
      Effect.map(openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups }), ({ handle }) =>
        shapeOf(handle),
      ),
    ),
  )
  const golden = new Sqlite(":memory:")
  golden.exec(releaseDump(newest))
  const next = "if this fails, add a golden database of what you changed: `npm run golden -- release-N`"
  expect(shapeOf(golden), next).toEqual(fresh)
  expect(foldOfRelease[newest], next).toBe(FOLD_VERSION)
  golden.close()
})

it.each(releases)("%s is what it is called", (release) => {
  const golden = new Sqlite(":memory:")
  golden.exec(releaseDump(release))
  const versions = golden.prepare<[], number>("SELECT DISTINCT fold_version FROM fold_state").pluck().all()
  expect(versions).toEqual([foldOfRelease[release]])
  golden.close()
})
