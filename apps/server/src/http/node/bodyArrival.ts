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

/** Whether a call comes with a body. */
export const hasBody = ({
  headers,
}: {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}): boolean => headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

/** Requests whose body another one watches. */
const lifted = new WeakSet<IncomingMessage>()

/** Takes the deadline away: the reader of the body watches it from now on. */
export const liftBodyDeadline = (request: IncomingMessage): void => {
  lifted.add(request)
}

/**
 * Watches the bodies of a server's requests: `late` is called for one that is not whole after so many ms. One timer for all: nearly every
 * body is there at once, and a timer for each would be made for nothing.
 */
export const watchBodies = (
  limitMs: number,
  late: (request: IncomingMessage) => void,
): ((request: IncomingMessage) => void) => {
  /** When each is due, the first one first: all of them have the same time. */
  const due = new Map<IncomingMessage, number>()
  let isWaiting = false
  const wait = (ms: number): void => {
    isWaiting = true
    setTimeout(look, ms).unref()
  }
  const look = (): void => {
    isWaiting = false
    const now = performance.now()
    for (const [request, at] of due) {
      if (at > now) return wait(at - now)
      due.delete(request)
      if (!request.complete && !lifted.has(request)) late(request)
    }
  }
  return (request) => {
    if (!hasBody(request)) return
    due.set(request, performance.now() + limitMs)
    if (!isWaiting) wait(limitMs)
    request.on("close", () => due.delete(request))
  }
}
