/**
 * `threadfold bench http`: calls of our server beside a bare one that runs the same statements and sends the same bytes, in turns
 * in one run. Each is a process of its own; what counts is the CPU time of that process, which a busy machine hardly changes.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { serialize } from "node:v8"
import { databaseFile } from "@threadfold/event-log"
import { Effect, Schema, type Scope } from "effect"
import { type BenchError, BenchFailed } from "../BenchError.js"
import { startProgram } from "../live/Program.js"
import { fill, openDatabase } from "../throughput/engineOn.js"
import { textsOf } from "../Workload.js"
import { workplace } from "../workplace.js"
import { planReads, type ReadCase } from "./cases.js"
import type { Plan } from "./Plan.js"
import { type Adapter, capturePushes, makeAdapters, openingOf, pushOf } from "./pushes.js"
import { type Call, type Load, makeTarget, type Target } from "./Target.js"

/** How the benchmark of HTTP runs. */
export interface BenchHttpOptions {
  /** Calls that are measured of each case, of each server. */
  readonly calls: number
  /** A recording to take texts from. */
  readonly recording: string
  /** Path of the built `threadfold.js`. */
  readonly program: string
  /** Path of the built server to compare with. */
  readonly bareHttpServer: string
}

/** Ours and the bare server's. */
export interface HttpFigures {
  /** CPU time of the process per call, µs. */
  readonly cpuMicros: number
  readonly bareCpuMicros: number
  /** The one as a multiple of the other: what to compare across machines. */
  readonly cpuRatio: number
  readonly perSecond: number
  readonly barePerSecond: number
}

/** The cases that push, by how many adapters at a time. */
type PushCase = "pushBy1" | "pushBy20"

/** The figures of each case, and how many calls and callers made them. */
export type BenchHttpReport = { readonly calls: number; readonly callers: number } & {
  readonly [C in ReadCase | PushCase]: HttpFigures
}

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

/** Callers at a time of the cases that read. */
const CALLERS = 16

/** Turns that the two servers take. */
const ROUNDS = 5

/** Our server takes 2,000 calls a second in the long run: what is measured must not be its refusals. */
const CALLS_PER_MS = 1.5

/** The log that is read. */
const load = { threads: 60, eventsPerThread: 600, burst: 12 }

const failed = (error: unknown) => new BenchFailed({ message: `The benchmark failed: ${error}.` })

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, BenchFailed> =>
  Effect.tryPromise({ try: body, catch: failed })

/** Calls in pieces of a case; then waits until the server's allowance is what it was before. */
const paced = (target: Target, calls: readonly Call[], callers: number): Effect.Effect<Load, BenchFailed> =>
  Effect.tap(
    attempt(() => target.load(calls, callers)),
    ({ ms }) => Effect.sleep(Math.max(0, calls.length / CALLS_PER_MS - ms)),
  )

const sum = (loads: readonly Load[]): Load => ({
  calls: loads.reduce((all, { calls }) => all + calls, 0),
  ms: loads.reduce((all, { ms }) => all + ms, 0),
  cpuMicros: loads.reduce((all, { cpuMicros }) => all + cpuMicros, 0),
})

const figuresOf = (ours: Load, bare: Load): HttpFigures => {
  const cpuMicros = ours.cpuMicros / ours.calls
  const bareCpuMicros = bare.cpuMicros / bare.calls
  return {
    cpuMicros: Math.round(cpuMicros),
    bareCpuMicros: Math.round(bareCpuMicros),
    cpuRatio: Number((cpuMicros / bareCpuMicros).toFixed(2)),
    perSecond: Math.round((ours.calls / ours.ms) * 1_000),
    barePerSecond: Math.round((bare.calls / bare.ms) * 1_000),
  }
}

/** The two servers. */
interface Both {
  readonly ours: Target
  readonly bare: Target
}

/** Both servers in turns, after a warm-up as long as what is measured. */
const measured = (
  { bare, ours }: Both,
  calls: number,
  callers: number,
  next: (count: number) => readonly Call[],
): Effect.Effect<HttpFigures, BenchFailed> =>
  Effect.gen(function* () {
    yield* paced(ours, next(calls), callers)
    yield* paced(bare, next(calls), callers)
    const loads = { ours: [] as Load[], bare: [] as Load[] }
    for (let round = 0; round < ROUNDS; round++) {
      const some = next(Math.ceil(calls / ROUNDS))
      loads.ours.push(yield* paced(ours, some, callers))
      loads.bare.push(yield* paced(bare, some, callers))
    }
    return figuresOf(sum(loads.ours), sum(loads.bare))
  })

