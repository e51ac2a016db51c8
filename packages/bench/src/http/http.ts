/**
 * `threadfold bench http`: calls of our server beside a bare one that runs the same statements and sends the same bytes, in turns
 * in one run. Each is a process of its own; what counts is the CPU time of that process, which a busy machine hardly changes.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { serialize } from "node:v8"
import { databaseFile } from "@threadfold/event-log"
import { Chunk, Effect, Schema, type Scope } from "effect"
import { attempt, type BenchError, type BenchFailed, benchFailed } from "../BenchError.js"
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

/** CPU time per second of the two while nobody calls them, µs: what a second of calls took is less by it. */
export interface IdleFigures {
  readonly idleCpuMicros: number
  readonly bareIdleCpuMicros: number
}

/** The cases that push, by how many adapters at a time. */
type PushCase = "pushBy1" | "pushBy20"

/** Beside a bare server that writes on a thread of its own, as ours does: the rest of the difference is ours. */
export interface PushFigures extends HttpFigures {
  /** CPU time of that server's process per call, µs. */
  readonly threadedCpuMicros: number
  /** Its, as a multiple of the bare server's: what the thread costs. */
  readonly threadedCpuRatio: number
  /** Ours, as a multiple of its. */
  readonly cpuRatioToThreaded: number
}

/** The figures of each case, and how many calls and callers made them. */
export type BenchHttpReport = { readonly calls: number; readonly callers: number } & IdleFigures & {
    readonly [C in ReadCase]: HttpFigures
  } & { readonly [C in PushCase]: PushFigures }

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

/** Callers at a time of the cases that read. */
const CALLERS = 16

/** Turns that the two servers take. */
const ROUNDS = 5

/** Our server takes 2,000 calls a second in the long run: what is measured must not be its refusals. */
const CALLS_PER_MS = 1.5

/** The log that is read. */
const load = { threads: 60, eventsPerThread: 600, burst: 12 }

/** Calls in one piece: our server takes 4,000 at once. */
const PIECE = 2_000

const sum = (loads: readonly Load[]): Load => ({
  calls: loads.reduce((all, { calls }) => all + calls, 0),
  ms: loads.reduce((all, { ms }) => all + ms, 0),
  cpuMicros: loads.reduce((all, { cpuMicros }) => all + cpuMicros, 0),
})

/** Calls in pieces; after each it waits until the server's allowance is what it was before. */
const paced = (target: Target, calls: readonly Call[], callers: number): Effect.Effect<Load, BenchFailed> =>
  Effect.map(
    Effect.forEach(Chunk.chunksOf(Chunk.fromIterable(calls), PIECE), (piece) =>
      Effect.tap(
        attempt(() => target.load(Chunk.toReadonlyArray(piece), callers)),
        ({ ms }) => Effect.sleep(Math.max(0, piece.length / CALLS_PER_MS - ms)),
      ),
    ),
    sum,
  )

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

/** How long a server is left alone before it is watched, ms. */
const SETTLE_MS = 2_000

/** A server, and the CPU time that it takes while nobody calls it, µs per ms: on a busy machine a call takes long, and that adds up. */
interface Watched extends Target {
  readonly idleMicros: number
}

const watched = (target: Target): Effect.Effect<Watched, BenchFailed> =>
  Effect.map(
    // Not right after its start, which still costs something then.
    Effect.delay(
      attempt(() => target.idle()),
      SETTLE_MS,
    ),
    (idleMicros) => ({ ...target, idleMicros }),
  )

/** The servers. */
interface Targets {
  readonly ours: Watched
  readonly bare: Watched
  /** The bare one that writes on a thread of its own. */
  readonly threaded: Watched
}

