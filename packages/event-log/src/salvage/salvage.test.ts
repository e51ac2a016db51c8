/** What is left of a damaged file is copied, byte for byte; what is lost is listed. */
import { createHash } from "node:crypto"
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { databaseFile, type EventRow, openReadOnly, openSqlite, type SqliteDatabase, verifyDigests } from "../index.js"
import { nativeOf, sampleRow } from "../testing/samples.js"
import { salvage } from "./salvage.js"

let directory = ""
let file = ""
let to = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-salvage-"))
  file = databaseFile(directory)
  to = join(directory, "salvaged.db")
})
afterEach(() => rmSync(directory, { recursive: true }))

/** As its caller has it: this package only keeps it. */
const purgeBegins = '{"phase":"events"}'
/** The images and files of the copy, by their hashes, and the streams that refer to them. */
const kept = new Map<string, string>()
const blobs = () => ({
  ofEvent: ({ payload }: Pick<EventRow, "payload">) => payload.match(/\b[0-9a-f]{64}\b/g) ?? [],
  refer: (stream: string, hashes: readonly string[]) => {
    for (const hash of hashes) kept.set(hash, stream)
  },
  put: ({ bytes, hash }: { readonly bytes: Uint8Array; readonly hash: string }, storedAt: number) =>
    kept.set(hash, `${kept.get(hash)} ${storedAt} ${Buffer.from(bytes).toString()}`),
})
const longBody = JSON.stringify({ text: "ä".repeat(40_000) })
const bodyOf = (sequence: number): string | null =>
  sequence % 5 === 0 ? null : sequence % 50 === 1 ? longBody : nativeOf(sequence)

const streamId = "01990000-0000-7000-8000-00000000000a"
const row = (sequence: number): EventRow => ({
  ...sampleRow(sequence),
  streamId,
  streamVersion: sequence,
  payload: JSON.stringify({ text: `payload ${sequence} `.repeat(sequence % 40 === 7 ? 2_000 : 5) }),
})

/** Writes events; `packed`: how many of them have their bodies packed. */
const write = (events: number, packed: number, then: (database: SqliteDatabase) => void = () => undefined) =>
  Effect.runSync(
    Effect.scoped(
      Effect.map(openSqlite({ file }), (database) => {
        const { driver } = database
        driver.transaction(() => {
          for (let sequence = 1; sequence <= events; sequence++) {
            driver.insert(row(sequence))
            const body = bodyOf(sequence)
            if (body !== null) driver.insertNatives([[sequence, body]])
            driver.setMeta("stream:key", streamId)
          }
        })
        for (let left = packed; left > 0; left -= 200) driver.compressNative(200)
        then(database)
      }),
    ),
  )

const salvaged = () =>
  Effect.runPromise(Effect.scoped(Effect.map(salvage({ from: file, to, purgeBegins, blobs }), ({ report }) => report)))

/** The events of the new log without what a copy does not keep, and their bodies. */
const copied = () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const log = yield* openReadOnly({ file: to })
        const rows = yield* log.read({ limit: 10_000 })
        const bodies = yield* Effect.forEach(rows, ({ sequence }) => log.native(sequence))
        return { rows, bodies }
      }),
    ),
  )
const overwrite = (at: number, bytes: Buffer): void => {
  const descriptor = openSync(file, "r+")
  writeSync(descriptor, bytes, 0, bytes.length, at)
  closeSync(descriptor)
}
/** Pages that hold rows, not the rest of a long one: what is torn of that is found by its digest, and copied all the same. */
const pagesOfRows = (): readonly number[] => {
  const bytes = readFileSync(file)
  const pages = Array.from({ length: bytes.length / 4096 }, (_, page) => page)
  return pages.filter((page) => page > 0 && bytes[4096 * page] === 0x0d)
}
/** The event whose text a copied row has; its number is in the payload. */
const numberOf = ({ payload }: EventRow): number => Number(/payload (\d+)/.exec(payload)?.[1])

const expectCopies = async (): Promise<readonly number[]> => {
  const { bodies, rows } = await copied()
  rows.forEach((copy, index) => {
    const original = row(numberOf(copy))
    expect(copy).toEqual({ ...original, sequence: index + 1, streamVersion: index + 1 })
    expect([bodyOf(original.sequence), null]).toContain(bodies[index])
  })
  return rows.map(numberOf)
}

