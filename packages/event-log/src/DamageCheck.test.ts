/** A database that was cut, emptied or torn is refused with what was found, and keeps its bytes. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
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
    expect(refusal()).toMatchObject({ slug: "database-damaged", detail: expect.stringMatching(found) })
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it("that is whole opens again, and so does a new one in place of a deleted one", () => {
    fill(3)
    Effect.runSync(Effect.scoped(openSqlite({ file })))
    rmSync(file)
    Effect.runSync(Effect.scoped(openSqlite({ file })))
    expect(statSync(file).size).toBeGreaterThan(0)
  })
})
