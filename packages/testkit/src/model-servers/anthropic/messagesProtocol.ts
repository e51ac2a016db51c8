/** The Anthropic Messages API, as far as Claude agents use it. */
import { get, list, text } from "../../oracle/readWire.js"
import type { ReadBody, ToolOutput } from "../ModelRequest.js"
import type { Protocol } from "../ModelServer.js"
import type { StatusReply } from "../Step.js"

const textOf = (content: unknown): string =>
  text(content) ??
  list(content)
    .map((part) => text(get(part, "text")) ?? "")
    .join("")

const isUser = (message: unknown): boolean => get(message, "role") === "user"

/** The last text that is not one of the reminders which the agent adds to what the user says. */
const lastText = (message: unknown): string | null => {
  const content = get(message, "content")
  const texts = typeof content === "string" ? [content] : list(content).map((part) => text(get(part, "text")))
  return texts.filter((one) => one !== null && !one.startsWith("<system-reminder>")).at(-1) ?? null
}

const toolOutputs = (messages: readonly unknown[]): readonly ToolOutput[] =>
  messages
    .slice(messages.findLastIndex((message) => get(message, "role") === "assistant") + 1)
    .flatMap((message) => list(get(message, "content")))
    .filter((part) => get(part, "type") === "tool_result")
    .map((part) => ({ callId: text(get(part, "tool_use_id")) ?? "", output: textOf(get(part, "content")) }))

const readBody: ReadBody = (body) => {
  const messages = list(get(body, "messages"))
  const said = messages.filter(isUser).flatMap((message) => lastText(message) ?? [])
  return { userText: said.at(-1) ?? "", toolOutputs: toolOutputs(messages) }
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
}

export const errorReply = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): StatusReply => ({
  kind: "status",
  status,
  headers,
  body: { type: "error", error: { type: errorTypes[status] ?? "api_error", message } },
})

const json = (body: unknown): StatusReply => ({ kind: "status", status: 200, headers: {}, body })

/** What else Claude agents ask: whether the server is there, and how long a prompt is. */
const other = (method: string, path: string): StatusReply | null => {
  if (method === "HEAD" || path === "/api/hello") return json({ message: "hello" })
  if (method === "POST" && path === "/v1/messages/count_tokens") return json({ input_tokens: 100 })
  if (method === "GET" && path === "/v1/models")
    return json({ data: [], has_more: false, first_id: null, last_id: null })
  return null
}

export const messagesProtocol: Protocol = {
  basePath: "",
  isModelRequest: (method, path) => method === "POST" && path === "/v1/messages",
  read: readBody,
  other,
  error: errorReply,
}
