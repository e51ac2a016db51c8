/**
 * One run of `threadfold serve --desktop` as a child process: it is started, says where it is on one line, and ends with the scope. It
 * ends by itself when our end of its standard input closes, so that it outlives no app that is killed.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Data, Deferred, Effect, Option, Schema, type Scope } from "effect"

/** How a version of the program is started: `{ command: "threadfold" }`, or Node with the path of its file. */
export interface Program {
  readonly command: string
  /** What comes before `serve`, for example the path of `threadfold.js`. */
  readonly args?: readonly string[]
  /** Its whole environment; ours unless it is given. */
  readonly env?: NodeJS.ProcessEnv
}

/** What the one line says; a newer program may say more. */
export const Handshake = Schema.Struct({
  url: Schema.String,
  token: Schema.String,
  pid: Schema.Number,
  version: Schema.String,
})
export type Handshake = typeof Handshake.Type

/** How a process ended: with a code, or by a signal; and the end of what it said on standard error. */
export interface BackendEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly said: string
}

const sentences = {
  "not-found": "The program could not be started",
  refused: "The server refused to start",
  crashed: "The server ended unexpectedly",
  "not-ready": "The server did not say in time where it is",
  stopped: "The server was stopped",
} as const

/** Why there is no server. `refused`: arguments, configuration or data directory must change first. `stopped`: we were asked to. */
export class BackendFailed extends Data.TaggedError("BackendFailed")<
  BackendEnd & { readonly reason: keyof typeof sentences }
> {
  override get message(): string {
    const how = this.code === null ? this.signal : `exit code ${this.code}`
    return [`${sentences[this.reason]}${how === null ? "" : ` (${how})`}.`, this.said.trim()].join("\n").trim()
  }
}

/** Exit codes that another try does not change: 2, the arguments; 3, what is around the program. */
const isRefusal = (code: number | null): boolean => code === 2 || code === 3

export interface BackendOptions {
  readonly dataDir: string
  /** More arguments of `serve`, for example `["--allowed-origin", "app://desk"]`. */
  readonly serveArgs?: readonly string[]
  /** How long it may take until it is ready, ms. Default: 60,000; the first start after an upgrade may bring a large database up to date. */
  readonly readyMs?: number
  /** How long each step of stopping may take, ms. Default: 10,000; agents that do not end are killed after two seconds. */
  readonly stopMs?: number
  /** Takes each line of its standard error: its log. */
  readonly onLog?: (line: string) => void
}

export interface Backend extends Handshake {
  /** Waits for its end. */
  readonly ended: Effect.Effect<BackendEnd>
}

/** So much of its standard error is kept for the message, in characters. */
const mostSaid = 10_000

const decodeLine = Schema.decodeUnknownOption(Schema.parseJson(Handshake))

interface Running {
  readonly child: ChildProcess
  readonly ended: Deferred.Deferred<BackendEnd>
  /** Its first line; fails where it ends before. */
  readonly line: Deferred.Deferred<string, BackendFailed>
}

const launch = (program: Program, port: number, options: BackendOptions): Effect.Effect<Running> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<BackendEnd>()
    const line = yield* Deferred.make<string, BackendFailed>()
    const { dataDir, onLog, serveArgs = [] } = options
    const serve = ["serve", "--desktop", "--data-dir", dataDir, "--port", String(port), ...serveArgs]
    const child = spawn(program.command, [...(program.args ?? []), ...serve], {
      stdio: ["pipe", "pipe", "pipe"],
      ...(program.env === undefined ? {} : { env: program.env }),
    })
    let said = ""
    const end = (code: number | null, signal: string | null, reason: BackendFailed["reason"]): void => {
      Deferred.unsafeDone(line, Effect.fail(new BackendFailed({ reason, code, signal, said })))
      Deferred.unsafeDone(ended, Effect.succeed({ code, signal, said }))
    }
    child.once("error", (error) => {
      said = error.message
      end(null, null, "not-found")
    })
    child.once("close", (code, signal) => end(code, signal, isRefusal(code) ? "refused" : "crashed"))
    // What is written to a process that has ended is of no interest.
    child.stdin.on("error", () => undefined)
    createInterface({ input: child.stdout }).once("line", (text) => Deferred.unsafeDone(line, Effect.succeed(text)))
    createInterface({ input: child.stderr }).on("line", (text) => {
      said = `${said}${text}\n`.slice(-mostSaid)
      onLog?.(text)
    })
    return { child, ended, line }
  })

/** SIGTERM; then the end of standard input, which a process that blocks signals may still see; then SIGKILL, which ends it for certain. */
const stop = ({ child, ended }: Running, stopMs: number): Effect.Effect<void> => {
  // This runs at the end of a scope, where nothing can be interrupted unless it says so: the limit would never come.
  const within = Effect.timeoutOption(Effect.interruptible(Deferred.await(ended)), stopMs)
  const step = (act: () => void) => Effect.zipRight(Effect.sync(act), within)
  return step(() => child.kill("SIGTERM")).pipe(
    Effect.flatMap((end) => (Option.isSome(end) ? Effect.succeed(end) : step(() => child.stdin?.end()))),
    Effect.flatMap((end) =>
      Option.isSome(end)
        ? Effect.void
        : Effect.zipRight(
            Effect.sync(() => child.kill("SIGKILL")),
            Deferred.await(ended),
          ),
    ),
    Effect.asVoid,
  )
}

/**
 * Starts a program for a data directory and waits for its line. The end of the scope stops it, its agents with it.
 *
 * @param port on the loopback; 0: any that is free
 */
export const startBackend = (
  program: Program,
  port: number,
  options: BackendOptions,
): Effect.Effect<Backend, BackendFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { readyMs = 60_000, stopMs = 10_000 } = options
    const running = yield* Effect.acquireRelease(launch(program, port, options), (one) => stop(one, stopMs))
    const notReady = (said: string) => new BackendFailed({ reason: "not-ready", code: null, signal: null, said })
    const line = yield* Effect.timeoutFail(Deferred.await(running.line), {
      duration: readyMs,
      onTimeout: () => notReady(`It was given ${readyMs} ms.`),
    })
    const handshake = yield* Effect.mapError(decodeLine(line), () => notReady(`It said: ${line.slice(0, 1000)}`))
    return { ...handshake, ended: Deferred.await(running.ended) }
  })
