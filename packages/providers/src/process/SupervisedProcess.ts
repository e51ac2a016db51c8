/**
 * An agent's process and the processes that it starts, from the spawn until all of them are gone. It has its own process
 * group, its own environment (see `childEnvironment.ts`) and marks. Its exit is always awaited and its stderr always read.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import type { Readable, Writable } from "node:stream"
import { Deferred, Effect, Exit, Option, type Scope } from "effect"
import { ConnectionLost } from "../ProviderDriver.js"
import { type HeldSecrets, makeRedactor, secretsOfAgent } from "../redaction/Redactor.js"
import { withoutSecrets } from "../redaction/secretValues.js"
import { childEnvironment } from "./childEnvironment.js"
import { endTree } from "./endTree.js"
import { identityOf, processTable } from "./ProcessTable.js"
import { makeProcessTree } from "./ProcessTree.js"
import { findProgram, isPath, notTrusted, withTrustedPath } from "./programs.js"
import { makeTextTail } from "./TextTail.js"
import { untrustedFolders } from "./untrustedFolders.js"

export interface SuperviseOptions {
  /** Provider kind, for failures. */
  readonly provider: string
  /** The program: a path, or a name that is searched on the `PATH` of its environment, in trusted folders only. */
  readonly command: string
  readonly args: readonly string[]
  /** Working directory. Default: ours. */
  readonly cwd?: string
  /** Variables that the configuration sets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of further variables of our own environment that the configuration lets through. */
  readonly inherit?: readonly string[]
  /** Further secrets to redact, besides those of its environment and its arguments. */
  readonly secrets?: HeldSecrets | undefined
  /** Environment variables that identify the process and its children. */
  readonly marks?: Readonly<Record<string, string>>
  /** How long the tree may take to end by itself after it was asked to, ms. Default: 2000. */
  readonly graceMs?: number
  /** How much of the end of stderr is kept, bytes. Default: 8192. */
  readonly stderrBytes?: number
}

/** How a process ended. */
export interface ProcessExit {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  /** True: we had asked it to end. */
  readonly asked: boolean
}

export interface SupervisedProcess {
  readonly pid: number
  /** Command and arguments without secrets. */
  readonly commandLine: readonly string[]
  /** The secrets that must not be recorded of it. */
  readonly secrets: HeldSecrets
  /** Its input. Errors of it are ignored, because the exit shows the same. */
  readonly stdin: Writable
  readonly stdout: Readable
  /** Waits for the exit of the process itself. */
  readonly exit: Effect.Effect<ProcessExit>
  /** The exit, if it has happened. */
  readonly exited: () => Option.Option<ProcessExit>
  /** Waits until the process has exited, the rest of its tree has ended, and its stderr is read. */
  readonly gone: Effect.Effect<void>
  /** The end of its stderr, without secrets. Empty where it wrote nothing. */
  readonly lastWords: () => string
  /**
   * Ends the whole tree: closes its input, sends SIGTERM to the group and SIGKILL after the grace period, then ends the
   * processes that left the group. It waits until all are gone. It goes on when the caller is interrupted. A second call
   * waits for the first.
   */
  readonly stop: Effect.Effect<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

const defaultGraceMs = 2_000
const defaultStderrBytes = 8_192
/** Longest wait for the exit after SIGKILL, ms: only a process that hangs in the kernel takes longer. */
const killMs = 5_000
/** Longest wait for the end of stderr after the tree is gone, ms: an unknown process may hold it open. */
const silenceMs = 200
/** Windows has no process groups and no signals: there only the process itself is ended, at once. */
const hasGroups = process.platform !== "win32"

const whyNot = (options: SuperviseOptions, error: NodeJS.ErrnoException): string => {
  const { command, cwd } = options
  if (cwd !== undefined && !existsSync(cwd)) {
    return `The working directory ${cwd} does not exist. Create it, or start with another one.`
  }
  switch (error.code) {
    case "ENOENT":
      return `The command ${command} was not found. Install it, or set its full path as the command of this provider.`
    case "EACCES":
      return `The command ${command} may not be executed. Check its permissions, or set another command for this provider.`
    default:
      return `The command ${command} could not be started (${error.code ?? error.message}). Start it by hand to see why.`
  }
}

interface Program {
  /** What is spawned: an absolute path wherever the program was found. */
  readonly file: string
  readonly env: Record<string, string>
}

/** Finds the program before the start, because the system would search from the folder of the thread. */
const programOf = (options: SuperviseOptions): Effect.Effect<Program, ConnectionLost> =>
  Effect.suspend(() => {
    const { command, cwd, provider } = options
    const untrusted = untrustedFolders(cwd)
    const whole = childEnvironment(process.env, options)
    const { file, passedOver } = findProgram(command, { env: whole, untrusted })
    if (file === null && passedOver.length > 0) {
      return new ConnectionLost({ provider, message: notTrusted(command, passedOver) })
    }
    const env = withTrustedPath(whole, untrusted)
    return Effect.succeed({ file: file ?? (isPath(command) ? resolve(command) : command), env })
  })

/** Starts the process. Where it cannot be started, the failure says why as text for a person. */
const start = (options: SuperviseOptions, { env, file }: Program): Effect.Effect<Child, ConnectionLost> =>
  Effect.async((resume) => {
    const lost = (error: NodeJS.ErrnoException) =>
      resume(new ConnectionLost({ provider: options.provider, message: whyNot(options, error) }))
    try {
      const child = spawn(file, options.args, {
        cwd: options.cwd,
        env,
        detached: hasGroups,
        stdio: ["pipe", "pipe", "pipe"],
        windowsHide: true,
      })
      child.once("error", lost)
      child.once("spawn", () => {
        child.off("error", lost)
        // A later error means that a signal came too late.
        child.on("error", () => {})
        resume(Effect.succeed(child))
      })
    } catch (error) {
      lost(error instanceof Error ? error : new Error(String(error)))
    }
  })

/** Makes an effect that runs only once, whatever the number of callers, and to its end, even if all callers are interrupted. */
const once = (effect: Effect.Effect<void>): Effect.Effect<Effect.Effect<void>> =>
  Effect.map(Deferred.make<void>(), (done) => {
    let isStarted = false
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const wait = restore(Deferred.await(done))
        if (isStarted) return wait
        isStarted = true
        return Effect.zipRight(Effect.forkDaemon(Effect.intoDeferred(Effect.interruptible(effect), done)), wait)
      }),
    )
  })

