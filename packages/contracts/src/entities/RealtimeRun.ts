import { Schema } from "effect"
import { RealtimeCloseReason } from "../events/RealtimeEvents.js"
import { field, flag, growing, int, listed, optText, optTime, retyped, shape, text } from "../fields.js"
import { Evidence, sequence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Where a run of a voice conversation is. */
export const RealtimeStatus = listed(
  "RealtimeStatus",
  "`requested`, `started`, or how a run of a voice conversation ended.",
  "requested",
  "failed",
  "started",
  "closed",
)
export type RealtimeStatus = typeof RealtimeStatus.Type

/** Every field of a run of a voice conversation. */
export const RealtimeRun = shape("RealtimeRunRow", "One run of a voice conversation.", {
  realtimeId: text("Our id."),
  threadId,
  sessionId: optText("Session that carries it."),
  nativeRealtimeId: optText(
    "The provider's name of the run, where it has one; a provider may use it again for a later run.",
  ),
  callId: optText("JSON text of the call that asked for it; null: none did."),
  status: field(RealtimeStatus, "`requested`, `started`, or how it ended."),
  reason: field(Schema.NullOr(RealtimeCloseReason), "Why it closed; null unless the status is `closed`."),
  evidence: field(
    Schema.NullOr(Evidence),
    "How its end is known. `observed`: the provider reported it; `inferred`: we concluded it; null while it lives.",
  ),
  lastError: optText("Last error message; null: none."),
  version: optText("Protocol version, for example `v2`."),
  stopRequested: flag("True once its end was asked for."),
  items: int("Voice items seen."),
  utterances: int("Finished transcripts seen."),
  requestedAt: optTime("When it was asked for", "it was not"),
  ...span,
  sequence,
})

/** Its table. */
export const realtimeRuns = table("realtime_runs", "One row per run of a voice conversation.", RealtimeRun, {
  key: ["realtimeId"],
  derived: ["sequence"],
  lookups: { byNativeInSession: ["sessionId", "nativeRealtimeId"] },
})
/** A row of `realtime_runs`. */
export type RealtimeRunRow = RowOf<typeof realtimeRuns>

/** A run as it is served. */
export const RealtimeRunView = shape("RealtimeRun", "One run of a voice conversation.", {
  ...RealtimeRun.pick("realtimeId", "status", "reason", "lastError", "version", "startedAt", "endedAt").fields,
  reason: retyped(RealtimeRun.fields.reason, Schema.NullOr(growing(RealtimeCloseReason))),
  truncated,
})
export type RealtimeRunView = typeof RealtimeRunView.Type
