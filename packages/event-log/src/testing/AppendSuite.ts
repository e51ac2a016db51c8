import { expect } from "@effect/vitest"
import { Effect } from "effect"
import type { ExpectedVersion } from "../Errors.js"
import { EventLog } from "../EventLog.js"
import type { LogTest } from "./EventLogContract.js"
import { eventIdOf, numberedEvent, sampleEvent, sessionOf, streamOf } from "./samples.js"

/** Versions, order, atomicity and repetition. */
export const appendSuite = (test: LogTest): void => {
  test(
    "checks the expected version",
    Effect.gen(function* () {
      const log = yield* EventLog
      let n = 0
      const write = (expected: ExpectedVersion) =>
        log.append([{ streamId: streamOf(1), expected, events: [sampleEvent(++n)] }])
      const conflict = (expected: ExpectedVersion, actual: number) =>
        Effect.map(Effect.flip(write(expected)), (error) =>
          expect(error).toMatchObject({ _tag: "VersionConflict", streamId: streamOf(1), expected, actual }),
        )
      yield* conflict("exists", 0)
      yield* conflict({ exact: 1 }, 0)
      yield* write("none")
      yield* conflict("none", 1)
      yield* conflict({ exact: 0 }, 1)
      yield* write({ exact: 1 })
      yield* write("exists")
      yield* write("any")
      expect(yield* log.head).toBe(4)
      yield* log.append([{ streamId: streamOf(2), expected: { exact: 0 }, events: [sampleEvent(++n)] }])
      expect(yield* log.head).toBe(5)
    }),
  )

  test(
    "counts one gapless sequence over all streams, and a version in each",
    Effect.gen(function* () {
      const log = yield* EventLog
      for (let n = 0; n < 30; n += 3) {
        yield* log.append([
          { streamId: streamOf(n % 4), expected: "any", events: [sampleEvent(n), sampleEvent(n + 1)] },
          { streamId: streamOf(9), expected: "any", events: [sampleEvent(n + 2)] },
        ])
      }
      const rows = yield* log.read({ limit: 100 })
      expect(rows.map((row) => row.sequence)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
      const versions = new Map<string, number>()
      for (const row of rows) {
        expect(row.streamVersion).toBe((versions.get(row.streamId) ?? 0) + 1)
        versions.set(row.streamId, row.streamVersion)
      }
      expect(versions.get(streamOf(9))).toBe(10)
    }),
  )

  test(
    "stores all of a call or nothing",
    Effect.gen(function* () {
      const log = yield* EventLog
      const error = yield* Effect.flip(
        log.append([
          { streamId: streamOf(1), expected: "none", events: [sampleEvent(1, { raw: "x" }), sampleEvent(2)] },
          { streamId: streamOf(2), expected: "exists", events: [sampleEvent(3)] },
        ]),
      )
      expect(error._tag).toBe("VersionConflict")
      expect(yield* log.head).toBe(0)
      expect(log.published()).toBe(0)
      expect(yield* log.native(1)).toBeNull()
      yield* log.append([{ streamId: streamOf(1), expected: "none", events: [sampleEvent(1)] }])
      expect(yield* log.native(1)).toBeNull()
    }),
  )

  test(
    "takes a repeated call as done",
    Effect.gen(function* () {
      const log = yield* EventLog
      const writes = [
        { streamId: streamOf(1), expected: "none", events: [sampleEvent(1), numberedEvent(2, 1)] },
        { streamId: streamOf(2), expected: { exact: 0 }, events: [sampleEvent(3)] },
      ] as const
      const first = yield* log.append(writes)
      const again = yield* log.append(writes)
      expect(first.writes.flat().map((event) => event.duplicate)).toEqual([false, false, false])
      expect(again.writes).toEqual(first.writes.map((events) => events.map((e) => ({ ...e, duplicate: true }))))
      expect(again.head).toBe(3)
    }),
  )

  test(
    "knows a source's number again, under another event id and another order of keys",
    Effect.gen(function* () {
      const log = yield* EventLog
      const native = { threadId: "t", turnId: "u" }
      const first = numberedEvent(1, 1, { at: 5, native, payload: { a: 1, b: [{ c: 2, d: null }] } })
      const again = { ...first, eventId: eventIdOf(2), native: { turnId: "u", threadId: "t" } }
      yield* log.append([{ streamId: streamOf(1), expected: "any", events: [first] }])
      const { writes, head } = yield* log.append([
        {
          streamId: streamOf(1),
          expected: "any",
          events: [{ ...again, payload: { b: [{ d: null, c: 2 }], a: 1 } }, numberedEvent(3, 2)],
        },
      ])
      expect(writes).toEqual([
        [
          { eventId: eventIdOf(1), sequence: 1, streamVersion: 1, duplicate: true },
          { eventId: eventIdOf(3), sequence: 2, streamVersion: 2, duplicate: false },
        ],
      ])
      expect(head).toBe(2)
    }),
  )

  test(
    "refuses other content under a source's number",
    Effect.gen(function* () {
      const log = yield* EventLog
      const first = numberedEvent(1, 1, { at: 5, native: { turnId: "u" } })
      yield* log.append([{ streamId: streamOf(1), expected: "any", events: [first] }])
      const others = [
        { type: "item.started" },
        { v: 2 },
        { at: 6 },
        { native: null },
        { native: { turnId: "w" } },
        { payload: { text: "other" } },
      ]
      for (const other of others) {
        const events = [sampleEvent(8), { ...first, ...other, eventId: eventIdOf(9) }]
        const error = yield* Effect.flip(log.append([{ streamId: streamOf(1), expected: "any", events }]))
        expect(error).toMatchObject({
          _tag: "SeqConflict",
          source: sessionOf(1),
          channel: "agent",
          seq: 1,
          sequence: 1,
        })
      }
      expect(yield* log.head).toBe(1)
    }),
  )

  test(
    "refuses other content, another number or another stream under an event id",
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* log.append([{ streamId: streamOf(1), expected: "any", events: [numberedEvent(1, 1)] }])
      const tries = [
        { streamId: streamOf(1), event: numberedEvent(1, 1, { payload: {} }) },
        { streamId: streamOf(1), event: numberedEvent(1, 2) },
        { streamId: streamOf(2), event: numberedEvent(1, 1) },
      ]
      for (const { streamId, event } of tries) {
        const error = yield* Effect.flip(log.append([{ streamId, expected: "any", events: [event] }]))
        expect(error).toMatchObject({ _tag: "EventIdConflict", eventId: eventIdOf(1), sequence: 1 })
      }
      expect(yield* log.head).toBe(1)
    }),
  )

  test(
    "finds repetitions inside one call",
    Effect.gen(function* () {
      const log = yield* EventLog
      const { writes } = yield* log.append([
        { streamId: streamOf(1), expected: "none", events: [numberedEvent(1, 1), numberedEvent(1, 1)] },
        { streamId: streamOf(1), expected: { exact: 1 }, events: [numberedEvent(2, 2)] },
      ])
      expect(writes.flat().map((event) => [event.sequence, event.duplicate])).toEqual([
        [1, false],
        [1, true],
        [2, false],
      ])
    }),
  )

  test(
    "numbers every channel and source on its own",
    Effect.gen(function* () {
      const log = yield* EventLog
      yield* log.append([
        {
          streamId: streamOf(1),
          expected: "any",
          events: [
            numberedEvent(1, 1),
            numberedEvent(2, 1, { channel: "gateway" }),
            numberedEvent(3, 1, { sessionId: sessionOf(2) }),
            numberedEvent(4, 1, { sessionId: null }),
          ],
        },
        { streamId: streamOf(2), expected: "any", events: [numberedEvent(5, 1, { sessionId: null })] },
      ])
      expect(yield* log.head).toBe(5)
    }),
  )
}
