/**
 * `threadfold bench moments`: what a look at a thread as it was costs, at places all over a long thread, with checkpoints and without
 * them, beside a bare loop that reads the same events. A thread that streams text and one of short steps, each at its whole length and
 * at a tenth of it: a look must not cost more in the longer one. By the clock, and in CPU time, which a busy machine cannot falsify.
 */
import { statSync } from "node:fs"
import { join } from "node:path"
import { fold, mintId } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { databaseGroups, eventSourceOf, makeSqliteWriter, type Submission, sha256 } from "@threadfold/engine"
import { type LogDriver, openSqlite } from "@threadfold/event-log"
import { type Look, Moments, momentNow, refold } from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { Clock, Effect, type Scope } from "effect"
import { type BenchError, BenchFailed } from "./BenchError.js"
import { median, percentile } from "./Latency.js"
import { type ThreadOfSteps, threadOfSteps } from "./threadOfSteps.js"
import { submissions } from "./Workload.js"
import { workplace } from "./workplace.js"

export interface BenchMomentsOptions {
  /** Events of the longer thread. */
  readonly events: number
  /** A recording whose texts the load is made of. */
  readonly recording: string
}

/** Times of one kind of look, ms. */
export interface LookTimes {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuP50Ms: number
  readonly cpuP99Ms: number
}

/** One thread. */
export interface MomentFigures {
  readonly events: number
  /** A bare loop that reads all rows of the thread's events. */
  readonly rawLoopMs: number
  readonly rawLoopCpuMs: number
  /** The first look at the end of the thread, which makes all checkpoints. */
  readonly firstLookMs: number
  readonly firstLookCpuMs: number
  /** The first look after a restart, which checks the hashes of the file. */
  readonly checkedLookMs: number
  /** The header and the newest fifty of each list, as JSON: with checkpoints, and by a fold from the first event. */
  readonly withCheckpoints: LookTimes
  readonly without: LookTimes
  /** Size of the file, and of the file beside an event. */
  readonly checkpointBytes: number
  readonly checkpointBytesPerEvent: number
}

export interface BenchMomentsReport {
  /** A thread in which nine events of ten are pieces of text, and one of short steps; each whole, and a tenth of it. */
  readonly streamed: { readonly whole: MomentFigures; readonly tenth: MomentFigures; readonly cpuGrowth: number }
  readonly steps: { readonly whole: MomentFigures; readonly tenth: MomentFigures; readonly cpuGrowth: number }
}

/** Looks that are measured, and those that come before: the code is compiled by then. */
const LOOKS = 500
const WARM_UP = 100
/** Looks without checkpoints: each folds half of the thread. */
const FOLDS = 12
const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))

interface Timed {
  readonly ms: number
  readonly cpuMs: number
}

