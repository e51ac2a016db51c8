/** `message.send`: a text of the user, and what it does to a turn that is open (docs/concepts.md). */
import {
  type CommandOf,
  queueLimit,
  type RequestedEffect,
  requestedTurnLimit,
  type TurnRow,
} from "@threadfold/contracts"
import { waitingTurns } from "../state/lifecycle.js"
import { acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onRunThread } from "./threadGuards.js"
import { interrupting } from "./turnCommands.js"

/** A requested turn: the event, and the effect that delivers it. */
export const requestTurn = (
  turnId: string,
  text: string,
  settings: unknown,
  origin: "client" | "queue",
): { readonly event: DecidedEvent; readonly effect: RequestedEffect } => ({
  event: {
    ...ofThread,
    ids: { turnId },
    type: "turn.requested",
    payload: { text, origin, settings: settings ?? null },
  },
  effect: { kind: "turn.start", turnId, payload: { text, settings: settings ?? null } },
})

const start = ({ mint }: Situation, command: CommandOf<"message.send">): Decision => {
  const turnId = mint("turn")
  const { effect, event } = requestTurn(turnId, command.text, command.settings, "client")
  return acceptWith({ events: [event], effects: [effect], turnId })
}

const enqueue = (situation: Situation, command: CommandOf<"message.send">, into?: TurnRow): Decision => {
  if (situation.state.queue.length >= queueLimit) {
    return refuse("queue-conflict", `The queue of thread ${command.threadId} is full: it has ${queueLimit} messages.`)
  }
  const messageId = situation.mint("message")
  const queued: DecidedEvent = {
    ...ofThread,
    type: "message.queued",
    payload: { messageId, text: command.text, settings: command.settings ?? null },
  }
  if (into === undefined) return acceptWith({ events: [queued], messageId })
  const { sessionId, turnId } = into
  const steer: RequestedEffect = { kind: "turn.steer", sessionId, turnId, messageId, payload: { text: command.text } }
  return acceptWith({ events: [queued], effects: [steer], messageId, turnId })
}

/** `message.send`. */
export const sendMessage = (situation: Situation, command: CommandOf<"message.send">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const { state } = situation
    const open = [...(state.active === null ? [] : [state.active]), ...waitingTurns(state)]
    const mode = command.mode ?? "queue"
    const [first] = open
    if (state.requested.length >= requestedTurnLimit) {
      const detail = `Thread ${command.threadId} has ${requestedTurnLimit} turns that wait to start or are uncertain: interrupt some of them first.`
      return refuse("turn-active", detail)
    }
    if (first === undefined) {
      // The queue waits for what the agent still does after the end of its turn.
      const waits = state.queue.length > 0 || state.open.afterEnd > 0
      return mode === "queue" && waits ? enqueue(situation, command) : start(situation, command)
    }
    switch (mode) {
      case "start":
        return refuse("turn-active", `Turn ${first.turnId} of thread ${command.threadId} is ${first.status}.`)
      case "queue":
        return enqueue(situation, command)
      case "steer":
        return state.active === null ? enqueue(situation, command) : enqueue(situation, command, state.active)
      case "interrupt": {
        const turnId = situation.mint("turn")
        const { effect, event } = requestTurn(turnId, command.text, command.settings, "client")
        const ended = open.map((turn) => interrupting(situation, turn, "replaced by a message"))
        // The new turn is requested before the old one ends, so that the end does not hold the queue.
        return acceptWith({
          events: [event, ...ended.flatMap(({ events }) => events)],
          effects: [...ended.flatMap(({ effects }) => effects), effect],
          turnId,
        })
      }
    }
  })
