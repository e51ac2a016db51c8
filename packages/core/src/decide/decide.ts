/**
 * `decide`, a pure function: what follows from a command, given the thread's state after all that stands before it in the batch
 * (docs/architecture.md). A refusal is a value: it does not roll back other submissions of the batch.
 */
import type { Command } from "@threadfold/contracts"
import { compactThread, rewindThread, startReview } from "./conversationCommands.js"
import type { Decision, Situation } from "./Decision.js"
import { sendMessage } from "./messageCommands.js"
import { cancelMessage, drainQueue, editMessage, promoteMessage, reorderQueue, resumeQueue } from "./queueCommands.js"
import { routeDelegation, startRealtime, stopRealtime } from "./realtimeCommands.js"
import { declineRequest, expireRequest, followRule, respondToRequest } from "./requestCommands.js"
import {
  attachSession,
  configureSession,
  detachSession,
  reapSession,
  reconcileSession,
  startSession,
  stopSession,
} from "./sessionCommands.js"
import {
  archiveThread,
  createThread,
  deleteThread,
  forkThread,
  keepThreadAlive,
  pinThread,
  purgeThread,
  readThread,
  renameThread,
  restoreThread,
  setUnattended,
  unarchiveThread,
  unpinThread,
} from "./threadCommands.js"
import { refusalOfPurged } from "./threadGuards.js"
import { interruptTurn, settleAfterEnd, settleTurn, stallTurn, stopTask, timeOutStart } from "./turnCommands.js"

/** Decides a command in a situation. */
export const decide = (situation: Situation, command: Command): Decision => {
  const refused = refusalOfPurged(situation.state, command.threadId)
  return refused === null ? decideType(situation, command) : { refused }
}

const decideType = (situation: Situation, command: Command): Decision => {
  switch (command.type) {
    case "thread.create":
      return createThread(situation, command)
    case "thread.rename":
      return renameThread(situation, command)
    case "thread.archive":
      return archiveThread(situation, command)
    case "thread.unarchive":
      return unarchiveThread(situation, command)
    case "thread.delete":
      return deleteThread(situation, command)
    case "thread.restore":
      return restoreThread(situation, command)
    case "thread.fork":
      return forkThread(situation, command)
    case "thread.rewind":
      return rewindThread(situation, command)
    case "thread.compact":
      return compactThread(situation, command)
    case "review.start":
      return startReview(situation, command)
    case "thread.purge":
      return purgeThread(situation, command)
    case "thread.keep-alive":
      return keepThreadAlive(situation, command)
    case "thread.unattended":
      return setUnattended(situation, command)
    case "thread.read":
      return readThread(situation, command)
    case "thread.pin":
      return pinThread(situation, command)
    case "thread.unpin":
      return unpinThread(situation, command)
    case "message.send":
      return sendMessage(situation, command)
    case "message.edit":
      return editMessage(situation, command)
    case "message.promote":
      return promoteMessage(situation, command)
    case "queue.cancel":
      return cancelMessage(situation, command)
    case "queue.reorder":
      return reorderQueue(situation, command)
    case "queue.resume":
      return resumeQueue(situation, command)
    case "queue.drain":
      return drainQueue(situation, command)
    case "turn.interrupt":
      return interruptTurn(situation, command)
    case "turn.settle":
      return settleTurn(situation, command)
    case "turn.settle-after-end":
      return settleAfterEnd(situation, command)
    case "turn.time-out-start":
      return timeOutStart(situation, command)
    case "turn.stall":
      return stallTurn(situation, command)
    case "request.respond":
      return respondToRequest(situation, command)
    case "task.stop":
      return stopTask(situation, command)
    case "request.expire":
      return expireRequest(situation, command)
    case "request.decline":
      return declineRequest(situation, command)
    case "request.follow-rule":
      return followRule(situation, command)
    case "session.start":
      return startSession(situation, command)
    case "session.stop":
      return stopSession(situation, command)
    case "session.configure":
      return configureSession(situation, command)
    case "session.reap":
      return reapSession(situation, command)
    case "session.reconcile":
      return reconcileSession(situation, command)
    case "session.attach":
      return attachSession(situation, command)
    case "session.detach":
      return detachSession(situation, command)
    case "realtime.start":
      return startRealtime(situation, command)
    case "realtime.stop":
      return stopRealtime(situation, command)
    case "delegation.route":
      return routeDelegation(situation, command)
  }
}
