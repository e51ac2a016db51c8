/** Checks the numbers of a source: a gap or a late arrival is an anomaly, never a reason to drop the event. */

import { channelLimit, type EventEnvelope } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { byRule } from "./byRule.js"
import type { Step } from "./Step.js"

/** Checks the event's number in its channel and moves the channel's mark. */
export const checkNumber = byRule(12, (step: Step): void => {
  const { event, state } = step
  if (event.channel === null || event.seq === null) return
  if (step.relation === "stale" || step.relation === "unknown") return
  const known = state.channels[event.channel]
  if (known === undefined && Object.keys(state.channels).length >= channelLimit) {
    return step.note("limit-reached", `channels:${event.sessionId ?? event.streamId}`, event.channel)
  }
  const last = known ?? 0
  const subject = `channel:${event.sessionId ?? event.streamId}/${event.channel}`
  if (event.seq <= last) return step.note("seq-late", subject, `${event.seq} came after ${last}`)
  if (event.seq > last + 1) {
    step.note(
      "seq-gap",
      subject,
      event.seq === last + 2 ? `${last + 1} is missing` : `${last + 1}..${event.seq - 1} are missing`,
    )
  }
  state.channels = { ...state.channels, [event.channel]: event.seq }
})

/** The marks after an event that was not folded: without it the next number of its channel would look like a gap. */
export const markOf = (before: FoldState, event: EventEnvelope): FoldState["channels"] => {
  if (event.channel === null || event.seq === null || event.sessionId !== (before.session?.sessionId ?? null)) {
    return before.channels
  }
  const known = before.channels[event.channel]
  if (known === undefined && Object.keys(before.channels).length >= channelLimit) return before.channels
  return { ...before.channels, [event.channel]: Math.max(event.seq, known ?? 0) }
}
