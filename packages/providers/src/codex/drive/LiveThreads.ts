/** The state of the threads of a live connection that operations need: whose they are, running turns, open questions. */
import { Effect } from "effect"
import type { Message } from "../../runtime/Message.js"
import { type Fields, hintFields, hintText } from "../../runtime/readFields.js"
import type { Question } from "../translate/codexDecisions.js"

export interface LiveThreads {
  /** The native thread is open on this connection, for this thread of ours. */
  readonly opened: (nativeThreadId: string, threadId: string) => void
  /** The native thread will be ours if it opens: its events may come before the answer. Null: the resume was refused. */
  readonly expect: (nativeThreadId: string, threadId: string | null) => void
  readonly closed: (nativeThreadId: string) => void
  readonly isOpen: (nativeThreadId: string) => boolean
  /** Our id of a native thread. Null: the agent opened it by itself. */
  readonly reference: (nativeThreadId: string) => string | null
  readonly runningTurn: (nativeThreadId: string) => string | null
  /**
   * The turn that started while this one ran, where the end of this one was not reported. Null: this turn runs or has ended,
   * or no turn runs.
   */
  readonly inPlaceOf: (nativeThreadId: string, nativeTurnId: string) => string | null
  /** Waits until no turn runs in the thread, or until the connection is gone. */
  readonly idle: (nativeThreadId: string) => Effect.Effect<void>
  /** Closes an open question, so that no second answer is sent. By the JSON text of its id. */
  readonly takeQuestion: (requestId: string) => void
  /** An open question, by the JSON text of its id. */
  readonly question: (requestId: string) => Question | undefined
  /** Updates the state from a message of the agent. */
  readonly observe: (message: Message) => void
  /** The connection is gone. */
  readonly lose: () => void
}

/** The thread that a message of the agent names. */
export const threadNamedBy = (message: Message): string | undefined => {
  if (message.kind !== "notification" && message.kind !== "request") return undefined
  const { params } = message
  return (
    hintText(params, "threadId") ??
    hintText(hintFields(params, "thread") ?? {}, "id") ??
    hintText(params, "conversationId")
  )
}

export const makeLiveThreads = (): LiveThreads => {
  const references = new Map<string, string>()
  const open = new Set<string>()
  const running = new Map<string, string>()
  /** By thread: the turn that ran when another one started, until its end is reported. */
  const left = new Map<string, string>()
  const questions = new Map<string, Question>()
  const waiting = new Map<string, Set<() => void>>()

  const wake = (id: string): void => {
    for (const resume of waiting.get(id) ?? []) resume()
    waiting.delete(id)
  }
  /** Removes the questions of a turn that has ended. Codex reports their end a moment later. */
  const forget = (id: string, turnId: string | undefined): void => {
    for (const [requestId, { params }] of questions) {
      if (hintText(params, "threadId") === id && hintText(params, "turnId") === turnId) questions.delete(requestId)
    }
  }
  const ended = (id: string): void => {
    running.delete(id)
    left.delete(id)
    wake(id)
  }
  const closed = (id: string): void => {
    open.delete(id)
    ended(id)
  }

  const notified = (method: string, id: string, params: Fields): void => {
    switch (method) {
      case "turn/started": {
        const turnId = hintText(hintFields(params, "turn") ?? {}, "id")
        if (turnId === undefined) return
        const before = running.get(id)
        if (before !== undefined && before !== turnId) left.set(id, before)
        running.set(id, turnId)
        return
      }
      case "turn/completed":
        forget(id, hintText(hintFields(params, "turn") ?? {}, "id"))
        return ended(id)
      case "thread/closed":
        return closed(id)
      case "thread/status/changed":
        if (hintFields(params, "status")?.type === "notLoaded") closed(id)
        return
      case "serverRequest/resolved":
        questions.delete(JSON.stringify(params.requestId ?? null))
        return
    }
  }

  return {
    opened: (id, threadId) => {
      references.set(id, threadId)
      open.add(id)
    },
    expect: (id, threadId) => {
      if (threadId === null) references.delete(id)
      else references.set(id, threadId)
    },
    closed,
    isOpen: (id) => open.has(id),
    reference: (id) => references.get(id) ?? null,
    runningTurn: (id) => running.get(id) ?? null,
    inPlaceOf: (id, turnId) => (left.get(id) === turnId ? (running.get(id) ?? null) : null),
    idle: (id) =>
      Effect.async((resume) => {
        if (!running.has(id)) return resume(Effect.void)
        const list = waiting.get(id) ?? new Set()
        const done = () => resume(Effect.void)
        waiting.set(id, list.add(done))
        return Effect.sync(() => list.delete(done))
      }),
    question: (requestId) => questions.get(requestId),
    takeQuestion: (requestId) => {
      questions.delete(requestId)
    },
    observe: (message) => {
      if (message.kind === "request") questions.set(message.id, { method: message.method, params: message.params })
      if (message.kind !== "notification") return
      const id = threadNamedBy(message)
      if (id !== undefined) notified(message.method, id, message.params)
    },
    lose: () => {
      running.clear()
      questions.clear()
      for (const id of [...waiting.keys()]) wake(id)
    },
  }
}
