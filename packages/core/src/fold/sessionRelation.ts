/** Rule 4 as guards: they refuse events that do not come from the living session. */
import type { Step } from "./Step.js"
import { sessionSubject } from "./subjects.js"

/** The session that an event names, as a subject. */
export const eventSession = (step: Step): string => sessionSubject(step.event.sessionId ?? "-")

/** Notes an event of a replaced session; true where it was one. */
export const refuseStale = (step: Step): boolean => {
  if (step.relation !== "stale") return false
  step.note("session-stale", eventSession(step), step.event.type)
  return true
}

/** Notes an event of a session that does not live; true where it was one. Our own events have no session and pass. */
export const refuseEnded = (step: Step): boolean => {
  if (step.relation !== "ended") return refuseStale(step)
  step.note("session-event-after-exit", eventSession(step), step.event.type)
  return true
}
