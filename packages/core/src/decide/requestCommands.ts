/** Commands about questions of the agent. */
import type { Answers, CommandOf, RequestRow, ThreadRow } from "@threadfold/contracts"
import { Either } from "effect"
import { canonicalJson } from "../canonicalJson.js"
import { ELSEWHERE } from "../fold/elsewhere.js"
import { rowOfThread } from "../RowSource.js"
import { livingSession } from "../state/lifecycle.js"
import {
  type AnswerRule,
  answerBy,
  isAnswerRule,
  type RuleHolder,
  ruleFor,
  ruleHoldersLimit,
} from "../workflow/unattendedRules.js"
import { type Taken, take } from "./answer.js"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onThread, refuseRecording } from "./threadGuards.js"

const requestOf = ({ rows }: Situation, threadId: string, requestId: string): RequestRow | null =>
  rowOfThread(rows, "requests", requestId, threadId)

/** The first answer, for the refusal of a later one. */
const firstOf = ({ decidedBy, decision }: RequestRow): string => {
  const whose = decidedBy === "policy" ? " and came from the policy for unattended questions" : ""
  if (decision !== null) return `; the first answer was ${JSON.stringify(decision)}${whose}`
  return decidedBy === ELSEWHERE ? "; another client of the agent answered it" : ""
}

interface Answer {
  readonly decision: string
  /** `client`, or `policy`: there was no answer in time. */
  readonly by: "client" | "policy"
  /** Why the policy answers. */
  readonly reason?: string
  readonly data: unknown
}

/** What is recorded of an answer beside its decision. */
const said = ({ data }: Answer, { recorded }: Taken): { readonly answers?: Answers; readonly data?: unknown } => {
  if (recorded !== null) return { answers: recorded }
  return data === null ? {} : { data }
}

/** Accepts the answer. It is sent to the agent where the session that asked is managed and has not ended. */
const answering = ({ state }: Situation, request: RequestRow, answer: Answer, taken: Taken): Decision => {
  const { by, data, decision, reason } = answer
  const { requestId, sessionId, turnId } = request
  const session = livingSession(state)
  const ids = turnId === null ? { requestId } : { requestId, turnId }
  const isOurs = session?.mode === "managed" && session.sessionId === sessionId
  return acceptWith({
    events: [
      {
        ...ofThread,
        ids,
        type: "request.answering",
        payload: { decision, by, ...(reason === undefined ? {} : { reason }), ...said(answer, taken) },
      },
    ],
    effects: isOurs ? [{ kind: "request.answer", sessionId, turnId, requestId, payload: { decision, data } }] : [],
    turnId,
  })
}

/** The row with its heavy columns: the question and its answer. */
const wholeOf = ({ rows }: Situation, request: RequestRow): RequestRow =>
  rows.whole("requests", [request.requestId]) ?? request

/** Whether the request has this answer already, so that the command changes nothing. */
const isSame = (situation: Situation, request: RequestRow, answer: Answer): boolean => {
  if (request.decision !== answer.decision) return false
  const row = wholeOf(situation, request)
  const taken = take(row, answer.decision, answer.data)
  const again = Either.isRight(taken) ? said(answer, taken.right) : { data: answer.data }
  const stored = row.answer ?? null
  // The answer of a recording may be in the provider's own form, so only its decision is compared.
  return stored === null || canonicalJson(stored) === canonicalJson(again)
}

/**
 * `request.respond`: the first answer wins. An answer that the question cannot take is refused, and the question stays open. The
 * question of an ended session has expired, so it takes no answer.
 */
export const respondToRequest = (situation: Situation, command: CommandOf<"request.respond">): Decision =>
  onThread(situation, command.threadId, () => {
    const { decision, requestId, threadId } = command
    const answer: Answer = { decision, by: "client", data: command.data ?? null }
    const request = requestOf(situation, threadId, requestId)
    if (request === null) return refuse("resource-not-found", `Thread ${threadId} has no request ${requestId}.`)
    const { turnId } = request
    if (request.status !== "open") {
      return isSame(situation, request, answer)
        ? acceptWith({ turnId })
        : refuse("request-ended", `Request ${requestId} is ${request.status}${firstOf(request)}.`)
    }
    const session = livingSession(situation.state)
    if (session?.mode === "imported") return refuseRecording(session)
    const taken = take(wholeOf(situation, request), decision, answer.data)
    return Either.isLeft(taken)
      ? refuse("answer-not-taken", `Request ${requestId}: ${taken.left}`)
      : answering(situation, request, answer, taken.right)
  })

/** `request.expire`. */
export const expireRequest = (situation: Situation, command: CommandOf<"request.expire">): Decision => {
  const { reason, requestId, threadId } = command
  const request = requestOf(situation, threadId, requestId)
  return request !== null && (request.status === "open" || request.status === "answering")
    ? accept({ ...ofThread, ids: { requestId }, type: "request.expired", payload: { reason: reason ?? null } })
    : accept()
}

/** Answers without a person, only where there is no answer yet and the question takes it; else nothing changes. */
const answerByPolicy = (
  situation: Situation,
  request: RequestRow | null,
  action: AnswerRule["action"],
  reason: string,
): Decision => {
  // An answer that has failed is not repeated: the agent would refuse it again, so a person has to decide.
  if (request?.status !== "open" || request.lastError !== null) return accept()
  const answer = answerBy(wholeOf(situation, request), action)
  if (Either.isLeft(answer)) return accept()
  const { decision, taken } = answer.right
  return answering(situation, request, { decision, by: "policy", reason, data: null }, taken)
}

/** `request.decline`: an answer of ours, given with the mildest refusal that the question takes. */
export const declineRequest = (situation: Situation, command: CommandOf<"request.decline">): Decision => {
  if (livingSession(situation.state)?.mode === "imported") return accept()
  const request = requestOf(situation, command.threadId, command.requestId)
  return answerByPolicy(situation, request, "decline", "unattended: no answer came in time (reaper.unattended)")
}

/** The thread and the threads that it was spawned from, with their rules. */
const lineOf = ({ rows }: Situation, threadId: string): readonly RuleHolder[] => {
  const line: RuleHolder[] = []
  let next: string | null = threadId
  while (next !== null && line.length < ruleHoldersLimit) {
    const thread: ThreadRow | null = rows.whole("threads", [next])
    if (thread === null) break
    line.push({ threadId: thread.threadId, agent: thread.agent, rules: thread.unattended ?? null })
    next = thread.parentThreadId
  }
  return line
}

/** `request.follow-rule`: a rule that was replaced since it was found answers nothing any more. */
export const followRule = (situation: Situation, command: CommandOf<"request.follow-rule">): Decision => {
  const { requestId, rule, threadId } = command
  const request = requestOf(situation, threadId, requestId)
  const session = livingSession(situation.state)
  if (request === null || session?.mode !== "managed" || session.sessionId !== request.sessionId) return accept()
  const held = ruleFor(lineOf(situation, threadId), request.kind)
  if (held === null || !isAnswerRule(held) || canonicalJson(held.rule) !== canonicalJson(rule)) return accept()
  const { action, afterMs } = held.rule
  const reason = `unattended: nobody answered within ${afterMs} ms (rule of thread ${held.threadId})`
  return answerByPolicy(situation, request, action, reason)
}
