/**
 * Flat out: what the engine commits, with full fold and all projections, beside the bare loop that writes the same rows and
 * beside an engine that leaves the digests out. They go through the load in lockstep, a chunk at a time, so that whatever
 * else the machine does hits them alike.
 */
import { statSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { BenchError } from "../BenchError.js"
import { median } from "../Latency.js"
import type { WorkloadOptions } from "../Workload.js"
import { CHUNK } from "./chunks.js"
import type { Taken } from "./Meter.js"
import { startWriter, type Written } from "./Writers.js"

export interface ThroughputOptions extends WorkloadOptions {
  /** Events that everybody writes before anything is counted, at least: the engine is compiled by then. */
  readonly warmUp: number
}

export interface Throughput {
  /** Events that were counted. */
  readonly events: number
  /** Events that were written before. */
  readonly warmUp: number
  /** What an event took the engine. */
  readonly engine: Taken
  /** What the engine takes more per event than one without its chain of digests: the median of the pieces. */
  readonly digests: Taken
  /** A bare loop that writes all the same rows in the same transactions. */
  readonly raw: Taken
  /** A bare loop that writes the event rows only. */
  readonly rawEvents: Taken
  /** Directory of the engine's database. */
  readonly directory: string
  /** Bytes of the database per event, native bodies included. */
  readonly bytesPerEvent: number
  /** `PRAGMA synchronous` of the writer, in words. */
  readonly synchronous: string
}

const synchronousWords = ["OFF", "NORMAL", "FULL", "EXTRA"]

/** Adds up what chunks took. */
class Sum {
  private micros = 0
  private cpuMicros = 0

  add(taken: Taken | undefined): void {
    this.micros += taken?.micros ?? 0
    this.cpuMicros += taken?.cpuMicros ?? 0
  }

  per(events: number): Taken {
    return { micros: this.micros / events, cpuMicros: this.cpuMicros / events }
  }
}

/** What the first of two took more than the second, per event. */
const moreOf = ({ events, taken: [first, second] }: Written): Taken => ({
  micros: ((first?.micros ?? 0) - (second?.micros ?? 0)) / events,
  cpuMicros: ((first?.cpuMicros ?? 0) - (second?.cpuMicros ?? 0)) / events,
})

/** Measures it on databases of its own below `directory`. */
export const throughput = (
  directory: string,
  { warmUp: atLeast, ...counted }: ThroughputOptions,
): Effect.Effect<Throughput, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const warmUp = Math.ceil(atLeast / CHUNK) * CHUNK
    const whole = join(directory, "engines", "whole")
    const workload = { ...counted, events: warmUp + counted.events }
    const below = (name: string) => ({ directory: join(directory, name), workload })
    const engines = yield* startWriter({ kind: "engines", ...below("engines") })
    const bare = yield* startWriter({ kind: "bare", ...below("bare") })
    const sums = { engine: new Sum(), raw: new Sum(), rawEvents: new Sum() }
    const digests: Taken[] = []
    let written = 0
    let events = 0
    for (;;) {
      const first = yield* engines.next
      const second = yield* bare.next
      if (first.events === 0) break
      if (written >= warmUp) {
        events += first.events
        sums.engine.add(first.taken[0])
        digests.push(moreOf(first))
        sums.raw.add(second.taken[0])
        sums.rawEvents.add(second.taken[1])
      }
      written += first.events
    }
    const { synchronous } = yield* engines.stop
    return {
      events,
      warmUp: written - events,
      engine: sums.engine.per(events),
      digests: {
        micros: median(digests.map(({ micros }) => micros)),
        cpuMicros: median(digests.map(({ cpuMicros }) => cpuMicros)),
      },
      raw: sums.raw.per(events),
      rawEvents: sums.rawEvents.per(events),
      directory: whole,
      bytesPerEvent: statSync(join(whole, "threadfold.db")).size / written,
      synchronous: synchronousWords[synchronous] ?? String(synchronous),
    }
  })
