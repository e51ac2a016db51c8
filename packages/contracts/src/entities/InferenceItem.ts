import { int, shape, text } from "../fields.js"
import { threadId } from "./shared.js"
import { type RowOf, table } from "./table.js"

/** Every field of an output item of an inference attempt. */
export const InferenceItem = shape(
  "InferenceItemRow",
  "One complete output item of an inference attempt. Its content is in the log.",
  {
    threadId,
    inferenceId: text("Our id of its attempt."),
    ordinal: int("1, 2, 3 … per attempt, in order of appearance."),
    itemKey: text("Its key inside the attempt: its native id, or its place as `#0`, `#1`, …"),
    sequence: int("Sequence of the event that brought it, with its content."),
  },
)

/** Its table. */
export const inferenceItems = table(
  "inference_items",
  "One row per complete output item of an inference attempt. Its content is in the log.",
  InferenceItem,
  {
    key: ["threadId", "inferenceId", "ordinal"],
    derived: ["sequence"],
    lookups: { byItemKey: ["threadId", "inferenceId", "itemKey"] },
  },
)
export type InferenceItemRow = RowOf<typeof inferenceItems>
