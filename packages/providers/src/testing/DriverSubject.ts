/** What the suites of drivers test: an agent, its model, and a connection whose events are watched. */
import type { Configuration } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ProviderConnection, ProviderDriver } from "../ProviderDriver.js"
import { markedProcesses, markPrefix } from "../process/marks.js"
import { watch } from "./Watched.js"

/** What the model does in one turn. */
export type ModelTurn =
  /** It answers with this text, and the turn ends. */
  | { readonly does: "say"; readonly text: string }
  /** It begins to answer with this text and never ends. */
  | { readonly does: "hang"; readonly text: string }
  /** It wants to do something that needs permission, and then answers with this text. */
  | { readonly does: "ask"; readonly text: string }

export interface DriverSubject {
  /** A driver whose model does this in the next turns. The drivers of one subject share the agent's storage. */
  readonly driver: (turns: readonly ModelTurn[]) => Effect.Effect<ProviderDriver>
  /** Working directory of the agent. */
  readonly cwd?: string
  /** Settings with which the agent asks for permission. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Whether the action of an `ask`, numbered from 1, was performed. Absent where that cannot be checked. */
  readonly performed?: (ask: number) => Effect.Effect<boolean>
  /** A mode that a thread does not take which was started in another one. */
  readonly refused?: string
  /** A choice that is not that of a new thread. Absent where it cannot be seen what the model is asked. */
  readonly other?: OtherChoice
}

/** Another choice for a thread, and how it shows. */
export interface OtherChoice {
  readonly chosen: Configuration
  /** Whether the model was last asked as it is chosen. */
  readonly isAsked: Effect.Effect<boolean>
}

export const ourThread = "0199aaaa-0000-7000-8000-000000000001"
export const otherThread = "0199aaaa-0000-7000-8000-000000000002"
export const turnNumber = (n: number): string => `0199bbbb-0000-7000-8000-00000000000${n}`
export const ourTurn = turnNumber(1)
export const otherTurn = turnNumber(2)
const mark = `${markPrefix}CONTRACT`

let connections = 0

/** A connection, its events, and its running processes. */
export const open = (driver: ProviderDriver, { cwd }: DriverSubject) =>
  Effect.gen(function* () {
    connections += 1
    const value = `${process.pid}-${connections}`
    const where = cwd === undefined ? {} : { cwd }
    const connection = yield* driver.connect({
      connectionId: `connection-${value}`,
      marks: { [mark]: value },
      ...where,
    })
    const watched = yield* watch(connection)
    return { connection, watched, running: markedProcesses(mark, value) }
  })

/** Starts a thread of the subject on a connection; its native id. */
export const startOn = (connection: ProviderConnection, { cwd, settings }: DriverSubject, threadId = ourThread) =>
  Effect.map(
    connection.startThread({
      threadId,
      ...(cwd === undefined ? {} : { cwd }),
      ...(settings === undefined ? {} : { settings }),
    }),
    ({ nativeThreadId }) => nativeThreadId,
  )
