/** Voice conversations and handoffs of one thread (rules 8 and 9 of the fold). */
import type { RealtimeCloseReason } from "@threadfold/contracts"
import type { ExpectedVoiceRun } from "./OracleExpectation.js"
import { get, list, text } from "./readWire.js"

type Run = { -readonly [K in keyof ExpectedVoiceRun]: ExpectedVoiceRun[K] } & { readonly callId: string | null }

export interface Handoff {
  readonly text: string | null
}

export interface VoiceNotes {
  readonly runs: Run[]
  readonly handoffs: Handoff[]
}

export const newVoice = (): VoiceNotes => ({ runs: [], handoffs: [] })

const find = (voice: VoiceNotes, status: Run["status"]) => voice.runs.find((run) => run.status === status)

/** `thread/realtime/start` was sent. The provider takes starts one after the other: the oldest pending one is next. */
export const noteStart = (voice: VoiceNotes, callId: string): void => {
  voice.runs.push({ callId, status: "requested", reason: null, lastError: null })
}

/** The call itself was refused. */
export const noteRefused = (voice: VoiceNotes, callId: string, message: string | null): void => {
  const run = voice.runs.find((one) => one.callId === callId && one.status === "requested")
  if (run) Object.assign(run, { status: "failed", lastError: message })
}

const close = (run: Run, reason: RealtimeCloseReason): void => {
  run.status = "closed"
  run.reason = reason
}

const closeReason = (native: unknown): RealtimeCloseReason =>
  native === "requested" || native === "error" ? native : "transport_closed"

/** The session ended: what was live is closed by us, what was only asked for never started. */
export const endVoice = (voice: VoiceNotes): void => {
  for (const run of voice.runs) {
    if (run.status === "started") close(run, "session_ended")
    if (run.status === "requested") run.status = "failed"
  }
}

const transcript = (item: unknown): string | null => {
  const input = text(get(item, "input_transcript"))
  if (input !== null && input !== "") return input
  const lines = list(get(item, "active_transcript")).map((one) => `${get(one, "role")}: ${get(one, "text")}`)
  return lines.length === 0 ? null : lines.join("\n")
}

export const noteVoice = (voice: VoiceNotes, method: string, params: unknown): void => {
  const live = find(voice, "started")
  const pending = find(voice, "requested")
  switch (method) {
    case "thread/realtime/started":
      if (live) close(live, "replaced")
      if (pending) pending.status = "started"
      else voice.runs.push({ callId: null, status: "started", reason: null, lastError: null })
      return
    case "thread/realtime/error": {
      // An error before `started` settles the pending start alone; a live conversation awaits its close.
      const message = text(get(params, "message"))
      if (pending) Object.assign(pending, { status: "failed", lastError: message })
      else if (live) live.lastError = message
      return
    }
    case "thread/realtime/closed":
      if (live) close(live, closeReason(get(params, "reason")))
      return
    case "thread/realtime/itemAdded": {
      const item = get(params, "item")
      if (get(item, "type") === "handoff_request") voice.handoffs.push({ text: transcript(item) })
      return
    }
  }
}

/** The text of the handoff that a user message comes from, unescaped. Null: it comes from none. */
export const delegatedInput = (message: string | null): string | null => {
  const input = message?.match(/^\s*<realtime_delegation>[\s\S]*?<input>([\s\S]*?)<\/input>/)?.[1]
  if (input === undefined) return null
  return input
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&")
}
