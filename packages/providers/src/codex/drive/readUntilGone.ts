/** Reads the output of Codex until its process is gone, then reports the end to the translator. */
import { Clock, Effect, Option } from "effect"
import type { ListChanges } from "../../drive/AgentLists.js"
import type { LiveEvents } from "../../drive/LiveEvents.js"
import { readToEnd } from "../../drive/readToEnd.js"
import type { LineTooLong } from "../../process/LineSplitter.js"
import type { LineTransport } from "../../process/LineTransport.js"
import type { SupervisedProcess } from "../../process/SupervisedProcess.js"
import { readMessage } from "../../runtime/Message.js"
import type { WireLine } from "../../Translator.js"
import { receivedLines } from "../../wire/liveLines.js"
import type { Calls } from "./CodexCalls.js"
import { codexListChanges } from "./codexLists.js"
import type { Logins } from "./codexLogin.js"
import type { HeldLines } from "./HeldLines.js"
import { type LiveThreads, threadNamedBy } from "./LiveThreads.js"

/** The parts that the reader connects. */
export interface Reading {
  readonly process: SupervisedProcess
  readonly transport: LineTransport
  readonly live: LiveEvents
  readonly calls: Calls
  readonly threads: LiveThreads
  readonly held: HeldLines
  readonly changes: ListChanges
  readonly logins: Logins
}

/** Handles one line of the agent. The state is updated first, then the translator gets the line, then the caller goes on. */
const receive = ({ calls, changes, held, live, logins, threads }: Reading, line: WireLine): void => {
  const message = readMessage(line.message)
  if (message.kind !== "response") {
    threads.observe(message)
    const changed = message.kind === "notification" ? codexListChanges.get(message.method) : undefined
    if (changed !== undefined) changes.count(changed)
    if (message.kind === "notification") logins.observe(message.method, message.params)
    return held.take(line, threadNamedBy(message))
  }
  const call = calls.take(message.id)
  call?.prepare(message.answer)
  if (call?.isRecorded !== false) live.push(line)
  call?.settle(message.answer)
}

/** The next lines. An empty list when held lines are due. */
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
  // After the process is gone its remaining output is bounded, so the reader need not wait for the consumer.
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

/** Runs until the process is gone. Then no line is sent or translated any more, and waiting calls fail. */
export const readUntilGone = (reading: Reading): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { calls, held, live, process, threads } = reading
    const { line, lost } = yield* readToEnd("codex", process, untilTheEnd(reading))
    held.release(Number.POSITIVE_INFINITY)
    live.push(line)
    calls.lose(lost)
    threads.lose()
    live.finish()
  })
