import { Schema } from "effect"
import { ItemEnd, ItemKind } from "../events/ItemEvents.js"
import { field, flag, growing, int, json, listed, optInt, optText, retyped, shape, text } from "../fields.js"
import { ended, ordinal, sequence, servedEvidence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Where an item is. */
export const ItemStatus = listed("ItemStatus", "`open`, or how an item ended.", "open", ...ItemEnd.literals)
export type ItemStatus = typeof ItemStatus.Type

/** Half a surrogate pair at the end of a chunk: its part, the chunk's ordinal, the UTF-16 unit. */
export const ChunkHalf = Schema.Tuple(Schema.Number, Schema.Number, Schema.Number)
export type ChunkHalf = readonly [part: number, ordinal: number, unit: number]

/** Every field of an item. */
export const Item = shape("ItemRow", "One visible step of a turn: a message, a command, a file change, …", {
  itemId: text("Our id."),
  threadId,
  sessionId: optText("Session that made it."),
  turnId: optText("Our id of its turn; null: it belongs to none that is known."),
  ordinal,
  nativeItemId: optText("The provider's id; null: it has none."),
  kind: field(ItemKind, "What it is."),
  nativeKind: optText("The provider's type name."),
  status: field(ItemStatus, "`open`, or how it ended."),
  ...ended,
  afterEnd: flag("True when the living session reported it after the end of its turn."),
  title: optText("One line for a list: the command, the tool's name, the query, the file."),
  phase: optText("The provider's phase of a message, for example `final_answer`."),
  text: optText(
    "User text parts joined; agent or plan text; reasoning summary parts joined by a blank line; a command's aggregated output; else null. Before the final content it is the joined chunks.",
  ),
  hasFinal: flag("True once the final content came: the chunks are gone."),
  chunks: int("Chunks stored in `item_chunks`."),
  chunkChars: int("UTF-16 units in the stored chunks."),
  chunkPart: int("Part of the stream that the last chunk belongs to."),
  chunkFill: int("UTF-16 units in the last chunk; a full one is followed by a new one."),
  chunkHalf: int("UTF-16 unit of half a surrogate pair that ends the last chunk, where U+FFFD stands for it; 0: none."),
  chunkHalves: field(
    Schema.NullOr(Schema.Array(ChunkHalf)),
    "The same as `chunkHalf` of earlier chunks, whose parts may continue: `[[part, chunk, unit], …]`, the newest last; null: none.",
  ),
  data: json("Its other fields, in the provider's words; null: none."),
  processId: optText("Process that a command runs in; null: not known."),
  exitCode: optInt("Exit code of a command; null while it runs, and for every other kind."),
  ...span,
  sequence,
})

const open = { status: ["open"] } as const
/** Work after the end of its turn. */
const openAfterEnd = { ...open, afterEnd: [1] } as const

/** Its table. */
export const items = table("items", "One row per item.", Item, {
  key: ["itemId"],
  heavy: ["text", "data"],
  derived: ["sequence"],
  lookups: { byNativeInTurn: ["turnId", "nativeItemId"], byNativeInSession: ["sessionId", "nativeItemId"] },
  lists: {
    openInTurn: { where: open, columns: ["threadId", "turnId"] },
    openByNative: { where: open, columns: ["threadId", "turnId", "nativeItemId"] },
    openAfterEnd: { where: openAfterEnd, columns: ["threadId"] },
    openAfterEndByNative: { where: openAfterEnd, columns: ["threadId", "nativeItemId"] },
    /** Commands that the inferred end of their turn has closed. */
    interruptedCommandsOfTurn: {
      where: { kind: ["command"], status: ["interrupted"], evidence: ["inferred"] },
      columns: ["threadId", "turnId"],
    },
  },
})
/** A row of `items`. */
export type ItemRow = RowOf<typeof items>

/** An item as it is served. */
export const ItemView = shape("Item", "One visible step of a turn: a message, a command, a file change, …", {
  ...Item.pick(
    "itemId",
    "nativeItemId",
    "turnId",
    "kind",
    "nativeKind",
    "status",
    "cause",
    "evidence",
    "afterEnd",
    "title",
    "phase",
    "text",
    "exitCode",
    "data",
    "startedAt",
    "endedAt",
  ).fields,
  kind: retyped(Item.fields.kind, growing(ItemKind)),
  evidence: servedEvidence(Item.fields.evidence),
  truncated,
})
export type ItemView = typeof ItemView.Type

/** An item of a list over all threads. */
export const ItemDetail = shape("ItemDetail", "One item, with the fields that a reader needs outside its thread.", {
  threadId,
  ...ItemView.fields,
})
export type ItemDetail = typeof ItemDetail.Type

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
/** A row of `item_chunks`. */
export type ItemChunkRow = RowOf<typeof itemChunks>
