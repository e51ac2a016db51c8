/**
 * Acknowledgement latency at an offered load that does not wait for the writer: the generator lives in this thread, the writer in
 * one of its own, and a submission's clock starts when it was due, so that a writer that stalls cannot hide it.
 */

import { join } from "node:path"
import { Engine, type Submission } from "@threadfold/engine"
import { acquireOwnership } from "@threadfold/event-log"
import { Clock, Effect, type Scope } from "effect"
import type { BenchError } from "./BenchError.js"
import { submissions, type WorkloadOptions } from "./Workload.js"

export interface Latency {
  /** Median, ms. */
  readonly p50: number
  /** 99th percentile, ms. */
  readonly p99: number
}

export interface LatencyOptions {
  /** Directory for the database. */
  readonly directory: string
  readonly workload: WorkloadOptions
  /** Events offered per second. */
  readonly perSecond: number
  /** Blocks the writer after each commit, ms. */
  readonly stallAfterCommitMs: number
}

/** Offers every submission at its time and collects how long each took from then to its acknowledgement. */
const offer = (
  engine: Effect.Effect.Success<typeof Engine>,
  load: readonly Submission[],
  perSecond: number,
  nowMs: () => number,
): Effect.Effect<readonly number[], BenchError> =>
  Effect.async((resume) => {
    const from = nowMs()
    const taken: number[] = []
    let sent = 0
    let events = 0
    const tick = (): void => {
      for (;;) {
        const submission = load[sent]
        const due = from + (events / perSecond) * 1000
        if (submission === undefined || due > nowMs()) break
        sent += 1
        events += submission.drafts.length
        Effect.runCallback(engine.submit(submission), {
          onExit: (exit) => {
            if (exit._tag === "Failure") return resume(Effect.failCause(exit.cause))
            taken.push(nowMs() - due)
            if (taken.length === load.length) resume(Effect.succeed(taken))
          },
        })
      }
      // Asleep between due times: a generator that spins would take one of two cores from what it measures.
      if (sent < load.length) setTimeout(tick, 1)
    }
    tick()
  })

/** Measures it on a database of its own. */
export const latency = (options: LatencyOptions): Effect.Effect<Latency, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    yield* acquireOwnership(options.directory)
    const file = join(options.directory, "threadfold.db")
    const load = [...submissions(options.workload)]
    const { startAt } = options.workload
    const warm = [...submissions({ ...options.workload, events: options.perSecond, startAt: startAt - 1 })]
    const taken = yield* Effect.gen(function* () {
      const engine = yield* Engine
      yield* offer(engine, warm, options.perSecond, nowMs)
      return yield* offer(engine, load, options.perSecond, nowMs)
    }).pipe(Effect.provide(Engine.layerWorker({ file, stallAfterCommitMs: options.stallAfterCommitMs })))
    return { p50: median(taken), p99: percentile(taken, 0.99) }
  })

/** What a share of the values does not exceed; 0 where there are none. @param share from 0 to 1, for example 0.99 */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The middle one: a round in which garbage was collected, or other programs ran, does not count. */
export const median = (values: readonly number[]): number => percentile(values, 0.5)
