/** Reads what Codex says until its process is gone, and tells the end. */
import { Cause, Clock, Effect, Option } from "effect"
import type { LiveEvents } from "../../drive/LiveEvents.js"
import type { LineTooLong } from "../../process/LineSplitter.js"
import { connectionLost, type LineTransport } from "../../process/LineTransport.js"
import type { SupervisedProcess } from "../../process/SupervisedProcess.js"
import { readMessage } from "../../runtime/Message.js"
import type { WireLine } from "../../Translator.js"
import { exitLine, receivedLines } from "../../wire/liveLines.js"
import type { Calls } from "./CodexCalls.js"
import type { HeldLines } from "./HeldLines.js"
import { type LiveThreads, threadNamedBy } from "./LiveThreads.js"

/** What a reader reads from and tells to. */
export interface Reading {
  readonly process: SupervisedProcess
  readonly transport: LineTransport
  readonly live: LiveEvents
  readonly calls: Calls
  readonly threads: LiveThreads
  readonly held: HeldLines
}

/** How long an agent that closed its output may take to exit by itself, ms. */
const closeMs = 500
/** How long the end is kept back for last words, ms; what the process left behind may take longer to end. */
const lastWordsMs = 1_000

/** One line of the agent: who waits for it is prepared, it is told, who waits goes on. */
const receive = ({ calls, held, live, threads }: Reading, line: WireLine): void => {
  const message = readMessage(line.message)
  if (message.kind !== "response") {
    threads.hear(message)
    return held.take(line, threadNamedBy(message))
  }
  const call = calls.take(message.id)
  call?.prepare(message.answer)
  live.push(line)
  call?.settle(message.answer)
}

/** The next lines; none when what is held is due. */
const next = ({ held, transport }: Reading): Effect.Effect<readonly string[] | null, LineTooLong> => {
  const deadline = held.nextDeadline()
  if (deadline === null) return transport.read
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.map(
      Effect.timeoutOption(transport.read, Math.max(0, deadline - now)),
      Option.getOrElse(() => []),
    ),
  )
}

const untilTheEnd = (reading: Reading): Effect.Effect<void, LineTooLong> => {
  const { held, live, process } = reading
  // Once the process is gone, what it wrote is all there is: no reason to wait for a consumer.
  const room = Effect.suspend(() => (live.hasRoom() ? Effect.void : Effect.race(live.room, process.gone)))
  const step: Effect.Effect<boolean, LineTooLong> = Effect.zipRight(
    room,
    Effect.flatMap(next(reading), (lines) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        held.release(at)
        for (const raw of lines ?? []) for (const line of receivedLines(at, raw)) receive(reading, line)
        return lines !== null
      }),
    ),
  )
  return Effect.asVoid(Effect.iterate(true, { while: (goesOn) => goesOn, body: () => Effect.suspend(() => step) }))
}

/** What is wrong where the agent did not simply exit. */
const faultOf = (cause: Cause.Cause<LineTooLong>): string =>
  Option.match(Cause.failureOption(cause), {
    onSome: ({ message }) => `The agent wrote ${message}.`,
    onNone: () => `The agent's output could not be followed: ${Cause.pretty(cause)}`,
  })

/** Runs until the process is gone, whatever happens; then nothing more is sent, answered or told. */
export const readUntilGone = (reading: Reading): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { calls, held, live, process, threads } = reading
    let fault = yield* Effect.match(Effect.sandbox(untilTheEnd(reading)), { onFailure: faultOf, onSuccess: () => "" })
    if (fault === "" && Option.isNone(yield* Effect.timeoutOption(process.exit, closeMs))) {
      fault = "The agent closed its output."
    }
    if (fault !== "") yield* process.stop
    const exit = yield* process.exit
    yield* Effect.timeoutOption(process.gone, lastWordsMs)
    const at = yield* Clock.currentTimeMillis
    held.release(Number.POSITIVE_INFINITY)
    const message = [fault, process.lastWords()].filter((words) => words !== "").join(" ")
    live.push(exitLine(at, { ...exit, asked: exit.asked && fault === "" }, message))
    calls.lose(connectionLost("codex", process, fault === "" ? undefined : fault))
    threads.lose()
    live.finish()
  })
