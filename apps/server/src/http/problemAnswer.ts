/** Problems as answers: of a handler that failed, straight on a response of Node's, and on a bare socket. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Problem, type ProblemSlug, problemDetails, problems } from "@threadfold/contracts/problem"
import { hasBody } from "./node/bodyArrival.js"
import type { Refusal } from "./security/Guard.js"
import { securityHeaders } from "./security/headers.js"

export const problemType = "application/problem+json"

const extraHeaders = (slug: ProblemSlug, retryAfterS?: number): Record<string, string> => ({
  ...(problems[slug].status === 401 ? { "www-authenticate": "Bearer" } : {}),
  ...(problems[slug].status === 429 || retryAfterS !== undefined ? { "retry-after": String(retryAfterS ?? 1) } : {}),
})

/** A problem as an answer: status, headers and body. */
export const problemHead = ({ slug, detail }: Pick<Problem, "slug" | "detail">, retryAfterS?: number) => {
  const text = JSON.stringify(problemDetails(slug, detail))
  const { status } = problems[slug]
  const headers: Readonly<Record<string, string>> = {
    "content-type": problemType,
    "content-length": String(Buffer.byteLength(text)),
    ...extraHeaders(slug, retryAfterS),
  }
  return { status, headers, text }
}

/** The answer of a handler that failed. */
export const problemResponse = (
  { slug, detail }: Pick<Problem, "slug" | "detail">,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(problemDetails(slug, detail)), {
    status: problems[slug].status,
    contentType: problemType,
    headers: { ...extraHeaders(slug), ...headers },
  })

/** Answers before any handler. A call with a body ends its connection, because that body is never read. */
export const sendProblem = (
  request: IncomingMessage,
  response: ServerResponse,
  { slug, detail, retryAfterS }: Refusal,
): void => {
  const { headers, status, text } = problemHead({ slug, detail }, retryAfterS)
  response.writeHead(status, { ...headers, ...(hasBody(request) ? { connection: "close" } : {}) })
  response.end(text)
}

/** The whole answer to bytes that were no HTTP request. */
export const rawProblem = (slug: ProblemSlug, detail: string): string => {
  const body = JSON.stringify(problemDetails(slug, detail))
  const { status } = problems[slug]
  const headers = {
    ...securityHeaders,
    "content-type": problemType,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, ...lines, "", body].join("\r\n")
}
