import { int, shape, text, time } from "../fields.js"
import { ordinal, sequence, threadId } from "./shared.js"
import { type RowOf, table } from "./table.js"

/** Every field of a rewind. */
export const Rewind = shape(
  "RewindRow",
  "A range of turns that were taken back. The turns' own rows stay as they are.",
  {
    threadId,
    ordinal,
    firstTurnId: text("First turn of the range."),
    fromOrdinal: int("`ordinal` of the first turn of the range."),
    toOrdinal: int("`ordinal` of the last turn of the range."),
    depth: int(
      "1, 2, 3 … among the ranges that no later one holds, oldest first: how the fold finds the range of a turn.",
    ),
    rewoundAt: time("When they were taken back, by the source clock"),
    sequence,
  },
)

/** Its table. */
export const rewinds = table(
  "rewinds",
  "One row per range of turns that were taken back. The turns' own rows stay as they are.",
  Rewind,
  { key: ["threadId", "ordinal"], derived: ["sequence"], lookups: { byDepth: ["threadId", "depth"] } },
)
export type RewindRow = RowOf<typeof rewinds>
