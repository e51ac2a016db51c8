/** What a command led to, as its sender is told; a retry is told the same. */
import { int, optText, shape, text } from "../fields.js"

/** The answer to an accepted command. */
export const Receipt = shape("Receipt", "The answer to an accepted command.", {
  commandId: text("Id of the command: `commandId` of its events."),
  threadId: text("Our id of its thread."),
  turnId: optText("The turn that it asked for, is about, or went into; null: none."),
  messageId: optText("The message that it put into the queue; null: none."),
  sequence: int("Sequence of its last event, or of the log's head where nothing had to change."),
})
export type Receipt = typeof Receipt.Type
