/**
 * `threadfold bench live`: a server as a desktop runs it, with one agent whose threads all stream, a subscriber, and a client that
 * gives commands meanwhile. Each is a process of its own, as in life; they share this machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeThreadfold } from "@threadfold/client"
import { Problem } from "@threadfold/contracts"
import { Effect, Fiber, Schema, type Scope } from "effect"
import { callInTurns, makeCall } from "./Caller.js"
import { startProgram } from "./Program.js"
import { pausesPerSecond } from "./pauses.js"
import { startSubscriber } from "./Subscriber.js"

export interface BenchLiveOptions {
  /** Threads that stream at the same time. */
  readonly threads: number
  /** Pieces that the agent tells per second, all threads together. */
  readonly perSecond: number
  /** For how long it is measured. */
  readonly seconds: number
  /** Path of the built `threadfold.js`. */
  readonly program: string
  /** Path of the built agent. */
  readonly agent: string
  /** Path of the built server to compare with. */
  readonly bareServer: string
}

/** Times in ms. */
export interface BenchLiveReport {
  readonly threads: number
  /** Pieces told per second, and how many were measured. */
  readonly perSecond: number
  readonly pieces: number
  /** From the moment that the agent says a piece to its arrival at the subscriber; merging at the source included. */
  readonly deliveryP50Ms: number
  readonly deliveryP99Ms: number
  /** From the call of a command over HTTP to its durable answer, while all threads stream; one per thread and second. */
  readonly commands: number
  readonly commandP50Ms: number
  readonly commandP95Ms: number
  readonly commandP99Ms: number
  /** The same of a server that does nothing but commit a row, called in turns with ours: what this machine gives at the time. */
  readonly bareP50Ms: number
  readonly bareP95Ms: number
  readonly bareP99Ms: number
  /** That of commands in the first seconds of the streaming, which the figures above leave out: the server is still being compiled. */
  readonly coldCommandP50Ms: number
  readonly coldCommandP99Ms: number
  /** What the machine itself took from a thread that only looks at the clock, before the programs started and after they ended, ms per second. */
  readonly pausesBeforeMs: number
  readonly pausesAfterMs: number
}

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

/** Commands before the agents stream: the client and its calls are compiled by then. */
const WARM_UP_COMMANDS = 200

/** Seconds of streaming before anything is measured: a desktop's server has run for longer. */
const WARM_UP_S = 4

/** Seconds for which the agent streams on afterwards, so that the end of fifty turns at once is no part of the figures. */
const AFTERWARDS_S = 1

/** For how long the machine is looked at, ms. */
const PAUSES_MS = 2_000

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
}

/** A server with the agent, and where it is. */
const startServer = ({ agent, perSecond, program, seconds }: BenchLiveOptions, directory: string) => {
  const args = [agent, String(perSecond), String(WARM_UP_S + seconds + AFTERWARDS_S)]
  const config = { agents: { bench: { kind: "codex", command: process.execPath, args } } }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify(config))
  const line = startProgram([program, "serve", "--desktop", "--data-dir", directory])
  return Effect.flatMap(line, (text) => Effect.orDie(Schema.decode(Ready)(text)))
}

/** How long calls took, ms. */
interface Times {
  readonly command: number[]
  readonly bare: number[]
}

/** A command in every thread every second, and as many calls of the bare server, in turns. */
const calling = (
  rename: (threadId: string) => Promise<number>,
  bare: () => Promise<number>,
  threadIds: readonly string[],
  times: Times,
): Effect.Effect<never> =>
  callInTurns(
    threadIds.flatMap((threadId) => [
      () => rename(threadId).then((ms) => void times.command.push(ms)),
      () => bare().then((ms) => void times.bare.push(ms)),
    ]),
    500 / threadIds.length,
  )

type Measured = Omit<BenchLiveReport, "pausesBeforeMs" | "pausesAfterMs">

const measured = (options: BenchLiveOptions): Effect.Effect<Measured, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-bench-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
    )
    const { token, url } = yield* startServer(options, directory)
    const barePort = yield* startProgram([options.bareServer, join(directory, "bare.sqlite")])
    const connection = { url, token }
    const threadfold = yield* makeThreadfold(connection)
    const call = yield* makeCall(url, { authorization: `Bearer ${token}` })
    const callBare = yield* makeCall(`http://127.0.0.1:${barePort}`)
    const title = () => ({ title: `name ${performance.now()}` })
    const rename = (threadId: string) => call("PATCH", `/v1/threads/${threadId}`, title())
    const bare = () => callBare("POST", "/", title())
    const subscriber = yield* startSubscriber({
      connection,
      threads: options.threads,
      warmUp: options.perSecond * WARM_UP_S,
      pieces: options.perSecond * options.seconds,
    })
    const threadIds: string[] = []
    for (let index = 0; index < options.threads; index += 1) {
      const { threadId } = yield* threadfold.createThread({ agent: "bench", cwd: directory })
      threadIds.push(threadId)
      yield* threadfold.sendMessage(threadId, { text: "go" })
    }
    yield* subscriber.allRun
    yield* Effect.forEach(threadIds.slice(0, 4), (threadId) =>
      Effect.repeatN(
        Effect.promise(() => rename(threadId).then(bare)),
        WARM_UP_COMMANDS / 4,
      ),
    )
    yield* threadfold.sendMessage(threadIds[0] ?? "", { text: "stream", mode: "steer" })
    const times: Times = { command: [], bare: [] }
    const calls = yield* Effect.fork(calling(rename, bare, threadIds, times))
    yield* subscriber.warm
    const cold = times.command.splice(0)
    times.bare.splice(0)
    const delays = yield* subscriber.all
    yield* Fiber.interrupt(calls)
    return {
      threads: options.threads,
      perSecond: options.perSecond,
      pieces: delays.length,
      deliveryP50Ms: percentile(delays, 0.5),
      deliveryP99Ms: percentile(delays, 0.99),
      commands: times.command.length,
      commandP50Ms: percentile(times.command, 0.5),
      commandP95Ms: percentile(times.command, 0.95),
      commandP99Ms: percentile(times.command, 0.99),
      bareP50Ms: percentile(times.bare, 0.5),
      bareP95Ms: percentile(times.bare, 0.95),
      bareP99Ms: percentile(times.bare, 0.99),
      coldCommandP50Ms: percentile(cold, 0.5),
      coldCommandP99Ms: percentile(cold, 0.99),
    }
  })

const lookAtMachine = Effect.sync(() => pausesPerSecond(PAUSES_MS))

/** Runs the benchmark. */
export const benchLive = (options: BenchLiveOptions): Effect.Effect<BenchLiveReport, Problem> =>
  Effect.gen(function* () {
    const pausesBeforeMs = yield* lookAtMachine
    const report = yield* Effect.scoped(measured(options))
    return { ...report, pausesBeforeMs, pausesAfterMs: yield* lookAtMachine }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.fail(
        error instanceof Problem ? error : new Problem({ slug: "internal", detail: `The benchmark failed: ${error}.` }),
      ),
    ),
  )
