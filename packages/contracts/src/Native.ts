/**
 * Identifiers that the provider made, kept beside ours and never taken as unique beyond what their strength says.
 */
import { Schema } from "effect"
import { listed, optional, shape } from "./fields.js"
import { uuidPattern } from "./Ids.js"
import { maxNativeIdLength } from "./Limits.js"

/** How far a native id is valid. */
export const Strength = listed(
  "Strength",
  "How far a native id is valid. `strong`: a UUID; it names the same thing in every session of its thread (forks repeat it in another thread). `weak`: a counter or a model-made name; valid inside its session only, an item id only inside its turn.",
  "strong",
  "weak",
)
export type Strength = typeof Strength.Type

/** The provider's own ids of one event. */
export const NativeRef = shape(
  "NativeRef",
  'The provider\'s own ids of one event. Absent means that the wire named none: "no id" is never "the current one". JSON-RPC request ids are kept as their JSON text, so that `0`, `"0"` and absence stay three different things.',
  {
    threadId: optional(Schema.String, "The provider's thread (Codex thread id, Claude or ACP session id)."),
    turnId: optional(Schema.String, "The provider's turn id."),
    itemId: optional(Schema.String, "The provider's item id."),
    requestId: optional(Schema.String, 'JSON text of the provider\'s request id, for example `0` or `"abc"`.'),
    callId: optional(
      Schema.String,
      "JSON text of *our* call's id on this connection, which the provider's answer names.",
    ),
    clientId: optional(
      Schema.String,
      "Our id of a message, as the client gave it to the provider and the provider repeats it.",
    ),
    inferenceId: optional(Schema.String, "The provider's id of a model call."),
    realtimeId: optional(
      Schema.String,
      "The provider's name of a voice run. What names one is that run's alone; a name that every run shares is left out.",
    ),
    handoffId: optional(Schema.String, "The provider's id of a voice hand-over."),
    taskId: optional(Schema.String, "The provider's id of a background task."),
  },
)
export type NativeRef = typeof NativeRef.Type

/** {@link NativeRef} as a source may send it: no id is longer than {@link maxNativeIdLength}. */
export const BoundedNativeRef = NativeRef.pipe(
  Schema.filter((ids) =>
    Object.entries(ids).flatMap(([name, id]) =>
      id === undefined || id.length <= maxNativeIdLength
        ? []
        : [{ path: [name], message: `longer than ${maxNativeIdLength} characters` }],
    ),
  ),
)

/** A UUID of any version is strong, everything else is weak. */
export const strengthOf = (nativeId: string): Strength => (uuidPattern.test(nativeId) ? "strong" : "weak")
