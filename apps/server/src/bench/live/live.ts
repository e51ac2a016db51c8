/**
 * `threadfold bench live`: a server as a desktop runs it, with one agent whose threads all stream, a subscriber, and a client that
 * gives commands meanwhile. Each is a process of its own, as in life; they share this machine.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { makeThreadfold, type Threadfold } from "@threadfold/client"
import { Problem } from "@threadfold/contracts"
import { Effect, Fiber, Schema, type Scope } from "effect"
import { startSubscriber } from "./Subscriber.js"

export interface BenchLiveOptions {
  /** Threads that stream at the same time. */
  readonly threads: number
  /** Pieces that the agent tells per second, all threads together. */
  readonly perSecond: number
  readonly seconds: number
  /** Path of the built `threadfold.js`. */
  readonly program: string
  /** Path of the built agent. */
  readonly agent: string
}

/** Times in ms. */
export interface BenchLiveReport {
  readonly threads: number
  /** Pieces told per second, and how many there were. */
  readonly perSecond: number
  readonly pieces: number
  /** From the moment that the agent says a piece to its arrival at the subscriber; merging at the source included. */
  readonly deliveryP50Ms: number
  readonly deliveryP99Ms: number
  /** From the call of a command over HTTP to its durable answer, while all threads stream. */
  readonly commands: number
  readonly commandP50Ms: number
  readonly commandP99Ms: number
}

const Ready = Schema.parseJson(Schema.Struct({ url: Schema.String, token: Schema.String }))
const nowMs = (): number => performance.timeOrigin + performance.now()

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
}

/** A server that ends with the scope: it ends when its standard input does. */
const server = (
  { agent, perSecond, program, seconds }: BenchLiveOptions,
  directory: string,
): Effect.Effect<typeof Ready.Type, Problem, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const args = [agent, String(perSecond), String(seconds)]
      const config = { agents: { bench: { kind: "codex", command: process.execPath, args } } }
      writeFileSync(join(directory, "threadfold.json"), JSON.stringify(config))
      return spawn(process.execPath, [program, "serve", "--desktop", "--data-dir", directory], {
        stdio: ["pipe", "pipe", "inherit"],
      })
    }),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.stdin.end()
      }),
  ).pipe(
    Effect.flatMap((child) =>
      Effect.async<string, Problem>((resume) => {
        const failed = (detail: string) => resume(new Problem({ slug: "unavailable", detail }))
        child.once("exit", (code) => failed(`The server ended with code ${code}.`))
        createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed(line)))
      }),
    ),
    Effect.flatMap((line) => Effect.orDie(Schema.decode(Ready)(line))),
  )

/** Commands before anything is measured: both programs are compiled by then, as they are in life. */
const WARM = 200

/** Gives a command; how long it took goes to `took`. */
const command = (threadfold: Threadfold, threadIds: readonly string[], took: number[]) =>
  Effect.suspend(() => {
    const threadId = threadIds[took.length % threadIds.length] ?? ""
    const from = nowMs()
    return Effect.zipRight(
      threadfold.renameThread(threadId, { title: `name ${from}` }),
      Effect.sync(() => void took.push(nowMs() - from)),
    )
  })

const measured = (options: BenchLiveOptions): Effect.Effect<BenchLiveReport, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-bench-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
    )
    const { token, url } = yield* server(options, directory)
    const connection = { url, token }
    const threadfold = yield* makeThreadfold(connection)
    const subscriber = yield* startSubscriber({
      connection,
      threads: options.threads,
      pieces: options.perSecond * options.seconds,
    })
    const threadIds: string[] = []
    for (let index = 0; index < options.threads; index += 1) {
      const { threadId } = yield* threadfold.createThread({ agent: "bench", cwd: directory })
      threadIds.push(threadId)
      yield* threadfold.sendMessage(threadId, { text: "go" })
    }
    yield* subscriber.allRun
    yield* Effect.repeatN(command(threadfold, threadIds, []), WARM)
    yield* threadfold.sendMessage(threadIds[0] ?? "", { text: "stream", mode: "steer" })
    const took: number[] = []
    const commanding = Effect.zipRight(command(threadfold, threadIds, took), Effect.sleep(5))
    const commands = yield* Effect.fork(Effect.forever(commanding))
    const delays = yield* subscriber.all
    yield* Fiber.interrupt(commands)
    return {
      threads: options.threads,
      perSecond: options.perSecond,
      pieces: delays.length,
      deliveryP50Ms: percentile(delays, 0.5),
      deliveryP99Ms: percentile(delays, 0.99),
      commands: took.length,
      commandP50Ms: percentile(took, 0.5),
      commandP99Ms: percentile(took, 0.99),
    }
  })

/** Runs the benchmark. */
export const benchLive = (options: BenchLiveOptions): Effect.Effect<BenchLiveReport, Problem> =>
  Effect.scoped(measured(options)).pipe(
    Effect.catchAll((error) =>
      Effect.fail(
        error instanceof Problem ? error : new Problem({ slug: "internal", detail: `The benchmark failed: ${error}.` }),
      ),
    ),
  )
