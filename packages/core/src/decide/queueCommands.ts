/** Commands about the message queue. */
import type { CommandOf, EffectStatus, TurnRow } from "@threadfold/contracts"
import { livingSession } from "../state/lifecycle.js"
import { mayDrain } from "../workflow/followUp.js"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { requestTurn } from "./messageCommands.js"
import { ofThread, onThread } from "./threadGuards.js"

/** `queue.cancel`. */
export const cancelMessage = (situation: Situation, command: CommandOf<"queue.cancel">): Decision =>
  onThread(situation, command.threadId, () => {
    const { messageId, threadId } = command
    if (!situation.state.queue.includes(messageId)) {
      return refuse("resource-not-found", `The queue of thread ${threadId} has no message ${messageId}.`)
    }
    const steer = steerOf(situation, messageId)
    return steer === "attempting" || steer === "delivered"
      ? refuse("queue-conflict", `Message ${messageId} is being delivered to the running turn.`)
      : accept({ ...ofThread, type: "message.cancelled", payload: { messageId } })
  })

/** The status of the effect that steers a message into a turn of the living session; null: there is none. */
const steerOf = ({ state, steer }: Situation, messageId: string): EffectStatus | null => {
  const session = livingSession(state)
  const call = session === null ? null : steer(messageId)
  return call !== null && call.sessionId === session?.sessionId ? call.status : null
}

/** `queue.reorder`. */
export const reorderQueue = (situation: Situation, command: CommandOf<"queue.reorder">): Decision =>
  onThread(situation, command.threadId, () => {
    const { queue } = situation.state
    const messageIds: readonly string[] = command.messageIds
    const named = new Set(messageIds)
    const isPermutation =
      named.size === messageIds.length && named.size === queue.length && queue.every((id) => named.has(id))
    if (!isPermutation) {
      return refuse(
        "queue-conflict",
        `The order must name each of the ${queue.length} messages in the queue of thread ${command.threadId} once.`,
      )
    }
    return queue.every((id, index) => id === messageIds[index])
      ? accept()
      : accept({ ...ofThread, type: "queue.reordered", payload: { messageIds } })
  })

/** `queue.resume`. */
export const resumeQueue = (situation: Situation, command: CommandOf<"queue.resume">): Decision =>
  onThread(situation, command.threadId, ({ queueHeld }) =>
    queueHeld === 1 ? accept({ ...ofThread, type: "queue.resumed", payload: {} }) : accept(),
  )

/**
 * The turns that a queue may wait for, as far as the open state knows them: of the turns whose end is not final it has the one
 * that ran. A turn that was interrupted before it started delays the delivery of the next turn (`startsTurn`), not its request.
 */
const openTurns = ({ rows, state }: Situation): readonly TurnRow[] => {
  const { active, provisional, requested } = state
  const ended = provisional === null ? null : rows.find("turns", "key", [provisional.turnId])
  return [...(active === null ? [] : [active]), ...requested, ...(ended === null ? [] : [ended])]
}

/**
 * `queue.drain`: only when nothing runs or waits, and the last turn's end is final. Deriving it again does nothing: the
 * first one left a turn that waits.
 */
export const drainQueue = (situation: Situation, command: CommandOf<"queue.drain">): Decision => {
  const { mint, rows, state } = situation
  const { open, queue, thread } = state
  const [messageId] = queue
  // Until the agent has answered whether it took a message into its turn, it must not get it a second time.
  const steer = messageId === undefined ? null : steerOf(situation, messageId)
  const isSteering = steer === "pending" || steer === "attempting" || steer === "delivered"
  const session = livingSession(state)
  const asked = {
    thread,
    session,
    queued: queue.length,
    turns: openTurns(situation),
    hasMoreTurns: false,
    afterEndItems: open.afterEnd,
  }
  if (messageId === undefined || isSteering || !mayDrain(asked)) return accept()
  const message = rows.find("queue", "key", [messageId])
  if (message === null) return refuse("message-lost", `Message ${messageId} of thread ${command.threadId} has no row.`)
  const turnId = mint("turn")
  const { effect, event } = requestTurn(turnId, message.text, message.settings, "queue")
  return acceptWith({
    events: [{ ...ofThread, type: "message.dequeued", payload: { messageId } }, event],
    effects: [effect],
    turnId,
    carriesOn: message.commandId,
  })
}
