/**
 * The translator's state of an agent's session. The rules of the domain are in the fold. Here turns and messages are counted,
 * because the protocol has no ids for them.
 */

import type { ItemEnd, ItemKind } from "@threadfold/contracts"
import { makeOrigin, type Origin } from "../../runtime/Draft.js"
import type { Fields } from "../../runtime/readFields.js"

/** A delivered prompt. It is one turn. */
export interface Prompt {
  /** JSON text of the call's id. The answer to the call ends the turn. */
  readonly callId: string
  /** The native id of the turn, which we make: `turn-1`, `turn-2`, … in the session. Weak. */
  readonly turnId: string
  /** The native id of the user's message, which we make: `prompt-1`, `prompt-2`, … Weak. */
  readonly itemId: string
  /** The content blocks of the prompt, as the protocol has them. */
  readonly content: readonly unknown[]
  /** Our id of the turn, where the client is Threadfold itself. */
  readonly ours: string | undefined
  /** The client asked to stop it. */
  cancelled: boolean
}

/** A text that the agent is writing: consecutive chunks, which are one item. */
export interface TextRun {
  readonly itemId: string
  readonly kind: ItemKind
  readonly nativeKind: string
  /** The turn that it began in. Undefined: outside of any turn. */
  readonly turnId: string | undefined
  /** The agent's id of the message, where there is one. */
  messageId: string | undefined
  readonly pieces: string[]
  /** The parts that are no text (images, links, resources), as the agent has them. */
  readonly others: Fields[]
}

/** A tool call, with all patches so far. */
export interface Tool {
  readonly id: string
  /** The turn that it began in. Undefined: outside of any turn. */
  readonly turnId: string | undefined
  /** Its members. Later patches replace earlier ones. */
  fields: Fields
  /** True once the agent has reported its end. */
  ended: boolean
  /** The output of a command that was recorded so far. */
  output: string
  /** True: the output came in pieces, so the pieces are the whole output. */
  streamed: boolean
  exitCode: number | undefined
  /** How it ends if it fails, because of the answer to its request for permission. */
  refused: Extract<ItemEnd, "declined" | "interrupted"> | null
}

/** One incarnation of a session on the connection. */
export interface Session {
  readonly origin: Origin
  /** True once an answer described it. */
  described: boolean
  /** How many prompts it has had. */
  prompts: number
  /** The running prompt. The agent's output belongs to it. */
  running: Prompt | null
  /** Prompts that were delivered while another one ran, in order. */
  readonly waiting: Prompt[]
  /** The parts of the running prompt that the agent may still repeat. Empty once the agent has sent other content. */
  repeatable: readonly Fields[]
  /** How many text items it has had. */
  texts: number
  /** The text that the agent is writing. */
  run: TextRun | null
  readonly tools: Map<string, Tool>
  /** The size of the model's context window that was recorded last, in tokens. */
  contextWindow: number | undefined
}

export interface AcpThread {
  /** The agent's session id. */
  readonly id: string
  /** How many sessions it has had on this connection. */
  sessions: number
  /** The open session. */
  session: Session | null
  /** True once it was closed. Only a start, load or resume opens it again, not a late message of the agent. */
  closed: boolean
  /** Calls that load or resume it and have no answer yet. Until then the agent's updates are history. */
  readonly loading: Set<string>
}

/** Where an event belongs: to a session, or to the connection (then `place` is null). */
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
