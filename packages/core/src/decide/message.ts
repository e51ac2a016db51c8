/** Commands about messages and turns (docs/concepts.md). */
import type { CommandOf, RequestedEffect, TurnRow } from "@threadfold/contracts"
import { accept, acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onRunThread, onThread, waitingTurns } from "./standing.js"

/** A turn that is asked for: the event, and the call that hands it over. */
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

/** What an interrupt of an open turn leads to; nothing where it was asked for already. */
const interrupting = (
  { attempting }: Situation,
  turn: TurnRow,
  reason: string | null,
): { events: DecidedEvent[]; effects: RequestedEffect[] } => {
  if (turn.interruptRequestedAt !== null) return { events: [], effects: [] }
  const underWay = turn.status === "requested" && turn.handedOver === 0 && attempting(turn.turnId)
  const event: DecidedEvent = {
    ...ofThread,
    ids: { turnId: turn.turnId },
    type: "turn.interrupt-requested",
    payload: { reason, underWay },
  }
  // What was not handed over is cancelled by the event alone: there is nothing to tell the provider.
  const isTheirs = turn.status === "running" || (turn.handedOver === 1 && turn.uncertain === 0) || underWay
  const effect: RequestedEffect = { kind: "turn.interrupt", sessionId: turn.sessionId, turnId: turn.turnId }
  return { events: [event], effects: isTheirs ? [effect] : [] }
}

/** `message.send`. */
export const sendMessage = (situation: Situation, command: CommandOf<"message.send">): Decision =>
  onRunThread(situation, command.threadId, () => {
    const { state } = situation
    const open = [...(state.active === null ? [] : [state.active]), ...waitingTurns(state)]
    const mode = command.mode ?? "queue"
    const [first] = open
    if (first === undefined) {
      return mode === "queue" && state.queue.length > 0 ? enqueue(situation, command) : start(situation, command)
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
        // The new turn is there before the old one ends, so that the queue sees that somebody has said what is next.
        return acceptWith({
          events: [event, ...ended.flatMap(({ events }) => events)],
          effects: [...ended.flatMap(({ effects }) => effects), effect],
          turnId,
        })
      }
    }
  })

/** `turn.interrupt`. */
export const interruptTurn = (situation: Situation, command: CommandOf<"turn.interrupt">): Decision =>
  onThread(situation, command.threadId, () => {
    const { rows, state } = situation
    const [oldest] = state.requested
    const named = command.turnId ?? state.active?.turnId ?? oldest?.turnId ?? null
    if (named === null) return accept()
    const open = [...(state.active === null ? [] : [state.active]), ...state.requested]
    const turn = open.find(({ turnId }) => turnId === named) ?? rows.find("turns", "key", [named])
    if (turn === null || turn.threadId !== command.threadId) {
      return refuse("resource-not-found", `Thread ${command.threadId} has no turn ${named}.`)
    }
    if (turn.status === "ended") return acceptWith({ turnId: named })
    const { effects, events } = interrupting(situation, turn, command.reason ?? null)
    const managed = state.session?.mode === "managed"
    return acceptWith({ events, effects: managed ? effects : [], turnId: named })
  })

/** `turn.settle`. */
export const settleTurn = ({ rows, state }: Situation, { threadId, turnId }: CommandOf<"turn.settle">): Decision => {
  const turn = rows.find("turns", "key", [turnId])
  const isTheThreads = turn !== null && turn.threadId === threadId && state.thread !== null
  return isTheThreads && turn.status === "ended" && turn.settled === 0
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.settled", payload: {} })
    : accept()
}

/** `turn.stall`. */
export const stallTurn = ({ state }: Situation, { silentMs, turnId }: CommandOf<"turn.stall">): Decision =>
  state.active?.turnId === turnId && state.active.stalled === 0
    ? accept({ ...ofThread, ids: { turnId }, type: "turn.stalled", payload: { silentMs } })
    : accept()
