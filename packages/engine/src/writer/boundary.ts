/// <reference lib="es2024.string" />
/** The writer's trust boundary: which drafts may be stored under their type. */
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
 * Columns hold UTF-8. Half a surrogate pair in a type or a native id would be read back as another text, and would name another
 * thing after the next start.
 */
const hasTextIds = (native: EventDraft["event"]["native"]): boolean => {
  const ids: Readonly<Record<string, unknown>> = native ?? {}
  // Every event passes here: no list is made of its ids.
  for (const name in ids) {
    const id = ids[name]
    if (id !== undefined && !(typeof id === "string" && id.isWellFormed())) return false
  }
  return true
}

/**
 * Checks a draft. It is stored as `provider.unmapped` under its number, so that it blocks nothing, where its payload does not fit
 * its type, where an id is not valid text, or where a provider sends a type that only the orchestrator may use.
 */
export const checked = (draft: EventDraft): Checked => {
  const { native, payload = {}, type } = draft.event
  if (!type.isWellFormed() || !hasTextIds(native)) return unmapped(type, null, "line-not-unicode")
  if (!isEventType(type)) return { type, native, payload, problem: null }
  if (draft.actor === "provider" && !isProviderEventType(type)) return unmapped(type, native, "type-reserved")
  // The payload of another version is not checked here: such an event is stored and not applied.
  if ((draft.event.v ?? eventVersions[type]) !== eventVersions[type]) return { type, native, payload, problem: null }
  return isPayload(type, payload) ? { type, native, payload, problem: null } : unmapped(type, native, "payload-invalid")
}

const unmapped = (type: string, native: EventDraft["event"]["native"], problem: DraftFault): Checked => {
  const method = type.slice(0, maxTypeLength).toWellFormed()
  return { type: "provider.unmapped", native, payload: { method, known: isEventType(method), problem }, problem }
}

/** Version that the writer stamps on events of a type. */
export const versionOf = (type: string): number => (isEventType(type) ? eventVersions[type] : 1)
