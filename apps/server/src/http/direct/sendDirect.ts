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
  if (body._tag !== "Uint8Array" && body._tag !== "Empty") return false
  // A flat list goes out as it is; names and values of ours need no look at each.
  const list = [...security]
  for (const name in headers) list.push(name, headers[name] ?? "")
  response.writeHead(status, list)
  if (body._tag === "Empty") response.end()
  else response.end(body.body)
  return true
}
