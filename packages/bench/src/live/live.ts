/**
 * `threadfold bench live`: a server as a desktop runs it, with one agent whose threads all stream, a subscriber, and a client that
 * gives commands meanwhile. Each is a process of its own, as in life; they share this machine.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Failure, makeThreadfold } from "@threadfold/client"
import { Effect, Fiber, Schema, type Scope } from "effect"
import { type BenchError, benchFailed } from "../BenchError.js"
import { percentile } from "../Latency.js"
import { type Caller, callInTurns, makeCaller } from "./Caller.js"
import { pausesPerSecond, Spent } from "./cpuTime.js"
import { startProgram } from "./Program.js"
import { startSubscriber } from "./Subscriber.js"

/** How the benchmark of live threads runs. */
export interface BenchLiveOptions {
  /** Threads that stream at the same time. */
  readonly threads: number
  /** Pieces that the agent sends per second, all threads together. */
  readonly perSecond: number
  /** For how long commands are measured. */
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
  /** Pieces sent per second, and how many were measured. */
  readonly perSecond: number
  readonly pieces: number
  /** From the moment that the agent sends a piece to its arrival at the subscriber; merging at the source included. */
  readonly deliveryP50Ms: number
  readonly deliveryP99Ms: number
  /** From the call of a command over HTTP to its durable answer, while all threads stream; one per thread and second. */
  readonly commands: number
  /** Seconds of streaming, and commands, before anything was measured. */
  readonly warmUpSeconds: number
  readonly warmUpCommands: number
  readonly commandP50Ms: number
  readonly commandP95Ms: number
  readonly commandP99Ms: number
  /** The same of a server that does nothing but commit a row, called in turns with ours: what this machine gives at the time. */
  readonly bareP50Ms: number
  readonly bareP95Ms: number
  readonly bareP99Ms: number
  /** Ours as a multiple of the bare server's: what to compare across machines. */
  readonly commandRatioP50: number
  readonly commandRatioP99: number
  /** CPU time per command, µs, all threads of the process: of ours without what the streaming takes, and of the bare server. */
  readonly commandCpuMicros: number
  readonly bareCpuMicros: number
  /** CPU time of ours per piece that streams, µs, while no commands come. */
  readonly pieceCpuMicros: number
  /** That of commands in the first seconds of the streaming, which the figures above leave out: the server is still being compiled. */
  readonly coldCommandP50Ms: number
  readonly coldCommandP99Ms: number
  /** What the machine itself took from a thread that only looks at the clock, before the programs started and after they ended, ms per second. */
  readonly pausesBeforeMs: number
  readonly pausesAfterMs: number
}

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))

/** Commands before the agents stream: by then the client is compiled, and most of what the server does for a command. */
const WARM_UP_COMMANDS = 1_000

/** Seconds of streaming before anything is measured: a desktop's server has run for longer. */
const WARM_UP_S = 4

/** Commands come for so long, then none for so long, ms, and again: the difference is what they cost, whatever drifts meanwhile. */
const WITH_COMMANDS_MS = 2_000
const WITHOUT_COMMANDS_MS = 1_000

/** After the last command of a stretch its answer is waited for, ms. */
const SETTLE_MS = 50

/** Seconds for which the agent streams on afterwards, so that the end of fifty turns at once is no part of the figures. */
const AFTERWARDS_S = 1

/** For how long the machine is observed, ms. */
const PAUSES_MS = 2_000

const rounded = (values: readonly number[], share: number): number => Number(percentile(values, share).toFixed(2))

/** How often commands come and stay away. */
const roundsOf = ({ seconds }: BenchLiveOptions): number =>
  Math.max(1, Math.round((seconds * 1_000) / WITH_COMMANDS_MS))

/** For how long the streaming is observed, s. */
const streamedSeconds = (options: BenchLiveOptions): number =>
  Math.ceil((roundsOf(options) * (WITH_COMMANDS_MS + WITHOUT_COMMANDS_MS + 2 * SETTLE_MS)) / 1_000)

/** A server with the agent, and where it is. */
const startServer = (options: BenchLiveOptions, directory: string) => {
  const { agent, perSecond, program } = options
  const args = [agent, String(perSecond), String(WARM_UP_S + streamedSeconds(options) + AFTERWARDS_S)]
  const config = { agents: { bench: { kind: "codex", command: process.execPath, args } } }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify(config))
  const line = startProgram([program, "serve", "--desktop", "--data-dir", directory], join(directory, "server.log"))
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

/** What both servers have taken so far, µs, and when that was. */
const clocks = (ours: Caller, bare: Caller) =>
  Effect.promise(async () => ({
    ours: await ours.cpuMicros(),
    bare: await bare.cpuMicros(),
    ms: performance.now(),
  }))

