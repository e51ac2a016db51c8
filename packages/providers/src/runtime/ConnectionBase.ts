/**
 * What every translator's connection is made of, whatever its protocol: whether it is open, what is known of its process,
 * and the way by which facts become numbered events.
 */
import type { PayloadOf } from "@threadfold/contracts"
import { makeRemoval } from "../redaction/Redactor.js"
import type { Emitted } from "../Translator.js"
import { type Draft, makeCoalescer } from "./Coalescer.js"
import { type Fact, fact } from "./Fact.js"
import { makeOrigin, type Origin, type WireChannel } from "./Origin.js"
import type { Source } from "./Source.js"
import type { TranslatorOptions } from "./TranslatorOptions.js"

/** What is known of the process. */
export interface Process {
  readonly pid?: number | undefined
  readonly command?: readonly string[] | undefined
}

/** How a connection ended. */
export type Ending = PayloadOf<"connection.closed">

/** What the end of its connection is to a session. */
export const sessionEnding = (ending: Ending): PayloadOf<"session.exited"> => ({
  ...ending,
  reason: ending.reason === "stopped" ? "exit" : ending.reason,
})

/** A fact of a line, with its place on the wire. */
export const draftOf = (source: Source, origin: Origin, what: Fact, channel: WireChannel = "agent"): Draft => ({
  origin,
  channel,
  fact: what,
  at: source.at,
  raw: source.takeRaw(),
})

export const makeConnectionBase = <P extends Process>(provider: string, { mode, secrets }: TranslatorOptions) => {
  const origin = makeOrigin({ kind: "connection" })
  let emitted: Emitted[] = []
  const removal = secrets === undefined ? null : makeRemoval(secrets)
  const coalescer = makeCoalescer((event) => emitted.push(event), removal)
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
    /** Version of the agent, once it said so. */
    version: () => version,
    setVersion: (said: string) => {
      version = said
    },

    /** The connection opens, with the process that is named, or with the last one. */
    open: (source: Source, seen: P | undefined = process): void => {
      state = "open"
      process = seen
      const { command, pid } = seen ?? {}
      coalescer.push(draftOf(source, origin, fact("connection.opened", { provider, mode, version, pid, command })))
    },

    /** The connection ends; its sessions have ended before it. */
    closed: (source: Source, ending: Ending): void => {
      coalescer.push(draftOf(source, origin, fact("connection.closed", { ...ending })))
      state = "closed"
    },

    /** The events that are complete, in order; taken once. */
    take: (): readonly Emitted[] => {
      const taken = emitted
      emitted = []
      return taken
    },
  }
}
