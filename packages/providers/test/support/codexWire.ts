/** Lines of a Codex wire, and the events that its translator makes of them. */
import { type CodexTranslatorOptions, makeCodexTranslator } from "../../src/codex/translate/CodexTranslator.js"
import type { WireLine } from "../../src/Translator.js"
import { line, meta, push, pushAndFlush, recordingsIn, recv, type Short, send, T } from "./wireLines.js"

export { recv, type Short, send, short, T, t0, U } from "./wireLines.js"

export const notify = (at: number, method: string, params: object): WireLine => recv(at, { method, params })
export const spawn = (at: number, fields: Record<string, unknown> = { pid: 7 }): WireLine => meta(at, "spawn", fields)
export const exit = (at: number, code: number | null, sig: string | null): WireLine => meta(at, "exit", { code, sig })
export const stderr = (at: number, text: string): WireLine => line("stderr", at, { text }, { line: text })

export const X = "01a1f74e-1111-7000-8000-000000000001"
export const Y = "01a1f74e-1111-7000-8000-000000000002"

/** `thread/start` and its answer: the thread has a session afterwards. */
export const started = (at: number, threadId = T, callId: string | number = 1): readonly WireLine[] => [
  send(at, { id: callId, method: "thread/start", params: { cwd: "/w" } }),
  recv(at, { id: callId, result: { thread: { id: threadId }, model: "m", cwd: "/w" } }),
]

export const turnStart = (at: number, callId: string | number, text = "go", threadId = T): WireLine =>
  send(at, { id: callId, method: "turn/start", params: { threadId, input: [{ type: "text", text }] } })
export const turnAnswer = (at: number, callId: string | number, turnId: string): WireLine =>
  recv(at, { id: callId, result: { turn: { id: turnId, status: "inProgress", items: [] } } })
export const turnStarted = (at: number, turnId = X, threadId = T): WireLine =>
  notify(at, "turn/started", { threadId, turn: { id: turnId, status: "inProgress", items: [] } })
export const turnCompleted = (at: number, turnId = X, status = "completed", threadId = T): WireLine =>
  notify(at, "turn/completed", { threadId, turn: { id: turnId, status, items: [] } })
export const agentDelta = (at: number, delta: string, itemId = "msg_1", threadId = T, turnId = X): WireLine =>
  notify(at, "item/agentMessage/delta", { threadId, turnId, itemId, delta })
export const status = (at: number, type: string, threadId = T): WireLine =>
  notify(at, "thread/status/changed", { threadId, status: { type } })

/** Pushes the lines; nothing is flushed or ended. */
export const run = (lines: readonly WireLine[], options: CodexTranslatorOptions = { mode: "imported" }) => {
  const translator = makeCodexTranslator(options)
  return { translator, ...push(translator, lines) }
}

/** The events of the lines, flushed at the end. */
export const flushed = (
  lines: readonly WireLine[],
  options: CodexTranslatorOptions = { mode: "imported" },
): readonly Short[] => pushAndFlush(makeCodexTranslator(options), lines).events

/** `scope type` of each event. */
export const typesOf = (events: readonly Short[]): readonly string[] =>
  events.map(({ scope, type }) => `${scope} ${type}`)

export const ofType = (events: readonly Short[], type: string): readonly Short[] =>
  events.filter((event) => event.type === type)

/** The recordings of real sessions that the project keeps. */
export const recordings = recordingsIn("recordings", (file) => /^codex-\d/.test(file))

/** The text of one of them. */
export const recordingText = (name: string): string => {
  const found = recordings.find((recording) => recording.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found.text
}
