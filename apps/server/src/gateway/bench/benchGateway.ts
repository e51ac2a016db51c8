/** `bench gateway`: calls of a model through the gateway beside direct ones, in turns, over a real log in a directory of its own. */
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { acquireOwnership } from "@threadfold/event-log"
import { Ids, InferenceGateway } from "@threadfold/orchestrator"
import { Clock, Effect, Layer, Schema, type Scope } from "effect"
import { readSide } from "../../serve/graph.js"
import { gatewayLive } from "../GatewayServer.js"
import type { Answer, Load } from "./loadProgram.js"

export interface GatewayBenchOptions {
  /** Calls of each kind, of each way. */
  readonly calls: number
  /** Streams at a time in the runs for throughput. */
  readonly streams: number
  /** The program of the two ends, built. */
  readonly program: string
}

const failed = (what: string) => new Problem({ slug: "unavailable", detail: `The benchmark failed: ${what}.` })

/** A process of one end; its first message. */
const start = (program: string, role: "model" | "agent") =>
  Effect.acquireRelease(
    Effect.sync(() => fork(program, [role], { stdio: ["ignore", "ignore", "inherit", "ipc"] })),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill()
      }),
  ).pipe(Effect.flatMap((child) => Effect.map(next(child), (message) => ({ child, message }))))

const next = (child: ChildProcess): Effect.Effect<unknown, Problem> =>
  Effect.async((resume) => {
    const onExit = () => resume(failed("one of its programs ended"))
    child.once("exit", onExit)
    child.once("message", (message) => {
      child.off("exit", onExit)
      resume(Effect.succeed(message))
    })
  })

const Listening = Schema.Struct({ port: Schema.Number })
const Loaded = Schema.Struct({
  firstByteMs: Schema.Array(Schema.Number),
  elapsedMs: Schema.Number,
  bytes: Schema.Number,
})
const Answered = Schema.Union(Schema.Struct({ loaded: Loaded }), Schema.Struct({ failed: Schema.String }))

const decoded = <A>(schema: Schema.Schema<A>, message: unknown): Effect.Effect<A, Problem> =>
  Effect.mapError(Schema.decodeUnknown(schema)(message), () => failed("one of its programs said what is not known"))

/** Has the agent do its work, and counts the CPU time of this process meanwhile: that of the gateway and of the log. */
const measured = (agent: ChildProcess, load: Load) =>
  Effect.gen(function* () {
    const before = process.cpuUsage()
    const answer = next(agent)
    agent.send(load)
    const message = yield* answer
    const { system, user } = process.cpuUsage(before)
    const said = yield* decoded(Answered, message)
    if ("failed" in said) return yield* failed(said.failed)
    return { ...said.loaded, cpuMs: (system + user) / 1_000 }
  })

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

type Run = typeof Loaded.Type & { readonly cpuMs: number }

const firstBytes = (runs: readonly Run[]) => {
  const all = runs.flatMap(({ firstByteMs }) => firstByteMs)
  return { p50: rounded(percentile(all, 0.5)), p99: rounded(percentile(all, 0.99)) }
}
const total = (runs: readonly Run[], of: (run: Run) => number): number => runs.reduce((sum, run) => sum + of(run), 0)
const throughput = (runs: readonly Run[]) => {
  const megabytes = total(runs, ({ bytes }) => bytes) / 1_000_000
  const seconds = total(runs, ({ elapsedMs }) => elapsedMs) / 1_000
  return {
    megabytesPerSecond: rounded(megabytes / seconds),
    calls: total(runs, ({ firstByteMs }) => firstByteMs.length),
  }
}

/** A thread whose session runs a turn, so that each call is an attempt of it. */
const openThread = Effect.gen(function* () {
  const engine = yield* Engine
  const ids = yield* Ids
  const at = yield* Clock.currentTimeMillis
  const [threadId, sessionId, connectionId] = [ids.next(at), ids.next(at), ids.next(at)]
  const draft = (seq: number, type: string, payload: object, native: object | null) => ({
    to: { streamId: threadId },
    sessionId,
    actor: "provider" as const,
    event: { type, payload, native, channel: "agent", seq, at },
  })
  yield* Effect.mapError(
    engine.submit({
      drafts: [
        draft(1, "session.started", { provider: "bench", mode: "managed", connectionId }, null),
        draft(2, "turn.started", {}, { turnId: "t1" }),
      ],
    }),
    ({ message }) => failed(message),
  )
  return { threadId, connectionId }
})

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-bench-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Rounds in which the two ways take turns. The first one warms up and does not count. */
const rounds = 5

