/**
 * What the connection of every translator consists of, whatever its protocol: whether it is open, what is known of its
 * process, and the path on which facts become numbered events.
 */
import type { PayloadOf } from "@threadfold/contracts"
import { makeRedactor } from "../redaction/Redactor.js"
import type { Emitted, TranslatorOptions } from "../Translator.js"
import { makeCoalescer } from "./Coalescer.js"
import { draftOf, makeOrigin, type Source } from "./Draft.js"
import { fact } from "./Fact.js"

/** What is known of the process. */
export interface Process {
  readonly pid?: number | undefined
  readonly command?: readonly string[] | undefined
}

/** How a connection ended. */
export type Ending = PayloadOf<"connection.closed">

/** How a session ends when its connection ends. */
export const sessionEnding = (ending: Ending): PayloadOf<"session.exited"> => ({
  ...ending,
  reason: ending.reason === "stopped" ? "exit" : ending.reason,
})

export const makeConnectionBase = <P extends Process>(provider: string, { mode, secrets }: TranslatorOptions) => {
  const origin = makeOrigin({ kind: "connection" })
  let emitted: Emitted[] = []
  const redactor = secrets === undefined ? null : makeRedactor(secrets)
  const coalescer = makeCoalescer((event) => emitted.push(event), redactor)
  let state: "unseen" | "open" | "closed" = "unseen"
  let process: P | undefined
  let version: string | undefined

  return {
    /** Numbers the events that name no session. */
    origin,
    push: coalescer.push,
    release: coalescer.release,
    nextDeadline: coalescer.nextDeadline,

    isOpen: () => state === "open",
    wasSeen: () => state !== "unseen",
    process: () => process,
    /** Version of the agent; undefined until the agent has said it. */
    version: () => version,
    setVersion: (said: string) => {
      version = said
    },

    /** Opens the connection, with this process or, without one, with the last process. */
    open: (source: Source, seen: P | undefined = process): void => {
      state = "open"
      process = seen
      const { command, pid } = seen ?? {}
      coalescer.push(draftOf(source, origin, fact("connection.opened", { provider, mode, version, pid, command })))
    },

    /** Ends the connection. The protocol's connection has ended the sessions before. */
    closed: (source: Source, ending: Ending): void => {
      coalescer.push(draftOf(source, origin, fact("connection.closed", { ...ending })))
      state = "closed"
    },

    /** The events that are complete, in order. Each is returned once. */
    take: (): readonly Emitted[] => {
      const taken = emitted
      emitted = []
      return taken
    },
  }
}

export type ConnectionBase<P extends Process> = ReturnType<typeof makeConnectionBase<P>>
