/** What a command led to, as its sender is told; a retry is told the same. */
import { Schema } from "effect"

/** The answer to an accepted command. */
export const Receipt = Schema.Struct({
  /** Id of the command: `commandId` of its events. */
  commandId: Schema.String,
  /** Its thread. */
  threadId: Schema.String,
  /** The turn that it asked for, is about, or went into; null: none. */
  turnId: Schema.NullOr(Schema.String),
  /** The message that it put into the queue; null: none. */
  messageId: Schema.NullOr(Schema.String),
  /** Sequence of its last event, or of the log's head where nothing had to change. */
  sequence: Schema.Number,
})
export type Receipt = typeof Receipt.Type
