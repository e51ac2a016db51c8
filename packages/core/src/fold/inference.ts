/** Rule 7: inference attempts. First terminal wins; complete items are kept however the stream ended. */

import type { InferenceRow, PayloadOf, TurnRow } from "@threadfold/contracts"
import { storedText } from "./chunks.js"
import { endWithSession, endWithTurn, INFERENCE_TURN_ENDED_INFERRED } from "./closures.js"
import { turnOf } from "./openRows.js"
import { refuseStale, type Step } from "./Step.js"
import { inferenceSubject, nativeSubject } from "./subjects.js"

type Terminal = PayloadOf<"inference.completed"> | PayloadOf<"inference.failed"> | PayloadOf<"inference.cancelled">

const attemptOf = (step: Step): InferenceRow | null => {
  const { inferenceId } = step.event
  if (inferenceId === null) return null
  return step.find("inferences", inferenceId)
}

const blank = (step: Step, inferenceId: string, turnId: string | null): InferenceRow => ({
  inferenceId,
  threadId: step.threadId,
  sessionId: step.event.sessionId,
  turnId,
  nativeInferenceId: step.event.native?.inferenceId ?? null,
  status: "running",
  cause: null,
  evidence: null,
  model: null,
  provider: null,
  responseId: null,
  upstreamRequestId: null,
  items: 0,
  usage: null,
  firstByteMs: null,
  untraced: 0,
  error: null,
  startedAt: null,
  endedAt: null,
  sequence: step.sequence,
})

const unknownAttempt = (step: Step): void =>
  step.note("inference-unknown", nativeSubject("inference", step.event.native?.inferenceId, step.event.sessionId))

/** How the end of its turn or of its session would have closed an attempt that starts after it; null: it runs. */
const endOf = ({ relation }: Step, turn: TurnRow | null): Pick<InferenceRow, "status" | "cause"> | null => {
  if (turn?.status === "ended") return endWithTurn(turn.outcome, turn.evidence)
  return relation === "ended" ? endWithSession : null
}

/** `inference.started`. An attempt that starts after the end of its turn or its session is closed as that end would have done. */
export const inferenceStarted = (step: Step, payload: PayloadOf<"inference.started">): void => {
  const { event } = step
  if (event.inferenceId === null) return unknownAttempt(step)
  if (refuseStale(step)) return
  if (attemptOf(step) !== null) return step.note("inference-duplicate", inferenceSubject(event.inferenceId))
  const turn = turnOf(step, event.turnId)
  const end = endOf(step, turn)
  step.putInference({
    ...blank(step, event.inferenceId, turn?.turnId ?? null),
    model: payload.model ?? null,
    provider: payload.provider ?? null,
    startedAt: step.at,
    ...(end === null ? {} : { ...end, evidence: "inferred", endedAt: step.at }),
  })
}

/** `inference.item`: keyed, so that a second delivery adds nothing. */
export const inferenceItem = (step: Step, payload: PayloadOf<"inference.item">): void => {
  const attempt = attemptOf(step)
  if (attempt === null) return unknownAttempt(step)
  if (attempt.evidence === "observed") {
    return step.note("inference-item-late", inferenceSubject(attempt.inferenceId), payload.key)
  }
  const added = withItems(step, attempt, [payload.key])
  if (added !== attempt) step.putInference(added)
}

/**
 * The attempt with those of the items that it has not; the attempt itself where it has them all. Each has a row of its own,
 * found by its key, so that an attempt with thousands costs no more for the next one.
 */
const withItems = (step: Step, attempt: InferenceRow, keys: readonly string[]): InferenceRow => {
  let row = attempt
  for (const key of new Set(keys.map(storedText))) {
    if (step.rows.find("inference_items", "byItemKey", [step.threadId, attempt.inferenceId, key]) !== null) continue
    step.addInferenceItem(row, key)
    row = { ...row, items: row.items + 1 }
  }
  return row
}

/**
 * The evidence of a terminal where the row has none yet. The terminal that ends the attempt may add items to those that
 * came one by one; a later one only fills an empty list (no second append).
 */
const filled = (
  step: Step,
  attempt: InferenceRow,
  payload: Terminal,
  error: string | null,
  ends: boolean,
): InferenceRow => {
  const offered = ends || attempt.items === 0 ? (payload.items ?? []) : []
  return {
    ...withItems(
      step,
      attempt,
      offered.map((item) => item.key),
    ),
    responseId: attempt.responseId ?? payload.responseId ?? null,
    upstreamRequestId: attempt.upstreamRequestId ?? payload.upstreamRequestId ?? null,
    usage: attempt.usage ?? payload.usage ?? null,
    firstByteMs: attempt.firstByteMs ?? payload.firstByteMs ?? null,
    untraced: attempt.untraced === 1 || payload.untraced === true ? 1 : 0,
    error: attempt.error ?? error,
  }
}

const terminal = (
  step: Step,
  status: "completed" | "failed" | "cancelled",
  payload: Terminal,
  error: string | null,
): void => {
  const { event } = step
  if (event.inferenceId === null) return unknownAttempt(step)
  const subject = inferenceSubject(event.inferenceId)
  const known = attemptOf(step)
  if (known === null) step.note("inference-unknown-terminal", subject)
  const attempt = known ?? blank(step, event.inferenceId, turnOf(step, event.turnId)?.turnId ?? null)
  const open = attempt.status === "running"
  if (open || attempt.cause === INFERENCE_TURN_ENDED_INFERRED) {
    return step.putInference({
      ...filled(step, attempt, payload, error, true),
      status,
      cause: "provider",
      evidence: "observed",
      endedAt: step.at,
    })
  }
  step.note("inference-terminal-duplicate", subject, status)
  step.putInference(filled(step, attempt, payload, error, false))
}

/** `inference.completed`. */
export const inferenceCompleted = (step: Step, payload: PayloadOf<"inference.completed">): void =>
  terminal(step, "completed", payload, null)
/** `inference.failed`. */
export const inferenceFailed = (step: Step, payload: PayloadOf<"inference.failed">): void =>
  terminal(step, "failed", payload, payload.error ?? null)
/** `inference.cancelled`. */
export const inferenceCancelled = (step: Step, payload: PayloadOf<"inference.cancelled">): void =>
  terminal(step, "cancelled", payload, payload.reason ?? null)
