/**
 * How the body of a call arrives. By when: Node has one limit for all calls, but an upload may take as long as it goes on. And whether
 * at all: a caller may hold it back until it is asked for (`Expect: 100-continue`), and then does not send the body of a call that
 * is refused, so that it is sure to read the answer.
 */
import type { IncomingMessage, ServerResponse } from "node:http"

const heldBack = new WeakMap<IncomingMessage, ServerResponse>()

/** The caller of this request waits with its body. */
export const holdsBack = (request: IncomingMessage, response: ServerResponse): void => {
  heldBack.set(request, response)
}

/** Asks for the body, where its caller waits for that. Called by what is about to read it. */
export const askForBody = (request: IncomingMessage): void => {
  const response = heldBack.get(request)
  if (response === undefined) return
  heldBack.delete(request)
  response.writeContinue()
}

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>()

/** Whether a call comes with a body. */
export const hasBody = ({
  headers,
}: {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}): boolean => headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

/** Calls `late` unless the body is whole after so many ms. */
export const setBodyDeadline = (request: IncomingMessage, limitMs: number, late: () => void): void => {
  if (!hasBody(request)) return
  const timer = setTimeout(() => {
    if (!request.complete) late()
  }, limitMs)
  deadlines.set(request, timer)
  request.once("close", () => clearTimeout(timer))
}

/** Takes the deadline away: the reader of the body watches it from now on. */
export const liftBodyDeadline = (request: IncomingMessage): void => clearTimeout(deadlines.get(request))
