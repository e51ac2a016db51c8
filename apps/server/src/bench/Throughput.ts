/**
 * Flat out: what the engine commits, with full fold and all projections, beside the bare loop that writes the same rows.
 * They go through the load in lockstep, a chunk at a time, so that whatever else the machine does hits them alike.
 */
import { statSync } from "node:fs"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Problem } from "@threadfold/contracts"
import { CommitLoop, databaseGroups, makeSqliteWriter, type Outcome, type Submission } from "@threadfold/engine"
import { openSqlite, sqliteDriver } from "@threadfold/event-log"
import { Clock, Effect, type Scope } from "effect"
import { Capture, replay } from "./RawLoop.js"
import { submissions, type WorkloadOptions } from "./Workload.js"

export interface Throughput {
  /** Events that the engine committed per second. */
  readonly eventsPerSecond: number
  /** The engine's share of a bare loop that writes all the same rows in the same transactions. */
  readonly ratio: number
  /** The engine's share of a bare loop that writes the event rows only. */
  readonly ratioEventsOnly: number
  /** CPU time of the engine per event, µs, collecting garbage included. */
  readonly cpuMicros: number
  /** That of the bare loop that writes all the same rows. */
  readonly rawCpuMicros: number
  /** Bytes of the database per event, native bodies included. */
  readonly bytesPerEvent: number
  /** `PRAGMA synchronous` of the writer, in words. */
  readonly synchronous: string
}

/** Events that go through the engine before its peers take the same ones. */
const CHUNK = 8192

const synchronousWords = ["OFF", "NORMAL", "FULL", "EXTRA"]

/** CPU time that this process has taken, µs. */
const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return system + user
}

const timesOf = (nowMs: () => number) => () => ({ ms: nowMs(), cpuMicros: cpuMicros() })

/** Cuts a load into chunks without holding more than one. */
function* chunksOf(load: Iterable<Submission>): Generator<readonly Submission[]> {
  let chunk: Submission[] = []
  let events = 0
  for (const submission of load) {
    chunk.push(submission)
    events += submission.members.length
    if (events < CHUNK) continue
    yield chunk
    chunk = []
    events = 0
  }
  if (chunk.length > 0) yield chunk
}

/** Queues a chunk and waits until every submission of it is acknowledged. */
const commitAll = (loop: CommitLoop, chunk: readonly Submission[]): Effect.Effect<void> =>
  Effect.async((resume) => {
    let open = chunk.length
    const acknowledge = (_outcome: Outcome): void => {
      open -= 1
      if (open === 0) resume(Effect.void)
    }
    for (const submission of chunk) loop.offer(submission, acknowledge)
  })

/**
 * Collects garbage now, so that nobody pays for what the load or the capture left behind. The flag only gives the
 * function a name; it changes nothing about how V8 works.
 */
const collector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  return typeof collect === "function" ? () => void collect() : () => undefined
}

/** Measures it on databases of its own below `directory`. */
export const throughput = (
  directory: string,
  workload: WorkloadOptions,
): Effect.Effect<Throughput, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const wall = { clock: () => clock.unsafeCurrentTimeMillis() }
    const open = (name: string) =>
      openSqlite({ file: join(directory, name, "threadfold.db"), migrations: databaseGroups })

    const engineDatabase = yield* open("engine")
    const writer = makeSqliteWriter(engineDatabase, wall)
    const loop = new CommitLoop({ process: (batch) => writer.process(batch), defer: setImmediate })

    const capturedDatabase = yield* open("captured")
    const capture = new Capture()
    const watched = capture.on(capturedDatabase.handle)
    const shadow = makeSqliteWriter({ driver: sqliteDriver(watched), handle: watched }, wall)
    const shadowLoop = new CommitLoop({ process: (batch) => shadow.process(batch), defer: setImmediate })

    const raw = (yield* open("raw")).handle
    const rawEvents = (yield* open("raw-events")).handle

    const collect = collector()
    let engineMs = 0
    let engineCpu = 0
    let rawCpu = 0
    let rawMs = 0
    let rawEventsMs = 0
    for (const chunk of chunksOf(submissions(workload))) {
      collect()
      const from = nowMs()
      const cpuFrom = cpuMicros()
      yield* commitAll(loop, chunk)
      engineCpu += cpuMicros() - cpuFrom
      engineMs += nowMs() - from
      yield* commitAll(shadowLoop, chunk)
      const written = capture.take()
      collect()
      const bare = replay(raw, written, timesOf(nowMs))
      rawMs += bare.ms
      rawCpu += bare.cpuMicros
      rawEventsMs += replay(rawEvents, written, timesOf(nowMs), (sql) => /INSERT INTO events\b/.test(sql)).ms
    }
    const synchronous = Number(engineDatabase.handle.pragma("synchronous", { simple: true }))
    engineDatabase.handle.pragma("wal_checkpoint(TRUNCATE)")
    return {
      eventsPerSecond: Math.round((workload.events / engineMs) * 1000),
      ratio: rawMs / engineMs,
      ratioEventsOnly: rawEventsMs / engineMs,
      cpuMicros: engineCpu / workload.events,
      rawCpuMicros: rawCpu / workload.events,
      bytesPerEvent: statSync(engineDatabase.file).size / workload.events,
      synchronous: synchronousWords[synchronous] ?? String(synchronous),
    }
  })
