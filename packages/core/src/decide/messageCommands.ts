/** `message.send`: a message of the user, and what it does to a turn that is open (docs/concepts.md). */
import {
  type CommandOf,
  type MessagePart,
  queueLimit,
  type RequestedEffect,
  requestedTurnLimit,
  type TurnRow,
  type TurnWork,
} from "@threadfold/contracts"
import { blobsOfParts } from "../message/parts.js"
import { waitingTurns } from "../state/lifecycle.js"
import { acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onRunThread } from "./threadGuards.js"
import { interrupting } from "./turnCommands.js"

type Parts = readonly MessagePart[] | null | undefined

/** The message that a turn is requested for. */
interface RequestedMessage {
  readonly text: string
  readonly parts?: Parts
  readonly settings?: unknown
  /** What the turn does, where it is no answer to a message. */
  readonly work?: TurnWork
}

/** A requested turn: the event, and the effect that delivers it. */
export const requestTurn = (
  turnId: string,
  { parts = null, settings = null, text, work }: RequestedMessage,
  origin: "client" | "queue" | "realtime",
): { readonly event: DecidedEvent; readonly effect: RequestedEffect } => ({
  event: {
    ...ofThread,
    ids: { turnId },
    type: "turn.requested",
    payload: { text, origin, ...named(parts), settings, ...(work === undefined ? {} : { work }) },
  },
  effect: {
    kind: "turn.start",
    turnId,
    payload: { text, ...named(parts), settings, ...(work === undefined ? {} : { work }) },
  },
})

/** Parts as a field of a payload, which a message that is a text alone does not have. */
export const named = (parts: Parts): { readonly parts?: readonly MessagePart[] } =>
  parts === null || parts === undefined ? {} : { parts }

const start = ({ mint }: Situation, command: CommandOf<"message.send">): Decision => {
  const turnId = mint("turn")
  const { effect, event } = requestTurn(turnId, command, "client")
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
    payload: { messageId, text: command.text, ...named(command.parts), settings: command.settings ?? null },
  }
  if (into === undefined) return acceptWith({ events: [queued], messageId })
  return acceptWith({
    events: [queued],
    effects: [steering(messageId, command, into)],
    messageId,
    turnId: into.turnId,
  })
}

/** The call that carries a queued message into a turn that runs. */
export const steering = (
  messageId: string,
  { parts, text }: Pick<RequestedMessage, "parts" | "text">,
  { sessionId, turnId }: TurnRow,
): RequestedEffect => ({ kind: "turn.steer", sessionId, turnId, messageId, payload: { text, ...named(parts) } })

/** Refuses a message that says nothing, or whose images and files are not stored; null: it may be sent. */
export const refuseUnsendable = (
  { hasBlob }: Situation,
  { parts, text }: Pick<CommandOf<"message.send">, "parts" | "text">,
): Decision | null => {
  const all = parts ?? []
  if (text === "" && all.length === 0) return refuse("invalid-request", "The message has neither text nor parts.")
  const missing = blobsOfParts(all).find((hash) => !hasBlob(hash))
  return missing === undefined
    ? null
    : refuse("blob-not-found", `No blob has the hash ${missing}: store it before the message that refers to it.`)
}

/** `message.send`. */
export const sendMessage = (situation: Situation, command: CommandOf<"message.send">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const unsendable = refuseUnsendable(situation, command)
    if (unsendable !== null) return unsendable
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
        const { effect, event } = requestTurn(turnId, command, "client")
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
