/** Long texts are stored once, and whoever reads an event gets it as it was written. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import type Sqlite from "better-sqlite3"
import { Effect } from "effect"
import * as fc from "fast-check"
import { verifyDigests } from "../digests/verifyDigests.js"
import {
  databaseFile,
  type EventRow,
  type LogDriver,
  memoryDriver,
  openReadOnly,
  openSqlite,
  type SqliteDatabase,
} from "../index.js"
import { salvage } from "../salvage/salvage.js"
import { eventIdOf, sampleRow, streamOf } from "../testing/samples.js"

let directory = ""
let file = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-texts-"))
  file = databaseFile(directory)
})
afterEach(() => rmSync(directory, { recursive: true }))

const noBlobs = () => ({ ofEvent: () => [], refer: () => undefined, put: () => undefined })

const opened = <A>(body: (database: SqliteDatabase) => A): A =>
  Effect.runSync(Effect.scoped(Effect.map(openSqlite({ file }), body)))

/** An event and its native body. */
type Written = readonly [row: EventRow, body: string | null]

const write = (driver: LogDriver, events: readonly Written[]): void =>
  driver.transaction(() => {
    for (const [row] of events) driver.insert(row)
    driver.insertNatives(events.flatMap(([{ sequence }, body]) => (body === null ? [] : [[sequence, body] as const])))
  })

/** The events of streams, numbered as they come. */
class Story {
  readonly events: Written[] = []
  private readonly versions = new Map<string, number>()

  add(over: Partial<EventRow>, payload: object, body: string | null = null): this {
    const streamId = over.streamId ?? streamOf(1)
    const streamVersion = (this.versions.get(streamId) ?? 0) + 1
    this.versions.set(streamId, streamVersion)
    const sequence = this.events.length + 1
    const row = sampleRow(sequence, { ...over, streamId, streamVersion, payload: JSON.stringify(payload) })
    this.events.push([row, body])
    return this
  }

  /** An item that streams its text and then has it whole, each beside the line that it came in. */
  item(streamId: string, itemId: string, pieces: readonly string[], text: string): this {
    for (const delta of pieces) {
      const line = JSON.stringify({ method: "outputDelta", params: { threadId: "native", delta } })
      this.add({ streamId, itemId }, { stream: "output", delta }, line)
    }
    const line = JSON.stringify({ method: "completed", params: { item: { id: itemId, aggregatedOutput: text } } })
    return this.add(
      { streamId, itemId, type: "item.completed" },
      { kind: "command", status: "completed", text, exitCode: 0 },
      line,
    )
  }
}

const sum = (handle: Sqlite.Database, sql: string): number => handle.prepare<[], number>(sql).pluck().get() ?? 0
/** Bytes that the tables of the log hold. */
const storedBytes = (handle: Sqlite.Database): number =>
  sum(handle, "SELECT sum(octet_length(payload)) FROM events") +
  sum(handle, "SELECT coalesce(sum(octet_length(body)), 0) FROM native") +
  sum(handle, "SELECT coalesce(sum(octet_length(body)), 0) FROM native_blocks") +
  sum(handle, "SELECT coalesce(sum(octet_length(body)), 0) FROM blobs") +
  sum(handle, "SELECT coalesce(sum(octet_length(body)), 0) FROM text_bodies") +
  sum(handle, "SELECT coalesce(sum(octet_length(segments)), 0) FROM texts")

const expectSame = (driver: LogDriver, events: readonly Written[]): void => {
  expect(driver.read({ limit: 10_000 })).toEqual(events.map(([row]) => row))
  for (const [row, body] of events) {
    expect(driver.findByEventId(row.eventId)).toEqual(row)
    expect(driver.readNative(row.sequence)).toBe(body)
  }
}

/** Text without two places that are alike, so that packing spares little. */
const noise = (units: number, seed = 1): string => {
  let text = ""
  for (let state = seed; text.length < units; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    text += state.toString(36)
  }
  return text.slice(0, units)
}

const cut = (text: string, units: number): readonly string[] =>
  Array.from({ length: Math.ceil(text.length / units) }, (_, at) => text.slice(at * units, (at + 1) * units))

