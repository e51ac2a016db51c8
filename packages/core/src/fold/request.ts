/** Rule 6: approvals, questions and tool callbacks. */
import type { PayloadOf, RequestRow } from "@threadfold/contracts"
import type { Step } from "./Step.js"
import { refuseStale } from "./standing.js"
import { nativeSubject, requestSubject } from "./subjects.js"
import { turnOf } from "./turn.js"

const requestOf = (step: Step): RequestRow | null => {
  const { requestId } = step.event
  if (requestId === null) return null
  return step.state.requests[requestId] ?? step.find("requests", requestId)
}

const unknownRequest = (step: Step): void => {
  const { event } = step
  step.note(
    "request-unknown",
    event.requestId === null
      ? nativeSubject("request", event.native?.requestId, event.sessionId)
      : requestSubject(event.requestId),
  )
}

const isOpen = (request: RequestRow): boolean => request.status === "open" || request.status === "answering"

/** `request.opened`, `user-input.requested`. A rejoin sends what is still open again: an update, not a new question. */
export const requestOpened = (
  step: Step,
  payload: PayloadOf<"request.opened"> | PayloadOf<"user-input.requested">,
): void => {
  const { event } = step
  if (event.requestId === null) return unknownRequest(step)
  const subject = requestSubject(event.requestId)
  if (refuseStale(step)) return
  const data = { decisions: payload.decisions ?? null, data: payload.data ?? null }
  const known = requestOf(step)
  if (known !== null) {
    if (!isOpen(known) || known.kind !== payload.kind) return step.note("request-duplicate", subject)
    return step.putRequest({ ...known, title: payload.title ?? known.title, data })
  }
  const turn = turnOf(step, event.turnId)
  const over = step.standing === "ended" || turn?.status === "ended"
  if (over) step.note("request-after-end", subject)
  step.putRequest({
    requestId: event.requestId,
    threadId: step.threadId,
    sessionId: event.sessionId,
    turnId: turn?.turnId ?? null,
    itemId: event.itemId,
    nativeRequestId: event.native?.requestId ?? null,
    kind: payload.kind,
    nativeKind: payload.nativeKind ?? null,
    status: over ? (step.standing === "ended" ? "expired" : "cancelled") : "open",
    decision: null,
    decidedBy: null,
    cause: over ? (step.standing === "ended" ? "session-ended" : "turn-ended") : null,
    evidence: over ? "inferred" : null,
    title: payload.title ?? null,
    data,
    openedAt: step.at,
    endedAt: over ? step.at : null,
    sequence: step.sequence,
  })
}

/** `request.answering`: the first accepted answer wins. */
export const requestAnswering = (step: Step, payload: PayloadOf<"request.answering">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  const subject = requestSubject(request.requestId)
  if (request.status === "open") {
    return step.putRequest({
      ...request,
      status: "answering",
      decision: payload.decision,
      decidedBy: payload.by ?? null,
    })
  }
  if (request.decision === payload.decision) return
  step.note(request.decision === null ? "request-already-ended" : "request-answer-conflict", subject, payload.decision)
}

const decide = (step: Step, request: RequestRow, decision: string, by: string | null): void => {
  const first = request.decision ?? decision
  if (first !== decision) step.note("request-answer-conflict", requestSubject(request.requestId), decision)
  step.putRequest({
    ...request,
    status: "answered",
    decision: first,
    decidedBy: request.decidedBy ?? by,
    cause: "answered",
    evidence: "observed",
    endedAt: step.at,
  })
}

/** `request.answered`: the answer reached the provider. */
export const requestAnswered = (step: Step, payload: PayloadOf<"request.answered">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  if (isOpen(request)) return decide(step, request, payload.decision, payload.by ?? null)
  if (request.decision === payload.decision) return
  step.note(
    request.decision === null ? "request-already-ended" : "request-answer-conflict",
    requestSubject(request.requestId),
    payload.decision,
  )
}

/**
 * `request.resolved`, `user-input.resolved`: the provider's own word. Without a decision it is a clean-up: it confirms
 * an answer on its way, cancels a question that nobody answered, and is no news on one that ended.
 */
export const requestResolved = (
  step: Step,
  payload: PayloadOf<"request.resolved"> | PayloadOf<"user-input.resolved">,
): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  const decision = payload.decision ?? null
  if (!isOpen(request)) {
    if (decision !== null && decision !== request.decision) {
      step.note("request-already-ended", requestSubject(request.requestId), decision)
    }
    return
  }
  const answer = decision ?? request.decision
  if (answer !== null) return decide(step, request, answer, payload.by ?? null)
  step.putRequest({ ...request, status: "cancelled", cause: "resolved", evidence: "observed", endedAt: step.at })
}

/** `request.expired`. */
export const requestExpired = (step: Step, payload: PayloadOf<"request.expired">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  if (!isOpen(request)) return
  step.putRequest({
    ...request,
    status: "expired",
    cause: payload.reason ?? "expired",
    evidence: "inferred",
    endedAt: step.at,
  })
}
