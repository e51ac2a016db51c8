/** What a command finds: a thread that there is, one that we run, one in which nothing goes on. */
import type { SessionRow, ThreadRow } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { livingSession, waitingTurns } from "../state/lifecycle.js"
import { type Decision, refuse, type Situation } from "./Decision.js"

/** Refuses a command for a thread that there is not. */
export const refuseMissing = (threadId: string): Decision =>
  refuse("thread-not-found", `Thread ${threadId} does not exist.`)

/** Refuses a command for a thread that was deleted. */
export const refuseDeleted = (threadId: string): Decision =>
  refuse("thread-not-found", `Thread ${threadId} was deleted; restore it first.`)

/** Decides on a thread that there is; one that was deleted is not. */
export const onThread = ({ state }: Situation, threadId: string, decide: (thread: ThreadRow) => Decision): Decision => {
  if (state.thread === null) return refuseMissing(threadId)
  return state.thread.deletedAt === null ? decide(state.thread) : refuseDeleted(threadId)
}

/** Refuses to open a thread under the id of a deleted one or of a connection; null: it may be opened, or is open. */
export const refuseTaken = ({ connection, thread }: FoldState, threadId: string): Decision | null => {
  if (connection !== null) return refuseMissing(threadId)
  return thread !== null && thread.deletedAt !== null ? refuseDeleted(threadId) : null
}

/** Refuses what has no place beside a session that lives, or a turn for which our own agent is about to start; or null. */
export const refuseBusy = (state: FoldState, threadId: string): Decision | null => {
  const session = livingSession(state)
  if (session !== null) {
    return refuse("thread-busy", `Session ${session.sessionId} of thread ${threadId} is ${session.status}.`)
  }
  const [waiting] = waitingTurns(state)
  return waiting === undefined
    ? null
    : refuse("thread-busy", `Turn ${waiting.turnId} of thread ${threadId} waits to start.`)
}

/** Whether an agent of ours is whom to call: it runs the session that lives or, where none does, would run the next one. */
export const isOurs = (state: FoldState): boolean => {
  const session = livingSession(state)
  return session === null ? (state.thread?.agent ?? null) !== null : session.mode === "managed"
}

/** Decides on a thread that a configured agent of ours works in, and that no adapter outside feeds. */
export const onRunThread = (
  situation: Situation,
  threadId: string,
  decide: (thread: ThreadRow) => Decision,
): Decision =>
  onThread(situation, threadId, (thread) => {
    if (thread.agent === null) {
      return refuse("thread-not-run", `Thread ${threadId} was ${thread.source === null ? "attached" : "imported"}.`)
    }
    const session = livingSession(situation.state)
    if (session !== null && session.mode !== "managed") {
      return refuse("thread-busy", `Session ${session.sessionId} of thread ${threadId} is ${session.mode}.`)
    }
    return decide(thread)
  })

/** Refuses what wants an agent to do something: in a recording there is none. */
export const refuseRecording = ({ sessionId, threadId }: SessionRow): Decision =>
  refuse("thread-not-run", `Session ${sessionId} of thread ${threadId} is a recording.`)

/** An event about the thread as a whole, or about what `ids` name, that no session says. */
export const ofThread = { sessionId: null, native: null } as const