const purgeOf = (streamId: string, lastVersion: number) => ({
  streamId,
  firstVersion: 1,
  lastVersion,
  sealedHash: "hash",
  eventId: eventIdOf(9_999),
  purgedAt: 1,
  progress: "0",
})

const strip = (driver: LogDriver, streamId: string): void => {
  const purge = purgeOf(streamId, driver.streamVersion(streamId))
  driver.transaction(() => driver.beginPurge(purge))
  for (let version = 0; version < purge.lastVersion; ) {
    version = driver.transaction(() => driver.strip({ ...purge, finishedAt: null }, version, 100)).version
  }
}

describe("a long text", () => {
  it("that was streamed is stored once: its pieces have it, and neither the final nor a native body has it again", () => {
    const text = noise(1_000_000)
    const { events } = new Story().item(streamOf(1), "item", cut(text, 8_000), text)
    opened(({ driver, handle }) => {
      write(driver, events)
      expect(storedBytes(handle)).toBeLessThan(1.1 * text.length)
      expect(sum(handle, "SELECT count(*) FROM text_bodies")).toBe(0)
      while (driver.compressNative(1_000) > 0);
      expectSame(driver, events)
      // A part of it is read without the rest.
      const segments = handle
        .prepare<[], { readonly start: number; readonly text: string }>(
          "SELECT start, text FROM text_segments ORDER BY start",
        )
        .all()
      expect(segments.map((segment) => segment.text).join("")).toBe(text)
      for (const segment of segments) {
        expect(segment.text.length).toBeLessThan(80_000)
        expect(text.startsWith(segment.text, segment.start)).toBe(true)
      }
    })
    // A reader that shows the beginning gets no more than a segment, and how long the whole is.
    const shown = Effect.runSync(
      Effect.scoped(
        Effect.flatMap(openReadOnly({ file }), (log) =>
          log.read({ limit: 10_000, types: ["item.completed"], texts: "beginnings" }),
        ),
      ),
    )
    const whole = events.at(-1)?.[0].payload ?? ""
    expect(shown.map(({ payloadBytes }) => payloadBytes)).toEqual([Buffer.byteLength(whole)])
    const beginning = JSON.parse(shown[0]?.payload ?? "null")
    expect({ ...beginning, text: "" }).toEqual({ ...JSON.parse(whole), text: "" })
    expect(text.startsWith(beginning.text) && beginning.text.length >= 65_536 && beginning.text.length < 80_000).toBe(
      true,
    )
    opened(({ driver }) =>
      expect(driver.read({ limit: 1, order: "desc", texts: "beginnings" })).toEqual(shown.slice(-1)),
    )
    const log = Effect.runSync(
      Effect.scoped(Effect.flatMap(openReadOnly({ file }), (log) => log.read({ limit: 10_000 }))),
    )
    expect(log).toEqual(events.map(([row]) => row))
  })

  it("that came whole is stored once, however many events and streams have it, and goes with the last of them", () => {
    const text = noise(300_000, 2)
    const story = new Story()
    for (const streamId of [streamOf(1), streamOf(2), streamOf(1)]) story.item(streamId, "item", [], text)
    opened(({ driver, handle }) => {
      write(driver, story.events)
      expect(storedBytes(handle)).toBeLessThan(1.1 * text.length)
      expectSame(driver, story.events)
      strip(driver, streamOf(1))
      expect(driver.readStream(streamOf(2), 0, 10).map(({ payload }) => payload)).toEqual([
        story.events[1]?.[0].payload,
      ])
      expect(driver.readNative(2)).toBe(story.events[1]?.[1])
      strip(driver, streamOf(2))
      expect(sum(handle, "SELECT count(*) FROM texts") + sum(handle, "SELECT count(*) FROM text_bodies")).toBe(0)
    })
  })

  it("is found to be another one by its digest, wherever it lies", () => {
    const story = new Story()
      .item(streamOf(1), "streamed", cut(noise(200_000), 8_000), noise(200_000))
      .item(streamOf(1), "whole", [], noise(200_000, 3))
    opened(({ driver, handle }) => {
      write(driver, story.events)
      expect(verifyDigests(handle, { bytes: true })).toMatchObject({ ok: true, events: story.events.length })
      for (const [change, table] of [
        ["body = replace(body, 'a', 'b')", "text_bodies"],
        ["segments = replace(segments, '[[0,1,', '[[0,2,')", "texts WHERE item_id IS NOT NULL"],
      ] as const) {
        const [name, ...where] = table.split(" ")
        handle.exec("SAVEPOINT one")
        handle.exec(`UPDATE ${name} SET ${change} ${where.join(" ")}`)
        const { findings } = verifyDigests(handle, { bytes: true })
        expect(findings.map(({ part }) => part)).toContain("payload")
        handle.exec("ROLLBACK TO one")
      }
      handle.exec("DELETE FROM text_bodies")
      // What cannot be read stays an event.
      expect(driver.read({ limit: 10_000 }).filter(({ payload }) => payload === "")).toHaveLength(1)
    })
  })

  it("is salvaged with its event, and an event without its text is reported", () => {
    const story = new Story()
      .item(streamOf(1), "streamed", cut(noise(200_000), 8_000), noise(200_000))
      .item(streamOf(2), "whole", [], noise(200_000, 3))
    opened(({ driver }) => write(driver, story.events))
    const copyTo = (to: string) =>
      Effect.runSync(
        Effect.scoped(
          Effect.map(salvage({ from: file, to, purgeBegins: "", blobs: noBlobs }), ({ database, report }) => {
            if (report.ok) expectSame(database.driver, story.events)
            return report
          }),
        ),
      )
    expect(copyTo(join(directory, "whole.db"))).toMatchObject({ ok: true, events: story.events.length })
    opened(({ handle }) => {
      handle.exec("DELETE FROM text_bodies WHERE start = 0")
      handle.exec("VACUUM")
    })
    expect(copyTo(join(directory, "part.db"))).toMatchObject({
      ok: false,
      events: story.events.length - 1,
      refused: [{ sequence: story.events.length, detail: expect.stringContaining("long text") }],
    })
  })
})