describe("salvage", () => {
  it("copies everything of a whole file, packed or not, with what is only in the write-ahead log", async () => {
    write(600, 300, () => {
      // As a process that is killed leaves it: the newest pages are in the write-ahead log.
      copyFileSync(file, `${file}.live`)
      copyFileSync(`${file}-wal`, `${file}.live-wal`)
    })
    file = `${file}.live`
    const report = await salvaged()
    expect(report).toMatchObject({ ok: true, events: 600, streams: 1, missing: [], missingOfStreams: [] })
    expect(await expectCopies()).toHaveLength(600)
    const { bodies } = await copied()
    expect(bodies.filter((body) => body !== null)).toHaveLength(480)
    const handle = new Sqlite(to, { readonly: true })
    expect(handle.prepare("SELECT value FROM meta WHERE key = 'stream:key'").pluck().get()).toBe(streamId)
    handle.close()
  })

  it("copies the images and files to which events refer, each checked by its hash", async () => {
    kept.clear()
    const of = (bytes: string) => createHash("sha256").update(bytes).digest("hex")
    const [whole, torn, unused] = ["whole ".repeat(3_000), "torn ".repeat(3_000), "unused"]
    const none = of("none")
    write(1, 0, ({ driver, handle }) => {
      const payload = JSON.stringify({ hashes: [whole, torn].map(of).concat(none, "no hash") })
      driver.transaction(() => driver.insert({ ...row(2), payload }))
      // As the working tables have them, which this package does not know.
      handle.exec(
        `CREATE TABLE message_blobs (hash TEXT NOT NULL UNIQUE, media_type TEXT NOT NULL, size INTEGER NOT NULL,
         stored_at INTEGER NOT NULL, unused_since INTEGER, body BLOB NOT NULL)`,
      )
      const put = handle.prepare("INSERT INTO message_blobs VALUES (?, 'image/png', ?, 7, NULL, ?)")
      for (const bytes of [whole, torn, unused]) {
        put.run(of(bytes), bytes.length, Buffer.from(bytes === torn ? torn.replace("torn", "TORN") : bytes))
      }
    })
    expect(await salvaged()).toMatchObject({
      ok: false,
      events: 2,
      blobs: { copied: 1, bytes: whole.length, missing: [none], damaged: [of(torn)] },
    })
    expect([...kept]).toEqual([
      [of(whole), `${streamId} 7 ${whole}`],
      [of(torn), streamId],
      [none, streamId],
    ])
  })

  const faults: readonly (readonly [name: string, fault: () => void])[] = [
    ["its first page gone", () => overwrite(0, Buffer.alloc(4096))],
    ["pages torn in the middle", () => overwrite(4096 * 30, Buffer.alloc(4096 * 3, 0xa5))],
    [
      "pages torn in many places",
      () => {
        for (const page of pagesOfRows().filter((_, index) => index % 9 === 4)) {
          overwrite(4096 * page, Buffer.alloc(2048))
        }
      },
    ],
    ["its second half cut off", () => truncateSync(file, Math.floor(statSync(file).size / 2) + 77)],
  ]
  it.each(faults)("copies what is left of a file with %s, and lists the rest", async (_name, fault) => {
    write(600, 300)
    fault()
    const report = await salvaged()
    const there = await expectCopies()
    expect(report.events).toBe(there.length)
    expect(there.length).toBeGreaterThan(100)
    const listed = report.missing.flatMap(({ firstSequence, lastSequence }) =>
      Array.from({ length: lastSequence - firstSequence + 1 }, (_, index) => firstSequence + index),
    )
    const last = Math.max(...there, ...listed)
    const numbers = Array.from({ length: last }, (_, index) => index + 1)
    expect([...there, ...listed].sort((a, b) => a - b)).toEqual(numbers)
    expect(report.ok).toBe(listed.length === 0 && report.pages.damaged.length === 0 && report.bodies.lost.length === 0)
  })

  it("names packed messages that cannot be unpacked", async () => {
    write(600, 300)
    const handle = new Sqlite(file)
    handle.exec("UPDATE native_blocks SET body = zeroblob(100) WHERE first_sequence = 2")
    handle.close()
    const report = await salvaged()
    expect(report).toMatchObject({ ok: false, events: 600, bodies: { lost: [{ firstSequence: 2 }] } })
  })

  it("compares what it copies with the digests, and names the block of every byte that changed", async () => {
    const changes = [
      ["payload", "payload = replace(payload, 'payload 411 ', 'payload 411_')", "events"],
      ["row", "at = at + 1", "events"],
      ["row", "actor = 'reaper'", "events"],
      ["native", "body = body || ' '", "native"],
    ] as const
    for (const [part, sql, table] of changes) {
      rmSync(directory, { recursive: true })
      write(600, 300)
      const handle = new Sqlite(file)
      handle.prepare(`UPDATE ${table} SET ${sql} WHERE sequence = 411`).run()
      handle.close()
      const { digests, events, ok } = await salvaged()
      expect([part, ok, events, digests.checked, digests.unchecked]).toEqual([part, false, 600, 10, 0])
      expect(digests.mismatched).toEqual([{ streamId, firstSequence: 385, lastSequence: 448, part }])
    }
  })

  it("reports how many blocks it could not compare: where an event is lost, or the digest before them", async () => {
    write(600, 0)
    const handle = new Sqlite(file)
    handle.exec("DELETE FROM events WHERE sequence = 70")
    handle.exec("DELETE FROM digests WHERE last_sequence = 256")
    handle.close()
    const report = await salvaged()
    expect(report).toMatchObject({ ok: false, missing: [{ firstSequence: 70, lastSequence: 70 }] })
    expect(report.digests).toEqual({ checked: 8, unchecked: 1, mismatched: [] })
  })

  describe.each([
    ["that is over", true, "kept"],
    ["that is under way", false, "kept"],
    ["whose row is lost", true, "lost"],
  ] as const)("of a purge %s", (_name, isOver, purgeRow) => {
    it("copies the tombstone, and nothing of the content", async () => {
      const sealedHash = "5".repeat(64)
      const tombstone: EventRow = { ...row(601), type: "thread.purged", payload: JSON.stringify({ sealedHash }) }
      write(600, 300, ({ driver }) => {
        driver.transaction(() => {
          const { eventId } = tombstone
          driver.beginPurge({
            ...{ streamId, firstVersion: 1, lastVersion: 600, sealedHash, eventId },
            ...{ purgedAt: 5, progress: "as it was" },
          })
          driver.insert(tombstone)
        })
        const purge = driver.purgeOf(streamId)
        if (purge === null) throw new Error("no purge")
        for (let version = 0, steps = isOver ? 1_000 : 2; steps > 0; steps--) {
          const done = driver.transaction(() => driver.strip(purge, version, 100))
          if (done.events === 0) break
          version = done.version
        }
        if (isOver) driver.transaction(() => driver.savePurge(streamId, "done", 7))
      })
      if (purgeRow === "lost") {
        const handle = new Sqlite(file)
        handle.exec("DELETE FROM purges")
        handle.close()
      }
      const report = await salvaged()
      expect(report).toMatchObject({ ok: true, events: 601, purged: 1, bodies: { copied: 0 }, missing: [] })
      expect(report.digests).toMatchObject({ unchecked: 0, mismatched: [] })
      expect(report.digests.checked).toBeGreaterThan(9)
      const { bodies, rows } = await copied()
      expect(rows.slice(0, -1)).toEqual(
        Array.from({ length: 600 }, (_, index) => ({ ...row(index + 1), payload: "{}" })),
      )
      expect(rows.at(-1)).toEqual(tombstone)
      expect(bodies.every((body) => body === null)).toBe(true)
      const handle = new Sqlite(to, { readonly: true })
      const finished = isOver && purgeRow === "kept"
      expect(handle.prepare("SELECT * FROM purges").all()).toMatchObject([
        {
          ...{ stream_id: streamId, first_version: 1, last_version: 600, sealed_hash: sealedHash },
          ...{ progress: finished ? "done" : purgeBegins, finished_at: finished ? 7 : null },
        },
      ])
      expect(verifyDigests(handle, { bytes: true })).toMatchObject({ ok: true, findings: [] })
      handle.close()
    })
  })

  it("refuses a file in which there is nothing, and a place where there is something", async () => {
    overwriteNew()
    const nothing = await Effect.runPromise(Effect.flip(Effect.scoped(salvage({ from: file, to, purgeBegins, blobs }))))
    expect(nothing._tag).toBe("DatabaseUnreadable")
    expect(existsSync(to)).toBe(false)
    const there = await Effect.runPromise(
      Effect.flip(Effect.scoped(salvage({ from: file, to: file, purgeBegins, blobs }))),
    )
    expect(there._tag).toBe("SalvageTargetExists")
  })
})

const overwriteNew = (): void => {
  closeSync(openSync(file, "w"))
  overwrite(0, Buffer.alloc(10_000, 7))
}
