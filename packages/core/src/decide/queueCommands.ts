/** Commands about the message queue. */
import type { CommandOf, EffectStatus, Rows, TurnRow } from "@threadfold/contracts"
import { canonicalJson } from "../canonicalJson.js"
import { livingSession } from "../state/lifecycle.js"
import { mayDrain } from "../workflow/followUp.js"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { named, refuseUnsendable, requestTurn, steering } from "./messageCommands.js"
import { isOurs, ofThread, onThread } from "./threadGuards.js"

/** Decides where the message waits in the queue of the thread. */
const onQueued = (
  situation: Situation,
  { messageId, threadId }: { readonly messageId: string; readonly threadId: string },
  decide: (message: Rows["queue"], thread: Rows["threads"]) => Decision,
): Decision =>
  onThread(situation, threadId, (thread) => {
    if (!situation.state.queue.includes(messageId)) {
      return refuse("resource-not-found", `The queue of thread ${threadId} has no message ${messageId}.`)
    }
    const message = situation.rows.find("queue", "key", [messageId])
    return message === null
      ? refuse("message-lost", `Message ${messageId} of thread ${threadId} has no row.`)
      : decide(message, thread)
  })

const isUnderWay = (status: EffectStatus | null): boolean =>
  status === "pending" || status === "attempting" || status === "delivered"

/** `message.edit`: refused while a call carries the message into a turn, because that call has the words that it had. */
export const editMessage = (situation: Situation, command: CommandOf<"message.edit">): Decision =>
  onQueued(situation, command, (message) => {
    const { messageId, parts = null, text } = command
    if (isUnderWay(steerOf(situation, messageId))) {
      return refuse("queue-conflict", `Message ${messageId} is on its way into the running turn.`)
    }
    if (message.text === text && canonicalJson(message.parts) === canonicalJson(parts)) return acceptWith({ messageId })
    return (
      refuseUnsendable(situation, command) ??
      acceptWith({
        events: [{ ...ofThread, type: "message.edited", payload: { messageId, text, ...named(parts) } }],
        messageId,
      })
    )
  })

/**
 * `message.promote`. Into a turn it goes as a message that was sent to steer: it stays in the queue until the agent has taken it. Where
 * no turn runs, the front is the nearest place.
 */
export const promoteMessage = (situation: Situation, command: CommandOf<"message.promote">): Decision =>
  onQueued(situation, command, (message, thread) => {
    const { messageId, to } = command
    const { active, queue } = situation.state
    if (isUnderWay(steerOf(situation, messageId))) return acceptWith({ messageId })
    if (to === "turn" && active !== null) {
      return isOurs(situation.state, thread)
        ? acceptWith({ effects: [steering(messageId, message, active)], messageId, turnId: active.turnId })
        : refuse("thread-not-run", `No agent of this server runs turn ${active.turnId} of thread ${command.threadId}.`)
    }
    const messageIds = [messageId, ...queue.filter((id) => id !== messageId)]
    return acceptWith({
      events: queue[0] === messageId ? [] : [{ ...ofThread, type: "queue.reordered", payload: { messageIds } }],
      messageId,
    })
  })

/** `queue.cancel`. */
export const cancelMessage = (situation: Situation, command: CommandOf<"queue.cancel">): Decision =>
  onQueued(situation, command, () => {
    const { messageId } = command
    const steer = steerOf(situation, messageId)
    return steer === "attempting" || steer === "delivered"
      ? refuse("queue-conflict", `Message ${messageId} is being delivered to the running turn.`)
      : accept({ ...ofThread, type: "message.cancelled", payload: { messageId } })
  })

/** The status of the effect that steers a message into a turn of the living session; null: there is none. */
const steerOf = ({ state, steer }: Situation, messageId: string): EffectStatus | null => {
  const call = steer(messageId)
  return call !== null && call.sessionId === livingSession(state)?.sessionId ? call.status : null
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
  if (messageId === undefined) return accept()
  // Until the agent has answered whether it took a message into its turn, it must not get it a second time.
  const steer = steerOf(situation, messageId)
  const session = livingSession(state)
  const asked = {
    thread,
    session,
    queued: queue.length,
    turns: openTurns(situation),
    hasMoreTurns: false,
    afterEndItems: open.afterEnd,
  }
  if (isUnderWay(steer) || !mayDrain(asked)) return accept()
  const message = rows.find("queue", "key", [messageId])
  if (message === null) return refuse("message-lost", `Message ${messageId} of thread ${command.threadId} has no row.`)
  const turnId = mint("turn")
  const { effect, event } = requestTurn(turnId, message, "queue")
  // A message that voice had handed off has the id of its delegation.
  const handoff = rows.find("delegations", "key", [messageId])
  const turn = handoff === null ? event : { ...event, ids: { ...event.ids, delegationId: messageId } }
  return acceptWith({
    events: [{ ...ofThread, type: "message.dequeued", payload: { messageId } }, turn],
    effects: [effect],
    turnId,
    carriesOn: message.commandId,
  })
}
