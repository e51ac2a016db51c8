/** Fields that several entities have, with the same meaning in each. */
import { Schema } from "effect"
import { field, growing, int, listed, optText, optTime, retyped, text } from "../fields.js"
import type { RowList } from "./table.js"

/** How an end is known. */
export const Evidence = listed(
  "Evidence",
  "How an end is known. `observed`: the provider reported it; `inferred`: we concluded it.",
  "observed",
  "inferred",
)
export type Evidence = typeof Evidence.Type

/** Where the events of a session or a connection come from. */
export const SourceMode = listed(
  "SourceMode",
  "Where events come from. `managed`: we own the process; `attached`: an outside adapter pushes them; `imported`: from a recording; " +
    "`forked`: copied from such a session of another thread, where nothing runs.",
  "managed",
  "attached",
  "imported",
  "forked",
)
export type SourceMode = typeof SourceMode.Type

/** Why something ended, and how that is known. */
export const ended = {
  cause: optText("Why it ended, a short token such as `session-ready` or `superseded`; null while it runs."),
  evidence: field(
    Schema.NullOr(Evidence),
    "How its end is known. `observed`: the provider reported it; `inferred`: we concluded it; null while it runs.",
  ),
} as const

/** How an end is known, as it is served. `evidence`: the field of the row. */
export const servedEvidence = (evidence: Schema.PropertySignature.All) =>
  retyped(evidence, Schema.NullOr(growing(Evidence)))

/** When something ran. */
export const span = {
  startedAt: optTime("Start by the source clock", "not known, or it has not started"),
  endedAt: optTime("End by the source clock", "it runs"),
} as const

/** Lists of the rows that are open: those of a turn, and those of a thread. `open`: what an open row has. */
export const openLists = (open: RowList["where"]) =>
  ({
    openInTurn: { where: open, columns: ["threadId", "turnId"] },
    openInThread: { where: open, columns: ["threadId"] },
  }) as const

/** The thread that something belongs to. */
export const threadId = text("Our id of its thread.")

/** Where something stands among those of its thread. */
export const ordinal = int("1, 2, 3 … per thread, in order of appearance.")

/** The version of a row. */
export const sequence = int("Sequence of the event that last touched the row: its version for `If-Match`.")

/** The version of a resource, as it is served. */
export const version = int("Sequence of the event that last changed it: what `ETag` and `If-Match` name.")
