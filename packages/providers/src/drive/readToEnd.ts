/** The end of an agent's process, as every driver handles it. */
import { Cause, Clock, Effect, Option } from "effect"
import type { ConnectionLost } from "../ProviderDriver.js"
import type { LineTooLong } from "../process/LineSplitter.js"
import { connectionLost } from "../process/LineTransport.js"
import type { ProcessExit, SupervisedProcess } from "../process/SupervisedProcess.js"
import type { WireLine } from "../Translator.js"
import { exitLine } from "../wire/liveLines.js"

/** How long an agent that closed its output may take to exit by itself, ms. */
const closeMs = 500
/** How long the end waits for the rest of stderr, ms. The processes that the agent left behind may take longer to end. */
const lastWordsMs = 1_000

/** The end of a process. */
export interface ProcessEnd {
  readonly exit: ProcessExit
  /** The line that reports the exit to the translator. */
  readonly line: WireLine
  /** The failure of all operations from here on. */
  readonly lost: ConnectionLost
}

/** Why the output could not be read to its end. */
const faultOf = (cause: Cause.Cause<LineTooLong>): string =>
  Option.match(Cause.failureOption(cause), {
    onSome: ({ message }) => `The agent wrote ${message}.`,
    onNone: () => `The agent's output could not be followed: ${Cause.pretty(cause)}`,
  })

/**
 * Runs `read`, which reads the output of the process to its end, and waits until the process is gone. A process that did not
 * simply exit (its output cannot be read, or was closed) is stopped.
 */
export const readToEnd = (
  provider: string,
  process: SupervisedProcess,
  read: Effect.Effect<unknown, LineTooLong>,
): Effect.Effect<ProcessEnd> =>
  Effect.gen(function* () {
    let fault = yield* Effect.match(Effect.sandbox(read), { onFailure: faultOf, onSuccess: () => "" })
    if (fault === "" && Option.isNone(yield* Effect.timeoutOption(process.exit, closeMs))) {
      fault = "The agent closed its output."
    }
    if (fault !== "") yield* process.stop
    const exit = yield* process.exit
    yield* Effect.timeoutOption(process.gone, lastWordsMs)
    const at = yield* Clock.currentTimeMillis
    const message = [fault, process.lastWords()].filter((words) => words !== "").join(" ")
    return {
      exit,
      line: exitLine(at, { ...exit, asked: exit.asked && fault === "" }, message),
      lost: connectionLost(provider, process, fault === "" ? undefined : fault),
    }
  })
