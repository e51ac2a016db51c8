/** The contract suite on both storages. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { databaseFile, memoryDriver, openSqlite } from "./index.js"
import { type DriverFixture, logDriverContract } from "./testing/LogDriverContract.js"

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-log-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true })),
)

const sqliteFixture = (): Promise<DriverFixture> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { driver } = yield* temporaryDirectory.pipe(
        Effect.flatMap((directory) => openSqlite({ file: databaseFile(directory) })),
        Scope.extend(scope),
      )
      return { driver, close: () => Effect.runSync(Scope.close(scope, Exit.void)) }
    }),
  )

logDriverContract("memory", () => ({ driver: memoryDriver(), close: () => undefined }))
logDriverContract("SQLite", sqliteFixture)
