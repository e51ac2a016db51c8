/** Items: the visible steps of a turn, and their streamed content. */
import { Schema } from "effect"
import { EpochMs, Json, maybe } from "./Common.js"

/** Our kinds; a native type that fits none is `other`, with `nativeKind` saying which. */
export const ItemKind = Schema.Literal(
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

/** How an item ended. */
export const ItemEnd = Schema.Literal("completed", "failed", "declined", "interrupted")
export type ItemEnd = typeof ItemEnd.Type

const described = {
  /** Our kind. */
  kind: ItemKind,
  /** The provider's type name. */
  nativeKind: maybe(Schema.String),
  /** One line for a list: the command, the tool's name, the query, the file. */
  title: maybe(Schema.String),
  /** Operating-system or provider id of the process that a command runs in. */
  processId: maybe(Schema.String),
  /** The provider's phase of a message, for example `commentary` or `final_answer`. */
  phase: maybe(Schema.String),
  /** Native ids of the threads that this item speaks to or of: evidence for a child link. */
  childNativeThreadIds: maybe(Schema.Array(Schema.String)),
  /** What else the item says, in the provider's words, without its text. */
  data: maybe(Json),
}

/**
 * True when the event comes from the answer to a resume or rejoin, which tells what runs already. Such an event updates
 * known rows without an anomaly.
 */
export const joined = maybe(Schema.Boolean)

/** `item.started`: an opening event. */
export const ItemStarted = Schema.Struct({
  ...described,
  /** Text that is already known. In a joined event it replaces the streamed pieces when it is longer than they are. */
  text: maybe(Schema.String),
  /** The same text by part, where the kind's stream has several (reasoning summaries); then `text` is left out. */
  parts: maybe(Schema.Array(Schema.String)),
  joined,
})
/** `item.updated`: fields that are absent keep their value. */
export const ItemUpdated = Schema.Struct({
  /** New title. */
  title: maybe(Schema.String),
  /** Process id, once known. */
  processId: maybe(Schema.String),
  /** Replaces `data`. */
  data: maybe(Json),
})
/**
 * `item.completed`: the item's own terminal, with its whole content; the final text supersedes every delta. Without a
 * start before it, it makes the item.
 */
export const ItemCompleted = Schema.Struct({
  ...described,
  /** How it ended. */
  status: ItemEnd,
  /** Final text: see `item.text` of the read model for what it is per kind. Null where the kind has none. */
  text: maybe(Schema.String),
  /** Exit code of a command. */
  exitCode: maybe(Schema.Number),
  /** The provider's own duration, in milliseconds. */
  durationMs: maybe(Schema.Number),
  joined,
})

/**
 * Which of an item's streams a delta belongs to. Each kind shows one of them as its text (see `textStreamOf`); the
 * others stay in the log.
 */
export const ContentStream = Schema.Literal(
  "text",
  "summary",
  "reasoning",
  "output",
  "plan",
  "diff",
  "progress",
  // The input of a tool call as the model writes it: pieces of JSON. The item says the whole of it in its `data`.
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

/**
 * `content.delta`: a piece of an item's content; the source merged consecutive ones (byte-identical when joined). A delta
 * that tells the item's kind opens the item where no start has.
 */
export const ContentDelta = Schema.Struct({
  /** The item's kind, where the source tells it. */
  kind: maybe(ItemKind),
  /** The stream it belongs to. */
  stream: ContentStream,
  /** Part of the stream, from 0 (reasoning summaries have several); parts are joined by a blank line. */
  part: maybe(Schema.Number),
  /** The text. */
  delta: Schema.String,
  /** How many native frames were merged, at least 1. */
  frames: maybe(Schema.Number),
  /** Source time of the last merged frame, ms; the event's `at` is the first one's. */
  lastAt: maybe(EpochMs),
})
