/**
 * `threadfold bench rebuild`: reads and pushes over HTTP while a rebuild runs beside them, and while none does, in turns in one run.
 * The calls come at their times, whether or not those before have their answers. CPU time is that of the threads that serve.
 */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { databaseFile } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, Fiber, Schema, type Scope } from "effect"
import { attempt, type BenchError, type BenchFailed } from "./BenchError.js"
import { makeAdapters, openingOf, pushOf } from "./http/pushes.js"
import { type Call, makeTarget, type Target } from "./http/Target.js"
import { percentile } from "./Latency.js"
import { callInTurns } from "./live/Caller.js"
import { startProgram } from "./live/Program.js"
import { servingMicros } from "./live/threadTime.js"
import { fill } from "./throughput/engineOn.js"
import { textsOf } from "./Workload.js"
import { workplace } from "./workplace.js"

export interface BenchRebuildOptions {
  /** Events of the log that is rebuilt. */
  readonly events: number
  /** Calls per second, half of them pushes. */
  readonly perSecond: number
  /** Length of each stretch, s. */
  readonly seconds: number
  /** Stretches of each kind. */
  readonly rounds: number
  readonly recording: string
  /** Path of the built `threadfold.js`. */
  readonly program: string
}

/** `alone`: no rebuild; `rebuilding`: one that finds every row right; `mending`: one that finds the rows of the turns wrong. */
type Kind = "alone" | "rebuilding" | "mending"
const kinds = ["alone", "rebuilding", "mending"] as const

type OfKinds<A> = { readonly [K in Kind]: A }

/** From when a call was due to the end of its answer, ms. */
export interface WaitFigures {
  readonly p50Ms: OfKinds<number>
  readonly p99Ms: OfKinds<number>
  /** p99 as a multiple of that alone. */
  readonly p99Ratio: { readonly rebuilding: number; readonly mending: number }
}

export interface BenchRebuildReport {
  readonly events: number
  readonly callsPerSecond: number
  /** Calls that were measured of each kind. */
  readonly calls: OfKinds<number>
  /** Rebuilds that came to their end. */
  readonly rebuilds: OfKinds<number>
  readonly reads: WaitFigures
  readonly pushes: WaitFigures
  /** CPU time per call of the threads that serve, µs, without the thread that rebuilds; null where the system does not tell. */
  readonly cpuMicrosPerCall: OfKinds<number> | null
}

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String, pid: Schema.Number }))
const View = Schema.parseJson(Schema.Struct({ state: Schema.String }))

const job = "/v1/projections/rebuild"
/** How often the state of a rebuild is asked for, ms: each time is a call of its own. */
const ASK_MS = 1_000
/** Callers that push, in turns. */
const ADAPTERS = 20

const stateOf = (target: Target): Effect.Effect<string, BenchFailed> =>
  Effect.flatMap(
    attempt(() => target.call({ method: "GET", path: job })),
    ({ body }) => Effect.orDie(Effect.map(Schema.decode(View)(body), ({ state }) => state)),
  )

/** Rebuilds again and again until it is interrupted; `ended` is called after each. */
const keepRebuilding = (target: Target, plant: () => void, ended: () => void): Effect.Effect<never, BenchFailed> =>
  Effect.gen(function* () {
    for (;;) {
      plant()
      const headers = { "content-type": "application/json" }
      yield* attempt(() => target.call({ method: "POST", path: job, headers, body: "{}" }))
      while ((yield* stateOf(target)) === "running") yield* Effect.sleep(ASK_MS)
      ended()
    }
  })

const untilIdle = (target: Target): Effect.Effect<void, BenchFailed> =>
  Effect.gen(function* () {
    while ((yield* stateOf(target)) === "running") yield* Effect.sleep(ASK_MS)
  })

/** What was measured of one kind. */
class Measured {
  readonly reads: number[] = []
  readonly pushes: number[] = []
  rebuilds = 0
  cpuMicros: number | null = 0

  get calls(): number {
    return this.reads.length + this.pushes.length
  }
}

const rounded = (value: number): number => Number(value.toFixed(2))

const ofKinds = <A>(by: OfKinds<Measured>, value: (one: Measured) => A): OfKinds<A> => ({
  alone: value(by.alone),
  rebuilding: value(by.rebuilding),
  mending: value(by.mending),
})

const waits = (by: OfKinds<Measured>, of: "reads" | "pushes"): WaitFigures => {
  const p99Ms = ofKinds(by, (one) => rounded(percentile(one[of], 0.99)))
  return {
    p50Ms: ofKinds(by, (one) => rounded(percentile(one[of], 0.5))),
    p99Ms,
    p99Ratio: { rebuilding: rounded(p99Ms.rebuilding / p99Ms.alone), mending: rounded(p99Ms.mending / p99Ms.alone) },
  }
}

