/** Rule 4 as guards: what an event may do that does not come from the living session. */
import type { Step } from "./Step.js"
import { sessionSubject } from "./subjects.js"

/** The session that an event names, as a subject. */
export const eventSession = (step: Step): string => sessionSubject(step.event.sessionId ?? "-")

/** Notes an event of a replaced session that would change something live; true when it did. */
export const refuseStale = (step: Step): boolean => {
  if (step.standing !== "stale") return false
  step.note("session-stale", eventSession(step), step.event.type)
  return true
}

/** Notes an event that comes from no living session; true when it did. Our own events name none and pass. */
export const refuseEnded = (step: Step): boolean => {
  if (step.standing !== "ended") return refuseStale(step)
  step.note("session-event-after-exit", eventSession(step), step.event.type)
  return true
}
