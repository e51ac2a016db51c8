/** One changed byte of the log is found and named, wherever it lies; packing and upgrades keep the chain. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import * as fc from "fast-check"
import { databaseFile, type EventRow, openSqlite, type SqliteDatabase, sqliteDriver } from "../index.js"
import { nativeOf, sampleRow } from "../testing/samples.js"
import { verifyDigests } from "./verifyDigests.js"

let directory = ""
let file = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-digests-"))
  file = databaseFile(directory)
})
afterEach(() => rmSync(directory, { recursive: true }))

const written = (body: (database: SqliteDatabase) => void): void =>
  Effect.runSync(Effect.scoped(Effect.map(openSqlite({ file }), body)))

const verified = (bytes: boolean) => {
  const handle = new Sqlite(file, { readonly: true })
  try {
    return verifyDigests(handle, { bytes })
  } finally {
    handle.close()
  }
}
const behind = (sql: string, ...params: unknown[]): void => {
  const handle = new Sqlite(file)
  handle.prepare(sql).run(...params)
  handle.close()
}

const streamIds = ["01990000-0000-7000-8000-00000000000a", "01990000-0000-7000-8000-00000000000b"] as const
const longBody = JSON.stringify({ text: "ä".repeat(40_000) })

/** Events of two streams that take turns, in transactions of `sizes` events. */
const write = (sizes: readonly number[], from = 1) =>
  written(({ driver }) => {
    let sequence = driver.head()
    const versions = new Map(streamIds.map((id) => [id, driver.streamVersion(id)]))
    for (const size of sizes) {
      driver.transaction(() => {
        for (let n = 0; n < size; n++) {
          sequence += 1
          const streamId = streamIds[(sequence + from) % 3 === 0 ? 1 : 0]
          const streamVersion = (versions.get(streamId) ?? 0) + 1
          versions.set(streamId, streamVersion)
          driver.insert({ ...sampleRow(sequence), streamId, streamVersion, channel: "agent", seq: sequence })
          if (sequence % 5 !== 0) {
            driver.insertNatives([[sequence, sequence % 7 === 0 ? longBody : nativeOf(sequence)]])
          }
        }
      })
    }
  })

/** Columns of an event and what they are changed to. */
const changes: readonly (readonly [column: string, sql: string])[] = [
  ["type", "type = type || 'x'"],
  ["v", "v = v + 1"],
  ["at", "at = at + 1"],
  ["recorded_at", "recorded_at = recorded_at - 1"],
  ["actor", "actor = 'reaper'"],
  ["event_id", "event_id = substr(event_id, 1, 35) || 'f' || 'e'"],
  ["session_id", "session_id = 'other'"],
  ["channel", "channel = 'other'"],
  ["seq", "seq = seq + 1000"],
  ["turn_id", "turn_id = ''"],
  ["native", "native = '{}'"],
  ["payload", "payload = replace(payload, '{', '{ ')"],
  ["stream", `stream_id = '01990000-0000-7000-8000-00000000000c'`],
]

