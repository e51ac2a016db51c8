import { Schema } from "effect"
import { MessageParts, MessagePartView } from "../events/MessageParts.js"
import { field, int, json, optText, optTime, retyped, shape, text } from "../fields.js"
import { sequence, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Every field of a message in a queue. */
export const QueuedMessage = shape("QueueRow", "One message that waits for its turn.", {
  messageId: text("Our id."),
  threadId,
  position: int("Place in the queue, from 1."),
  text: text("The user's text; empty where it has none."),
  parts: field(Schema.NullOr(MessageParts), "Its parts, where it is more than one text; null: the text is all of it."),
  settings: json("Settings of its turn, in the provider's words; null: none."),
  commandId: optText("Command that queued it: what becomes of the message follows from it."),
  queuedAt: optTime("When it was queued", "not known"),
  sequence,
})

/** Its table. */
export const queue = table(
  "queue",
  "Messages that wait for their turn; a row leaves with its message.",
  QueuedMessage,
  {
    key: ["messageId"],
    derived: ["sequence"],
  },
)
/** A row of `queue`. */
export type QueueRow = RowOf<typeof queue>

/** A message in a queue as it is served. */
export const QueueView = shape("QueuedMessage", "One message that waits for its turn.", {
  ...QueuedMessage.pick("messageId", "position", "text", "parts", "settings", "queuedAt").fields,
  parts: retyped(QueuedMessage.fields.parts, Schema.NullOr(Schema.Array(MessagePartView))),
  truncated,
})
export type QueueView = typeof QueueView.Type