/** A server on a filled log, and the file of the log. */
const startServer = ({ events, program, recording }: BenchRebuildOptions) =>
  Effect.gen(function* () {
    const directory = yield* workplace
    const data = join(directory, "data")
    mkdirSync(data)
    yield* fill(data, { threads: 60, burst: 12, events, startAt: 1_700_000_000_000, recording })
    const args = [program, "serve", "--desktop", "--access-log", "off", "--data-dir", data]
    const started = yield* startProgram(args, join(directory, "server.log"))
    const { pid, token, url } = yield* Effect.orDie(Schema.decode(Ready)(started))
    return { pid, target: yield* makeTarget(url, { authorization: `Bearer ${token}` }), file: databaseFile(data) }
  })

const ThreadIds = Schema.parseJson(Schema.Struct({ items: Schema.Array(Schema.Struct({ threadId: Schema.String })) }))

/** Calls that read, to be made in turns. */
const readsOf = (target: Target) =>
  Effect.gen(function* () {
    const { body } = yield* attempt(() => target.call({ method: "GET", path: "/v1/threads?limit=50" }))
    const { items } = yield* Effect.orDie(Schema.decode(ThreadIds)(body))
    return items.flatMap(({ threadId }, index): readonly Call[] => [
      { method: "GET", path: "/v1/threads" },
      { method: "GET", path: `/v1/threads/${threadId}?limit=${20 + (index % 30)}` },
      { method: "GET", path: `/v1/threads/${threadId}/items` },
      { method: "GET", path: `/v1/events?after=${index * 100}` },
    ])
  })

const run = (options: BenchRebuildOptions): Effect.Effect<BenchRebuildReport, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const { events, perSecond, rounds, seconds } = options
    const { file, pid, target } = yield* startServer(options)
    const texts = textsOf(options.recording)
    const adapters = makeAdapters(ADAPTERS)
    for (const adapter of adapters) yield* attempt(() => target.call(openingOf(adapter)))
    const reads = yield* readsOf(target)
    const by = { alone: new Measured(), rebuilding: new Measured(), mending: new Measured() }
    let now = by.alone
    const open = new Set<Promise<void>>()
    const timed = (call: () => Call | undefined, of: "reads" | "pushes") => async (): Promise<void> => {
      const [next, into, from] = [call(), now, performance.now()]
      if (next === undefined) return
      const answered = target.call(next).then(() => void into[of].push(performance.now() - from))
      open.add(answered)
      await answered.finally(() => open.delete(answered))
    }
    let [read, pushed] = [0, 0]
    const calls = [
      timed(() => reads[read++ % reads.length], "reads"),
      timed(() => {
        const adapter = adapters[pushed++ % adapters.length]
        return adapter === undefined ? undefined : pushOf(adapter, texts)
      }, "pushes"),
    ]
    // As a broken fold would have left them; SQLite lets another process write beside the owner.
    const writer = yield* Effect.acquireRelease(
      Effect.sync(() => new Sqlite(file)),
      (handle) => Effect.sync(() => handle.close()),
    )
    const plant = (): void => void writer.exec("UPDATE turns SET cause = 'planted' WHERE ended_at IS NOT NULL")

    const stretch = (kind: Kind, into: Measured) =>
      Effect.gen(function* () {
        now = into
        const ended = (): void => {
          into.rebuilds += 1
        }
        const rebuilding =
          kind === "alone" ? Effect.never : keepRebuilding(target, kind === "mending" ? plant : () => undefined, ended)
        const beside = yield* Effect.fork(rebuilding)
        const before = servingMicros(pid)
        const calling = Effect.timeoutTo(callInTurns(calls, 1_000 / perSecond), {
          duration: seconds * 1_000,
          onSuccess: () => undefined,
          onTimeout: () => undefined,
        })
        yield* Effect.raceFirst(calling, Fiber.join(beside))
        yield* attempt(() => Promise.all(open))
        const after = servingMicros(pid)
        into.cpuMicros =
          before === null || after === null || into.cpuMicros === null ? null : into.cpuMicros + after - before
        yield* Fiber.interrupt(beside)
        if (kind !== "alone") {
          yield* attempt(() => target.call({ method: "DELETE", path: job }))
          yield* untilIdle(target)
        }
      })

    // Once before it counts: the server is compiled then.
    for (const kind of kinds) yield* stretch(kind, new Measured())
    for (let round = 0; round < rounds; round++) for (const kind of kinds) yield* stretch(kind, by[kind])
    const cpu = ofKinds(by, ({ calls, cpuMicros }) => (cpuMicros === null ? null : Math.round(cpuMicros / calls)))
    const { alone, mending, rebuilding } = cpu
    return {
      events,
      callsPerSecond: perSecond,
      calls: ofKinds(by, ({ calls }) => calls),
      rebuilds: ofKinds(by, ({ rebuilds }) => rebuilds),
      reads: waits(by, "reads"),
      pushes: waits(by, "pushes"),
      cpuMicrosPerCall:
        alone === null || mending === null || rebuilding === null ? null : { alone, mending, rebuilding },
    }
  })

/** Runs the benchmark. */
export const benchRebuild = (options: BenchRebuildOptions): Effect.Effect<BenchRebuildReport, BenchError> =>
  Effect.scoped(run(options))