const timesOf = (looks: readonly Timed[]): LookTimes => {
  const clock = looks.map(({ ms }) => ms)
  const cpu = looks.map(({ cpuMs }) => cpuMs)
  return {
    p50Ms: rounded(median(clock)),
    p99Ms: rounded(percentile(clock, 0.99)),
    cpuP50Ms: rounded(median(cpu)),
    cpuP99Ms: rounded(percentile(cpu, 0.99)),
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** The only moment of a look that has to find one. */
const found = (look: Look): Extract<Look, { readonly kind: "found" }>["moment"] => {
  if (look.kind !== "found") throw new Error(`the thread is ${look.kind}`)
  return look.moment
}

interface Opened {
  readonly driver: LogDriver
  readonly handle: Sqlite.Database
}

const measure = (
  { driver, handle }: Opened,
  directory: string,
  threadId: string,
  timed: (run: () => void) => Timed,
): MomentFigures => {
  const source = eventSourceOf(driver)
  const events = driver.streamVersion(threadId)
  const head = driver.head()
  /** Places all over the thread, in an order in which no two that follow each other are near. */
  const placeOf = (look: number): number => 1 + ((look * 104_729) % head)

  const raw = handle.prepare<[string]>("SELECT * FROM events WHERE stream_id = ? ORDER BY stream_version")
  const readAll = (): void => {
    for (const _ of raw.iterate(threadId));
  }
  readAll()
  const loop = timed(readAll)

  const open = () => new Moments({ logId: driver.logId, source, directory, clock: () => 0 })
  const building = open()
  const first = timed(() => void found(momentNow(building, threadId, head)))
  building.close()
  const moments = open()
  const checked = timed(() => void found(momentNow(moments, threadId, head)))
  const look = (place: number): void => {
    const { queries } = found(momentNow(moments, threadId, place))
    JSON.stringify(Effect.runSync(queries.threadSnapshot(threadId, {})))
  }
  for (let at = 0; at < WARM_UP; at++) look(placeOf(at))
  const looks = Array.from({ length: LOOKS }, (_, at) => timed(() => look(placeOf(WARM_UP + at))))
  moments.close()

  const folds = Array.from({ length: FOLDS }, (_, at) => {
    const place = placeOf(at)
    return timed(() => {
      const store = new MapStore()
      refold(
        source,
        store,
        fold,
        threadId,
        driver.read({ streamId: threadId, until: place, order: "desc", limit: 1 })[0]?.streamVersion ?? 1,
      )
      JSON.stringify(snapshotOf(store.rowsOf(threadId), place))
    })
  })
  const bytes = sizeOf(join(directory, `${threadId}.checkpoints`))
  return {
    events,
    rawLoopMs: rounded(loop.ms),
    rawLoopCpuMs: rounded(loop.cpuMs),
    firstLookMs: rounded(first.ms, 0),
    firstLookCpuMs: rounded(first.cpuMs, 0),
    checkedLookMs: rounded(checked.ms),
    withCheckpoints: timesOf(looks),
    without: timesOf(folds),
    checkpointBytes: bytes,
    checkpointBytesPerEvent: rounded(bytes / events, 0),
  }
}

/** A database with one thread, and its figures. */
const thread = (
  directory: string,
  load: Iterable<Submission>,
  threadId: string,
): Effect.Effect<MomentFigures, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const database = yield* openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups })
    const writer = makeSqliteWriter(database, { clock: () => clock.unsafeCurrentTimeMillis() })
    let batch: Submission[] = []
    const write = (): void => {
      for (const outcome of writer.process(batch)) if (!outcome.ok) throw outcome.error
      batch = []
    }
    for (const submission of load) {
      batch.push(submission)
      if (batch.length === 16) write()
    }
    write()
    const timed = (run: () => void): Timed => {
      const before = process.cpuUsage()
      const from = nowMs()
      run()
      const ms = nowMs() - from
      const { system, user } = process.cpuUsage(before)
      return { ms, cpuMs: (system + user) / 1_000 }
    }
    return yield* Effect.try({
      try: () => measure(database, join(directory, "checkpoints"), threadId, timed),
      catch: (error) => new BenchFailed({ message: `A look at the thread failed: ${String(error)}.` }),
    })
  })

/** Runs the whole benchmark; under a minute with 50,000 events. */
export const benchMoments = ({
  events,
  recording,
}: BenchMomentsOptions): Effect.Effect<BenchMomentsReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* workplace
      const startAt = yield* Clock.currentTimeMillis
      const both = (name: string, load: (events: number) => ThreadOfSteps) =>
        Effect.gen(function* () {
          const of = (part: string, count: number) => {
            const { submissions, threadId } = load(count)
            return Effect.scoped(thread(join(directory, `${name}-${part}`), submissions, threadId))
          }
          const tenth = yield* of("tenth", Math.ceil(events / 10))
          const whole = yield* of("whole", events)
          const cpuGrowth = rounded(whole.withCheckpoints.cpuP50Ms / tenth.withCheckpoints.cpuP50Ms)
          return { whole, tenth, cpuGrowth }
        })
      const streamed = yield* both("streamed", (count) => ({
        threadId: mintId(sha256, startAt, `bench thread bench-${startAt}-0`),
        submissions: submissions({ events: count, threads: 1, burst: 64, startAt, recording }),
      }))
      const steps = yield* both("steps", (count) => threadOfSteps(count, startAt))
      return { streamed, steps }
    }),
  )
