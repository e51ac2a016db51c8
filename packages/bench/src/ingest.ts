/** `threadfold bench ingest`: the write path in figures, beside a bare loop of the same rows, in one run. */
import { join } from "node:path"
import { Clock, Effect } from "effect"
import type { BenchError } from "./BenchError.js"
import { giantThreadRatio } from "./GiantThread.js"
import { latency } from "./Latency.js"
import { startup } from "./Startup.js"
import { fill } from "./throughput/engineOn.js"
import { throughput } from "./throughput/throughput.js"
import { workplace } from "./workplace.js"

/** How the benchmark of the writer runs. */
export interface BenchIngestOptions {
  /** Events of the throughput run, and of the large database that is started. */
  readonly events: number
  /** A recording whose texts the load is made of. */
  readonly recording: string
  /** Path of the built `threadfold.js`: what is started for the start-up figures. */
  readonly program: string
}

/** Times in ms, sizes as named. Null: not measured at this size. */
export interface BenchIngestReport {
  /** Events that were counted, and those that were written before, while the engine was still being compiled. */
  readonly events: number
  readonly warmUpEvents: number
  /** Committed per second, flat out, with full fold and all projections, native bodies included. */
  readonly eventsPerSecond: number
  /** Share of a bare loop that writes the same rows of all tables in the same transactions. */
  readonly ratio: number
  /** Share of a bare loop that writes the event rows only. */
  readonly ratioEventsOnly: number
  /** CPU time per event, µs: the engine's, and that of the bare loop that writes the same rows. */
  readonly cpuMicrosPerEvent: number
  readonly rawCpuMicrosPerEvent: number
  /** The engine's as a multiple of the loop's: what a busy machine cannot falsify. */
  readonly cpuRatio: number
  /** What the chain of digests costs: the share of CPU time, and of time, that an engine without it does not take. */
  readonly digestCpuShare: number
  readonly digestTimeShare: number
  /** Acknowledgement at 5,000 events/s offered, writer in a thread of its own. */
  readonly ackP50Ms: number
  readonly ackP99Ms: number
  /** The same with a blocking 10 ms after each COMMIT. */
  readonly stalledAckP50Ms: number
  readonly stalledAckP99Ms: number
  /** Process start to ready with 10,000 events. */
  readonly startMs10k: number
  /** The same with a million (`--events 1000000`). */
  readonly startMs1M: number | null
  /** Time per event in a thread of 100,000 events as a multiple of that in a new one (`--events 100000` and more). */
  readonly giantThreadRatio: number | null
  /** Resident memory of this process at the end. */
  readonly rssMb: number
  readonly bytesPerEvent: number
  readonly synchronous: string
}

/** The engine was compiled by then, measured: what it takes per event stays the same from there on. */
const WARM_UP_EVENTS = 100_000
const OFFERED = 5000
const SECONDS = 2
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Runs the whole benchmark; a few seconds with the default number of events. */
export const benchIngest = (options: BenchIngestOptions): Effect.Effect<BenchIngestReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* workplace
      const startAt = yield* Clock.currentTimeMillis
      const { events, program, recording } = options
      const load = { threads: 50, burst: 64, startAt, recording }
      // Latency first: what the flat-out runs leave to be written back would be measured with it.
      const offered = (name: string, stallAfterCommitMs: number) =>
        Effect.scoped(
          latency({
            directory: join(directory, name),
            workload: { ...load, events: OFFERED * SECONDS, burst: 5 },
            perSecond: OFFERED,
            stallAfterCommitMs,
          }),
        )
      const ack = yield* offered("ack", 0)
      const stalled = yield* offered("stalled", 10)
      const flatOut = yield* Effect.scoped(
        throughput(join(directory, "flat-out"), { ...load, events, warmUp: WARM_UP_EVENTS }),
      )
      yield* fill(join(directory, "small"), { ...load, events: 10_000 })
      const startMs10k = yield* startup(program, join(directory, "small"), 3)
      const startMs1M = events >= 1_000_000 ? yield* startup(program, flatOut.directory, 3) : null
      const giant = events >= 100_000 ? yield* Effect.scoped(giantThreadRatio(join(directory, "giant"), load)) : null
      const { digests, engine, raw, rawEvents } = flatOut
      return {
        events: flatOut.events,
        warmUpEvents: flatOut.warmUp,
        eventsPerSecond: rounded(1e6 / engine.micros, 0),
        ratio: rounded(raw.micros / engine.micros, 3),
        ratioEventsOnly: rounded(rawEvents.micros / engine.micros, 3),
        cpuMicrosPerEvent: rounded(engine.cpuMicros, 1),
        rawCpuMicrosPerEvent: rounded(raw.cpuMicros, 1),
        cpuRatio: rounded(engine.cpuMicros / raw.cpuMicros, 2),
        digestCpuShare: rounded(digests.cpuMicros / engine.cpuMicros, 3),
        digestTimeShare: rounded(digests.micros / engine.micros, 3),
        ackP50Ms: rounded(ack.p50, 2),
        ackP99Ms: rounded(ack.p99, 2),
        stalledAckP50Ms: rounded(stalled.p50, 2),
        stalledAckP99Ms: rounded(stalled.p99, 2),
        startMs10k: rounded(startMs10k, 0),
        startMs1M: startMs1M === null ? null : rounded(startMs1M, 0),
        giantThreadRatio: giant === null ? null : rounded(giant, 2),
        rssMb: rounded(process.memoryUsage().rss / 2 ** 20, 0),
        bytesPerEvent: rounded(flatOut.bytesPerEvent, 0),
        synchronous: flatOut.synchronous,
      }
    }),
  )
