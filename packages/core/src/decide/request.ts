/** Commands about questions of the agent. */
import type { CommandOf, RequestRow } from "@threadfold/contracts"
import { rowOfThread } from "../RowSource.js"
import { livingSession } from "../state/lifecycle.js"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { ofThread, onThread, refuseRecording } from "./standing.js"

const requestOf = ({ rows, state }: Situation, threadId: string, requestId: string): RequestRow | null =>
  state.requests[requestId] ?? rowOfThread(rows, "requests", requestId, threadId)

/** Which answer was first, for whoever was too late. */
const firstOf = ({ decision }: RequestRow): string =>
  decision === null ? "" : `; the first answer was ${JSON.stringify(decision)}`

interface Answer {
  readonly decision: string
  /** `client`, or `policy`: nobody has answered in time. */
  readonly by: "client" | "policy"
  readonly data: unknown
}

/** The answer is accepted; it goes to the agent where the session that asked is one of ours that lives. */
const answering = ({ state }: Situation, request: RequestRow, { by, data, decision }: Answer): Decision => {
  const { requestId, sessionId, turnId } = request
  const session = livingSession(state)
  const ids = turnId === null ? { requestId } : { requestId, turnId }
  const isOurs = session?.mode === "managed" && session.sessionId === sessionId
  return acceptWith({
    events: [{ ...ofThread, ids, type: "request.answering", payload: { decision, by } }],
    effects: isOurs ? [{ kind: "request.answer", sessionId, turnId, requestId, payload: { decision, data } }] : [],
    turnId,
  })
}

/**
 * `request.respond`: the first answer wins. An answer for a question of a session that is over ends nowhere: the question
 * has expired with it.
 */
export const respondToRequest = (situation: Situation, command: CommandOf<"request.respond">): Decision =>
  onThread(situation, command.threadId, () => {
    const { data, decision, requestId, threadId } = command
    const request = requestOf(situation, threadId, requestId)
    if (request === null) return refuse("resource-not-found", `Thread ${threadId} has no request ${requestId}.`)
    const { turnId } = request
    if (request.status !== "open") {
      return request.decision === decision
        ? acceptWith({ turnId })
        : refuse("request-ended", `Request ${requestId} is ${request.status}${firstOf(request)}.`)
    }
    const session = livingSession(situation.state)
    if (session?.mode === "imported") return refuseRecording(session)
    return answering(situation, request, { decision, by: "client", data: data ?? null })
  })

/** `request.expire`. */
export const expireRequest = (situation: Situation, command: CommandOf<"request.expire">): Decision => {
  const { reason, requestId, threadId } = command
  const request = requestOf(situation, threadId, requestId)
  return request !== null && (request.status === "open" || request.status === "answering")
    ? accept({ ...ofThread, ids: { requestId }, type: "request.expired", payload: { reason: reason ?? null } })
    : accept()
}

/** `request.decline`: an answer of ours, given only where there is none yet. */
export const declineRequest = (situation: Situation, command: CommandOf<"request.decline">): Decision => {
  const request = requestOf(situation, command.threadId, command.requestId)
  const isRecording = livingSession(situation.state)?.mode === "imported"
  return request?.status === "open" && !isRecording
    ? answering(situation, request, { decision: "decline", by: "policy", data: null })
    : accept()
}
