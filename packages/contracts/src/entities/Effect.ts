import { Schema } from "effect"
import { EffectKind, EffectStatus } from "../Effects.js"
import { field, growing, int, json, optText, optTime, retyped, shape, text, time } from "../fields.js"
import { threadId } from "./shared.js"

/** Every field of an effect. */
export const Effect = shape("EffectRow", "A call to an agent that follows from a command.", {
  effectId: text("Our id."),
  threadId,
  kind: field(EffectKind, "What is asked for."),
  status: field(
    EffectStatus,
    "`pending`: not begun; `attempting`: it is on its way; `delivered`: the agent has it; `failed`: it has no effect; `uncertain`: whether it had one is not known; `retired`: what it was about ended before it was delivered.",
  ),
  commandId: text("The command that it follows from."),
  sessionId: optText("The session it is about; null: the one that lives."),
  turnId: optText("The turn it is about; null: none."),
  requestId: optText("The request it is about; null: none."),
  messageId: optText("The queued message that it carries; null: none."),
  payload: json(
    "Parameters of the call: `{text, settings, work}`, `{decision, data}`, `{fresh}`, `{reason}`, `{chosen, settings, before}`, `{turns, files}`.",
  ),
  token: optText("What holds the lease: an incarnation of the server and a number; null: it is not leased."),
  attempts: int("How often it was begun."),
  message: optText("Why it failed or is uncertain, or what became of the files of a rewind; null: none of these."),
  createdAt: time("When the command asked for it, by our clock"),
  endedAt: optTime("When it ended, by our clock", "it is pending or attempting"),
})

/** One effect. */
export type EffectRow = typeof Effect.Type

/** An effect that a decision asks for; the engine gives it its id. */
export type RequestedEffect = Pick<EffectRow, "kind"> &
  Partial<Pick<EffectRow, "sessionId" | "turnId" | "requestId" | "messageId" | "payload">>

/** An effect as it is served. */
export const EffectView = shape("Effect", "A call to an agent that follows from a command.", {
  ...Effect.pick("effectId").fields,
  kind: retyped(Effect.fields.kind, growing(EffectKind)),
  status: retyped(Effect.fields.status, growing(EffectStatus)),
  ...Effect.pick(
    "threadId",
    "sessionId",
    "turnId",
    "requestId",
    "messageId",
    "attempts",
    "message",
    "createdAt",
    "endedAt",
  ).fields,
})
export type EffectView = typeof EffectView.Type

/** What became of a command. */
export const CommandView = shape("Command", "What became of a command.", {
  commandId: text("Id of the command."),
  effects: field(
    Schema.Array(EffectView),
    "Calls to the agent, in order. None: it needed none, they ended more than 7 days ago, or there is no such command.",
  ),
})
export type CommandView = typeof CommandView.Type

/** The answer to an accepted command; a retry of the command gets the same answer. */
export const Receipt = shape("Receipt", "The answer to an accepted command.", {
  commandId: text("Id of the command: `commandId` of its events."),
  threadId: text("Our id of its thread; of a fork the new one."),
  turnId: optText("The turn that it asked for, is about, or went into; null: none."),
  messageId: optText("The message that it put into the queue; null: none."),
  sequence: int("Sequence of its last event, or of the log's head where nothing had to change."),
})
export type Receipt = typeof Receipt.Type
