/** Commands about a thread as a whole. Each is idempotent: wanting what is so already changes nothing. */
import type { CommandOf, ThreadRow } from "@threadfold/contracts"
import { hasEnded } from "../state/lifecycle.js"
import { accept, type Decision, refuse, type Situation } from "./Decision.js"

/** Decides on a thread that there is; one that was deleted is not. */
const onThread = ({ state }: Situation, threadId: string, decide: (thread: ThreadRow) => Decision): Decision =>
  state.thread === null || state.thread.deletedAt !== null
    ? refuse("thread-not-found", `Thread ${threadId} does not exist.`)
    : decide(state.thread)

const ofThread = { sessionId: null, native: null } as const

/** `thread.rename`. */
export const renameThread = (situation: Situation, command: CommandOf<"thread.rename">): Decision =>
  onThread(situation, command.threadId, ({ title }) =>
    title === command.title
      ? accept()
      : accept({ ...ofThread, type: "thread.renamed", payload: { title: command.title } }),
  )

/** `thread.archive`. */
export const archiveThread = (situation: Situation, command: CommandOf<"thread.archive">): Decision =>
  onThread(situation, command.threadId, ({ archivedAt }) =>
    archivedAt === null ? accept({ ...ofThread, type: "thread.archived", payload: {} }) : accept(),
  )

/** `thread.unarchive`. */
export const unarchiveThread = (situation: Situation, command: CommandOf<"thread.unarchive">): Decision =>
  onThread(situation, command.threadId, ({ archivedAt }) =>
    archivedAt === null ? accept() : accept({ ...ofThread, type: "thread.unarchived", payload: {} }),
  )

/** `thread.delete`: refused while a session lives, which nobody could see or stop afterwards. */
export const deleteThread = (situation: Situation, command: CommandOf<"thread.delete">): Decision => {
  const { session, thread } = situation.state
  if (thread === null) return refuse("thread-not-found", `Thread ${command.threadId} does not exist.`)
  if (thread.deletedAt !== null) return accept()
  if (session !== null && !hasEnded(session)) {
    return refuse("thread-busy", `Session ${session.sessionId} of thread ${command.threadId} is ${session.status}.`)
  }
  return accept({ ...ofThread, type: "thread.deleted", payload: {} })
}

/** `thread.keep-alive`. */
export const keepThreadAlive = (situation: Situation, command: CommandOf<"thread.keep-alive">): Decision =>
  onThread(situation, command.threadId, ({ keepAliveUntil }) =>
    keepAliveUntil === command.until
      ? accept()
      : accept({ ...ofThread, type: "thread.keep-alive-set", payload: { until: command.until } }),
  )
