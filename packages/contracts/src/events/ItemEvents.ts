/** Items: the visible steps of a turn, and their streamed content. Background tasks: work that may outlive its turn. */
import { Schema } from "effect"
import { field, listed, maybe, shape, text } from "../fields.js"
import { EpochMs, Json } from "./Common.js"

/** What an item is. */
export const ItemKind = listed(
  "ItemKind",
  "Our kinds; a native type that fits none is `other`, with `nativeKind` saying which.",
  "user_message",
  "agent_message",
  "reasoning",
  "command",
  "file_change",
  "tool_call",
  "web_search",
  "plan",
  "compaction",
  "subagent",
  "other",
)
export type ItemKind = typeof ItemKind.Type

/** Kinds of what a search can find: items, messages without an item, titles of threads, requests. */
export const searchKinds = [...ItemKind.literals, "turn", "thread", "request"] as const

/** How an item ended. */
export const ItemEnd = listed("ItemEnd", "How an item ended.", "completed", "failed", "declined", "interrupted")
export type ItemEnd = typeof ItemEnd.Type

const described = {
  kind: field(ItemKind, "Our kind."),
  nativeKind: maybe(Schema.String, "The provider's type name."),
  title: maybe(Schema.String, "One line for a list: the command, the tool's name, the query, the file."),
  processId: maybe(Schema.String, "Operating-system or provider id of the process that a command runs in."),
  phase: maybe(Schema.String, "The provider's phase of a message, for example `commentary` or `final_answer`."),
  childNativeThreadIds: maybe(
    Schema.Array(Schema.String),
    "Native ids of the threads that this item speaks to or of: evidence for a child link.",
  ),
  data: maybe(Json, "Other fields of the item, in the provider's words, without its text."),
}

const joined = maybe(
  Schema.Boolean,
  "True when the event comes from the answer to a resume or rejoin, which reports what runs already. Such an event updates known rows without an anomaly.",
)

/** `item.started` */
export const ItemStarted = shape("ItemStarted", "An opening event.", {
  ...described,
  text: maybe(
    Schema.String,
    "Text that is already known. In a joined event it replaces the streamed pieces when it is longer than they are.",
  ),
  parts: maybe(
    Schema.Array(Schema.String),
    "The same text by part, where the kind's stream has several (reasoning summaries); then `text` is left out.",
  ),
  joined,
})
/** `item.updated` */
export const ItemUpdated = shape("ItemUpdated", "Fields that are absent keep their value.", {
  title: maybe(Schema.String, "New title."),
  processId: maybe(Schema.String, "Process id, once known."),
  data: maybe(Json, "Replaces `data`."),
})
/** `item.completed` */
export const ItemCompleted = shape(
  "ItemCompleted",
  "The item's own terminal, with its whole content; the final text supersedes every delta. Without a start before it, it makes the item.",
  {
    ...described,
    status: field(ItemEnd, "How it ended."),
    text: maybe(
      Schema.String,
      "Final text: see `item.text` of the read model for what it is per kind. Null where the kind has none.",
    ),
    exitCode: maybe(Schema.Number, "Exit code of a command."),
    durationMs: maybe(Schema.Number, "The provider's own duration, in milliseconds."),
    joined,
  },
)

/** The streams of an item's content. */
export const ContentStream = listed(
  "ContentStream",
  "Which of an item's streams a delta belongs to. Each kind shows one of them as its text (see `textStreamOf`); the others stay in the log.",
  "text",
  "summary",
  "reasoning",
  "output",
  "plan",
  "diff",
  "progress",
  // The input of a tool call as the model writes it: pieces of JSON. The item has the whole of it in its `data`.
  "input",
)
export type ContentStream = typeof ContentStream.Type

/** The stream whose joined deltas are the item's text until its final comes; null: the kind shows no text. */
export const textStreamOf = (kind: ItemKind): ContentStream | null => {
  switch (kind) {
    case "user_message":
    case "agent_message":
      return "text"
    case "plan":
      return "plan"
    case "reasoning":
      return "summary"
    case "command":
      return "output"
    default:
      return null
  }
}

/** `content.delta` */
export const ContentDelta = shape(
  "ContentDelta",
  "A piece of an item's content; the source merged consecutive ones (byte-identical when joined). A delta with the item's kind opens the item where no start has.",
  {
    kind: maybe(ItemKind, "The item's kind, where the source reports it."),
    stream: field(ContentStream, "The stream it belongs to."),
    part: maybe(
      Schema.Number,
      "Part of the stream, from 0 (reasoning summaries have several); parts are joined by a blank line.",
    ),
    delta: text("The text."),
    frames: maybe(Schema.Number, "How many native frames were merged, at least 1."),
    lastAt: maybe(
      EpochMs,
      "Source time of the last merged frame, ms since the epoch; the event's `at` is the first one's.",
    ),
  },
)

/** `task.started` */
export const TaskStarted = shape("TaskStarted", "An opening event.", {
  kind: maybe(Schema.String, "The provider's word for its kind."),
  title: maybe(Schema.String, "One line for a list."),
  processId: maybe(Schema.String, "Process id, where it is one process."),
})
/** `task.progress` */
export const TaskProgress = shape("TaskProgress", "A sign of life.", {
  message: maybe(Schema.String, "One line for a person."),
  data: maybe(Json, "Anything else in the provider's words."),
})
/** `task.stop-requested` */
export const TaskStopRequested = shape("TaskStopRequested", "The agent is asked to end a background task.", {
  reason: maybe(Schema.String, "Why."),
})
/** How a background task ended. */
export const TaskOutcome = listed("TaskOutcome", "How a background task ended.", "completed", "failed", "interrupted")
export type TaskOutcome = typeof TaskOutcome.Type

/** `task.completed` */
export const TaskCompleted = shape("TaskCompleted", "The task's own terminal.", {
  status: field(TaskOutcome, "How it ended."),
  message: maybe(Schema.String, "One line for a person."),
})