export const benchGateway = ({
  calls,
  program,
  streams,
}: GatewayBenchOptions): Effect.Effect<object, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const place = yield* directory
    yield* Effect.mapError(acquireOwnership(place), ({ message }) => failed(message))
    const file = join(place, "threadfold.db")
    const storage = yield* Effect.mapError(
      Layer.build(readSide(file).pipe(Layer.provideMerge(Engine.layerWorker({ file })))),
      ({ message }) => failed(message),
    )
    const secrets = { values: [], onRedacted: () => undefined }
    const gateway = yield* Layer.build(
      gatewayLive(new Map([["bench", { upstream: null, env: {} }]]), secrets).pipe(
        Layer.provide(Layer.succeedContext(storage)),
      ),
    )
    const { connectionId, threadId } = yield* Effect.provide(openThread, storage)
    const opened = yield* Effect.flatMap(InferenceGateway, (service) => service.open({ name: "bench" }, threadId)).pipe(
      Effect.provide(gateway),
    )
    if (opened === null) return yield* failed("the gateway is off")
    opened.bind(connectionId)

    const { message } = yield* start(program, "model")
    const { port } = yield* decoded(Listening, message)
    const { child: agent } = yield* start(program, "agent")
    const base = `http://127.0.0.1:${port}`
    const through = opened.route.through(base)
    const urls = {
      direct: `${base}/responses`,
      /** Through the gateway, but no call of a model to it: what the way itself costs. */
      unseen: `${through}/unseen`,
      gateway: `${through}/responses`,
    }

    const beside = (answer: Answer, count: number, atOnce: number) =>
      Effect.gen(function* () {
        const runs: Record<keyof typeof urls, Run[]> = { direct: [], unseen: [], gateway: [] }
        for (let round = 0; round <= rounds; round += 1) {
          const load = { answer, atOnce, calls: Math.max(atOnce, Math.ceil(count / rounds)) }
          for (const way of ["direct", "unseen", "gateway"] as const) {
            const run = yield* measured(agent, { ...load, url: urls[way] })
            if (round > 0) runs[way].push(run)
          }
        }
        return runs
      })

    const short = yield* beside({ frames: 1, characters: 100, everyMs: 0 }, calls, 1)
    const paced = yield* beside({ frames: 100, characters: 60, everyMs: 10 }, streams * rounds, streams)
    const flatOut = yield* beside({ frames: 5_000, characters: 200, everyMs: 0 }, 4 * rounds, 4)

    const besideDirect = (runs: typeof paced, way: "unseen" | "gateway") => {
      const through = throughput(runs[way])
      return {
        ...through,
        ratio: rounded(through.megabytesPerSecond / throughput(runs.direct).megabytesPerSecond),
        cpu: cpu(runs[way]),
      }
    }
    const cpu = (runs: readonly Run[]) => ({
      perCallMs: rounded(total(runs, ({ cpuMs }) => cpuMs) / throughput(runs).calls),
      perMegabyteMs: rounded(total(runs, ({ cpuMs }) => cpuMs) / (total(runs, ({ bytes }) => bytes) / 1_000_000)),
    })
    const first = {
      direct: firstBytes(short.direct),
      unseen: firstBytes(short.unseen),
      gateway: firstBytes(short.gateway),
    }
    const ways = (runs: typeof paced) => ({
      direct: throughput(runs.direct),
      unseen: besideDirect(runs, "unseen"),
      gateway: besideDirect(runs, "gateway"),
    })
    return {
      firstByteMs: { ...first, addedP50: rounded(first.gateway.p50 - first.direct.p50) },
      cpuPerCallMs: { unseen: cpu(short.unseen).perCallMs, gateway: cpu(short.gateway).perCallMs },
      // As models stream: a frame now and then, in many streams at a time.
      paced: { streams, ...ways(paced) },
      // As fast as all three programs can on this machine: no model streams so.
      flatOut: { streams: 4, ...ways(flatOut) },
    }
  })
