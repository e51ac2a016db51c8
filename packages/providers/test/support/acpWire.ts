/** Writes ACP wires for tests, and runs them through the translator. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type AcpTranslatorOptions, makeAcpTranslator } from "../../src/acp/translate/AcpTranslator.js"
import type { Emitted, Fate, WireLine } from "../../src/Translator.js"
import { type Short, short, t0 } from "./codexWire.js"

let written = 0

const line = (dir: string, at: number, extra: Partial<WireLine>, json: object): WireLine => ({
  at: t0 + at,
  dir,
  raw: JSON.stringify({ n: ++written, dir, ...json }),
  ...extra,
})

const message = (dir: string, at: number, said: object, extra: Partial<WireLine> = {}): WireLine => {
  const full = { jsonrpc: "2.0", ...said }
  return line(dir, at, { message: full, ...extra }, { msg: full })
}

/** A line from the agent, `at` milliseconds after `t0`. */
export const recv = (at: number, said: object): WireLine => message("recv", at, said)
/** A line from the client. `turnId`: our turn that it asks for. */
export const send = (at: number, said: object, turnId?: string): WireLine =>
  message("send", at, said, turnId === undefined ? {} : { turnId })
export const meta = (at: number, event: string, fields: Record<string, unknown> = {}): WireLine =>
  line("meta", at, { event, fields }, { event, ...fields })

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
  const fates: Fate[] = []
  const emitted: Emitted[] = []
  for (const one of lines) {
    const translated = translator.push(one)
    fates.push(translated.fate)
    emitted.push(...translated.emitted)
  }
  emitted.push(...translator.flush())
  return { translator, fates, emitted, events: emitted.map(short) }
}

/** An event of a session as `[type, turn, item, payload]`. */
export type Told = readonly [string, string | undefined, string | undefined, unknown]

const member = (native: unknown, key: string): string | undefined => {
  const found =
    typeof native === "object" && native !== null ? Object.entries(native).find(([name]) => name === key) : undefined
  return typeof found?.[1] === "string" ? found[1] : undefined
}

export const told = (events: readonly Short[]): readonly Told[] =>
  events
    .filter(({ scope, type }) => scope !== "-" && type !== "provider.unmapped")
    .map(({ native, payload, type }) => [type, member(native, "turnId"), member(native, "itemId"), payload])

/** What happened in a session after it was opened. */
export const story = (lines: readonly WireLine[], how?: AcpTranslatorOptions): readonly Told[] =>
  told(run([...started(0), ...lines], how).events).filter(
    ([type]) => !["session.started", "thread.started", "session.configured", "session.start-requested"].includes(type),
  )

const folder = fileURLToPath(new URL("../../../testkit/fixtures/acp/", import.meta.url))

/** The recordings of real agents that the project keeps: name and text. */
export const recordings: readonly { readonly name: string; readonly text: string }[] = readdirSync(folder)
  .sort()
  .map((file) => ({ name: file.replace(".jsonl", ""), text: readFileSync(`${folder}${file}`, "utf8") }))
