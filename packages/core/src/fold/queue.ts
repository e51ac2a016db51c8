/** The message queue: a row stands for a message that waits, and leaves with it. */

import { type PayloadOf, queueLimit } from "@threadfold/contracts"
import { echoedLimit } from "../state/FoldState.js"
import { byRule } from "./byRule.js"
import { followMessage, type QueueExit } from "./delegation.js"
import type { Step } from "./Step.js"

/** `message.queued`. */
export const messageQueued = (step: Step, payload: PayloadOf<"message.queued">): void => {
  if (step.state.queue.includes(payload.messageId)) {
    return step.note("message-duplicate", `message:${payload.messageId}`)
  }
  if (step.state.queue.length >= queueLimit) {
    return step.note("limit-reached", "queue", `${queueLimit} messages wait`)
  }
  step.state.queue = [...step.state.queue, payload.messageId]
  step.push({
    op: "put",
    table: "queue",
    row: {
      messageId: payload.messageId,
      threadId: step.threadId,
      position: step.state.queue.length,
      text: payload.text,
      parts: payload.parts ?? null,
      settings: payload.settings ?? null,
      commandId: step.event.commandId,
      queuedAt: step.at,
      sequence: step.sequence,
    },
  })
}

/** `message.edited`: the message keeps its place and its settings. */
export const messageEdited = (step: Step, { messageId, parts, text }: PayloadOf<"message.edited">): void => {
  const row = step.state.queue.includes(messageId) ? step.find("queue", messageId) : null
  if (row === null) return step.note("message-unknown", `message:${messageId}`)
  step.push({ op: "put", table: "queue", row: { ...row, text, parts: parts ?? null, sequence: step.sequence } })
}

const reposition = (step: Step, order: readonly string[]): void => {
  order.forEach((messageId, index) => {
    if (step.state.queue[index] === messageId) return
    const row = step.find("queue", messageId)
    if (row === null) return
    step.push({
      op: "put",
      table: "queue",
      row: { ...row, position: index + 1, sequence: step.sequence },
    })
  })
  step.state.queue = order
}

/** `message.dequeued`, `message.cancelled`, and `message.steered` of a queued one. */
export const messageLeft = byRule(14, (step: Step, messageId: string, exit: QueueExit): void => {
  if (!step.state.queue.includes(messageId)) return step.note("message-unknown", `message:${messageId}`)
  step.push({ op: "delete", table: "queue", key: [messageId] })
  reposition(
    step,
    step.state.queue.filter((id) => id !== messageId),
  )
  followMessage(step, messageId, exit)
})

/**
 * The agent repeats our id of a message: the message is in its turn, whatever the outcome of the steer. True where a queued
 * message has that id.
 */
export const messageEchoed = byRule(14, (step: Step, messageId: string): boolean => {
  if (!step.state.queue.includes(messageId)) return false
  messageLeft(step, messageId, "steered")
  step.state.echoed = [...step.state.echoed.slice(1 - echoedLimit), messageId]
  return true
})

/** `message.steered`. */
export const messageSteered = (step: Step, { messageId }: PayloadOf<"message.steered">): void => {
  if (messageId === undefined || messageId === null) return
  if (!step.state.echoed.includes(messageId)) return messageLeft(step, messageId, "steered")
  step.state.echoed = step.state.echoed.filter((id) => id !== messageId)
}

/** `queue.reordered`: taken only when it names every queued message exactly once. */
export const queueReordered = (step: Step, payload: PayloadOf<"queue.reordered">): void => {
  const same =
    payload.messageIds.length === step.state.queue.length &&
    new Set(payload.messageIds).size === payload.messageIds.length &&
    payload.messageIds.every((id) => step.state.queue.includes(id))
  if (!same) return step.note("message-unknown", "queue", "the order does not name every queued message once")
  reposition(step, payload.messageIds)
}

/**
 * Holds what waits in the queue until a person lets it run (`queue.resumed`): after a crash, a stop, a failure or an interrupt it
 * is unknown whether it is still wanted.
 */
export const holdQueue = byRule(14, (step: Step): void => {
  const { queue, thread } = step.state
  if (queue.length > 0 && thread !== null) step.keepThread({ ...thread, queueHeld: 1 })
})

/**
 * Holds the queue after a turn that failed or was interrupted, unless another turn runs or waits to start: then a person has
 * already said what comes next.
 */
export const holdQueueAfterTurn = (step: Step): void => {
  if (step.state.active === null && step.waiting.length === 0) holdQueue(step)
}

/** `queue.resumed`. */
export const queueResumed = (step: Step): void => {
  const { thread } = step.state
  if (thread !== null) step.keepThread({ ...thread, queueHeld: 0 })
}
