/** The contract of the log on every driver, behind the one writer. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { databaseFile, liveReader, openReadOnly, openSqlite } from "@threadfold/event-log"
import { putNewDatabase } from "@threadfold/event-log/fixtures"
import { Effect, Layer } from "effect"
import { inMemory } from "../../test/support.js"
import { eventLogContract } from "../testing/EventLogContract.js"
import { LogUnderTest } from "../testing/LogUnderTest.js"
import { databaseGroups, makeSqliteWriter } from "./sqlite.js"

const clock = () => 1_700_000_000_000

const newFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-log-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true })),
  ),
  databaseFile,
)

const onSqlite = Effect.gen(function* () {
  const file = yield* newFile
  putNewDatabase(file, databaseGroups)
  const database = yield* openSqlite({ file, migrations: databaseGroups })
  return { file, driver: database.driver, writer: makeSqliteWriter(database, { clock }) }
})

eventLogContract(
  "memory",
  Layer.sync(LogUnderTest, () => {
    const { driver, writer } = inMemory()
    return { driver, writer, log: liveReader(driver) }
  }),
)

eventLogContract(
  "SQLite",
  Layer.scoped(
    LogUnderTest,
    Effect.map(onSqlite, ({ driver, writer }) => ({ driver, writer, log: liveReader(driver) })),
  ),
)

/** Written on one connection, read and followed on another, to which commits are published as to another thread. */
eventLogContract(
  "written here, read on a read-only connection",
  Layer.scoped(
    LogUnderTest,
    Effect.gen(function* () {
      const { driver, file, writer } = yield* onSqlite
      return { driver, writer, log: yield* openReadOnly({ file, migrations: databaseGroups }) }
    }),
  ),
)
