import { expect } from "@effect/vitest"
import type { EventRow, ReadQuery } from "@threadfold/event-log"
import { streamOf } from "@threadfold/event-log/fixtures"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import { append, eventOf, type LogTest, theLog } from "./LogUnderTest.js"

/** Type → a payload of it. */
const payloads: Readonly<Record<string, unknown>> = {
  "content.delta": { stream: "text", delta: "a" },
  "turn.started": {},
  "runtime.warning": { message: "m" },
  "x.unknown": null,
}
const types = Object.keys(payloads)

/** 60 events over three streams and four types, deltas in between. */
const fill = Effect.gen(function* () {
  for (let n = 1; n <= 60; n++) {
    const type = types[n % 7] ?? "content.delta"
    yield* append(eventOf(n, { stream: n % 3, type, payload: payloads[type] }))
  }
  return yield* theLog
})

/** The meaning of the query, written a second time in the simplest way. */
const expected = (all: readonly EventRow[], query: ReadQuery): readonly number[] => {
  const found = all.filter(
    (row) =>
      (query.streamId === undefined || row.streamId === query.streamId) &&
      (query.types === undefined || query.types.includes(row.type)) &&
      row.sequence > (query.after ?? 0) &&
      row.sequence <= (query.until ?? all.length),
  )
  if (query.order === "desc") found.reverse()
  return found.slice(0, query.limit).map((row) => row.sequence)
}

const queries: fc.Arbitrary<ReadQuery> = fc
  .record(
    {
      streamId: fc.integer({ min: 0, max: 3 }).map(streamOf),
      types: fc.uniqueArray(fc.constantFrom(...types, "never.seen"), { maxLength: 4 }),
      after: fc.integer({ min: 0, max: 62 }),
      until: fc.integer({ min: 0, max: 62 }),
      order: fc.constantFrom("asc" as const, "desc" as const),
    },
    { requiredKeys: [] },
  )
  .chain((query) => fc.integer({ min: 1, max: 70 }).map((limit) => ({ ...query, limit })))

/** Pages, filters, both directions. */
export const readSuite = (test: LogTest): void => {
  test(
    "answers every query by the meaning of its conditions",
    Effect.gen(function* () {
      const log = yield* fill
      const all = yield* log.read({ limit: 100 })
      expect(all).toHaveLength(60)
      for (const query of fc.sample(queries, { numRuns: 400, seed: 7 })) {
        const rows = yield* log.read(query)
        expect({ query, sequences: rows.map((row) => row.sequence) }).toEqual({
          query,
          sequences: expected(all, query),
        })
      }
    }),
  )

  test(
    "walks many types and holds the page size within its bounds",
    Effect.gen(function* () {
      const log = yield* fill
      const many = [...types.slice(1), ...Array.from({ length: 20 }, (_, n) => `none.${n}`)]
      const rows = yield* log.read({ types: many, limit: 100 })
      expect(new Set(rows.map((row) => row.type))).toEqual(new Set(types.slice(1)))
      expect(yield* log.read({ limit: 0 })).toHaveLength(1)
      expect(yield* log.read({ limit: 1_000_000 })).toHaveLength(60)
    }),
  )

  test(
    "reads everything page by page, in both directions, as of its beginning",
    Effect.gen(function* () {
      const log = yield* fill
      const numbers = (query: ReadQuery) =>
        Effect.map(Stream.runCollect(log.readAll(query)), (rows) => [...rows].map((row) => row.sequence))
      const up = Array.from({ length: 60 }, (_, n) => n + 1)
      expect(yield* numbers({ limit: 7 })).toEqual(up)
      expect(yield* numbers({ limit: 60, order: "desc" })).toEqual([...up].reverse())
      expect(yield* numbers({ limit: 7, after: 10, until: 40, order: "desc" })).toEqual(up.slice(10, 40).reverse())
      expect(yield* numbers({ limit: 4, streamId: streamOf(1) })).toEqual(up.filter((n) => n % 3 === 1))
      const during = log.readAll({ limit: 20 }).pipe(
        Stream.tap((row) => (row.sequence === 10 ? Effect.asVoid(append(eventOf(61))) : Effect.void)),
        Stream.runCount,
      )
      expect(yield* during).toBe(60)
    }),
  )

  test(
    "finds an event by its id",
    Effect.gen(function* () {
      const log = yield* fill
      const [row] = yield* log.read({ after: 16, limit: 1 })
      expect((yield* log.findByEventId(row?.eventId ?? ""))?.sequence).toBe(17)
      expect(yield* log.findByEventId(streamOf(1))).toBeNull()
    }),
  )
}
