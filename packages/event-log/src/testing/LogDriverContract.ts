/** What every `LogDriver` must do, as a suite over a way to make an empty one. */
import { describe, expect, it } from "vitest"
import type { LogDriver } from "../Driver.js"
import type { EventRow } from "../EventRow.js"
import { eventIdOf, sampleRow, sessionOf, streamOf } from "./samples.js"

/** A driver of an empty log, and how to give it back. */
export interface DriverFixture {
  readonly driver: LogDriver
  readonly close: () => void
}

/** What a broken key looks like from outside: whatever the storage throws, the transaction leaves nothing. */
const refuses = (driver: LogDriver, rows: readonly EventRow[]): void => {
  const before = driver.head()
  expect(() => driver.transaction(() => rows.forEach(driver.insert))).toThrow()
  expect(driver.head()).toBe(before)
}

/** Registers the suite. */
export const logDriverContract = (name: string, make: () => DriverFixture | Promise<DriverFixture>): void => {
  const test = (title: string, body: (driver: LogDriver) => void): void => {
    it(title, async () => {
      const fixture = await make()
      try {
        body(fixture.driver)
      } finally {
        fixture.close()
      }
    })
  }

  describe(`LogDriver contract: ${name}`, () => {
    test("starts empty, with an id", (driver) => {
      expect(driver.logId).not.toBe("")
      expect(driver.head()).toBe(0)
      expect(driver.streamVersion(streamOf(1))).toBe(0)
      expect(driver.lastSeq(sessionOf(1), "agent")).toBe(0)
      expect(driver.findByEventId(eventIdOf(1))).toBeNull()
      expect(driver.findBySeq(sessionOf(1), "agent", 1)).toBeNull()
      expect(driver.readNative(1)).toBeNull()
      expect(driver.getMeta("anything")).toBeNull()
      expect(driver.read({ limit: 10 })).toEqual([])
    })

    test("gives a row back field by field", (driver) => {
      const row = sampleRow(1, {
        sessionId: sessionOf(1),
        channel: "adapter:x",
        seq: 7,
        at: 1_700_000_000_000.25,
        commandId: "c",
        causationId: "ca",
        correlationId: "co",
        turnId: "t",
        itemId: "i",
        requestId: "r",
        inferenceId: "in",
        realtimeId: "re",
        delegationId: "d",
        taskId: "ta",
        native: '{"requestId":"0"}',
        payload: '{"text":"grüße 👋 \\u0000 \\ud800"}',
      })
      driver.transaction(() => driver.insert(row))
      expect(driver.findByEventId(row.eventId)).toEqual(row)
      expect(driver.findBySeq(sessionOf(1), "adapter:x", 7)).toEqual(row)
      expect(driver.lastSeq(sessionOf(1), "adapter:x")).toBe(7)
      expect(driver.read({ limit: 1 })).toEqual([row])
    })

    test("numbers what names no session by its stream", (driver) => {
      const row = sampleRow(1, { channel: "agent", seq: 1 })
      driver.transaction(() => driver.insert(row))
      expect(driver.findBySeq(streamOf(1), "agent", 1)).toEqual(row)
    })

    test("refuses a broken unique key", (driver) => {
      driver.transaction(() => driver.insert(sampleRow(1, { sessionId: sessionOf(1), channel: "agent", seq: 1 })))
      refuses(driver, [sampleRow(1, { streamVersion: 2, eventId: eventIdOf(2) })])
      refuses(driver, [sampleRow(2, { streamVersion: 1 })])
      refuses(driver, [sampleRow(2, { eventId: eventIdOf(1) })])
      refuses(driver, [sampleRow(2, { sessionId: sessionOf(1), channel: "agent", seq: 1 })])
      refuses(driver, [sampleRow(2, { channel: "agent" })])
      driver.transaction(() => driver.insert(sampleRow(2, { sessionId: sessionOf(2), channel: "agent", seq: 1 })))
      expect(driver.head()).toBe(2)
    })

    test("rolls everything back", (driver) => {
      driver.transaction(() => {
        driver.insert(sampleRow(1, { sessionId: sessionOf(1), channel: "agent", seq: 1 }))
        driver.setMeta("a", "1")
        driver.setMeta("b", "1")
      })
      const fail = new Error("no")
      expect(() =>
        driver.transaction(() => {
          driver.insert(sampleRow(2, { sessionId: sessionOf(1), channel: "agent", seq: 2 }))
          driver.insertNatives([[2, "body"]])
          driver.setMeta("a", null)
          driver.setMeta("b", "2")
          driver.setMeta("c", "3")
          expect(driver.head()).toBe(2)
          expect(driver.getMeta("a")).toBeNull()
          throw fail
        }),
      ).toThrow(fail)
      expect(driver.head()).toBe(1)
      expect(driver.streamVersion(streamOf(1))).toBe(1)
      expect(driver.lastSeq(sessionOf(1), "agent")).toBe(1)
      expect(driver.findByEventId(eventIdOf(2))).toBeNull()
      expect(driver.readNative(2)).toBeNull()
      expect(["a", "b", "c"].map(driver.getMeta)).toEqual(["1", "1", null])
      driver.transaction(() => driver.insert(sampleRow(2)))
      expect(driver.read({ limit: 10 }).map((row) => row.sequence)).toEqual([1, 2])
    })

    test("writes inside a transaction only, and in one at a time", (driver) => {
      expect(() => driver.insert(sampleRow(1))).toThrow()
      expect(() => driver.insertNatives([[1, "x"]])).toThrow()
      expect(() => driver.setMeta("a", "1")).toThrow()
      expect(() => driver.transaction(() => driver.transaction(() => 1))).toThrow()
      expect(driver.head()).toBe(0)
      expect(driver.transaction(() => 42)).toBe(42)
    })

    test("keeps native bodies verbatim, before and after packing", (driver) => {
      const long = `{"text":"${"ü".repeat(20_000)}"}`
      const bodies = new Map<number, string>([
        [1, ""],
        [2, '{"msg":"grüße 👋","nul":"\u0000","lines":"a\n\nb"}\n{"second":true}'],
        [3, long],
        [4, long],
        [5, `${long} `],
      ])
      for (let n = 6; n <= 400; n++) bodies.set(n, `{"method":"item/agentMessage/delta","n":${n}}`)
      driver.transaction(() => {
        for (const sequence of bodies.keys()) driver.insert(sampleRow(sequence))
        const [first, ...others] = bodies
        driver.insertNatives(first === undefined ? [] : [first])
        driver.insertNatives(others)
        driver.insertNatives([])
      })
      expect(() =>
        driver.transaction(() =>
          driver.insertNatives([
            [401, "new"],
            [7, "again"],
          ]),
        ),
      ).toThrow()
      const wrong = () => [...bodies].filter(([sequence, body]) => driver.readNative(sequence) !== body)
      expect(wrong()).toEqual([])
      while (driver.compressNative(150) > 0) expect(wrong()).toEqual([])
      expect(wrong()).toEqual([])
      expect(driver.readNative(401)).toBeNull()
    })

    test("walks its streams, and each one by version", (driver) => {
      driver.transaction(() => {
        for (let n = 1; n <= 60; n++) {
          driver.insert(sampleRow(n, { streamId: streamOf(n % 5), streamVersion: Math.ceil(n / 5) }))
        }
      })
      expect(() =>
        driver.transaction(() => {
          driver.insert(sampleRow(61, { streamId: streamOf(9), streamVersion: 1 }))
          throw new Error("no")
        }),
      ).toThrow()
      const streams = [0, 1, 2, 3, 4].map(streamOf)
      expect(driver.streams(null, 10)).toEqual(streams)
      expect(driver.streams(null, 2)).toEqual(streams.slice(0, 2))
      expect(driver.streams(streamOf(2), 10)).toEqual(streams.slice(3))
      expect(driver.streams(streamOf(9), 10)).toEqual([])
      const versions = (streamId: string, after: number, limit: number) =>
        driver.readStream(streamId, after, limit).map((row) => [row.streamId, row.streamVersion])
      expect(versions(streamOf(3), 4, 3)).toEqual([5, 6, 7].map((version) => [streamOf(3), version]))
      expect(versions(streamOf(3), 11, 3)).toEqual([[streamOf(3), 12]])
      expect(versions(streamOf(3), 12, 3)).toEqual([])
      expect(versions(streamOf(9), 0, 3)).toEqual([])
    })

    test("keeps small values", (driver) => {
      driver.transaction(() => {
        driver.setMeta("a", "1")
        driver.setMeta("a", "2")
        driver.setMeta("b", "")
      })
      expect(driver.getMeta("a")).toBe("2")
      expect(driver.getMeta("b")).toBe("")
      driver.transaction(() => driver.setMeta("a", null))
      expect(driver.getMeta("a")).toBeNull()
    })

    test("takes little at a step where the events of a purge are long, and one that is longer than a step alone", (driver) => {
      // KiB of payloads and of bodies: both are written, a body of over 32 KiB in a place of its own.
      const sizes = [
        ...Array.from({ length: 10 }, () => [1, 1]),
        [100, 1],
        [1, 100],
        [1, 100],
        [1, 300],
        [300, 0],
        [1, 1],
      ]
      const text = (kib = 0, mark = 0): string => JSON.stringify({ text: `${mark}`.padEnd(kib * 1_024, "x") })
      const streamId = streamOf(1)
      driver.transaction(() => {
        sizes.forEach(([payload], index) => {
          driver.insert(sampleRow(index + 1, { streamId, streamVersion: index + 1, payload: text(payload) }))
        })
        driver.insertNatives(sizes.map(([, body], index) => [index + 1, text(body, index)]))
      })
      const purge = {
        streamId,
        firstVersion: 1,
        lastVersion: sizes.length,
        sealedHash: "hash",
        eventId: eventIdOf(99),
        purgedAt: 1,
        progress: "0",
      }
      driver.transaction(() => driver.beginPurge(purge))
      let version = 0
      for (let steps = 0; version < sizes.length; steps++) {
        expect(steps).toBeLessThan(7)
        const done = driver.transaction(() => driver.strip({ ...purge, finishedAt: null }, version, 100))
        const bytes = done.payloadBytes + done.bodyBytes + done.blobBytes
        expect(done.events > 0 && (bytes <= 256 * 1_024 || done.events === 1)).toBe(true)
        version = done.version
      }
      expect(sizes.flatMap((_, index) => driver.readNative(index + 1) ?? [])).toEqual([])
    })

    test("takes the content out of the events of a purge, step by step, and nothing else", (driver) => {
      const rows = [1, 2, 3, 4, 5, 6].map((n) =>
        sampleRow(n, { streamId: streamOf(n % 2), streamVersion: Math.ceil(n / 2), payload: `{"n":${n}}` }),
      )
      driver.transaction(() => {
        for (const row of rows) driver.insert(row)
        driver.insertNatives(rows.map(({ sequence }) => [sequence, `body ${sequence}`]))
      })
      const streamId = streamOf(1)
      const begun = {
        streamId,
        firstVersion: 1,
        lastVersion: 3,
        sealedHash: "hash",
        eventId: eventIdOf(7),
        purgedAt: 1,
      }
      expect(driver.purgeOf(streamId)).toBeNull()
      expect(() =>
        driver.transaction(() => {
          driver.beginPurge({ ...begun, progress: "0" })
          throw new Error("rolled back")
        }),
      ).toThrow("rolled back")
      expect(driver.purgeOf(streamId)).toBeNull()
      driver.transaction(() => {
        driver.beginPurge({ ...begun, progress: "0" })
        driver.insert(sampleRow(7, { streamId, streamVersion: 4, payload: '{"sealedHash":"hash"}' }))
      })
      const purge = { ...begun, progress: "0", finishedAt: null }
      expect(driver.purgeOf(streamId)).toEqual(purge)
      expect(driver.unfinishedPurges(10)).toEqual([purge])
      expect(() => driver.transaction(() => driver.beginPurge({ ...begun, progress: "0" }))).toThrow()

      const first = driver.transaction(() => driver.strip(purge, 0, 2))
      expect(first).toMatchObject({ version: 2, events: 2, payloads: 2, payloadBytes: 14, bodies: 2, bodyBytes: 12 })
      // A step that is repeated finds nothing.
      expect(driver.transaction(() => driver.strip(purge, 0, 2))).toMatchObject({ version: 2, payloads: 0, bodies: 0 })
      expect(() =>
        driver.transaction(() => {
          driver.strip(purge, 2, 2)
          throw new Error("rolled back")
        }),
      ).toThrow("rolled back")
      expect(driver.readNative(5)).toBe("body 5")
      expect(driver.findByEventId(eventIdOf(5))?.payload).toBe('{"n":5}')
      expect(driver.transaction(() => driver.strip(purge, 2, 2))).toMatchObject({ version: 3, events: 1 })
      expect(driver.transaction(() => driver.strip(purge, 3, 2))).toMatchObject({ version: 3, events: 0 })

      const after = driver.read({ limit: 10 })
      expect(after.map(({ payload }) => payload)).toEqual([
        "{}",
        '{"n":2}',
        "{}",
        '{"n":4}',
        "{}",
        '{"n":6}',
        '{"sealedHash":"hash"}',
      ])
      expect(after.slice(0, 6).map((row) => ({ ...row, payload: "" }))).toEqual(
        rows.map((row) => ({ ...row, payload: "" })),
      )
      expect(driver.readStream(streamId, 0, 10).map(({ payload }) => payload)).toEqual([
        "{}",
        "{}",
        "{}",
        '{"sealedHash":"hash"}',
      ])
      expect(rows.map(({ sequence }) => driver.readNative(sequence))).toEqual([
        null,
        "body 2",
        null,
        "body 4",
        null,
        "body 6",
      ])

      driver.transaction(() => driver.savePurge(streamId, "9", 5))
      expect(driver.purgeOf(streamId)).toEqual({ ...purge, progress: "9", finishedAt: 5 })
      expect(driver.unfinishedPurges(10)).toEqual([])
    })
  })
}
