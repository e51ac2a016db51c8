/// <reference lib="es2024.string" />
/** The writer's trust boundary: what may be stored as what it says it is. */
import { eventVersions, isEventType, isProviderEventType, maxTypeLength } from "@threadfold/contracts"
import { isPayload } from "@threadfold/core"
import type { DraftFault, EventDraft } from "../Submission.js"

/** An event as it may be stored. */
export interface Checked {
  readonly type: string
  readonly native: EventDraft["event"]["native"]
  readonly payload: unknown
  /** Why it is stored as `provider.unmapped` instead, or null. */
  readonly problem: DraftFault | null
}

/**
 * Columns hold UTF-8: half a surrogate pair in a type or a native id would come back as another text, and name something
 * else after the next start.
 */
const hasTextIds = (native: EventDraft["event"]["native"]): boolean =>
  Object.values(native ?? {}).every((id) => id === undefined || (typeof id === "string" && id.isWellFormed()))

/**
 * A payload that is not what its type says, an id that is no text, and a type of the orchestrator's that a provider says
 * are stored as `provider.unmapped` under their number, so that they block nothing.
 */
export const checked = (draft: EventDraft): Checked => {
  const { native, payload = {}, type } = draft.event
  if (!type.isWellFormed() || !hasTextIds(native)) return unmapped(type, null, "line-not-unicode")
  if (!isEventType(type)) return { type, native, payload, problem: null }
  if (draft.actor === "provider" && !isProviderEventType(type)) return unmapped(type, native, "type-reserved")
  // The payload of another version is for that version to judge: such an event is kept and not applied.
  if ((draft.event.v ?? eventVersions[type]) !== eventVersions[type]) return { type, native, payload, problem: null }
  return isPayload(type, payload) ? { type, native, payload, problem: null } : unmapped(type, native, "payload-invalid")
}

const unmapped = (type: string, native: EventDraft["event"]["native"], problem: DraftFault): Checked => {
  const method = type.slice(0, maxTypeLength).toWellFormed()
  return { type: "provider.unmapped", native, payload: { method, known: isEventType(method), problem }, problem }
}

/** Version that the writer stamps on events of a type. */
export const versionOf = (type: string): number => (isEventType(type) ? eventVersions[type] : 1)
