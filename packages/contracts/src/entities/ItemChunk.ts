import { int, shape, text } from "../fields.js"
import { sequence, threadId } from "./shared.js"
import { type RowOf, table } from "./table.js"

/** Every field of a chunk. */
export const ItemChunk = shape("ItemChunkRow", "Streamed content of an item whose final text has not come.", {
  itemId: text("Our id of its item."),
  ordinal: int("0, 1, 2 … per item."),
  threadId,
  part: int("Part of the stream; parts are joined by a blank line."),
  text: text("The text."),
  sequence,
})

/** Its table. */
export const itemChunks = table("item_chunks", "Streamed content of items whose final text has not come.", ItemChunk, {
  key: ["itemId", "ordinal"],
  derived: ["sequence"],
})
export type ItemChunkRow = RowOf<typeof itemChunks>
