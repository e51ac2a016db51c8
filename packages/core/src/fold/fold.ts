/**
 * The fold: `(state, event, rows) → (state, changes)`. Pure and total: it never throws, whatever the log holds, and it
 * never leaves a state that breaks an invariant: such a step becomes the anomaly `fold-defect`, deterministically, and
 * the rows stay as they were.
 */
import { type EventEnvelope, isEventType } from "@threadfold/contracts"
import type { Fold, FoldResult } from "../Change.js"
import { brokenStateInvariant } from "../invariants/state.js"
import { upcast } from "../payload/upcast.js"
import type { FoldState } from "../state/FoldState.js"
import { hasEnded } from "../state/lifecycle.js"
import { belongs, blankConnection, isConnectionStream, touchConnection } from "./connection.js"
import { foldDelta } from "./deltaLane.js"
import { takeElsewhere } from "./elsewhere.js"
import { checkNumber, markOf } from "./numbering.js"
import { refuseRewound } from "./rewind.js"
import { type RuleBook, rules } from "./rules.js"
import { type SessionRelation, Step } from "./Step.js"
import { blankThread, summarise } from "./thread.js"

/** How the session of an event relates to the current one (rule 4). */
const relationOf = (step: Step): SessionRelation => {
  const { event, state } = step
  if (event.sessionId === null) return "none"
  const session = state.session
  if (session !== null && session.sessionId === event.sessionId) return hasEnded(session) ? "ended" : "current"
  return step.find("sessions", event.sessionId) === null ? "unknown" : "stale"
}

/** An event of a stalled turn shows that the turn continues. */
const liftStall = (step: Step): void => {
  const active = step.state.active
  if (active?.stalled === 1 && step.event.turnId === active.turnId && step.event.actor === "provider") {
    step.putTurn({ ...active, stalled: 0 })
  }
}

const apply = (rules: RuleBook, step: Step, isConnection: boolean): void => {
  const { event, state } = step
  if (isConnection) {
    if (state.connection === null) state.connection = blankConnection(step)
  } else {
    if (state.thread === null) state.thread = blankThread(step)
    step.relation = relationOf(step)
  }
  takeElsewhere(step)
  if (!(event.type === "session.started" && step.relation === "unknown")) checkNumber(step)
  const lifted = upcast(event)
  if (lifted.status === "unknown-type" || !isEventType(lifted.event.type)) {
    step.note("unknown-type", `type:${event.type}`)
  } else if (lifted.status === "newer-version") {
    step.note("newer-version", `type:${event.type}`, `version ${event.v}`)
  } else if (!belongs(lifted.event.type, isConnection)) {
    step.note("stream-mismatch", `type:${event.type}`)
  } else if (step.relation === "unknown" && lifted.event.type !== "session.started") {
    step.note("session-unknown", `session:${event.sessionId}`, event.type)
  } else if (!refuseRewound(step)) {
    const done = lifted.status === "ok" && rules[lifted.event.type](step, lifted.event.payload)
    if (!done) step.note("unreadable-payload", `event:${event.eventId}`, event.type)
    else liftStall(step)
  }
  if (isConnection) touchConnection(step)
  else summarise(step)
}

/**
 * The result of a step that failed: its anomaly alone, and the version and numbers, so that the next event does not look like a
 * gap.
 */
const defect = (before: FoldState, event: EventEnvelope, detail: string): FoldResult => ({
  state: { ...before, streamVersion: event.streamVersion, channels: markOf(before, event) },
  changes: [
    {
      op: "anomaly",
      threadId: before.streamId,
      subject: `event:${event.eventId}`,
      reason: "fold-defect",
      sequence: event.sequence,
      detail,
    },
  ],
})

/**
 * A fold by other rules than those of {@link fold}, with which tests plant faults. Whatever the rules do, a step that breaks an
 * invariant of the open state becomes `fold-defect`.
 */
export const foldBy =
  (rules: RuleBook): Fold =>
  (before, event, rows) => {
    try {
      const step = new Step(before, event, rows)
      apply(rules, step, isConnectionStream(before, event))
      step.state.streamVersion = event.streamVersion
      const broken = brokenStateInvariant(step)
      if (broken !== null) return defect(before, event, broken)
      return { state: step.state, changes: step.changes }
    } catch (error) {
      // A stack or an address would make two runs differ: the message alone is deterministic.
      return defect(before, event, error instanceof Error ? error.message : "the fold threw")
    }
  }

/**
 * Folds one event into a stream's open state.
 *
 * @param before the state that the stream's previous event left
 * @param event the stream's next event, its ids resolved
 * @param rows closed rows that the event names; only ever read
 */
export const fold: Fold = (before, event, rows) => foldDelta(before, event) ?? foldByRules(before, event, rows)

/** {@link fold} without the fast path for streamed content, for the test that compares the two. */
export const foldByRules: Fold = foldBy(rules)
