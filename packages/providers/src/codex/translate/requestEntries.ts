/** What the server tells its clients about its requests: that one is over. */
import { fact } from "../../runtime/Fact.js"
import { type Fields, WrongShape } from "../../runtime/readFields.js"
import { type Entry, onThread } from "./Entry.js"

const resolvedId = (params: Fields): string => {
  const id = params.requestId
  if (typeof id === "string" || (typeof id === "number" && Number.isFinite(id))) return JSON.stringify(id)
  throw new WrongShape("requestId: expected a string or a number")
}

export const requestEntries = {
  "serverRequest/resolved": onThread((params, { thread }, context) => {
    const requestId = resolvedId(params)
    const request = context.requests.get(requestId)
    const type = request?.userInput === true ? "user-input.resolved" : "request.resolved"
    return [fact(type, { decision: null }, { ...request?.native, threadId: thread.id, requestId })]
  }),
} as const satisfies Record<string, Entry>
