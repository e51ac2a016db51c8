/** The trace of a thread: its turns, the model calls of each, and what each call's items became. Made of rows. */
import { Schema } from "effect"
import { ItemKind } from "../events/ItemEvents.js"
import { TurnOutcome } from "../events/TurnEvents.js"
import { field, flag, growing, meaningOf, optInt, retyped, shape } from "../fields.js"
import { InferenceItem, InferenceView } from "./Inference.js"
import { Item } from "./Item.js"
import { span } from "./shared.js"
import { Thread } from "./Thread.js"
import { Turn } from "./Turn.js"

const duration = optInt("From its start to its end, ms; null: one of them is not known.")

/** What an output item became in the thread. */
export const TraceStep = shape("TraceStep", "An item of the thread that an output item of a model call became.", {
  ...Item.pick("itemId", "title", "status").fields,
  kind: retyped(Item.fields.kind, growing(ItemKind)),
  ...span,
  durationMs: duration,
})
export type TraceStep = typeof TraceStep.Type

/** A complete output item of a model call. */
export const TraceItem = shape("TraceItem", "A complete output item of a model call. Its content is in the log.", {
  ...InferenceItem.pick("itemKey", "ordinal").fields,
  sequence: retyped(InferenceItem.fields.sequence, Schema.Number),
  step: field(Schema.NullOr(TraceStep), "What the thread shows of it, such as the command that ran; null: nothing."),
})
export type TraceItem = typeof TraceItem.Type

/** A model call. */
export const TraceAttempt = shape("TraceAttempt", "One attempt to stream a model's response, with what it led to.", {
  ...InferenceView.fields,
  durationMs: duration,
  partial: flag("True when it did not complete: its items are those that came before."),
  cost: field(
    Schema.NullOr(Schema.Number),
    "What it cost, in the currency of the configured price table; null: no price or no usage is known.",
  ),
  items: field(Schema.Array(TraceItem), "Its output items, in order, at most 100."),
  moreItems: flag("True when it has more items than these."),
})
export type TraceAttempt = typeof TraceAttempt.Type

/** A thread that a turn spawned. */
export const TraceSubagent = shape(
  "TraceSubagent",
  "A thread that was spawned while the turn ran; it has a trace of its own.",
  {
    ...Thread.pick("threadId", "title", "status").fields,
    createdAt: field(Schema.NullOr(Schema.Number), meaningOf(Thread.fields.createdAt)),
  },
)
export type TraceSubagent = typeof TraceSubagent.Type

/** A turn of a trace. */
export const TraceTurn = shape("TraceTurn", "A turn with its model calls.", {
  ...Turn.pick("turnId", "status").fields,
  outcome: retyped(Turn.fields.outcome, Schema.NullOr(growing(TurnOutcome))),
  ...span,
  durationMs: duration,
  attempts: field(Schema.Array(TraceAttempt), "Its model calls, oldest first, at most 100."),
  moreAttempts: flag("True when it has more calls than these; `inferences` lists them all."),
  subagents: field(Schema.Array(TraceSubagent), "Threads that this one spawned while the turn ran, at most 100."),
})
export type TraceTurn = typeof TraceTurn.Type
