import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { Effect, Exit, Scope } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { AllowedSizes } from "./AllowedSizes.js"
import { isWorthIt, leastFreePages, pagesAtOnce } from "./FreePages.js"
import { readMarker } from "./LogMarker.js"
import { openSqlite, storageGuard } from "./SqliteDatabase.js"
import { sqliteDriver } from "./SqliteDriver.js"
import { journalSizeLimit } from "./SqliteWriter.js"
import { StorageGuard } from "./StorageGuard.js"

/** An open database in a directory that goes away with the test. */
const opened = (file = join(mkdtempSync(join(tmpdir(), "threadfold-free-")), "threadfold.db")) => {
  const scope = Effect.runSync(Scope.make())
  const sizes = new AllowedSizes()
  const database = Effect.runSync(Scope.extend(openSqlite({ file, sizes }), scope))
  const close = () => Effect.runSync(Scope.close(scope, Exit.void))
  onTestFinished(() => {
    close()
    rmSync(join(file, ".."), { recursive: true, force: true })
  })
  const count = (pragma: string) => Number(database.handle.pragma(pragma, { simple: true }))
  const { driver, handle } = database
  /** Fills the log with values of four pages each, and removes some. */
  const fill = (values: number): void =>
    driver.transaction(() => {
      for (let index = 0; index < values; index++) driver.setMeta(`filler ${index}`, `secret-${"x".repeat(16_000)}`)
    })
  const remove = (): void =>
    driver.transaction(() => {
      handle.exec("DELETE FROM meta WHERE key LIKE 'filler %'")
    })
  return { ...database, file, sizes, close, count, fill, remove }
}

describe("free pages", () => {
  it("are given back a slice at a time, the file and its write-ahead log become smaller, and both threads' guards take it", () => {
    const { count, driver, file, fill, guard, handle, remove, sizes } = opened()
    // The main thread of a server watches the same files.
    const other = storageGuard(file, {}, sizes)
    fill(400)
    expect(other.look()).toBeNull()
    remove()
    driver.transaction(() => driver.setMeta("kept", "kept"))
    handle.pragma("wal_checkpoint(PASSIVE)")
    const free = count("freelist_count")
    expect(free).toBeGreaterThan(1_600)
    const before = { pages: count("page_count"), file: statSync(file).size, wal: statSync(`${file}-wal`).size }
    let steps = 0
    for (let pages = before.pages; driver.shrink(); pages = count("page_count")) {
      steps += 1
      expect(pages - count("page_count")).toBeLessThanOrEqual(pagesAtOnce + 1)
      expect([guard.look(), other.look()]).toEqual([null, null])
    }
    expect(steps).toBeGreaterThanOrEqual(Math.floor(free / pagesAtOnce))
    expect(count("freelist_count")).toBe(0)
    expect(statSync(file).size).toBe(count("page_count") * count("page_size"))
    expect(statSync(file).size).toBeLessThan(before.file / 4)
    expect(statSync(`${file}-wal`).size).toBeLessThan(before.wal / 20)
    expect(driver.getMeta("storage.released-pages")).not.toBeNull()
    expect([guard.look(), other.look()]).toEqual([null, null])
    // From here on neither may be shorter again, unless the writer says so.
    expect([sizes.of("database"), sizes.of("wal")]).toEqual([null, null])
    expect(driver.shrink()).toBe(false)
    expect(driver.getMeta("kept")).toBe("kept")
    expect(handle.pragma("integrity_check", { simple: true })).toBe("ok")
  })

  it("are kept where they are few, and in a database that was made without auto-vacuum", () => {
    const { count, driver, file, fill, handle, remove, close } = opened()
    fill(40)
    remove()
    expect(count("freelist_count")).toBeGreaterThan(100)
    expect(count("freelist_count")).toBeLessThan(leastFreePages)
    expect(driver.shrink()).toBe(false)
    expect(count("freelist_count")).toBeGreaterThan(100)
    // An older version made no such files.
    handle.pragma("journal_mode = DELETE")
    handle.pragma("auto_vacuum = NONE")
    handle.exec("VACUUM")
    close()
    const old = opened(file)
    old.fill(400)
    old.remove()
    const pages = old.count("page_count")
    expect(old.driver.shrink()).toBe(false)
    expect([old.count("page_count"), old.count("auto_vacuum")]).toEqual([pages, 0])
  })

  it("hold up the write-ahead log only as long as a reader needs it", () => {
    const { driver, file, fill, remove } = opened()
    fill(400)
    const reader = new Sqlite(file, { readonly: true })
    onTestFinished(() => void reader.close())
    reader.exec("BEGIN")
    reader.prepare("SELECT count(*) FROM meta").get()
    remove()
    while (driver.shrink());
    const held = statSync(`${file}-wal`).size
    expect(driver.shrink()).toBe(false)
    expect(statSync(`${file}-wal`).size).toBe(held)
    expect(readMarker(file)?.isOpen).toBe(true)
    expect(reader.prepare("SELECT count(*) FROM meta WHERE key LIKE 'filler %'").pluck().get()).toBe(400)
    reader.exec("COMMIT")
    expect(driver.shrink()).toBe(false)
    expect(statSync(`${file}-wal`).size).toBeLessThan(held / 20)
    expect(readMarker(file)).toEqual({ logId: driver.logId, isOpen: true })
  })

  it("stay free where the disk refuses, and go later", () => {
    const { count, file, fill, handle, remove, sizes } = opened()
    fill(400)
    remove()
    const pages = count("page_count")
    // Each look is made: no time passes between two of them that could be told.
    const guard = new StorageGuard(file, { walLimit: journalSizeLimit, sizes, now: () => Number.POSITIVE_INFINITY })
    const driver = sqliteDriver(handle, { guard })
    const space = guard.space
    guard.space = () => ({ status: "full", freeBytes: 0, minFreeBytes: 1 })
    expect(() => driver.shrink()).toThrow("the disk has 0 bytes left")
    expect(count("page_count")).toBe(pages)
    guard.space = space
    while (driver.shrink());
    expect(count("freelist_count")).toBe(0)
  })

  it("leave no deleted text in the file or its write-ahead log", () => {
    const { driver, file, fill, handle, remove } = opened()
    fill(400)
    handle.pragma("wal_checkpoint(PASSIVE)")
    // In a process of its own: to open and close the files here would drop the locks that SQLite holds on them.
    const look = `const { readFileSync } = require("node:fs")
      console.log(["", "-wal"].map((end) => readFileSync(process.argv[1] + end).includes("secret-")).join())`
    const found = () => execFileSync(process.execPath, ["-e", look, file], { encoding: "utf8" }).trim()
    expect(found()).toBe("true,true")
    remove()
    while (driver.shrink());
    expect(found()).toBe("false,false")
  })

  it("are worth it where they are many, or a large part of a small file", () => {
    expect(isWorthIt(leastFreePages - 1, 300)).toBe(false)
    expect(isWorthIt(leastFreePages, 4_096)).toBe(true)
    expect(isWorthIt(leastFreePages, 10_000)).toBe(false)
    expect(isWorthIt(4_096, 10_000_000)).toBe(true)
  })
})
