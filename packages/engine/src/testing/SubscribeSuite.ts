import { expect } from "@effect/vitest"
import { streamOf } from "@threadfold/event-log/fixtures"
import { makePauses } from "@threadfold/testkit"
import { Effect, Fiber, Stream } from "effect"
import * as fc from "fast-check"
import { append, eventOf, type LogTest, theLog } from "./LogUnderTest.js"

/** Appends events `from`, `from + 1`, … as one submission. */
const appendSome = (from: number, count: number, stream: (n: number) => number, isTurn = (_: number) => false) =>
  append(
    ...Array.from({ length: count }, (_, i) => {
      const n = from + i
      return eventOf(n, { stream: stream(n), ...(isTurn(n) ? { type: "turn.started", payload: {} } : {}) })
    }),
  )

/** What happens around a subscription: the batches that are appended, and how often other fibers may run between them. */
const scripts = fc.record({
  before: fc.integer({ min: 0, max: 20 }),
  after: fc.integer({ min: 0, max: 25 }),
  pageSize: fc.integer({ min: 1, max: 9 }),
  steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 })), {
    minLength: 1,
    maxLength: 12,
  }),
  consumerPauses: fc.integer({ min: 0, max: 3 }),
})

const pause = (times: number) => Effect.repeatN(Effect.yieldNow(), times)

/** The stored events followed by the new ones, without a gap or a repeat. */
export const subscribeSuite = (test: LogTest): void => {
  test(
    "gives every event once and in order, however appends and pulls interleave",
    Effect.gen(function* () {
      const log = yield* theLog
      let written = 0
      const pauses = makePauses()
      for (const script of fc.sample(scripts, { numRuns: 60, seed: 11 })) {
        yield* Effect.promise(pauses)
        const base = written
        yield* appendSome(written + 1, Math.max(1, script.before), () => 1)
        written += Math.max(1, script.before)
        const after = base + script.after
        const total = written + script.steps.reduce((sum, [count]) => sum + count, 0)
        if (total <= after) continue
        const subscriber = yield* log.subscribe({ after, pageSize: script.pageSize }).pipe(
          Stream.tap((row) => {
            expect(row.sequence).toBeLessThanOrEqual(log.published())
            return pause(script.consumerPauses)
          }),
          Stream.map((row) => row.sequence),
          Stream.take(total - after),
          Stream.runCollect,
          Effect.fork,
        )
        for (const [count, pauses] of script.steps) {
          yield* pause(pauses)
          yield* appendSome(written + 1, count, (n) => n % 3)
          written += count
        }
        const got = yield* Fiber.join(subscriber)
        expect([...got]).toEqual(Array.from({ length: total - after }, (_, n) => after + n + 1))
      }
    }),
  )

  test(
    "follows one stream, or some types, past everything else",
    Effect.gen(function* () {
      const log = yield* theLog
      const follow = (query: { readonly streamId?: string; readonly types?: readonly string[] }, count: number) =>
        log.subscribe({ after: 0, pageSize: 3, ...query }).pipe(
          Stream.map((row) => row.sequence),
          Stream.take(count),
          Stream.runCollect,
          Effect.map((rows) => [...rows]),
          Effect.fork,
        )
      const byStream = yield* follow({ streamId: streamOf(2) }, 10)
      const byType = yield* follow({ types: ["turn.started"] }, 6)
      const both = yield* follow({ streamId: streamOf(1), types: ["turn.started"] }, 2)
      for (let n = 1; n <= 30; n += 2) {
        yield* appendSome(
          n,
          2,
          (m) => m % 3,
          (m) => m % 5 === 0,
        )
        yield* pause(n % 4)
      }
      const all = Array.from({ length: 30 }, (_, n) => n + 1)
      expect(yield* Fiber.join(byStream)).toEqual(all.filter((n) => n % 3 === 2))
      expect(yield* Fiber.join(byType)).toEqual(all.filter((n) => n % 5 === 0))
      expect(yield* Fiber.join(both)).toEqual(all.filter((n) => n % 15 === 10))
    }),
  )

  test(
    "starts beyond the head by waiting for it",
    Effect.gen(function* () {
      const log = yield* theLog
      const subscriber = yield* log.subscribe({ after: 3 }).pipe(Stream.take(1), Stream.runCollect, Effect.fork)
      yield* pause(3)
      yield* appendSome(1, 3, () => 1)
      yield* pause(3)
      yield* appendSome(4, 1, () => 1)
      expect([...(yield* Fiber.join(subscriber))].map((row) => row.sequence)).toEqual([4])
    }),
  )

  test(
    "ends when its consumer goes, and leaves the others alone",
    Effect.gen(function* () {
      const log = yield* theLog
      const gone = yield* Effect.fork(Stream.runDrain(log.subscribe({ after: 0 })))
      const stays = yield* Effect.fork(Stream.runCollect(Stream.take(log.subscribe({ after: 0 }), 2)))
      yield* appendSome(1, 1, () => 1)
      yield* pause(5)
      yield* Fiber.interrupt(gone)
      yield* appendSome(2, 1, () => 1)
      expect([...(yield* Fiber.join(stays))]).toHaveLength(2)
    }),
  )
}
