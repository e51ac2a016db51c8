import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { databaseFile, openReadOnly, openSqlite } from "./index.js"
import { nativeOf, sampleRow } from "./testing/samples.js"

describe("openReadOnly", () => {
  let directory = ""
  let file = ""
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "threadfold-read-"))
    file = databaseFile(directory)
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const refused = Effect.suspend(() => Effect.flip(Effect.scoped(openReadOnly({ file }))))

  it.live("turns a file that it cannot read into a problem", () =>
    Effect.gen(function* () {
      expect((yield* refused)._tag).toBe("DatabaseNotFound")
      expect(readdirSync(directory)).toEqual([])
      writeFileSync(file, "")
      expect((yield* refused)._tag).toBe("DatabaseNotFound")
      writeFileSync(file, "no database at all".repeat(100))
      expect((yield* refused)._tag).toBe("DatabaseUnreadable")
      rmSync(file)
      const other = new Sqlite(file)
      other.exec("CREATE TABLE recipes (name TEXT)")
      expect((yield* refused)._tag).toBe("DatabaseUnreadable")
      other.close()
    }),
  )

  it.live("refuses a newer database", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(Effect.map(openSqlite({ file }), ({ handle }) => handle.pragma("user_version = 99")))
      expect((yield* refused)._tag).toBe("DatabaseTooNew")
    }),
  )

  it.scopedLive("reads a database in another journal mode", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.map(openSqlite({ file }), ({ driver, handle }) => {
          driver.transaction(() => driver.insert(sampleRow(1)))
          handle.pragma("journal_mode = DELETE")
        }),
      )
      const log = yield* openReadOnly({ file })
      expect(yield* log.head).toBe(1)
      expect(log.published()).toBe(1)
    }),
  )

  it.scopedLive("sees commits as they come, and bodies that are packed meanwhile", () =>
    Effect.gen(function* () {
      const { driver } = yield* openSqlite({ file })
      const reader = yield* openReadOnly({ file })
      expect(reader.logId).toBe(driver.logId)
      driver.transaction(() => {
        for (let sequence = 1; sequence <= 300; sequence++) {
          driver.insert(sampleRow(sequence))
          driver.insertNatives([[sequence, nativeOf(sequence)]])
        }
      })
      expect(yield* reader.head).toBe(300)
      expect(reader.published()).toBe(0)
      const all = Array.from({ length: 300 }, (_, n) => n + 1)
      const wrong = Effect.filter(all, (sequence) =>
        Effect.map(reader.native(sequence), (body) => body !== nativeOf(sequence)),
      )
      expect(yield* wrong).toEqual([])
      expect(driver.compressNative(1000)).toBeGreaterThan(256)
      expect(yield* wrong).toEqual([])
    }),
  )

  it.scopedLive("fails with a typed error once its tables are gone", () =>
    Effect.gen(function* () {
      const { handle } = yield* openSqlite({ file })
      const reader = yield* openReadOnly({ file })
      handle.exec("DROP TABLE events")
      expect((yield* Effect.flip(reader.read({ limit: 1 })))._tag).toBe("StorageUnavailable")
      expect((yield* Effect.flip(reader.head))._tag).toBe("StorageUnavailable")
    }),
  )
})
