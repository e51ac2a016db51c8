/**
 * Lines over the pipes of a process. A reader pulls: while it does not read, the pipe fills and the process waits. A write
 * ends when the pipe has taken the bytes.
 */
import { Deferred, Effect, FiberId, Option, type Scope } from "effect"
import { ConnectionLost } from "../ProviderDriver.js"
import { LineTooLong, makeLineSplitter } from "./LineSplitter.js"
import type { SupervisedProcess } from "./SupervisedProcess.js"

export interface LineTransportOptions {
  /** Provider kind, for failures. */
  readonly provider: string
  /** Longest line that is read, bytes. Default: 64 MiB. */
  readonly maxLineBytes?: number
}

export interface LineTransport {
  /**
   * The next lines, at least one. Null at the end of the output. Blank lines are left out. It may be interrupted and run
   * again without losing a line. For one reader.
   */
  readonly read: Effect.Effect<readonly string[] | null, LineTooLong>
  /**
   * Sends one line (the line end is added) at the call itself, so that lines go out in the order of the calls. The effect
   * waits until the pipe has taken the bytes.
   */
  readonly post: (line: string) => Effect.Effect<void, ConnectionLost>
  /** Like `post`, but sends the line when the effect runs. */
  readonly write: (line: string) => Effect.Effect<void, ConnectionLost>
}

const defaultMaxLineBytes = 64 * 1024 * 1024
/** How much may wait for a process that does not read its input, bytes. */
const maxWaitingBytes = 8 * 1024 * 1024
/** How long the output may be silent after the process is gone, ms. Then an unknown process holds the pipe open. */
const silenceMs = 200

/** How a process ended, in a sentence for a person. */
export const howItEnded = (process: SupervisedProcess): string =>
  Option.match(process.exited(), {
    onNone: () => "The agent closed its input.",
    onSome: ({ asked, code, signal }) => {
      if (asked) return "The agent was stopped."
      return signal === null ? `The agent ended with code ${code ?? "unknown"}.` : `The agent was ended by ${signal}.`
    },
  })

/** The failure of an operation whose process is gone or does not work. `next`: what a person can do about it. */
export const connectionLost = (
  provider: string,
  process: SupervisedProcess,
  what: string = howItEnded(process),
  next: string = "Start the session again.",
): ConnectionLost => {
  const words = process.lastWords()
  const message = `${what} ${next}`
  return new ConnectionLost({ provider, message: words === "" ? message : `${message} It last wrote: ${words}` })
}

/** Lines over the standard input and output of a process. */
export const makeLineTransport = (
  process: SupervisedProcess,
  { provider, maxLineBytes = defaultMaxLineBytes }: LineTransportOptions,
): Effect.Effect<LineTransport, never, Scope.Scope> =>
  Effect.gen(function* () {
    const splitter = makeLineSplitter(maxLineBytes)
    const { stdin, stdout } = process
    const noReader = () => {}
    let wake: () => void = noReader
    let isOver = false
    let chunks = 0
    const over = () => {
      isOver = true
      wake()
    }
    stdout.on("readable", () => wake())
    stdout.once("end", over).once("close", over)

    /** The lines that have come. Null at the end. Undefined: none has come. */
    const poll = (): readonly string[] | null | undefined => {
      for (;;) {
        const chunk: unknown = stdout.read()
        if (!(chunk instanceof Uint8Array)) break
        chunks += 1
        const lines = splitter.push(chunk).filter((line) => line !== "")
        if (lines.length > 0) return lines
      }
      if (!isOver) return undefined
      const rest = splitter.end()
      return rest.length > 0 ? rest : null
    }

    const something = Effect.async<void>((resume) => {
      wake = () => {
        wake = noReader
        resume(Effect.void)
      }
      if (isOver || stdout.readableLength > 0) wake()
      return Effect.sync(() => {
        wake = noReader
      })
    })

    const read: LineTransport["read"] = Effect.suspend(() => {
      try {
        const lines = poll()
        return lines === undefined ? Effect.zipRight(something, read) : Effect.succeed(lines)
      } catch (error) {
        if (!(error instanceof LineTooLong)) throw error
        stdout.destroy()
        return error
      }
    })

    /** Ends the output when it is silent: a child that left the tree may hold the pipe open for ever. */
    const untilSilent: Effect.Effect<void> = Effect.suspend(() => {
      const before = chunks
      return Effect.delay(
        Effect.suspend(() => (chunks === before && stdout.readableLength === 0 ? Effect.sync(over) : untilSilent)),
        silenceMs,
      )
    })
    yield* Effect.forkScoped(
      Effect.zipRight(
        process.gone,
        Effect.suspend(() => (isOver ? Effect.void : untilSilent)),
      ),
    )

    /** A broken pipe shows a moment before the exit that explains it, so this waits for the exit. */
    const broken = Effect.zipRight(
      Effect.timeoutOption(process.exit, silenceMs),
      Effect.suspend(() => connectionLost(provider, process)),
    )

    const post = (line: string): Effect.Effect<void, ConnectionLost> => {
      if (!stdin.writable) return broken
      if (stdin.writableLength > maxWaitingBytes) {
        return connectionLost(provider, process, "The agent does not read its input.")
      }
      const taken = Deferred.unsafeMake<void, ConnectionLost>(FiberId.none)
      stdin.write(`${line}\n`, (error) => Deferred.unsafeDone(taken, error ? broken : Effect.void))
      return Deferred.await(taken)
    }

    return { read, post, write: (line) => Effect.suspend(() => post(line)) }
  })
