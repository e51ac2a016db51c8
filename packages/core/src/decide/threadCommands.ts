/** Commands about a thread as a whole. Each is idempotent: a command for the present state changes nothing. */
import type { CommandOf } from "@threadfold/contracts"
import { canonicalJson } from "../canonicalJson.js"
import { startsAgent } from "../workflow/eligibility.js"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { notRun, ofThread, onThread, refuseBusy, refuseMissing, refuseOpenCall, refuseTaken } from "./threadGuards.js"

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
export const deleteThread = ({ openEffect, state }: Situation, { threadId }: CommandOf<"thread.delete">): Decision => {
  if (state.thread === null) return refuseMissing(threadId)
  if (state.thread.deletedAt !== null) return accept()
  const busy = refuseBusy(state, threadId)
  if (busy !== null) return busy
  const effect = openEffect()
  // It would bring up an agent in a thread that takes no command to stop it.
  return effect !== null && startsAgent(effect)
    ? refuseOpenCall(effect, threadId)
    : accept({ ...ofThread, type: "thread.deleted", payload: {} })
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
  onThread(situation, command.threadId, (thread) => {
    const { agent = null, intoThreadId, threadId, turnId } = command
    if (agent !== null && thread.agent !== agent) {
      return refuse(
        "thread-not-run",
        `The agent ${agent} does not work in thread ${threadId}: it cannot go on in a fork of it.`,
      )
    }
    const turn = situation.rows.find("turns", "key", [turnId])
    if (turn === null || turn.threadId !== threadId) {
      return refuse("resource-not-found", `Thread ${threadId} has no turn ${turnId}.`)
    }
    return turn.status === "ended"
      ? acceptWith({ threadId: intoThreadId })
      : refuse("turn-active", `Turn ${turnId} of thread ${threadId} is ${turn.status}: fork at one that has ended.`)
  })

/**
 * `thread.purge`: refused while anything of the thread lives, because that would write on into what is gone. One that was deleted may be
 * purged, and one that was not. A fork that was accepted is copied first: it is made of the content.
 */
export const purgeThread = (situation: Situation, command: CommandOf<"thread.purge">): Decision => {
  const { openEffect, pendingFork, state } = situation
  const { sealedHash, streamVersion, threadId } = command
  const { thread } = state
  if (thread === null) return refuseMissing(threadId)
  // A turn that runs has a session that lives.
  const busy = refuseBusy(state, threadId)
  if (busy !== null) return busy
  const effect = openEffect()
  if (effect !== null) return refuseOpenCall(effect, threadId)
  const fork = pendingFork()
  if (fork !== null) return refuse("thread-busy", `Thread ${threadId} is being copied into fork ${fork}.`)
  if (state.streamVersion !== streamVersion) {
    return refuse("precondition-failed", `It is at version ${state.streamVersion}, not ${streamVersion}.`)
  }
  const { createdAt, provider } = thread
  return accept({ ...ofThread, type: "thread.purged", payload: { sealedHash, provider, createdAt } })
}

/** `thread.read`: a version that the thread does not have yet is refused: what comes there would never be unread. */
export const readThread = (situation: Situation, command: CommandOf<"thread.read">): Decision =>
  onThread(situation, command.threadId, ({ readVersion }) => {
    const { threadId, version } = command
    const { streamVersion } = situation.state
    if (version > streamVersion) {
      return refuse("precondition-failed", `Thread ${threadId} is at version ${streamVersion}, not ${version}.`)
    }
    return version > (readVersion ?? 0) ? accept({ ...ofThread, type: "thread.read", payload: { version } }) : accept()
  })

/** `thread.pin`. */
export const pinThread = (situation: Situation, command: CommandOf<"thread.pin">): Decision =>
  onThread(situation, command.threadId, ({ pinnedAt }) =>
    pinnedAt === null ? accept({ ...ofThread, type: "thread.pinned", payload: {} }) : accept(),
  )

/** `thread.unpin`. */
export const unpinThread = (situation: Situation, command: CommandOf<"thread.unpin">): Decision =>
  onThread(situation, command.threadId, ({ pinnedAt }) =>
    pinnedAt === null ? accept() : accept({ ...ofThread, type: "thread.unpinned", payload: {} }),
  )

/** `thread.unattended`: rules where no agent of ours, nor a sub-agent of one, asks would never act. */
export const setUnattended = (situation: Situation, { rules, threadId }: CommandOf<"thread.unattended">): Decision =>
  onThread(situation, threadId, ({ agent, parentThreadId, source }) => {
    if (rules !== null && agent === null && parentThreadId === null) return notRun(threadId, source)
    const present = situation.rows.whole("threads", [threadId])?.unattended ?? null
    return canonicalJson(present) === canonicalJson(rules)
      ? accept()
      : accept({ ...ofThread, type: "thread.unattended-set", payload: { rules } })
  })

/** `thread.keep-alive`. */
export const keepThreadAlive = (situation: Situation, command: CommandOf<"thread.keep-alive">): Decision =>
  onThread(situation, command.threadId, ({ keepAliveUntil }) =>
    keepAliveUntil === command.until
      ? accept()
      : accept({ ...ofThread, type: "thread.keep-alive-set", payload: { until: command.until } }),
  )
