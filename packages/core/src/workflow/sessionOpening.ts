/** How a thread's session is opened: its conversation is resumed, or a new one is started. */
import type { ThreadRow } from "@threadfold/contracts"
import type { ThreadWork } from "./followUp.js"

/** A conversation that the agent had before, by its ids. */
export interface Conversation {
  readonly nativeThreadId: string
  /** Of its last session; null: the agent has none, or has not told it. */
  readonly nativeSessionId: string | null
}

/** The conversation that a thread's next session resumes; null: the agent has told no id of one, so a new one is started. */
export const conversationToResume = ({ last, thread }: Pick<ThreadWork, "last" | "thread">): Conversation | null => {
  const { nativeThreadId } = thread
  return nativeThreadId === null ? null : { nativeThreadId, nativeSessionId: last?.nativeSessionId ?? null }
}

/**
 * Whether the thread's next session forks the conversation that its nativeThreadId names, which is its origin's: an agent goes on in a
 * fork of ours, and has had no session in it.
 */
export const forksConversation = ({ last, thread }: Pick<ThreadWork, "last" | "thread">): boolean =>
  thread.agent !== null && thread.forkedFromThreadId !== null && last?.mode === "forked"

/** A resume that the agent did not do. */
export interface FailedResume {
  /** Items of the thread: without any there is nothing to lose. Some agents store a conversation only with its first turn. */
  readonly thread: Pick<ThreadRow, "items">
  /** The agent has answered that it cannot resume the conversation, now or later. */
  readonly isLost: boolean
  /** The caller gave up the conversation beforehand. */
  readonly fresh: boolean
}

/**
 * What follows a resume that failed.
 * - `start`: a new conversation.
 * - `lost`: an error that says so; only the caller may give the conversation up.
 * - `failed`: an error; the conversation may be resumed another time.
 */
export const afterFailedResume = ({ fresh, isLost, thread }: FailedResume): "start" | "lost" | "failed" => {
  if (fresh || (isLost && thread.items === 0)) return "start"
  return isLost ? "lost" : "failed"
}
