import { Schema } from "effect"
import { TokenCounts } from "../events/Common.js"
import { field, flag, int, listed, meaningOf, optInt, optText, retyped, shape, text } from "../fields.js"
import { ended, openLists, sequence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"
import { UsageView } from "./Usage.js"

/** Where an inference attempt is. */
export const InferenceStatus = listed(
  "InferenceStatus",
  "`running`, or how an inference attempt ended.",
  "running",
  "completed",
  "failed",
  "cancelled",
  "aborted",
)
export type InferenceStatus = typeof InferenceStatus.Type

/** Every field of an inference attempt. */
export const Inference = shape(
  "InferenceRow",
  "One attempt to stream a model's response. A retry is an attempt of its own.",
  {
    inferenceId: text("Our id."),
    threadId,
    sessionId: optText("Session that made it."),
    turnId: optText("Our id of its turn; null: it belongs to none that is known."),
    nativeInferenceId: optText("The provider's or gateway's id; null: it has none."),
    status: field(InferenceStatus, "`running`, or how it ended."),
    ...ended,
    model: optText("Model that was asked for."),
    provider: optText("Model provider."),
    responseId: optText("The provider's response id."),
    upstreamRequestId: optText("Request id of the upstream HTTP call: what a support desk asks for."),
    items: int("How many complete output items were seen."),
    usage: field(Schema.NullOr(TokenCounts), "Tokens of this attempt; null: not reported."),
    firstByteMs: optInt("From the start of the call to the first byte of its answer, ms; null: not known."),
    untraced: flag("True when a part of it could not be recorded, so that items may be missing."),
    error: optText("What went wrong, or why it was cancelled; null: nothing."),
    ...span,
    sequence,
  },
)

/** Its table. */
export const inferences = table("inferences", "One row per inference attempt.", Inference, {
  key: ["inferenceId"],
  derived: ["sequence"],
  lookups: { byNativeInSession: ["sessionId", "nativeInferenceId"] },
  lists: openLists({ status: ["running"] }),
})
/** A row of `inferences`. */
export type InferenceRow = RowOf<typeof inferences>

/** An inference attempt as it is served. */
export const InferenceView = shape(
  "Inference",
  "One attempt to stream a model's response. A retry is an attempt of its own.",
  {
    ...Inference.pick(
      "inferenceId",
      "nativeInferenceId",
      "turnId",
      "status",
      "cause",
      "model",
      "provider",
      "responseId",
      "upstreamRequestId",
    ).fields,
    outputItems: int(meaningOf(Inference.fields.items)),
    usage: retyped(Inference.fields.usage, Schema.NullOr(UsageView)),
    ...Inference.pick("firstByteMs", "untraced", "error", "startedAt", "endedAt").fields,
    truncated,
  },
)
export type InferenceView = typeof InferenceView.Type

/** An inference attempt of a list over all threads. */
export const InferenceDetail = shape(
  "InferenceDetail",
  "One inference attempt, with the fields that a reader needs outside its thread.",
  { threadId, ...InferenceView.fields },
)
export type InferenceDetail = typeof InferenceDetail.Type

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
/** A row of `inference_items`. */
export type InferenceItemRow = RowOf<typeof inferenceItems>
