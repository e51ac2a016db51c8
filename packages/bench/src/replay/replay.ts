/**
 * `threadfold bench replay`: what `verify`, `rebuild` and `bisect` cost, beside a bare loop that reads the same events in the same run.
 * Half of the log is one long thread, the rest is many short ones, or all of it is one thread. Each is measured in a process of its own.
 * CPU time is told, too: a busy machine cannot falsify it.
 */
import { fork } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { mintId } from "@threadfold/core"
import { databaseGroups, makeSqliteWriter, type Submission, sha256 } from "@threadfold/engine"
import { openSqlite } from "@threadfold/event-log"
import { Clock, Effect } from "effect"
import { type BenchError, BenchFailed } from "../BenchError.js"
import { submissions } from "../Workload.js"
import { workplace } from "../workplace.js"

export interface BenchReplayOptions {
  /** Events of the log: half of them are one thread, the others `threads` more. */
  readonly events: number
  /** Threads beside the long one; 0: all events are one thread. */
  readonly threads: number
  /** A recording whose texts the load is made of. */
  readonly recording: string
}

/** A piece of work over the log, for a process of its own. */
export interface ReplayWork {
  readonly work: "read" | "verify" | "rebuild" | "bisect"
  /** Database. */
  readonly file: string
  /** The thread that it is about; null: all. */
  readonly threadId: string | null
  /** Events that it goes through. */
  readonly events: number
}

/** What a piece of work took. */
export interface WorkTaken {
  readonly ms: number
  readonly cpuMs: number
  /** Longest time without a sign of progress. */
  readonly longestSilenceMs: number
  /** Largest resident memory of its process, as the system has it. */
  readonly peakRssMb: number
}

/** One piece of work over the log. */
export interface ReplayFigures extends WorkTaken {
  /** As a multiple of the bare loop over the same events. */
  readonly ratio: number
  readonly cpuRatio: number
}

type Loop = Pick<WorkTaken, "ms" | "cpuMs" | "peakRssMb">

export interface BenchReplayReport {
  readonly events: number
  readonly threads: number
  /** Reads every row of the events, once in all streams and once in the long thread. */
  readonly rawLoop: Loop
  readonly rawLoopOfLongThread: Loop
  /** Digests of the log, and every row against a fold. */
  readonly verify: ReplayFigures
  /** All rows made anew. */
  readonly rebuild: ReplayFigures
  /** The long thread, with an expression that reads the status of its turns and is never true. */
  readonly bisect: ReplayFigures
}

/** Submissions that are committed together while the log is made. */
const COMMIT_AT = 16

const program = fileURLToPath(new URL("./replayWork.js", import.meta.url))

const failed = (detail: string) => new BenchFailed({ message: `The replay of the log failed: ${detail}.` })

/** Does a piece of work in a process, which ends with it. */
const taken = (work: ReplayWork): Effect.Effect<WorkTaken, BenchError> =>
  Effect.async((resume) => {
    let answer: WorkTaken | null = null
    const child = fork(program, [JSON.stringify(work)], { execArgv: [] })
      .once("message", (message: WorkTaken) => {
        answer = message
      })
      .once("error", (error) => resume(Effect.fail(failed(error.message))))
      .once("exit", () =>
        resume(answer === null ? Effect.fail(failed(`its process for ${work.work} ended`)) : Effect.succeed(answer)),
      )
    return Effect.sync(() => void child.kill())
  })

const multiple = (value: number, of: number): number => Number((value / of).toFixed(2))

const beside = (work: WorkTaken, raw: WorkTaken): ReplayFigures => ({
  ...work,
  ratio: multiple(work.ms, raw.ms),
  cpuRatio: multiple(work.cpuMs, raw.cpuMs),
})

const loop = ({ cpuMs, ms, peakRssMb }: WorkTaken): Loop => ({ ms, cpuMs, peakRssMb })

/** Runs the benchmark. */
export const benchReplay = ({
  events,
  recording,
  threads,
}: BenchReplayOptions): Effect.Effect<BenchReplayReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = join(yield* workplace, "threadfold.db")
      const clock = yield* Clock.clockWith(Effect.succeed)
      const startAt = clock.unsafeCurrentTimeMillis()
      const long = threads === 0 ? events : Math.ceil(events / 2)
      const written = Effect.map(openSqlite({ file, migrations: databaseGroups }), (database) => {
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
        fill(submissions({ events: long, threads: 1, burst: 64, startAt, recording }))
        if (events === long) return
        fill(submissions({ events: events - long, threads, burst: 64, startAt: startAt + 1, recording }))
      })
      yield* Effect.scoped(written)
      const threadId = mintId(sha256, startAt, `bench thread bench-${startAt}-0`)
      const all = { file, threadId: null, events }
      const ofLong = { file, threadId, events: long }
      const raw = yield* taken({ ...all, work: "read" })
      const rawLong = yield* taken({ ...ofLong, work: "read" })
      return {
        events,
        threads: threads + 1,
        rawLoop: loop(raw),
        rawLoopOfLongThread: loop(rawLong),
        verify: beside(yield* taken({ ...all, work: "verify" }), raw),
        bisect: beside(yield* taken({ ...ofLong, work: "bisect" }), rawLong),
        rebuild: beside(yield* taken({ ...all, work: "rebuild" }), raw),
      }
    }),
  )
