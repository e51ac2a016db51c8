/**
 * `threadfold bench replay`: what `verify`, `rebuild` and `bisect` cost, beside a bare loop that reads the same events in the same run.
 * Half of the log is one long thread, the rest is many short ones. CPU time is told, too: a busy machine cannot falsify it.
 */
import { join } from "node:path"
import { mintId } from "@threadfold/core"
import { bisect, type Predicate, walkRows } from "@threadfold/core/model"
import { databaseGroups, eventSourceOf, makeSqliteWriter, type Submission, sha256 } from "@threadfold/engine"
import { openSqlite, verifyDigests } from "@threadfold/event-log"
import { eventsOf, rebuild, SqlStore, verify } from "@threadfold/projections"
import { Clock, Effect } from "effect"
import { type BenchError, BenchFailed } from "./BenchError.js"
import { submissions } from "./Workload.js"
import { workplace } from "./workplace.js"

export interface BenchReplayOptions {
  /** Events of the log: half of them are one thread, the others `threads` more. */
  readonly events: number
  readonly threads: number
  /** A recording whose texts the load is made of. */
  readonly recording: string
}

/** One piece of work over the log. */
export interface ReplayFigures {
  readonly ms: number
  readonly cpuMs: number
  /** As a multiple of the bare loop over the same events. */
  readonly ratio: number
  readonly cpuRatio: number
  /** Longest time without a sign of progress. */
  readonly longestSilenceMs: number
  /** Largest resident memory that was seen at a sign of progress, of the whole process. */
  readonly peakRssMb: number
}

export interface BenchReplayReport {
  readonly events: number
  readonly threads: number
  /** Reads every row of the events, once in all streams and once in the long thread. */
  readonly rawLoop: { readonly ms: number; readonly cpuMs: number }
  readonly rawLoopOfLongThread: { readonly ms: number; readonly cpuMs: number }
  /** Digests of the log, and every row against a fold. */
  readonly verify: ReplayFigures
  /** All rows made anew. */
  readonly rebuild: ReplayFigures
  /** The long thread, with an expression that reads the status of its turns and is never true. */
  readonly bisect: ReplayFigures
}

/** Submissions that are committed together while the log is made. */
const COMMIT_AT = 16

/** Looks at what it reads, as an expression of a caller would, and is never true. */
const never: Predicate = {
  reads: { names: new Set(["turns"]), fields: new Set(["status"]) },
  test: (document) => ({ holds: document.value("turns") === "no list" }),
}

const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits))

/** Runs the benchmark. */
export const benchReplay = ({
  events,
  recording,
  threads,
}: BenchReplayOptions): Effect.Effect<BenchReplayReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* workplace
      const clock = yield* Clock.clockWith(Effect.succeed)
      const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
      const startAt = clock.unsafeCurrentTimeMillis()
      const database = yield* openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups })
      const { driver, handle } = database
      const writer = makeSqliteWriter(database, { clock: () => clock.unsafeCurrentTimeMillis() })
      const fill = (load: Iterable<Submission>): void => {
        let batch: Submission[] = []
        const write = (): void => {
          for (const outcome of writer.process(batch)) if (!outcome.ok) throw outcome.error
          batch = []
        }
        for (const submission of load) if (batch.push(submission) === COMMIT_AT) write()
        write()
      }
      const long = Math.ceil(events / 2)
      const longThread = mintId(sha256, startAt, `bench thread bench-${startAt}-0`)

      const timed = (run: (progress: () => void) => void) => {
        const before = process.cpuUsage()
        const from = nowMs()
        let last = from
        let longestSilenceMs = 0
        let peak = process.memoryUsage.rss()
        const progress = (): void => {
          const now = nowMs()
          longestSilenceMs = Math.max(longestSilenceMs, now - last)
          last = now
          peak = Math.max(peak, process.memoryUsage.rss())
        }
        run(progress)
        progress()
        const { system, user } = process.cpuUsage(before)
        const ms = rounded(last - from)
        return {
          ms,
          cpuMs: rounded((system + user) / 1_000),
          longestSilenceMs: rounded(longestSilenceMs),
          peakRssMb: rounded(peak / 1_048_576),
        }
      }
      type Timed = ReturnType<typeof timed>
      const beside = (work: Timed, raw: Timed): ReplayFigures => ({
        ...work,
        ratio: rounded(work.ms / raw.ms, 2),
        cpuRatio: rounded(work.cpuMs / raw.cpuMs, 2),
      })

      return yield* Effect.try({
        try: (): BenchReplayReport => {
          fill(submissions({ events: long, threads: 1, burst: 64, startAt, recording }))
          fill(submissions({ events: events - long, threads, burst: 64, startAt: startAt + 1, recording }))
          const ofThread = handle.prepare<[string]>("SELECT * FROM events WHERE stream_id = ? ORDER BY stream_version")
          const ofAll = handle.prepare("SELECT * FROM events ORDER BY stream_id, stream_version")
          const readAll = (): void => {
            for (const _ of ofAll.iterate());
          }
          const readLong = (): void => {
            for (const _ of ofThread.iterate(longThread));
          }
          // Once before it counts: the file is in memory then for all of them.
          readAll()
          const raw = timed(readAll)
          const rawLong = timed(readLong)
          const source = eventSourceOf(driver)
          const store = new SqlStore(handle)
          const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
          const verified = timed((onProgress) => {
            const log = verifyDigests(handle, { bytes: false, streamId: null, readTransaction, onProgress })
            const rows = verify({ source, store, readTransaction, streamId: null, onProgress })
            if (!log.ok || !rows.ok) throw new Error("the log that was just written does not verify")
          })
          const bisected = timed((progress) => {
            const steps = () => walkRows(longThread, eventsOf(source, longThread, progress))
            const { events: walked } = bisect(longThread, steps, never, { from: 1, to: driver.head(), monotone: false })
            if (walked < long) throw new Error(`bisect went through ${walked} events of ${long}`)
          })
          const rebuilt = timed((onProgress) => {
            const report = rebuild({ source, store, onProgress })
            if (report.events < events) throw new Error(`rebuild folded ${report.events} events of ${events}`)
          })
          return {
            events,
            threads: threads + 1,
            rawLoop: { ms: raw.ms, cpuMs: raw.cpuMs },
            rawLoopOfLongThread: { ms: rawLong.ms, cpuMs: rawLong.cpuMs },
            verify: beside(verified, raw),
            rebuild: beside(rebuilt, raw),
            bisect: beside(bisected, rawLong),
          }
        },
        catch: (error) => new BenchFailed({ message: `The replay of the log failed: ${String(error)}.` }),
      })
    }),
  )
