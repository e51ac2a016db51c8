import { describe, expect, it } from "@effect/vitest"
import { Problem } from "@threadfold/contracts/problem"
import { Chunk, Deferred, Effect, Fiber, Stream, TestClock } from "effect"
import type { JobProgress } from "../offline/jobs/Job.js"
import { JobSlot, type JobView } from "./JobSlot.js"

type View = JobView<string>
const begun = (common: View): View => common

/** A slot with work that ends when it is told to. */
const opened = Effect.gen(function* () {
  const slot = new JobSlot<string, View>("Rebuild", yield* Effect.scope)
  const end = yield* Deferred.make<string, Problem>()
  let tell: (progress: JobProgress) => void = () => undefined
  const begin = (jobId: string) =>
    slot.begin(begun, { jobId, threadId: null }, (onProgress) => {
      tell = onProgress
      return Deferred.await(end)
    })
  return { slot, end, begin, tell: (progress: JobProgress) => tell(progress) }
})

describe("work of which one runs at a time", () => {
  it.scoped("refuses a second one while the first runs, and names that", () =>
    Effect.gen(function* () {
      const { begin, end, slot } = yield* opened
      expect((yield* Effect.flip(slot.current)).slug).toBe("job-not-found")
      expect((yield* begin("first")).state).toBe("running")
      const refused = yield* Effect.flip(begin("second"))
      expect(refused.slug).toBe("job-running")
      expect(refused.detail).toContain("first")
      yield* Deferred.succeed(end, "done")
      yield* TestClock.adjust(1)
      expect(yield* slot.current).toMatchObject({ jobId: "first", state: "completed", report: "done" })
      expect((yield* begin("third")).jobId).toBe("third")
    }),
  )

  it.scoped("is ended on demand, and shown as that", () =>
    Effect.gen(function* () {
      const { begin, slot } = yield* opened
      yield* begin("first")
      yield* TestClock.adjust(5_000)
      expect(yield* slot.cancel).toMatchObject({ state: "cancelled", endedAt: 5_000, report: null, problem: null })
      expect(yield* slot.cancel).toMatchObject({ state: "cancelled", endedAt: 5_000 })
    }),
  )

  it.scoped("keeps the reason why it failed", () =>
    Effect.gen(function* () {
      const { begin, end, slot } = yield* opened
      yield* begin("first")
      yield* Deferred.fail(end, new Problem({ slug: "disk-full", detail: "No room." }))
      yield* TestClock.adjust(1)
      const { problem, state } = yield* slot.current
      expect([state, problem?.type, problem?.detail]).toEqual([
        "failed",
        "urn:threadfold:problem:disk-full",
        "No room.",
      ])
    }),
  )

  it.scoped("tells its progress at least four times a second, with the time that is left, until its end", () =>
    Effect.gen(function* () {
      const { begin, end, slot, tell } = yield* opened
      yield* begin("first")
      const progress = yield* slot.progress
      const reading = yield* Effect.fork(Stream.runCollect(progress))
      yield* TestClock.adjust(1)
      tell({ streams: 0, events: 100, totalEvents: 1_100 })
      yield* TestClock.adjust(999)
      tell({ streams: 1, events: 600, totalEvents: 1_100 })
      yield* TestClock.adjust(1_000)
      yield* Deferred.succeed(end, "done")
      yield* TestClock.adjust(1_000)
      const views = Chunk.toReadonlyArray(yield* Fiber.join(reading))
      expect(views.length).toBeGreaterThanOrEqual(9)
      // 500 events took a second: 500 are left.
      expect(views.filter(({ events }) => events === 600)[0]?.etaMs).toBe(1_000)
      expect(views.at(-1)).toMatchObject({ state: "completed", etaMs: null })
      expect(views.filter(({ state }) => state !== "running")).toHaveLength(1)
    }),
  )
})
