/** Guards of commands: the thread exists, its agent is run by us, nothing runs in it. */
import type { EffectRow, SessionRow, ThreadRow } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { isPurged, livingSession, waitingTurns } from "../state/lifecycle.js"
import { type Decision, refuse, type Situation } from "./Decision.js"
import type { Refusal } from "./Refusal.js"

/** Refuses a command for a thread that does not exist. */
export const refuseMissing = (threadId: string): Decision =>
  refuse("thread-not-found", `Thread ${threadId} does not exist.`)

/** Refuses a command for a thread that was deleted. */
const refuseDeleted = (threadId: string): Decision =>
  refuse("thread-not-found", `Thread ${threadId} was deleted; restore it first.`)

/** Why a purged thread takes nothing, neither a command nor a recording; null: it was not purged. */
export const refusalOfPurged = (state: FoldState, threadId: string): Refusal | null =>
  isPurged(state)
    ? { reason: "thread-purged", detail: `Thread ${threadId} was purged: its content is gone for good.` }
    : null

/** Decides where the thread exists and was not deleted. */
export const onThread = ({ state }: Situation, threadId: string, decide: (thread: ThreadRow) => Decision): Decision => {
  if (state.thread === null) return refuseMissing(threadId)
  return state.thread.deletedAt === null ? decide(state.thread) : refuseDeleted(threadId)
}

/** Refuses to open a thread under the id of a deleted one or of a connection; null: it may be opened, or is open. */
export const refuseTaken = ({ connection, thread }: FoldState, threadId: string): Decision | null => {
  if (connection !== null) return refuseMissing(threadId)
  return thread !== null && thread.deletedAt !== null ? refuseDeleted(threadId) : null
}

/** Refuses what must not happen while a session lives, or while a turn waits for our agent to start; null: it may happen. */
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

/** Refuses what must not happen while a call to the agent is open. */
export const refuseOpenCall = (
  { effectId, kind, status }: Pick<EffectRow, "effectId" | "kind" | "status">,
  threadId: string,
): Decision => refuse("thread-busy", `Call ${effectId} (${kind}) of thread ${threadId} is ${status}.`)

/** Whether calls go to an agent of ours: it runs the living session or, where none lives, it would run the next one. */
export const isOurs = (state: FoldState, { agent }: Pick<ThreadRow, "agent">): boolean => {
  const session = livingSession(state)
  return session === null ? agent !== null : session.mode === "managed"
}

/** Refuses what would go on in a fork, which is there to be read; null: the thread is none. A fork by the provider has its own native id of it. */
export const refuseFork = ({ thread }: FoldState): Decision | null => {
  if (thread === null || thread.agent !== null) return null
  const { forkedFromNativeThreadId, forkedFromThreadId, threadId } = thread
  return forkedFromThreadId === null || forkedFromNativeThreadId !== null
    ? null
    : refuse("thread-read-only", `Thread ${threadId} is a fork of thread ${forkedFromThreadId}, and read-only.`)
}

/** Refuses what only an agent of ours could do. @param source what the thread was imported from; null: it was attached */
export const notRun = (threadId: string, source: string | null): Decision =>
  refuse(
    "thread-not-run",
    `No agent of this server works in thread ${threadId}: it was ${source === null ? "attached" : "imported"}.`,
  )

/** Decides where a configured agent of ours works in the thread, and no adapter feeds it. */
export const onRunThread = (
  situation: Situation,
  threadId: string,
  decide: (thread: ThreadRow) => Decision,
): Decision =>
  onThread(situation, threadId, (thread) => {
    const readOnly = refuseFork(situation.state)
    if (readOnly !== null) return readOnly
    if (thread.agent === null) return notRun(threadId, thread.source)
    const session = livingSession(situation.state)
    if (session !== null && session.mode !== "managed") {
      return refuse("thread-busy", `Session ${session.sessionId} of thread ${threadId} is ${session.mode}.`)
    }
    return decide(thread)
  })

/** Refuses a command that needs an agent, in a session that is a recording. */
export const refuseRecording = ({ sessionId, threadId }: SessionRow): Decision =>
  refuse("thread-not-run", `Session ${sessionId} of thread ${threadId} is a recording.`)

/** The fields of an event without a session, about the thread as a whole or about what `ids` name. */
export const ofThread = { sessionId: null, native: null } as const
