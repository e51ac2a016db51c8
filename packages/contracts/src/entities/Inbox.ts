import { Schema } from "effect"
import { RequestKind } from "../events/RequestEvents.js"
import { field, flag, growing, int, listed, optText, optTime, shape, text } from "../fields.js"

/** What of a thread needs a person. */
export const InboxKind = listed(
  "InboxKind",
  "What of a thread needs a person. `request`: an agent waits for an answer; `stalled-turn`: nothing is heard of a turn that runs; " +
    "`uncertain-message`: it is not known whether the agent got a message; `failed-turn`: the last turn failed, and nobody has read that; " +
    "`held-queue`: messages wait until a person lets them run.",
  "request",
  "stalled-turn",
  "uncertain-message",
  "failed-turn",
  "held-queue",
)
export type InboxKind = typeof InboxKind.Type

/** One thing of a thread that needs a person. */
export const InboxEntry = shape("InboxEntry", "One thing of a thread that needs a person.", {
  kind: field(growing(InboxKind), "What it is."),
  threadId: text("The thread."),
  threadTitle: optText("Display name of the thread, else its first words; null: it has neither."),
  agent: optText("Name of the configured agent that works in it; null: Threadfold does not run it."),
  cwd: optText("Working directory of the thread."),
  since: optTime("Since when, by the source clock", "not known"),
  requestId: optText("The request; null: it is none. `GET /v1/requests/{requestId}` has its arguments."),
  requestKind: field(Schema.NullOr(growing(RequestKind)), "What the request asks for; null: it is none."),
  turnId: optText("The turn that it is about; null: none."),
  text: optText("One line, of 1,024 bytes at most: what is asked, or why the turn failed; null: not known."),
  messages: int("Messages of a held queue, else 0."),
})
export type InboxEntry = typeof InboxEntry.Type

/** How many entries there are of each kind. */
export const InboxCounts = shape("InboxCounts", "How many entries there are of each kind, and in all.", {
  request: int("Requests that wait for an answer."),
  "stalled-turn": int("Turns of which nothing is heard."),
  "uncertain-message": int("Messages of which it is not known whether the agent got them."),
  "failed-turn": int("Threads whose last turn failed, unread."),
  "held-queue": int("Threads whose queue is held."),
  total: int("All of them: what a badge shows."),
})
export type InboxCounts = typeof InboxCounts.Type

/** What needs a person, of all threads. */
export const Inbox = shape("Inbox", "What needs a person, of all threads, of one moment.", {
  sequence: int("Sequence of the log that it is true for."),
  counts: field(InboxCounts, "How many entries there are, whatever the limit of `items` is."),
  items: field(
    Schema.Array(InboxEntry),
    "The entries: by kind in the order of `InboxKind`, of a kind the oldest first.",
  ),
  more: flag("True: there are more entries than `items` has."),
  partial: flag(
    "True: so much waits that not all threads were looked at; the counts are those of the threads that were.",
  ),
})
export type Inbox = typeof Inbox.Type
