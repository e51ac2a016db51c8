/** Writes Codex wires for tests, and runs them through the translator. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type CodexTranslatorOptions, makeCodexTranslator } from "../../src/codex/translate/CodexTranslator.js"
import type { Emitted, Fate, WireLine } from "../../src/Translator.js"

/** A time to count from; any will do. */
export const t0 = 1_800_000_000_000

let written = 0

const line = (dir: string, at: number, extra: Partial<WireLine>, json: object): WireLine => ({
  at: t0 + at,
  dir,
  raw: JSON.stringify({ n: ++written, dir, ...json }),
  ...extra,
})

/** A line from the agent, `at` milliseconds after {@link t0}. */
export const recv = (at: number, message: unknown): WireLine => line("recv", at, { message }, { msg: message })
/** A line from the client. */
export const send = (at: number, message: unknown): WireLine => line("send", at, { message }, { msg: message })
export const notify = (at: number, method: string, params: object): WireLine => recv(at, { method, params })
export const spawn = (at: number, fields: Record<string, unknown> = { pid: 7 }): WireLine =>
  line("meta", at, { event: "spawn", fields }, { event: "spawn", ...fields })
export const exit = (at: number, code: number | null, sig: string | null): WireLine =>
  line("meta", at, { event: "exit", fields: { code, sig } }, { event: "exit", code, sig })
export const stderr = (at: number, text: string): WireLine => line("stderr", at, { text }, { line: text })

export const T = "01a1f74e-0000-7000-8000-000000000001"
export const U = "01a1f74e-0000-7000-8000-000000000002"
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

/** An event, as short as a test wants to read it. */
export interface Short {
  readonly scope: string
  readonly channel: string
  readonly type: string
  readonly native: unknown
  readonly payload: unknown
  readonly at: number
  readonly raw: string | null | undefined
}

const names: ReadonlyMap<string, string> = new Map([
  [T, "T"],
  [U, "U"],
])

export const short = ({ scope, event }: Emitted): Short => ({
  scope:
    scope.kind === "connection" ? "-" : `${names.get(scope.nativeThreadId) ?? scope.nativeThreadId}${scope.session}`,
  channel: event.channel,
  type: event.type,
  native: event.native,
  payload: event.payload,
  at: event.at - t0,
  raw: event.raw,
})

/** Pushes the lines; nothing is flushed or ended. */
export const run = (lines: readonly WireLine[], options: CodexTranslatorOptions = { mode: "imported" }) => {
  const translator = makeCodexTranslator(options)
  const fates: Fate[] = []
  const emitted: Emitted[] = []
  for (const one of lines) {
    const translated = translator.push(one)
    fates.push(translated.fate)
    emitted.push(...translated.emitted)
  }
  return { translator, fates, emitted, events: emitted.map(short) }
}

/** The same, flushed at the end. */
export const flushed = (lines: readonly WireLine[], options?: CodexTranslatorOptions): readonly Short[] => {
  const { translator, events } = run(lines, options)
  return [...events, ...translator.flush().map(short)]
}

/** `scope type` of each event that is not of a scope's beginning, which most tests take for granted. */
export const story = (events: readonly Short[]): readonly string[] =>
  events.map(({ scope, type }) => `${scope} ${type}`)

export const ofType = (events: readonly Short[], type: string): readonly Short[] =>
  events.filter((event) => event.type === type)

const recordingsFolder = fileURLToPath(new URL("../../../testkit/fixtures/recordings/", import.meta.url))

/** The recordings of real sessions that the project keeps: name and text. */
export const recordings: readonly { readonly name: string; readonly text: string }[] = (
  existsSync(recordingsFolder) ? readdirSync(recordingsFolder) : []
)
  .filter((file) => /^codex-\d/.test(file))
  .sort()
  .map((file) => ({
    name: file.replace(".jsonl", ""),
    text: readFileSync(`${recordingsFolder}${file}`, "utf8"),
  }))

/** The text of one of them. */
export const recordingText = (name: string): string => {
  const found = recordings.find((recording) => recording.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found.text
}
