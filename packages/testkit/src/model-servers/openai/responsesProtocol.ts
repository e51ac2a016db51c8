/** The OpenAI Responses API, as far as Codex uses it. */
import { get, list, text } from "../../oracle/readWire.js"
import type { ReadBody } from "../ModelRequest.js"
import type { Protocol } from "../ModelServer.js"
import type { StatusReply } from "../Step.js"
import { completed, created } from "./responseFrames.js"

const textOf = (content: unknown): string =>
  text(content) ??
  list(content)
    .map((part) => text(get(part, "text")) ?? "")
    .join("")

const outputTypes: ReadonlySet<string | null> = new Set(["function_call_output", "custom_tool_call_output"])
const spokenTypes: ReadonlySet<string | null> = new Set(["message", "reasoning", "function_call", "custom_tool_call"])

const isSpoken = (item: unknown): boolean =>
  spokenTypes.has(text(get(item, "type"))) && !["user", "developer"].includes(text(get(item, "role")) ?? "")

const readBody: ReadBody = (body) => {
  const input = list(get(body, "input"))
  const said = input.filter((item) => get(item, "role") === "user").at(-1)
  const sinceSpoken = input.slice(input.findLastIndex(isSpoken) + 1)
  return {
    userText: textOf(get(said, "content")),
    toolOutputs: sinceSpoken
      .filter((item) => outputTypes.has(text(get(item, "type"))))
      .map((item) => ({ callId: text(get(item, "call_id")) ?? "", output: textOf(get(item, "output")) })),
  }
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  404: "not_found_error",
  429: "rate_limit_error",
}

export const errorReply = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): StatusReply => ({
  kind: "status",
  status,
  headers,
  body: { error: { message, type: errorTypes[status] ?? "server_error", param: null, code: null } },
})

/** Models that an agent may look for: none that it knows more about. */
const models: StatusReply = { kind: "status", status: 200, headers: {}, body: { object: "list", data: [], models: [] } }

export const responsesProtocol: Protocol = {
  basePath: "/v1",
  isModelRequest: (method, path) => method === "POST" && path === "/v1/responses",
  read: readBody,
  other: (method, path) => (method === "GET" && path === "/v1/models" ? models : null),
  error: errorReply,
  socket: {
    path: "/v1/responses",
    warmUp: (body, ordinal) => {
      if (get(body, "generate") !== false) return null
      const id = `resp_warm_${ordinal}`
      return [created(id), completed(id, { inputTokens: 1, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 })]
    },
    terminals: new Set(["response.completed", "response.failed", "response.incomplete", "error"]),
  },
}
