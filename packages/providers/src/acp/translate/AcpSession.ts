/**
 * What the translator remembers of an agent's session. Nothing here decides about the domain: the protocol names no turn
 * and no message, so somebody has to count them.
 */

import type { ItemEnd, ItemKind } from "@threadfold/contracts"
import { makeOrigin, type Origin } from "../../runtime/Origin.js"
import type { Fields } from "../../runtime/readFields.js"

/** A prompt that was handed over: one turn. */
export interface Prompt {
  /** JSON text of the call's id: its answer is the turn's end. */
  readonly callId: string
  /** The name that we give the turn towards the log: `turn-1`, `turn-2`, … in the session. Weak. */
  readonly turnId: string
  /** The name of the user's message towards the log: `prompt-1`, `prompt-2`, … Weak. */
  readonly itemId: string
  /** What the user says: content blocks, in the protocol's words. */
  readonly content: readonly unknown[]
  /** Our id of the turn, where the client is Threadfold itself. */
  readonly ours: string | undefined
  /** The client asked to stop it. */
  cancelled: boolean
}

/** A text that is being written. */
export interface TextRun {
  readonly itemId: string
  readonly kind: ItemKind
  readonly nativeKind: string
  /** The turn that it began in; undefined: outside of any. */
  readonly turnId: string | undefined
  /** The agent's name of the message, where it gives one. */
  messageId: string | undefined
  readonly pieces: string[]
  /** Parts that are no text (images, links, resources), in the agent's words. */
  readonly others: Fields[]
}

/** A tool call as it stands. */
export interface Tool {
  readonly id: string
  /** The turn that it began in; undefined: outside of any. */
  readonly turnId: string | undefined
  /** What was said of it, later words in the place of earlier ones. */
  fields: Fields
  /** True once the agent said how it ended. */
  ended: boolean
  /** Output of a command, as far as it was told. */
  output: string
  /** True: the output came piece by piece, so the pieces are the whole of it. */
  streamed: boolean
  exitCode: number | undefined
  /** What the answer to its question for permission makes of a failure. */
  refused: Extract<ItemEnd, "declined" | "interrupted"> | null
}

/** One incarnation of a session on the connection. */
export interface Session {
  readonly origin: Origin
  /** True once an answer described it. */
  described: boolean
  /** How many prompts it was given. */
  prompts: number
  /** The prompt that what the agent says belongs to. */
  running: Prompt | null
  /** Prompts that were handed over while another one ran, in order. */
  readonly waiting: Prompt[]
  /** What may still be repeated of the running prompt; nothing once the agent has said something else. */
  repeatable: readonly Fields[]
  /** How many text items there were. */
  texts: number
  /** The text that the agent is writing. */
  run: TextRun | null
  readonly tools: Map<string, Tool>
  /** Size of the model's context window as last told, in tokens. */
  contextWindow: number | undefined
}

export interface AcpThread {
  /** The agent's session id. */
  readonly id: string
  /** How many sessions it has had on this connection. */
  sessions: number
  /** The open one. */
  session: Session | null
  /** True once it was closed: only a start, load or resume opens it again, no late word of the agent. */
  closed: boolean
  /** Calls that load or resume it and have no answer yet: what the agent tells meanwhile is history. */
  readonly loading: Set<string>
}

/** Where an event belongs: a session, or the connection (then without one). */
export interface Target {
  readonly origin: Origin
  readonly place: Place | null
}

/** An open session with its thread. */
export interface Place {
  readonly thread: AcpThread
  readonly session: Session
}

export const makeThread = (id: string): AcpThread => ({
  id,
  sessions: 0,
  session: null,
  closed: false,
  loading: new Set(),
})

/** Opens the thread's next session. */
export const openSession = (thread: AcpThread): Session => {
  thread.sessions += 1
  thread.closed = false
  const session: Session = {
    origin: makeOrigin({ kind: "session", nativeThreadId: thread.id, session: thread.sessions }),
    described: false,
    prompts: 0,
    running: null,
    waiting: [],
    repeatable: [],
    texts: 0,
    run: null,
    tools: new Map(),
    contextWindow: undefined,
  }
  thread.session = session
  return session
}
