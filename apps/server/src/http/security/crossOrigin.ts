/**
 * UIs of other origins that the server's owner lets in (`serve --allowed-origin`): a dev server, a page of an Electron app. They are named
 * one by one. A browser asks before it sends a token or anything but a plain call (a preflight), and lets a page read only what
 * an answer names the page's origin in (https://fetch.spec.whatwg.org/#http-cors-protocol).
 */
import type { IncomingMessage, ServerResponse } from "node:http"

/** Scheme, host and port: what browsers send. No path, no `null`, which every sandboxed page and file sends, and no wildcard. */
const form = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#*,@\\]+$/

/** An origin as a browser sends it; null: the text is none that can be let in. */
export const parseOrigin = (text: string): string | null => {
  const origin = text.toLowerCase()
  if (!form.test(origin) || !URL.canParse(origin)) return null
  const { host, origin: own, pathname, protocol } = new URL(origin)
  if (pathname !== "/" && pathname !== "") return null
  // Browsers leave the scheme's own port out; of a scheme that URL does not know, such as `app:`, they send what was registered.
  return own === "null" ? `${protocol}//${host}` : own
}

/** Headers of answers that a page may read beside the body. */
const exposed = "ETag, Link, Location, Retry-After, Sequence, WWW-Authenticate"

const preflightAnswer: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  // What the API takes, and the trace of a caller.
  "access-control-allow-headers":
    "Accept, Authorization, B3, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Traceparent",
  "access-control-max-age": "600",
}

/** Whether a call asks if another one may be sent. It carries no token. */
export const isPreflight = ({ headers, method }: Pick<IncomingMessage, "headers" | "method">): boolean =>
  method === "OPTIONS" && headers["access-control-request-method"] !== undefined

/** Lets the page of an origin read the answer. */
export const exposeTo = (origin: string, response: ServerResponse): void => {
  response.setHeader("access-control-allow-origin", origin)
  response.setHeader("access-control-expose-headers", exposed)
  response.setHeader("vary", "Origin")
}

/** Answers a preflight: the same for every route, since the call itself passes the gate. */
export const sendPreflight = ({ headers }: IncomingMessage, response: ServerResponse): void => {
  for (const [name, value] of Object.entries(preflightAnswer)) response.setHeader(name, value)
  // A page of a public address calls this machine (https://wicg.github.io/private-network-access).
  if (headers["access-control-request-private-network"] === "true") {
    response.setHeader("access-control-allow-private-network", "true")
  }
  response.writeHead(204).end()
}