describe("the digests of a log", () => {
  it("show that what was written is there: in one transaction or many, packed or not", () => {
    write([1, 70, 3, 200])
    expect(verified(true)).toMatchObject({ ok: true, events: 274, eventsBefore: 0, findings: [] })
    written(({ driver }) => {
      while (driver.compressNative(1_000) > 0);
    })
    write([5])
    expect(verified(true)).toMatchObject({ ok: true, events: 279, findings: [] })
  })

  it.each(changes)("find a changed %s of any event, and name its block", (_column, sql) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 6 }),
        (sequence, sizes) => {
          rmSync(directory, { recursive: true, force: true })
          write([...sizes, 60])
          behind(`UPDATE events SET ${sql} WHERE sequence = ?`, sequence)
          const { findings, ok } = verified(false)
          const named = findings.some(
            ({ firstSequence, lastSequence }) =>
              firstSequence !== null && firstSequence <= sequence && sequence <= (lastSequence ?? firstSequence),
          )
          expect([ok, named]).toEqual([false, true])
        },
      ),
      { numRuns: 2 },
    )
  })

  it("find an event that is gone, one too many, and digests that are gone", () => {
    write([10, 10])
    behind("DELETE FROM events WHERE sequence = 4")
    expect(verified(false).findings).toMatchObject([{ part: "events", detail: expect.stringMatching(/of \d+ events/) }])
    rmSync(directory, { recursive: true, force: true })
    write([10, 10])
    const row: EventRow = { ...sampleRow(21), streamId: streamIds[0], streamVersion: 99 }
    behind(
      "INSERT INTO events (sequence, stream_id, stream_version, event_id, type, v, at, recorded_at, actor, payload) VALUES (?,?,?,?,?,?,?,?,?,?)",
      21,
      row.streamId,
      99,
      row.eventId,
      row.type,
      1,
      1,
      1,
      "provider",
      "{}",
    )
    expect(verified(false).findings).toMatchObject([{ part: "digests", firstSequence: 21 }])
    behind("DELETE FROM events WHERE sequence = 21")
    behind("DELETE FROM digests WHERE last_sequence <= 10")
    expect(verified(false).findings).toMatchObject([
      { part: "digests" },
      { part: "row" },
      { part: "digests" },
      { part: "row" },
    ])
  })

  it("find a changed native body, by itself, long or packed, with --bytes only", () => {
    write([30])
    behind("UPDATE native SET body = body || ' ' WHERE sequence = 3")
    expect(verified(false).ok).toBe(true)
    expect(verified(true)).toMatchObject({ ok: false, findings: [{ part: "native" }] })
    rmSync(directory, { recursive: true, force: true })
    write([1, 1, 1, 1, 1, 1, 1])
    behind("UPDATE blobs SET body = replace(body, 'ää', 'äö')")
    expect(verified(true).findings).toMatchObject([{ part: "native", firstSequence: 7, lastSequence: 7 }])
    rmSync(directory, { recursive: true, force: true })
    write([200])
    written(({ driver }) => {
      while (driver.compressNative(1_000) > 0);
    })
    behind("UPDATE native_blocks SET body = zeroblob(length(body))")
    const [first] = verified(true).findings
    expect(first).toMatchObject({ part: "native", firstSequence: 1, detail: expect.stringMatching(/unpacked/) })
  })

  it("begin where an older version stopped", () => {
    write([20])
    behind("DELETE FROM digests")
    behind("UPDATE meta SET value = '20' WHERE key = 'log.digests-after'")
    write([10])
    expect(verified(true)).toMatchObject({ ok: true, events: 10, eventsBefore: 20, findings: [] })
    behind("UPDATE events SET at = at + 1 WHERE sequence = 22")
    expect(verified(true).ok).toBe(false)
  })

  it("know nothing of a transaction that was rolled back", () => {
    write([4])
    written(({ driver }) => {
      expect(() =>
        driver.transaction(() => {
          driver.insert({ ...sampleRow(5), streamId: streamIds[0], streamVersion: 50, channel: "agent", seq: 5 })
          throw new Error("no")
        }),
      ).toThrow("no")
    })
    write([4])
    expect(verified(true)).toMatchObject({ ok: true, events: 8 })
  })

  it("are left out for a benchmark alone, and then verify misses them", () => {
    written(({ guard, handle }) => {
      const driver = sqliteDriver(handle, { guard, digests: false })
      driver.transaction(() => {
        driver.insert({ ...sampleRow(1), streamId: streamIds[0], streamVersion: 1 })
        driver.insertNatives([[1, nativeOf(1)]])
      })
    })
    expect(verified(true)).toMatchObject({ ok: false, blocks: 0, findings: [{ part: "digests", firstSequence: 1 }] })
  })
})