/** Texts whose characters JSON and SQLite treat in their own way. */
const words = fc.constantFrom(
  "plain ",
  'a "quote" ',
  "back\\slash ",
  "line\n",
  "é",
  "😀",
  "\ud83d",
  "\ude00",
  "\u0000",
  "\u2028",
  "\t",
)
const texts = fc
  .tuple(fc.array(words, { minLength: 1, maxLength: 6 }), fc.constantFrom(1, 300, 9_000, 12_000))
  .map(([some, times]) => some.join("").repeat(times))

type Step =
  | { readonly do: "item"; readonly stream: number; readonly pieces: readonly string[]; readonly said: number }
  | { readonly do: "plain"; readonly stream: number; readonly text: string; readonly body: string }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("item" as const),
    stream: fc.integer({ min: 1, max: 2 }),
    pieces: fc.array(texts, { maxLength: 4 }),
    said: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ do: fc.constant("plain" as const), stream: fc.integer({ min: 1, max: 2 }), text: texts, body: texts }),
)

const told = (some: readonly Step[]): readonly Written[] => {
  const story = new Story()
  for (const [index, step] of some.entries()) {
    const streamId = streamOf(step.stream)
    if (step.do === "plain") {
      // A body need not be JSON, and may say its payload's words in another order.
      const body = `line 1\n${JSON.stringify([step.text, step.body])}`
      story.add({ streamId, type: "notice" }, { text: step.text, more: [step.body, step.text] }, body)
      continue
    }
    const whole = step.pieces.join("")
    story.item(streamId, `item ${index}`, step.pieces, [whole, `${whole}!`, whole.slice(1)][step.said] ?? whole)
  }
  return story.events
}

describe("events with texts of any length", () => {
  it("are the same from SQLite as from memory, packed or not, and their digests hold", () =>
    fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 5 }), async (some) => {
        // The worker of the test is to be heard meanwhile.
        await new Promise<void>((resolve) => setImmediate(resolve))
        const events = told(some)
        const memory = memoryDriver()
        write(memory, events)
        rmSync(directory, { recursive: true })
        opened(({ driver, handle }) => {
          for (const event of events) write(driver, [event])
          expectSame(driver, events)
          expect(driver.read({ limit: 10_000 })).toEqual(memory.read({ limit: 10_000 }))
          while (driver.compressNative(2) > 0);
          expectSame(driver, events)
          expect(verifyDigests(handle, { bytes: true }).ok).toBe(true)
        })
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "10") },
    ))
})