/** Sends a signal to the group of a process that has not exited: only then its id is certainly its own. */
const signalGroup = (child: Child, name: NodeJS.Signals): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    if (hasGroups) process.kill(-child.pid, name)
    else child.kill(name)
  } catch {
    // It has just ended.
  }
}

interface Opened {
  readonly supervised: SupervisedProcess
  /** Closes the pipes, whether they were read to their end or not. */
  readonly release: Effect.Effect<void>
}

const open = (options: SuperviseOptions): Effect.Effect<Opened, ConnectionLost> =>
  Effect.gen(function* () {
    const { command, args, marks = {}, graceMs = defaultGraceMs } = options
    const program = yield* programOf(options)
    const secrets = secretsOfAgent(program.env, args, options.secrets)
    const shown = makeRedactor({ values: secrets.values, onRedacted: () => {} })
    const longest = Math.max(0, ...secrets.values.map(({ length }) => length))
    const tail = makeTextTail(options.stderrBytes ?? defaultStderrBytes)
    const exit = yield* Deferred.make<ProcessExit>()
    const child = yield* start(options, program)
    const pid = child.pid ?? 0
    const members = makeProcessTree({ pid, startTicks: identityOf(pid)?.startTicks ?? null, marks })
    const tree = Effect.map(processTable, members)

    let ended: ProcessExit | null = null
    let asked = false
    child.once("exit", (code, signal) => {
      ended = { code, signal, asked }
      Deferred.unsafeDone(exit, Exit.succeed(ended))
    })
    child.stdin.on("error", () => {})
    child.stdout.on("error", () => {})
    child.stderr.on("error", () => {}).on("data", tail.push)
    const silent = Effect.async<void>((resume) => {
      if (child.stderr.closed) resume(Effect.void)
      else child.stderr.once("close", () => resume(Effect.void))
    })

    const gone = yield* once(
      Deferred.await(exit).pipe(
        Effect.zipRight(endTree({ find: tree, graceMs })),
        Effect.zipRight(Effect.timeoutOption(silent, silenceMs)),
        Effect.asVoid,
      ),
    )
    // The processes that an exited agent leaves behind must end, whether or not the exit was asked for.
    yield* Effect.forkDaemon(gone)

    const stop = yield* once(
      Effect.gen(function* () {
        asked = true
        if (ended === null) {
          // The tree is read before the signal: afterwards a process outside the group has lost its parent.
          yield* tree
          child.stdin.end()
          signalGroup(child, "SIGTERM")
          const inTime = yield* Effect.timeoutOption(Deferred.await(exit), graceMs)
          if (Option.isNone(inTime)) signalGroup(child, "SIGKILL")
        }
        yield* Effect.timeoutOption(gone, graceMs + 2 * killMs)
      }),
    )

    return {
      supervised: {
        pid,
        commandLine: withoutSecrets([command, ...args]),
        secrets,
        stdin: child.stdin,
        stdout: child.stdout,
        exit: Deferred.await(exit),
        exited: () => Option.fromNullable(ended),
        gone,
        lastWords: () => {
          const text = tail.text()
          const words = shown?.text(text) ?? text
          // The cut may leave the end of a secret, which the redactor cannot find. It is shorter than the longest secret.
          return (tail.isCut() ? words.slice(longest) : words).trim()
        },
        stop,
      },
      release: Effect.sync(() => {
        child.stdin.destroy()
        child.stdout.destroy()
        child.stderr.destroy()
      }),
    }
  })

/** Starts a process in the scope. When the scope closes, its tree is ended. */
export const supervise = (options: SuperviseOptions): Effect.Effect<SupervisedProcess, ConnectionLost, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(open(options), ({ supervised, release }) => Effect.zipRight(supervised.stop, release)),
    ({ supervised }) => supervised,
  )
