/**
 * Flat out: what the engine commits, with full fold and all projections, beside the bare loop that writes the same rows and
 * beside an engine that leaves the digests out. They go through the load in lockstep, a chunk at a time, so that whatever
 * else the machine does hits them alike.
 */
import { statSync } from "node:fs"
import { join } from "node:path"
import type { Problem } from "@threadfold/contracts"
import { Effect, type Scope } from "effect"
import type { WorkloadOptions } from "../Workload.js"
import { CHUNK } from "./chunks.js"
import type { Taken } from "./Meter.js"
import { startWriter } from "./Writers.js"

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
  /** The engine without its chain of digests. */
  readonly withoutDigests: Taken
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

/** Measures it on databases of its own below `directory`. */
export const throughput = (
  directory: string,
  { warmUp: atLeast, ...counted }: ThroughputOptions,
): Effect.Effect<Throughput, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const warmUp = Math.ceil(atLeast / CHUNK) * CHUNK
    const workload = { ...counted, events: warmUp + counted.events }
    const below = (name: string) => ({ directory: join(directory, name), workload })
    const whole = yield* startWriter({ kind: "engine", ...below("engine") })
    const plain = yield* startWriter({ kind: "engine-without-digests", ...below("without-digests") })
    const bare = yield* startWriter({ kind: "bare", ...below("bare") })
    const sums = { engine: new Sum(), plain: new Sum(), raw: new Sum(), rawEvents: new Sum() }
    let written = 0
    let events = 0
    for (let isOdd = false; ; isOdd = !isOdd) {
      // In turns, so that neither of the two is always the first.
      const early = isOdd ? yield* plain.next : null
      const first = yield* whole.next
      const second = early ?? (yield* plain.next)
      const last = yield* bare.next
      if (first.events === 0) break
      if (written >= warmUp) {
        events += first.events
        sums.engine.add(first.taken[0])
        sums.plain.add(second.taken[0])
        sums.raw.add(last.taken[0])
        sums.rawEvents.add(last.taken[1])
      }
      written += first.events
    }
    const { synchronous } = yield* whole.stop
    return {
      events,
      warmUp: written - events,
      engine: sums.engine.per(events),
      withoutDigests: sums.plain.per(events),
      raw: sums.raw.per(events),
      rawEvents: sums.rawEvents.per(events),
      directory: below("engine").directory,
      bytesPerEvent: statSync(join(directory, "engine", "threadfold.db")).size / written,
      synchronous: synchronousWords[synchronous] ?? String(synchronous),
    }
  })
