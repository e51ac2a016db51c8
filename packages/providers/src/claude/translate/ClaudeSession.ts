/**
 * The translator's state of a Claude session. The rules of the domain are in the fold. Here turns are counted, because the
 * protocol has no turns, and the ids are kept by which messages refer to one another.
 */
import type { ItemKind, NativeRef } from "@threadfold/contracts"
import { makeOrigin, type Origin } from "../../runtime/Draft.js"
import type { Fields } from "../../runtime/readFields.js"
import type { ModelTotals } from "./claudeUsage.js"

/** A message of the user that the agent has not taken yet. */
export interface SentMessage {
  /** Its uuid, or a name that we give it where it has none. */
  readonly key: string
  readonly text: string | null
  /** The parts that are no text, as the provider has them. */
  readonly others: readonly Fields[]
  /** On a live connection, our id of the turn that it asks for. Undefined: it steers, or it comes from a recording. */
  readonly ours: string | undefined
  /** True once its `turn.requested` was recorded. That happens only for recordings. */
  isRecorded: boolean
}

/** The running turn. */
export interface Turn {
  /** Its native id, which we make: `turn-1`, `turn-2`, … in the session. Weak. */
  readonly id: string
  /** Key of the message that it began with. Undefined: the agent began it by itself. */
  readonly message: string | undefined
  /** True once the agent has reported that it took that message. */
  isTaken: boolean
}

/** A content block that is being streamed. */
export interface Block {
  readonly itemId: string
  readonly turnId: string | undefined
  readonly kind: ItemKind
  /** The provider's name of its type. */
  readonly type: string
  /** True once a piece of its text has come. */
  hasText: boolean
  /** False once the whole block has come. */
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

/** Work beside the main thread: a subagent, or a command in the background. */
export interface Task {
  /** The native id of the event: the provider's id, with the run where the same task is started again. */
  readonly nativeId: string
  /** The call that started it. */
  readonly toolUseId: string | undefined
  readonly turnId: string | undefined
  readonly kind: string | undefined
  readonly title: string | undefined
  /** True once it works in the background. Then `task.started` was recorded. */
  isInBackground: boolean
  isOver: boolean
}

/** The configuration of the session, as recorded last. */
export interface Configuration {
  readonly model?: string | undefined
  readonly cwd?: string | undefined
  readonly approvalPolicy?: string | undefined
  readonly providerVersion?: string | undefined
}

/** One incarnation of a thread: the thread's time on one process. */
export interface Session {
  readonly threadId: string
  readonly origin: Origin
  /** How many turns it has had. */
  turns: number
  running: Turn | null
  /** Messages that the agent has not taken yet, in the order of sending. */
  waiting: SentMessage[]
  /** True once the agent has reported the state of a message. Older agents never do. */
  reportsLifecycle: boolean
  /** True once the agent noted in this turn that it was interrupted. */
  isInterrupted: boolean
  message: ModelMessage | null
  readonly tools: Map<string, Tool>
  /** By the provider's id. */
  readonly tasks: Map<string, Task>
  configuration: Configuration
  /** The provider's own id of the session. */
  nativeSessionId: string
  /** The tool servers, as recorded last. */
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
  reportsLifecycle: false,
  isInterrupted: false,
  message: null,
  tools: new Map(),
  tasks: new Map(),
  configuration: {},
  nativeSessionId,
  servers: "",
  totals,
})

/** Native ids inside a turn. Without a turn, of the session only. */
export const nativeOf = (session: Session, turnId: string | undefined, ids: NativeRef = {}): NativeRef => ({
  threadId: session.threadId,
  ...(turnId === undefined ? {} : { turnId }),
  ...ids,
})