/** What calls took on each of some servers in turns, after a warm-up as long as what is measured. */
const measured = (
  targets: readonly Watched[],
  calls: number,
  callers: number,
  next: (count: number) => readonly Call[],
): Effect.Effect<readonly Load[], BenchFailed> =>
  Effect.gen(function* () {
    const some = next(calls)
    for (const target of targets) yield* paced(target, some, callers)
    const loads = targets.map((): Load[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      const some = next(Math.ceil(calls / ROUNDS))
      for (const [index, target] of targets.entries()) loads[index]?.push(yield* paced(target, some, callers))
    }
    return loads.map((each, index) => {
      const all = sum(each)
      return { ...all, cpuMicros: all.cpuMicros - all.ms * (targets[index]?.idleMicros ?? 0) }
    })
  })

const none: Load = { calls: 0, ms: 0, cpuMicros: 0 }

const measuredRead = (
  { bare, ours }: Targets,
  calls: number,
  next: (count: number) => readonly Call[],
): Effect.Effect<HttpFigures, BenchFailed> =>
  Effect.map(measured([ours, bare], calls, CALLERS, next), ([ours = none, bare = none]) => figuresOf(ours, bare))

const measuredPush = (
  { bare, ours, threaded }: Targets,
  calls: number,
  callers: number,
  next: (count: number) => readonly Call[],
): Effect.Effect<PushFigures, BenchFailed> =>
  Effect.map(measured([ours, bare, threaded], calls, callers, next), ([ours = none, bare = none, threaded = none]) => {
    const { cpuMicros: threadedCpuMicros, cpuRatio: threadedCpuRatio } = figuresOf(threaded, bare)
    const { cpuRatio: cpuRatioToThreaded } = figuresOf(ours, threaded)
    return { ...figuresOf(ours, bare), threadedCpuMicros, threadedCpuRatio, cpuRatioToThreaded }
  })

/** So many adapters that take turns. */
const inTurns = (adapters: readonly Adapter[], count: number, from = 0): readonly Adapter[] =>
  Array.from({ length: count }, (_, index) => adapters[(from + index) % adapters.length]).flatMap(
    (adapter) => adapter ?? [],
  )

/** How many calls a case makes: its warm-up and its rounds. */
const callsOfCase = (calls: number): number => calls + ROUNDS * Math.ceil(calls / ROUNDS)

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
    if (first === undefined) return yield* benchFailed("there is no adapter")
    yield* attempt(() => ours.call(openingOf(first)))
    const pushed = yield* attempt(() => ours.call(pushOf(first, texts)))
    // As those that push to ours do: first the one alone, then all of them in turns.
    const planned = makeAdapters(adapters.length)
    const [alone, all] = [planned.slice(0, 1), planned].map((some) => inTurns(some, callsOfCase(calls)))
    const order = [...(alone ?? []), ...(all ?? [])]
    const writes = yield* capturePushes(place("captured"), planned, order, texts)
    const startBare = (name: string, ...more: readonly string[]) =>
      Effect.gen(function* () {
        const bareData = place(name)
        yield* Effect.scoped(openDatabase(bareData))
        const plan: Plan = { readFrom: databaseFile(data), writeTo: databaseFile(bareData), reads, writes, pushed }
        const planFile = join(directory, `${name}.plan`)
        writeFileSync(planFile, serialize(plan))
        const port = yield* startProgram([bareHttpServer, planFile, ...more], join(directory, `${name}.log`))
        return yield* makeTarget(`http://127.0.0.1:${port}`, authorization)
      })
    const [bare, threaded] = [yield* startBare("bare"), yield* startBare("threaded", "thread")]
    const targets: Targets = {
      ours: yield* watched(ours),
      bare: yield* watched(bare),
      threaded: yield* watched(threaded),
    }
    return { targets, readCalls }
  })

const run = (options: BenchHttpOptions): Effect.Effect<BenchHttpReport, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const { calls } = options
    const texts = textsOf(options.recording)
    const adapters = makeAdapters(20)
    const { readCalls, targets } = yield* startServers(options, texts, adapters)
    const reading = (name: ReadCase) => measuredRead(targets, calls, again(readCalls[name]))
    const pushing = (by: readonly Adapter[]) => {
      let made = 0
      return measuredPush(targets, calls, by.length, (count) => {
        const some = inTurns(by, count, made)
        made += count
        return some.map((adapter) => pushOf(adapter, texts))
      })
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
    const perSecond = ({ idleMicros }: Watched): number => Math.round(idleMicros * 1_000)
    const idle = { idleCpuMicros: perSecond(targets.ours), bareIdleCpuMicros: perSecond(targets.bare) }
    return { calls, callers: CALLERS, ...idle, ...figures }
  })

/** Runs the benchmark. */
export const benchHttp = (options: BenchHttpOptions): Effect.Effect<BenchHttpReport, BenchError> =>
  Effect.scoped(run(options))
