/** Rule 6: approvals, questions and tool callbacks. */

import type { PayloadOf, RequestRow } from "@threadfold/contracts"
import { canonicalJson } from "../canonicalJson.js"
import { elsewhere } from "./elsewhere.js"
import { turnOf } from "./openRows.js"
import { refuseStale, type Step } from "./Step.js"
import { nativeSubject, requestSubject } from "./subjects.js"
import { noteNews } from "./thread.js"

const requestOf = (step: Step): RequestRow | null => {
  const { requestId } = step.event
  if (requestId === null) return null
  return step.find("requests", requestId)
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

/** `request.opened`, `user-input.requested`. A join sends open requests again: an update, not a new question. */
export const requestOpened = (
  step: Step,
  payload: PayloadOf<"request.opened"> | PayloadOf<"user-input.requested">,
): void => {
  const { event } = step
  if (event.requestId === null) return unknownRequest(step)
  const subject = requestSubject(event.requestId)
  if (refuseStale(step)) return
  const data = {
    decisions: payload.decisions ?? null,
    choices: payload.choices ?? null,
    questions: payload.questions ?? null,
    changes: payload.changes ?? null,
    // Only where there is one: rows of older events stay as they are.
    ...(typeof payload.url === "string" ? { url: payload.url } : {}),
    data: payload.data ?? null,
  }
  const known = requestOf(step)
  if (known !== null) {
    if (!isOpen(known) || known.kind !== payload.kind) return step.note("request-duplicate", subject)
    return step.putRequest({ ...known, title: payload.title ?? known.title, data })
  }
  const turn = turnOf(step, event.turnId)
  // A request after the end of its turn waits like any other, in a living session: the agent needs the answer.
  const over = step.relation === "ended"
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
    status: over ? "expired" : "open",
    decision: null,
    decidedBy: null,
    cause: over ? "session-ended" : null,
    evidence: over ? "inferred" : null,
    title: payload.title ?? null,
    data,
    answer: null,
    answerCommandId: null,
    lastError: null,
    openedAt: step.at,
    endedAt: over ? step.at : null,
    openedSequence: step.sequence,
    sequence: step.sequence,
  })
  if (!over) noteNews(step)
}

/** The answer of an event, beside its decision. */
type Said = Pick<PayloadOf<"request.answered">, "answers" | "data">

/** The form of the row's `answer`; undefined: the event has none. */
const answerOf = ({ answers, data }: Said): unknown => {
  if ((answers ?? null) !== null) return { answers }
  return (data ?? null) === null ? undefined : { data }
}

/** The answer that the request has; null: none. */
const storedAnswer = (step: Step, { requestId }: RequestRow): unknown =>
  // Stryker disable next-line OptionalChaining: the request has a row
  step.rows.whole("requests", [requestId])?.answer ?? null

/** Whether the decision of an event contradicts the answer of the request. */
const contradicts = (step: Step, request: RequestRow, decision: string, said: Said): boolean => {
  if (request.decision !== decision) return true
  // Answers to a question have the same decision and differ in their content.
  if ((said.answers ?? null) === null) return false
  const stored = storedAnswer(step, request)
  return stored !== null && canonicalJson(stored) !== canonicalJson({ answers: said.answers })
}

const conflict = (step: Step, request: RequestRow, decision: string): void =>
  step.note(
    request.decision === null ? "request-already-ended" : "request-answer-conflict",
    requestSubject(request.requestId),
    decision,
  )

/** `request.answering`: the first accepted answer wins. */
export const requestAnswering = (step: Step, payload: PayloadOf<"request.answering">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  if (request.status === "open") {
    return step.putRequest({
      ...request,
      status: "answering",
      decision: payload.decision,
      decidedBy: payload.by ?? null,
      answer: answerOf(payload) ?? null,
      answerCommandId: step.event.commandId,
      lastError: null,
    })
  }
  if (contradicts(step, request, payload.decision, payload)) conflict(step, request, payload.decision)
}

const decide = (step: Step, request: RequestRow, decision: string, by: string | null, said: Said): void => {
  const { answer: _answer, ...row } = request
  const first = request.decision === null
  const isOther = !first && contradicts(step, request, decision, said)
  if (isOther) conflict(step, request, decision)
  const answer = isOther ? undefined : answerOf(said)
  // The accepted answer counts; what the provider reports fills in only what that answer left out.
  const fills = answer !== undefined && (first || storedAnswer(step, request) === null)
  step.putRequest({
    ...row,
    ...(fills ? { answer } : {}),
    status: "answered",
    decision: request.decision ?? decision,
    decidedBy: request.decidedBy ?? by,
    cause: "answered",
    evidence: "observed",
    lastError: null,
    endedAt: step.at,
  })
}

/** `request.answered`: the answer reached the provider. */
export const requestAnswered = (step: Step, payload: PayloadOf<"request.answered">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  if (isOpen(request)) return decide(step, request, payload.decision, payload.by ?? null, payload)
  if (contradicts(step, request, payload.decision, payload)) conflict(step, request, payload.decision)
}

/** `request.answer-failed`: the agent does not have the answer. The request waits again, if it waits for that answer. */
export const requestAnswerFailed = (step: Step, payload: PayloadOf<"request.answer-failed">): void => {
  const request = requestOf(step)
  if (request === null) return unknownRequest(step)
  if (request.status !== "answering" || request.answerCommandId !== payload.commandId) return
  step.putRequest({
    ...request,
    status: "open",
    decision: null,
    decidedBy: null,
    answer: null,
    answerCommandId: null,
    lastError: payload.message,
  })
}

/**
 * `request.resolved`, `user-input.resolved`: the provider's own event. Without a decision it confirms an answer that was sent. On
 * a request without an answer it means that another client decided, if the turn runs and no interrupt was requested; else that
 * the agent withdrew the request. It changes nothing on an ended request.
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
  if (answer !== null) return decide(step, request, answer, payload.by ?? null, payload)
  const { active } = step.state
  if (active !== null && request.turnId === active.turnId && active.interruptRequestedAt === null) {
    return elsewhere(step, request, active.turnId)
  }
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
