/** A database that was cut, emptied or torn is refused with what was found, and keeps its bytes. */
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { databaseFile, openSqlite } from "./index.js"
import { nativeOf, sampleRow } from "./testing/samples.js"

let directory = ""
let file = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-damage-"))
  file = databaseFile(directory)
})
afterEach(() => rmSync(directory, { recursive: true }))

const fill = (events: number): void =>
  Effect.runSync(
    Effect.scoped(
      Effect.map(openSqlite({ file }), ({ driver }) =>
        driver.transaction(() => {
          for (let sequence = 1; sequence <= events; sequence++) {
            driver.insert(sampleRow(sequence))
            driver.insertNatives([[sequence, nativeOf(sequence)]])
          }
        }),
      ),
    ),
  )
const refusal = () => Effect.runSync(Effect.flip(Effect.scoped(openSqlite({ file }))))
const overwrite = (at: number, bytes: Buffer): void => {
  const descriptor = openSync(file, "r+")
  writeSync(descriptor, bytes, 0, bytes.length, at)
  closeSync(descriptor)
}

const faults: readonly (readonly [name: string, found: RegExp, fault: () => void])[] = [
  ["cut at a page", /has 8192 bytes; its header says \d+/, () => truncateSync(file, 8192)],
  ["cut within a page", /bytes; its header says/, () => truncateSync(file, statSync(file).size - 100)],
  ["cut within its header", /cannot be read/, () => truncateSync(file, 50)],
  ["emptied", /is empty, but it held the log/, () => truncateSync(file, 0)],
  ["begun with zeros", /cannot be read/, () => overwrite(0, Buffer.alloc(4096))],
  ["torn in the middle", /torn pages|cannot be read/, () => overwrite(16_384, Buffer.alloc(12_288))],
  [
    "torn at its end",
    /torn pages|cannot be read/,
    () => overwrite(statSync(file).size - 8192, Buffer.alloc(8192, 0xff)),
  ],
]

describe("a database", () => {
  it.each(faults)("that was %s is refused and keeps its bytes", (_name, found, fault) => {
    fill(300)
    fault()
    const before = readFileSync(file)
    expect(refusal()).toMatchObject({ _tag: "DatabaseDamaged", message: expect.stringMatching(found) })
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it("whose process was killed is refused without its write-ahead log, and opens with it", () => {
    const killed = (withWal: boolean): void => {
      rmSync(directory, { recursive: true })
      fill(3)
      const copy = `${directory}.copy`
      Effect.runSync(
        Effect.scoped(
          Effect.map(openSqlite({ file }), ({ driver }) => {
            driver.transaction(() => driver.insert(sampleRow(4)))
            cpSync(directory, copy, { recursive: true })
          }),
        ),
      )
      rmSync(directory, { recursive: true })
      cpSync(copy, directory, { recursive: true })
      rmSync(copy, { recursive: true })
      if (!withWal) rmSync(`${file}-wal`)
    }
    killed(false)
    const before = readFileSync(file)
    const found = /was not closed, and threadfold\.db-wal with the last commits of the log \S+ is gone/
    expect(refusal()).toMatchObject({ _tag: "DatabaseDamaged", message: expect.stringMatching(found) })
    expect(readFileSync(file).equals(before)).toBe(true)
    // The step that the refusal names is enough.
    rmSync(`${file}.log-id`)
    expect(Effect.runSync(Effect.scoped(Effect.map(openSqlite({ file }), ({ driver }) => driver.head())))).toBe(3)
    killed(true)
    // Any other tool opens it and closes it: all commits are in the database then, and no write-ahead log.
    const tool = new Sqlite(file)
    tool.prepare("SELECT count(*) FROM events").get()
    tool.close()
    expect(existsSync(`${file}-wal`)).toBe(false)
    expect(Effect.runSync(Effect.scoped(Effect.map(openSqlite({ file }), ({ driver }) => driver.head())))).toBe(4)
  })

  it("that was closed needs no write-ahead log, whatever became of the marker", () => {
    fill(3)
    expect(readFileSync(`${file}.log-id`, "utf8")).toMatch(/^[0-9a-f-]{36}\n$/)
    writeFileSync(`${file}.log-id`, "")
    Effect.runSync(Effect.scoped(openSqlite({ file })))
    expect(readFileSync(`${file}.log-id`, "utf8")).toMatch(/^[0-9a-f-]{36}\n$/)
  })

  it("that is whole opens again, and so does a new one in place of a deleted one", () => {
    fill(3)
    Effect.runSync(Effect.scoped(openSqlite({ file })))
    rmSync(file)
    Effect.runSync(Effect.scoped(openSqlite({ file })))
    expect(statSync(file).size).toBeGreaterThan(0)
  })
})