/** Commands come and stay away in turns; what each server takes in both. */
const inTurns = (rounds: number, ours: Caller, bare: Caller, commands: Effect.Effect<never>) =>
  Effect.gen(function* () {
    const spent = { ours: new Spent(), bare: new Spent() }
    let before = yield* clocks(ours, bare)
    const note = (isOn: boolean) =>
      Effect.map(clocks(ours, bare), (now) => {
        spent.ours.add(isOn, now.ms - before.ms, now.ours - before.ours)
        spent.bare.add(isOn, now.ms - before.ms, now.bare - before.bare)
        before = now
      })
    for (let round = 0; round < rounds; round++) {
      const calls = yield* Effect.fork(commands)
      yield* Effect.sleep(WITH_COMMANDS_MS)
      yield* Fiber.interrupt(calls)
      yield* Effect.sleep(SETTLE_MS)
      yield* note(true)
      yield* Effect.sleep(WITHOUT_COMMANDS_MS)
      yield* note(false)
    }
    return spent
  })

type Measured = Omit<BenchLiveReport, "pausesBeforeMs" | "pausesAfterMs">

const measured = (options: BenchLiveOptions): Effect.Effect<Measured, BenchError | Failure, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-bench-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
    )
    const { token, url } = yield* startServer(options, directory)
    const barePort = yield* startProgram(
      [options.bareServer, join(directory, "bare.sqlite")],
      join(directory, "bare.log"),
    )
    const connection = { url, token }
    const threadfold = yield* makeThreadfold(connection)
    const ours = yield* makeCaller(url, { authorization: `Bearer ${token}` })
    const theirs = yield* makeCaller(`http://127.0.0.1:${barePort}`)
    const title = () => ({ title: `name ${performance.now()}` })
    const rename = (threadId: string) => ours.call("PATCH", `/v1/threads/${threadId}`, title())
    const bare = () => theirs.call("POST", "/", title())
    const subscriber = yield* startSubscriber({
      connection,
      threads: options.threads,
      warmUp: options.perSecond * WARM_UP_S,
      pieces: options.perSecond * streamedSeconds(options),
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
        WARM_UP_COMMANDS / 4 - 1,
      ),
    )
    yield* threadfold.sendMessage(threadIds[0] ?? "", { text: "stream", mode: "steer" })
    const times: Times = { command: [], bare: [] }
    const commands = calling(rename, bare, threadIds, times)
    const early = yield* Effect.fork(commands)
    yield* subscriber.warm
    yield* Fiber.interrupt(early)
    yield* Effect.sleep(SETTLE_MS)
    const cold = times.command.splice(0)
    times.bare.splice(0)
    const spent = yield* inTurns(roundsOf(options), ours, theirs, commands)
    const delays = yield* subscriber.all
    const ratio = (share: number) => Number((rounded(times.command, share) / rounded(times.bare, share)).toFixed(2))
    return {
      threads: options.threads,
      perSecond: options.perSecond,
      pieces: delays.length,
      deliveryP50Ms: rounded(delays, 0.5),
      deliveryP99Ms: rounded(delays, 0.99),
      commands: times.command.length,
      warmUpSeconds: WARM_UP_S,
      warmUpCommands: WARM_UP_COMMANDS + cold.length,
      commandP50Ms: rounded(times.command, 0.5),
      commandP95Ms: rounded(times.command, 0.95),
      commandP99Ms: rounded(times.command, 0.99),
      bareP50Ms: rounded(times.bare, 0.5),
      bareP95Ms: rounded(times.bare, 0.95),
      bareP99Ms: rounded(times.bare, 0.99),
      commandRatioP50: ratio(0.5),
      commandRatioP99: ratio(0.99),
      commandCpuMicros: spent.ours.perCommand(times.command.length),
      bareCpuMicros: spent.bare.perCommand(times.bare.length),
      pieceCpuMicros: Math.round(spent.ours.perSecond / options.perSecond),
      coldCommandP50Ms: rounded(cold, 0.5),
      coldCommandP99Ms: rounded(cold, 0.99),
    }
  })

const lookAtMachine = Effect.sync(() => pausesPerSecond(PAUSES_MS))

/** Runs the benchmark. */
export const benchLive = (
  options: BenchLiveOptions,
): Effect.Effect<BenchLiveReport, BenchError | Extract<Failure, { readonly _tag: "Problem" }>> =>
  Effect.gen(function* () {
    const pausesBeforeMs = yield* lookAtMachine
    const report = yield* Effect.scoped(measured(options))
    return { ...report, pausesBeforeMs, pausesAfterMs: yield* lookAtMachine }
  }).pipe(Effect.catchTag("Unavailable", benchFailed))
