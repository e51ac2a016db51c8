/** Commands about questions of the agent. */
import type { CommandOf, RequestRow } from "@threadfold/contracts"
import { accept, acceptWith, type Decision, refuse, type Situation } from "./Decision.js"
import { livingSession, ofThread, onThread } from "./standing.js"

const requestOf = ({ rows, state }: Situation, threadId: string, requestId: string): RequestRow | null => {
  const row = state.requests[requestId] ?? rows.find("requests", "key", [requestId])
  return row !== null && row.threadId === threadId ? row : null
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
        : refuse("request-ended", `Request ${requestId} is ${request.status}.`)
    }
    const session = livingSession(situation.state)
    const ids = turnId === null ? { requestId } : { requestId, turnId }
    return acceptWith({
      events: [{ ...ofThread, ids, type: "request.answering", payload: { decision, by: "client" } }],
      effects:
        session?.mode === "managed" && session.sessionId === request.sessionId
          ? [
              {
                kind: "request.answer",
                sessionId: session.sessionId,
                turnId,
                requestId,
                payload: { decision, data: data ?? null },
              },
            ]
          : [],
      turnId,
    })
  })

/** `request.expire`. */
export const expireRequest = (situation: Situation, command: CommandOf<"request.expire">): Decision => {
  const { reason, requestId, threadId } = command
  const request = requestOf(situation, threadId, requestId)
  return request !== null && (request.status === "open" || request.status === "answering")
    ? accept({ ...ofThread, ids: { requestId }, type: "request.expired", payload: { reason: reason ?? null } })
    : accept()
}