/** Calls of a list again and again, where the last ones ended. */
const again = (calls: readonly Call[]) => {
  let made = 0
  return (count: number): readonly Call[] =>
    Array.from({ length: count }, () => calls[made++ % calls.length]).flatMap((call) => call ?? [])
}

/** The end of the work that a server finds when it starts: its log does not grow any more. */
const settled = (ours: Target): Effect.Effect<void, BenchFailed> =>
  Effect.gen(function* () {
    const body = Effect.map(
      attempt(() => ours.call({ method: "GET", path: "/readyz" })),
      ({ body }) => body,
    )
    let before = ""
    for (let now = yield* body; now !== before; now = yield* body) {
      before = now
      yield* Effect.sleep(1_000)
    }
  })

const startServers = (options: BenchHttpOptions, texts: readonly string[], adapters: readonly Adapter[]) =>
  Effect.gen(function* () {
    const directory = yield* workplace
    const place = (name: string): string => {
      const path = join(directory, name)
      mkdirSync(path)
      return path
    }
    const { bareHttpServer, calls, program, recording } = options
    const data = place("data")
    const { burst, eventsPerThread, threads } = load
    yield* fill(data, { threads, burst, events: threads * eventsPerThread, startAt: 1_700_000_000_000, recording })
    const started = yield* startProgram(
      [program, "serve", "--desktop", "--data-dir", data],
      join(directory, "server.log"),
    )
    const { token, url } = yield* Effect.orDie(Schema.decode(Ready)(started))
    const authorization = { authorization: `Bearer ${token}` }
    const ours = yield* makeTarget(url, authorization)
    yield* settled(ours)
    const { calls: readCalls, reads } = yield* planReads(databaseFile(data), ours)
    for (const adapter of adapters) yield* attempt(() => ours.call(openingOf(adapter)))
    const [first] = makeAdapters(1)
    if (first === undefined) return yield* failed("there is no adapter")
    yield* attempt(() => ours.call(openingOf(first)))
    const pushed = yield* attempt(() => ours.call(pushOf(first, texts)))
    const bareData = place("bare")
    yield* Effect.scoped(openDatabase(bareData))
    // Both cases with their warm-ups.
    const writes = yield* capturePushes(place("captured"), 5 * calls, makeAdapters(adapters.length), texts)
    const plan: Plan = { readFrom: databaseFile(data), writeTo: databaseFile(bareData), reads, writes, pushed }
    const planFile = join(directory, "plan")
    writeFileSync(planFile, serialize(plan))
    const port = yield* startProgram([bareHttpServer, planFile], join(directory, "bare.log"))
    const both: Both = { ours, bare: yield* makeTarget(`http://127.0.0.1:${port}`, authorization) }
    return { both, readCalls }
  })

const run = (options: BenchHttpOptions): Effect.Effect<BenchHttpReport, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const { calls } = options
    const texts = textsOf(options.recording)
    const adapters = makeAdapters(20)
    const { both, readCalls } = yield* startServers(options, texts, adapters)
    const reading = (name: ReadCase) => measured(both, calls, CALLERS, again(readCalls[name]))
    const pushing = (by: readonly Adapter[]) => {
      let made = 0
      return measured(both, calls, by.length, (count) =>
        Array.from({ length: count }, () => by[made++ % by.length]).flatMap((adapter) =>
          adapter === undefined ? [] : [pushOf(adapter, texts)],
        ),
      )
    }
    const figures = yield* Effect.all({
      livez: reading("livez"),
      threads: reading("threads"),
      threadChanged: reading("threadChanged"),
      threadUnchanged: reading("threadUnchanged"),
      threadNotModified: reading("threadNotModified"),
      turns: reading("turns"),
      items: reading("items"),
      events: reading("events"),
      pushBy1: pushing(adapters.slice(0, 1)),
      pushBy20: pushing(adapters),
    })
    return { calls, callers: CALLERS, ...figures }
  })

/** Runs the benchmark. */
export const benchHttp = (options: BenchHttpOptions): Effect.Effect<BenchHttpReport, BenchError> =>
  Effect.scoped(run(options))
