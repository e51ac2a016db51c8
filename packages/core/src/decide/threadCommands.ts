/** Commands about a thread as a whole. Each is idempotent: a command for the present state changes nothing. */
import type { CommandOf } from "@threadfold/contracts"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onThread, refuseBusy, refuseMissing, refuseTaken } from "./threadGuards.js"

/** `thread.create`: a repeat with the same content changes nothing. */
export const createThread = ({ state }: Situation, command: CommandOf<"thread.create">): Decision => {
  const { agent, provider, threadId } = command
  const { thread } = state
  const refusal = refuseTaken(state, threadId)
  if (refusal !== null) return refusal
  if (thread !== null) {
    return thread.agent === agent && thread.provider === provider
      ? accept()
      : refuse("thread-conflict", `Thread ${threadId} exists with other content.`)
  }
  const { cwd = null, model = null, settings = null, title = null } = command
  return accept({
    ...ofThread,
    type: "thread.created",
    payload: { provider, agent, title, cwd, model, settings },
  })
}

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

/** `thread.delete`: refused while a session lives: it could not be seen or stopped afterwards. */
export const deleteThread = ({ state }: Situation, { threadId }: CommandOf<"thread.delete">): Decision => {
  if (state.thread === null) return refuseMissing(threadId)
  if (state.thread.deletedAt !== null) return accept()
  return refuseBusy(state, threadId) ?? accept({ ...ofThread, type: "thread.deleted", payload: {} })
}

/** `thread.restore`: the one command that a deleted thread takes. */
export const restoreThread = ({ state }: Situation, { threadId }: CommandOf<"thread.restore">): Decision => {
  if (state.thread === null) return refuseMissing(threadId)
  return state.thread.deletedAt === null ? accept() : accept({ ...ofThread, type: "thread.restored", payload: {} })
}

/**
 * `thread.fork`: the thread stays as it is, and the receipt names the new one. A turn that has not ended is no place to fork at: what
 * its agent does next is not known.
 */
export const forkThread = (situation: Situation, command: CommandOf<"thread.fork">): Decision =>
  onThread(situation, command.threadId, () => {
    const { intoThreadId, threadId, turnId } = command
    const turn = situation.rows.find("turns", "key", [turnId])
    if (turn === null || turn.threadId !== threadId) {
      return refuse("resource-not-found", `Thread ${threadId} has no turn ${turnId}.`)
    }
    return turn.status === "ended"
      ? acceptWith({ threadId: intoThreadId })
      : refuse("turn-active", `Turn ${turnId} of thread ${threadId} is ${turn.status}: fork at one that has ended.`)
  })

/** `thread.keep-alive`. */
export const keepThreadAlive = (situation: Situation, command: CommandOf<"thread.keep-alive">): Decision =>
  onThread(situation, command.threadId, ({ keepAliveUntil }) =>
    keepAliveUntil === command.until
      ? accept()
      : accept({ ...ofThread, type: "thread.keep-alive-set", payload: { until: command.until } }),
  )
