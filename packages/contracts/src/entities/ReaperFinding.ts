import { Schema } from "effect"
import { field, growing, int, listed, optional, shape, text } from "../fields.js"
import { threadId } from "./shared.js"

/** What the reaper decides of a session. */
export const ReaperDecision = listed(
  "ReaperDecision",
  "What the reaper decides of a session. `reap`: it was idle for too long; `repair`: its process is gone and no event reports it.",
  "keep",
  "reap",
  "repair",
)

/** What the reaper decides of one session that lives. */
export const ReaperFindingView = shape("ReaperFinding", "What the reaper decides of one session that lives.", {
  threadId,
  sessionId: text("Our id of the session."),
  decision: field(
    growing(ReaperDecision),
    "`reap`: it was idle for too long; `repair`: its process is gone and no event reports it.",
  ),
  reason: text("Why, a short token such as `turn-active`, `request-open`, `keep-alive` or `idle`."),
  idleMs: int("For how long it has been idle, in ms."),
})
export type ReaperFindingView = typeof ReaperFindingView.Type

/** What a sweep of the reaper found. */
export const ReaperFindings = shape("ReaperFindings", "What a sweep of the reaper found.", {
  items: field(Schema.Array(ReaperFindingView), "An entry for each session that lived."),
  more: optional(Schema.Boolean, "True: there are more, for which the answer has no room. Absent: these are all."),
})
export type ReaperFindings = typeof ReaperFindings.Type
