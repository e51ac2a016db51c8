/** Headers of a call on its way through the gateway: what is passed on, what is evidence, and what must never be recorded. */
import type { IncomingHttpHeaders, IncomingMessage, InformationEvent, ServerResponse } from "node:http"
import type { NativeRef } from "@threadfold/contracts"
import type { HeldSecrets } from "@threadfold/providers"

/** Headers that belong to one connection, not to the call. `expect` is answered by the server itself. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "upgrade",
])

/** Names that a `connection` header declares to be of the connection, too. */
const declared = (headers: IncomingHttpHeaders): ReadonlySet<string> =>
  new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()))

/** The headers as they came, in order, without those of the connection: `[name, value, name, value, …]`. */
export const passedOn = (raw: readonly string[], headers: IncomingHttpHeaders): string[] => {
  const own = declared(headers)
  const passed: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ""
    const lower = name.toLowerCase()
    if (!ofConnection.has(lower) && !own.has(lower)) passed.push(name, raw[at + 1] ?? "")
  }
  return passed
}

interface AgentSide {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Passes on an answer that comes before the answer, which is headers alone: 102 (Processing), 103 (Early Hints), and what else begins
 * with 1. Node has a call for two of them, which takes not all of their headers, so they are written as they came. Nothing is lost with
 * one that cannot be passed: it is said by the answer, too.
 */
export const inform = ({ request, response }: AgentSide, answer: InformationEvent): void => {
  const { headers, rawHeaders, statusCode, statusMessage } = answer
  const { socket } = response
  // A connection's own: 100 answers `expect`, which the server has done itself, and 101 is a change of protocol.
  if (statusCode < 102) return
  // A client of HTTP/1.0 takes none.
  if (request.httpVersion !== "1.1" || response.headersSent || socket === null) return
  // An agent that does not read is not sent more of them.
  if (socket.destroyed || socket.writableNeedDrain) return
  const passed = passedOn(rawHeaders, headers)
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  for (let at = 0; at + 1 < passed.length; at += 2) lines.push(`${passed[at]}: ${passed[at + 1]}`)
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
}

/** Headers whose value is a secret. */
const secretName = /authorization|api[-_]?key|token|secret|cookie|credential|password/i
/** Shorter values occur in ordinary text. */
const shortestSecret = 8

/** The secrets that a call carries, each as a whole and without its scheme (`Bearer …`). */
export const secretsOfCall = (
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
  held: HeldSecrets,
  basePath: string,
): HeldSecrets => {
  const inHeaders = Object.entries(headers)
    .filter(([name]) => secretName.test(name))
    .flatMap(([, value]) => (value === undefined ? [] : typeof value === "string" ? [value] : value))
    .flatMap((value) => [value, ...value.split(/[\s;,=]+/)])
  const inQuery = [...query].filter(([name]) => name === "key" || secretName.test(name)).map(([, value]) => value)
  const values = [...inHeaders, ...inQuery].filter((value) => value.length >= shortestSecret)
  return {
    values: [...new Set([...values, ...held.values, basePath])],
    onRedacted: held.onRedacted,
    get idKey() {
      return held.idKey
    },
  }
}

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0]

/** Longest id that a header is believed to hold. */
const longestId = 200
const idIn = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= longestId ? value : undefined

/** Codex's own account of the turn, a JSON object. */
const turnMetadata = (text: string | undefined): unknown => {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The names that the agent gives the call: its own id of the attempt, of the thread and of the turn. Evidence only. */
export const nativeOf = (headers: IncomingHttpHeaders): NativeRef => {
  const metadata = turnMetadata(one(headers["x-codex-turn-metadata"]))
  const turnId =
    typeof metadata === "object" && metadata !== null && "turn_id" in metadata ? metadata.turn_id : undefined
  const ids = {
    inferenceId: idIn(one(headers["x-codex-inference-call-id"])),
    threadId: idIn(one(headers["thread-id"]) ?? one(headers.thread_id) ?? one(headers.session_id)),
    turnId: idIn(turnId),
  }
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined))
}

/** Names under which upstreams answer with the id of the request. */
const requestIdNames = ["x-request-id", "request-id", "x-oai-request-id", "cf-ray"] as const

/** The upstream's id of the request; null: it says none. */
export const upstreamRequestIdOf = (headers: IncomingHttpHeaders): string | null => {
  for (const name of requestIdNames) {
    const id = idIn(one(headers[name]))
    if (id !== undefined) return id
  }
  return null
}
