/** An answer of a direct read, written to the socket at once. */
import type { ServerResponse } from "node:http"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { securityHeaders } from "../security/headers.js"

const security: readonly string[] = Object.entries(securityHeaders).flat()

/** Writes an answer whose body is in memory; false, and nothing written: it is of another kind. */
export const sendDirect = (
  response: ServerResponse,
  { body, headers, status }: HttpServerResponse.HttpServerResponse,
): boolean => {
  const text = body._tag === "Raw" && typeof body.body === "string" ? body.body : null
  if (text === null && body._tag !== "Empty") return false
  // A flat list goes out as it is; names and values of ours need no look at each.
  const list = [...security]
  for (const name in headers) list.push(name, headers[name] ?? "")
  response.writeHead(status, list)
  if (text === null) response.end()
  else response.end(text)
  return true
}
