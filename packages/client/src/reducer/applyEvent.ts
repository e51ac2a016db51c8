/**
 * The client-side reducer: the server's own fold, over the rows that a client holds. What it gives is what the server's tables
 * hold after the same event; where it cannot know that, it returns a reason and changes nothing.
 */
import type { RowChange } from "@threadfold/contracts/api"
import { fold } from "@threadfold/core"
import { interpret } from "@threadfold/core/model"
import type { StreamedEvent } from "../Events.js"
import { AskedRows } from "./AskedRows.js"
import { Draft } from "./HeldRows.js"
import type { ThreadState } from "./ThreadState.js"

/** Why a snapshot has to be read again. */
export type ReloadReason =
  /** The event asks for a row that is not held and may exist. */
  | "row-not-held"
  /** Events between the state and this one are missing. */
  | "gap"
  /** The state cannot be folded on: see `ThreadState.open`. */
  | "not-foldable"
  /** The event is too long to ride along whole: a snapshot has what it led to. */
  | "truncated"

/** What an event leads to. */
export type Applied =
  | { readonly kind: "applied"; readonly state: ThreadState; readonly changes: readonly RowChange[] }
  /** The event is of another stream, or in the state already. */
  | { readonly kind: "ignored"; readonly state: ThreadState }
  /** Read the snapshot again, as of this event's sequence or later. */
  | { readonly kind: "reload"; readonly state: ThreadState; readonly reason: ReloadReason; readonly detail: string }

/** The state after an event, and the rows that changed. */
export const applyEvent = (state: ThreadState, event: StreamedEvent): Applied => {
  if (event.streamId !== state.threadId) return { kind: "ignored", state }
  const reload = (reason: ReloadReason, detail: string): Applied => ({ kind: "reload", state, reason, detail })
  const { open } = state
  if (open === null) {
    return event.sequence <= state.sequence
      ? { kind: "ignored", state }
      : reload("not-foldable", "the snapshot came without an open state of this version of the fold")
  }
  if (event.streamVersion <= open.streamVersion) return { kind: "ignored", state }
  if (event.streamVersion > open.streamVersion + 1) {
    return reload("gap", `version ${event.streamVersion} after version ${open.streamVersion}`)
  }
  if (event.truncated !== undefined) return reload("truncated", Object.keys(event.truncated).join(", "))
  const asked = new AskedRows(state.rows)
  const step = fold(open, event, asked)
  if (asked.unknown !== null) return reload("row-not-held", asked.unknown)
  const draft = new Draft(state.rows)
  interpret(draft, step.changes)
  if (draft.unknown !== null) return reload("row-not-held", draft.unknown)
  const { changes, rows } = draft.done()
  return { kind: "applied", state: { ...state, sequence: event.sequence, open: step.state, rows }, changes }
}
