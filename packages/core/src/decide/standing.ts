/** What a command finds: a thread that there is, one that we run, a session that lives. */
import type { SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { hasEnded } from "../state/lifecycle.js"
import { type Decision, refuse, type Situation } from "./Decision.js"

/** Decides on a thread that there is; one that was deleted is not. */
export const onThread = ({ state }: Situation, threadId: string, decide: (thread: ThreadRow) => Decision): Decision =>
  state.thread === null || state.thread.deletedAt !== null
    ? refuse("thread-not-found", `Thread ${threadId} does not exist.`)
    : decide(state.thread)

/** The session that lives, or null. */
export const livingSession = (state: FoldState): SessionRow | null =>
  state.session !== null && !hasEnded(state.session) ? state.session : null

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

/** Turns that were asked for and will still start. An uncertain one was handed to a session and never answered. */
export const waitingTurns = (state: FoldState): readonly TurnRow[] =>
  state.requested.filter((turn) => turn.uncertain === 0)

/** An event about the thread as a whole, or about what `ids` name, that no session says. */
export const ofThread = { sessionId: null, native: null } as const
