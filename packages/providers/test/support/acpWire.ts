/** Lines of an ACP wire, and the events that its translator makes of them. */
import { type AcpTranslatorOptions, makeAcpTranslator } from "../../src/acp/translate/AcpTranslator.js"
import type { WireLine } from "../../src/Translator.js"
import {
  pushAndFlush,
  recordingsIn,
  recv as recvLine,
  type SessionEvent,
  send as sendLine,
  sessionEvents,
} from "./wireLines.js"

export { meta, type SessionEvent, sessionEvents } from "./wireLines.js"

const message = (fields: object): object => ({ jsonrpc: "2.0", ...fields })

/** A message from the agent, `at` milliseconds after `t0`. */
export const recv = (at: number, fields: object): WireLine => recvLine(at, message(fields))
/** A message from the client. `turnId`: our turn that it asks for. */
export const send = (at: number, fields: object, turnId?: string): WireLine => sendLine(at, message(fields), turnId)

/** An agent's session id: agents make them as they like. */
export const S = "ses_1"

export const update = (at: number, said: object, sessionId = S): WireLine =>
  recv(at, { method: "session/update", params: { sessionId, update: said } })
export const chunk = (at: number, text: string, more: object = {}, kind = "agent_message_chunk"): WireLine =>
  update(at, { sessionUpdate: kind, content: { type: "text", text }, ...more })
export const thought = (at: number, text: string): WireLine => chunk(at, text, {}, "agent_thought_chunk")
export const tool = (at: number, toolCallId: string, more: object = {}): WireLine =>
  update(at, { sessionUpdate: "tool_call", toolCallId, title: `call ${toolCallId}`, ...more })
export const patch = (at: number, toolCallId: string, more: object): WireLine =>
  update(at, { sessionUpdate: "tool_call_update", toolCallId, ...more })

/** `session/new` and its answer: the session is open afterwards. */
export const started = (at: number, more: object = {}, sessionId = S, id = 1): readonly WireLine[] => [
  send(at, { id, method: "session/new", params: { cwd: "/w", mcpServers: [] } }),
  recv(at, { id, result: { sessionId, ...more } }),
]

export const prompt = (at: number, id: number | string, text = "go", turnId?: string, sessionId = S): WireLine =>
  send(at, { id, method: "session/prompt", params: { sessionId, prompt: [{ type: "text", text }] } }, turnId)
export const answer = (at: number, id: number | string, result: object = { stopReason: "end_turn" }): WireLine =>
  recv(at, { id, result })
export const refusal = (at: number, id: number | string, error: object): WireLine => recv(at, { id, error })
export const cancel = (at: number, sessionId = S): WireLine =>
  send(at, { method: "session/cancel", params: { sessionId } })

export const options = [
  { optionId: "always", name: "Always", kind: "allow_always" },
  { optionId: "once", name: "Allow", kind: "allow_once" },
  { optionId: "no", name: "Reject", kind: "reject_once" },
]
export const permission = (at: number, id: number | string, toolCall: object, offered: readonly object[] = options) =>
  recv(at, { id, method: "session/request_permission", params: { sessionId: S, toolCall, options: offered } })
export const select = (at: number, id: number | string, optionId: string): WireLine =>
  send(at, { id, result: { outcome: { outcome: "selected", optionId } } })
export const giveUp = (at: number, id: number | string): WireLine =>
  send(at, { id, result: { outcome: { outcome: "cancelled" } } })

export const live: AcpTranslatorOptions = { provider: "acp", mode: "managed", recordsClient: false }
export const imported: AcpTranslatorOptions = { provider: "acp", mode: "imported" }

/** Pushes the lines and flushes; nothing is ended. */
export const run = (lines: readonly WireLine[], how: AcpTranslatorOptions = live) => {
  const translator = makeAcpTranslator(how)
  return { translator, ...pushAndFlush(translator, lines) }
}

/** What happened in a session after it was opened. */
export const afterStart = (lines: readonly WireLine[], how?: AcpTranslatorOptions): readonly SessionEvent[] =>
  sessionEvents(run([...started(0), ...lines], how).events).filter(
    ([type]) => !["session.started", "thread.started", "session.configured", "session.start-requested"].includes(type),
  )

/** The recordings of real agents that the project keeps. */
export const recordings = recordingsIn("acp")
