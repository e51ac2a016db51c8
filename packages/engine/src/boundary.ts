/** The writer's trust boundary: what may be stored as what it says it is. */
import { eventVersions, isEventType, isProviderEventType } from "@threadfold/contracts"
import { isPayload } from "@threadfold/core"
import type { Member } from "./Submission.js"

export interface Checked {
  readonly payload: unknown
  /** Why the event is stored as `provider.unmapped` instead, or null. */
  readonly problem: string | null
}

/**
 * A payload that is not what its type says, and a word of the orchestrator in a provider's mouth, are stored as
 * `provider.unmapped` under their number, so that they block nothing.
 */
export const checked = (member: Member): Checked => {
  const { type, payload = {} } = member.event
  if (!isEventType(type)) return { payload, problem: null }
  if (member.actor === "provider" && !isProviderEventType(type)) {
    return unmapped(type, `${type} is not a provider's to say`)
  }
  if (!isPayload(type, payload)) return unmapped(type, `the payload is not that of ${type}`)
  return { payload, problem: null }
}

const unmapped = (type: string, problem: string): Checked => ({
  payload: { method: type, known: true, problem },
  problem,
})

/** Version that the writer stamps on events of a type. */
export const versionOf = (type: string): number => (isEventType(type) ? eventVersions[type] : 1)
