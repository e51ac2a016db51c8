/** Answers of direct calls, written to the socket at once. */
import type { ServerResponse } from "node:http"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { securityHeaders } from "../security/headers.js"

const security: readonly string[] = Object.entries(securityHeaders).flat()

/** Writes an answer: the security headers and `headers` (name, value, name, value …) in one go, without a look at each. */
export const writeDirect = (
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  text: string | null,
): void => {
  response.writeHead(status, [...security, ...headers])
  if (text === null) response.end()
  else response.end(text)
}

/** Writes an answer whose body is in memory; false, and nothing written: it is of another kind. */
export const sendDirect = (
  response: ServerResponse,
  { body, headers, status }: HttpServerResponse.HttpServerResponse,
): boolean => {
  const text = body._tag === "Raw" && typeof body.body === "string" ? body.body : null
  if (text === null && body._tag !== "Empty") return false
  const list: string[] = []
  for (const name in headers) list.push(name, headers[name] ?? "")
  writeDirect(response, status, list, text)
  return true
}
