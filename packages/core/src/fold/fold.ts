/**
 * The fold: `(state, event, rows) → (state, changes)`. Pure and total: it never throws, whatever the log holds, and it
 * never leaves a state that breaks an invariant: such a step becomes the anomaly `fold-defect`, deterministically, and
 * the rows stay as they were.
 */

import { type EventEnvelope, isEventType } from "@threadfold/contracts"
import type { Fold, FoldResult } from "../Change.js"
import { brokenStateInvariant } from "../invariants/state.js"
import { upcast } from "../payload/upcast.js"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import { hasEnded, isPurged } from "../state/lifecycle.js"
import { byRule, FoldTrace } from "./byRule.js"
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
const liftStall = byRule(2, (step: Step): void => {
  const active = step.state.active
  if (active?.stalled === 1 && step.event.turnId === active.turnId && step.event.actor === "provider") {
    step.putTurn({ ...active, stalled: 0 })
  }
})

const refuseUnknownSession = byRule(4, (step: Step): void =>
  step.note("session-unknown", `session:${step.event.sessionId}`, step.event.type),
)

const apply = (rules: RuleBook, step: Step, isConnection: boolean): void => {
  const { event, state } = step
  if (isConnection) {
    if (state.connection === null) state.connection = blankConnection(step)
  } else {
    if (state.thread === null) state.thread = blankThread(step)
    // Nothing comes after a tombstone. What does all the same, in a log that another program wrote, brings nothing back.
    if (isPurged(state)) return summarise(step)
    step.relation = relationOf(step)
  }
  takeElsewhere(step)
  if (!(event.type === "session.started" && step.relation === "unknown")) checkNumber(step)
  applyType(step, rules, isConnection)
  if (isConnection) touchConnection(step)
  else summarise(step)
}

/** What the rule of the event's type makes of it, where there is one and the event may be applied. */
const applyType = (step: Step, rules: RuleBook, isConnection: boolean): void => {
  const { event } = step
  const lifted = upcast(event)
  if (lifted.status === "unknown-type" || !isEventType(lifted.event.type)) {
    step.note("unknown-type", `type:${event.type}`)
  } else if (lifted.status === "newer-version") {
    step.note("newer-version", `type:${event.type}`, `version ${event.v}`)
  } else if (!belongs(lifted.event.type, isConnection)) {
    step.note("stream-mismatch", `type:${event.type}`)
  } else if (step.relation === "unknown" && lifted.event.type !== "session.started") {
    refuseUnknownSession(step)
  } else if (!refuseRewound(step)) {
    const done = lifted.status === "ok" && rules[lifted.event.type](step, lifted.event.payload)
    if (!done) step.note("unreadable-payload", `event:${event.eventId}`, event.type)
    else liftStall(step)
  }
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
  (before, event, rows) =>
    foldStep(rules, before, event, rows, null)

const foldStep = (
  rules: RuleBook,
  before: FoldState,
  event: EventEnvelope,
  rows: RowSource,
  trace: FoldTrace | null,
): FoldResult => {
  try {
    const step = new Step(before, event, rows, trace)
    apply(rules, step, isConnectionStream(before, event))
    step.state.streamVersion = event.streamVersion
    const broken = brokenStateInvariant(step)
    if (broken === null) return { state: step.state, changes: step.changes }
    trace?.becomeDefect()
    return defect(before, event, broken)
  } catch (error) {
    trace?.becomeDefect()
    // A stack or an address would make two runs differ: the message alone is deterministic.
    return defect(before, event, error instanceof Error ? error.message : "the fold threw")
  }
}

/** What one step of the fold leads to, and by which rules. */
export interface TracedResult extends FoldResult {
  readonly trace: FoldTrace
}

/** {@link fold}, with the rules that led to each change. Gives the same changes, and takes a little longer. */
export const foldTraced = (before: FoldState, event: EventEnvelope, rows: RowSource): TracedResult => {
  const trace = new FoldTrace()
  return { ...foldStep(rules, before, event, rows, trace), trace }
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
