/** Lines of a Claude wire, and the events that its translator makes of them. */
import { type ClaudeTranslatorOptions, makeClaudeTranslator } from "../../src/claude/translate/ClaudeTranslator.js"
import type { WireLine } from "../../src/Translator.js"
import { meta, pushAndFlush, recordingsIn, recv, type SessionEvent, send, sessionEvents } from "./wireLines.js"

export { member, meta, recv, type SessionEvent, send, sessionEvents } from "./wireLines.js"

/** The session that the wires are about. */
export const S = "5e55105e-0000-4000-8000-000000000001"

/** The start of a process for the session, up to the answer to its first request. */
export const started = (at: number, about: Record<string, unknown> = {}): readonly WireLine[] => [
  meta(at, "spawn", { pid: 7, args: ["claude"], threadId: S, resumed: false, cwd: "/w", ...about }),
  send(at, { type: "control_request", request_id: "init", request: { subtype: "initialize" } }),
  recv(at, { type: "control_response", response: { subtype: "success", request_id: "init", response: {} } }),
]

/** A message of the agent in the session. */
export const say = (at: number, message: object, sessionId = S): WireLine =>
  recv(at, { session_id: sessionId, uuid: `u-${at}`, parent_tool_use_id: null, ...message })
export const system = (at: number, subtype: string, more: object = {}): WireLine =>
  say(at, { type: "system", subtype, ...more })

export const user = (at: number, uuid: string, text = "go", turnId?: string): WireLine =>
  send(at, { type: "user", uuid, message: { role: "user", content: [{ type: "text", text }] } }, turnId)
export const lifecycle = (at: number, uuid: string, state: string): WireLine =>
  say(at, { type: "command_lifecycle", command_uuid: uuid, state })
export const result = (at: number, more: object = {}): WireLine =>
  say(at, { type: "result", subtype: "success", is_error: false, terminal_reason: "completed", ...more })

export const stream = (at: number, event: object): WireLine => say(at, { type: "stream_event", event })
export const messageStart = (at: number, id = "msg_1"): WireLine =>
  stream(at, { type: "message_start", message: { id } })
export const blockStart = (at: number, index: number, content_block: object): WireLine =>
  stream(at, { type: "content_block_start", index, content_block })
export const blockDelta = (at: number, index: number, delta: object): WireLine =>
  stream(at, { type: "content_block_delta", index, delta })
export const textDelta = (at: number, text: string, index = 0): WireLine =>
  blockDelta(at, index, { type: "text_delta", text })

/** A whole message of the model. */
export const assistant = (at: number, content: unknown, more: object = {}, id = "msg_1"): WireLine =>
  say(at, { type: "assistant", message: { id, role: "assistant", content }, ...more })
export const call = (at: number, id: string, name: string, input: object, more: object = {}): WireLine =>
  assistant(at, [{ type: "tool_use", id, name, input }], more, `msg_${id}`)
export const toolResult = (at: number, id: string, content: unknown, more: object = {}, block: object = {}): WireLine =>
  say(at, {
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content, ...block }] },
    ...more,
  })

export const asks = (at: number, requestId: string, tool_name: string, input: object, more: object = {}): WireLine =>
  recv(at, {
    type: "control_request",
    request_id: requestId,
    request: { subtype: "can_use_tool", tool_name, input, ...more },
  })
export const answers = (at: number, requestId: string, response: object): WireLine =>
  send(at, { type: "control_response", response: { subtype: "success", request_id: requestId, response } })

export const live: ClaudeTranslatorOptions = { mode: "managed" }
export const imported: ClaudeTranslatorOptions = { mode: "imported" }

/** Pushes the lines and flushes; nothing is ended. */
export const run = (lines: readonly WireLine[], how: ClaudeTranslatorOptions = live) => {
  const translator = makeClaudeTranslator(how)
  return { translator, ...pushAndFlush(translator, lines) }
}

const beginnings = ["session.started", "thread.started"]
/** The events of {@link started}: connection, first request, session, thread, configuration. */
const opening = 5

/** What happened in a session after it was opened. */
export const afterStart = (lines: readonly WireLine[], how?: ClaudeTranslatorOptions): readonly SessionEvent[] =>
  sessionEvents(run([...started(0), ...lines], how).events.slice(opening)).filter(
    ([type]) => !beginnings.includes(type),
  )

/** `type turn item` of each event: for tests to which the contents do not matter. */
export const outline = (lines: readonly WireLine[], how?: ClaudeTranslatorOptions): readonly string[] =>
  afterStart(lines, how).map(([type, turn, item]) => [type, turn, item].filter((one) => one !== undefined).join(" "))

/** The recordings of real sessions that the project keeps. */
export const recordings = recordingsIn("claude")
