/**
 * What the translator remembers of a Claude session. Nothing here decides about the domain: the protocol names no turn, so
 * somebody has to count them, and its messages refer to one another by ids that have to be known.
 */
import type { ItemKind, NativeRef } from "@threadfold/contracts"
import { makeOrigin, type Origin } from "../../runtime/Origin.js"
import type { Fields } from "../../runtime/readFields.js"
import type { ModelTotals } from "./claudeUsage.js"

/** A message of the user that was sent, until the agent has taken it. */
export interface SentMessage {
  /** Its uuid; a name of ours where it has none. */
  readonly key: string
  readonly text: string | null
  /** The parts that are no text, in the provider's words. */
  readonly others: readonly Fields[]
  /** Our id of the turn that it asks for, on a live connection; undefined: it steers, or it is a recording's. */
  readonly ours: string | undefined
  /** True once `turn.requested` was told of it; only recordings tell it here. */
  isTold: boolean
}

/** The running turn. */
export interface Turn {
  /** The name that we give it towards the log: `turn-1`, `turn-2`, … in the session. Weak. */
  readonly id: string
  /** Key of the message that it began with; undefined: the agent began it by itself. */
  readonly message: string | undefined
  /** True once the agent has said that it took that message. */
  isTaken: boolean
}

/** A content block that is being streamed. */
export interface Block {
  readonly itemId: string
  readonly turnId: string | undefined
  readonly kind: ItemKind
  /** The provider's name of its type. */
  readonly type: string
  /** True once a piece of the text that its item shows has come. */
  hasText: boolean
  /** False once the whole block was told. */
  isOpen: boolean
}

/** The message that the model is writing. */
export interface ModelMessage {
  readonly id: string
  readonly blocks: Map<number, Block>
}

/** A call of a tool. */
export interface Tool {
  readonly id: string
  readonly name: string
  /** The turn that it began in. */
  readonly turnId: string | undefined
  input: Fields | undefined
  isOpen: boolean
  /** True once an answer of ours refused it. */
  isDenied: boolean
}

/** Work of the agent beside its main thread: a subagent, a command in the background. */
export interface Task {
  /** Towards the log: the provider's id, with its run where the same task is taken up again. */
  readonly nativeId: string
  /** The call that started it. */
  readonly toolUseId: string | undefined
  readonly turnId: string | undefined
  readonly kind: string | undefined
  readonly title: string | undefined
  /** True once it works in the background, and so was told as a task. */
  isTold: boolean
  isOver: boolean
}

/** What the session runs with, as last told. */
export interface Configuration {
  readonly model?: string | undefined
  readonly cwd?: string | undefined
  readonly approvalPolicy?: string | undefined
  readonly providerVersion?: string | undefined
}

/** One incarnation of a thread: a process, as long as it speaks for that thread. */
export interface Session {
  readonly threadId: string
  readonly origin: Origin
  /** How many turns it had. */
  turns: number
  running: Turn | null
  /** Messages that the agent has not taken yet, in the order of sending. */
  waiting: SentMessage[]
  /** True once the agent tells what becomes of the messages it is sent; older ones do not. */
  tellsLifecycle: boolean
  /** True once the agent noted in this turn that it was interrupted. */
  isInterrupted: boolean
  message: ModelMessage | null
  readonly tools: Map<string, Tool>
  /** By the provider's id. */
  readonly tasks: Map<string, Task>
  configuration: Configuration
  /** The provider's own id of the session. */
  nativeSessionId: string
  /** The tool servers, as last told. */
  servers: string
  /** Tokens of the conversation, over all of its sessions. */
  readonly totals: ModelTotals
}

export const makeSession = (
  threadId: string,
  count: number,
  nativeSessionId: string,
  totals: ModelTotals,
): Session => ({
  threadId,
  origin: makeOrigin({ kind: "session", nativeThreadId: threadId, session: count }),
  turns: 0,
  running: null,
  waiting: [],
  tellsLifecycle: false,
  isInterrupted: false,
  message: null,
  tools: new Map(),
  tasks: new Map(),
  configuration: {},
  nativeSessionId,
  servers: "",
  totals,
})

/** The ids of something in a turn; without one, of the session alone. */
export const nativeOf = (session: Session, turnId: string | undefined, ids: NativeRef = {}): NativeRef => ({
  threadId: session.threadId,
  ...(turnId === undefined ? {} : { turnId }),
  ...ids,
})
