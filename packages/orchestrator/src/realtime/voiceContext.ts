/** What was said in the voice conversations of a thread, out of its log: what a conversation goes on with that comes up again. */
import type { EventEnvelope, StorageUnavailable } from "@threadfold/contracts"
import { isPayload } from "@threadfold/core"
import { decodeRow, type LogReader } from "@threadfold/event-log"
import type { VoiceContext } from "@threadfold/providers"
import { Effect, Predicate } from "effect"

/** How far back in a thread's log it is looked, events: what lies before is not gone on with. */
const contextEvents = 2_000
/** How much of it is given to a conversation: entries, and characters. */
const contextEntries = 64
const contextChars = 32_000

/** A part of the conversation, and of a handoff our id. */
export type LoggedContext = VoiceContext & { readonly delegationId?: string }

const isRole = (role: unknown): role is "user" | "assistant" => role === "user" || role === "assistant"

const fields = (value: unknown): Readonly<Record<string, unknown>> => (Predicate.isRecord(value) ? value : {})

/** The text of a message that was put in; what was spoken has its transcript. */
const writtenText = (item: unknown): string => {
  const { content } = fields(item)
  const parts = Array.isArray(content) ? content.map(fields) : []
  return parts.flatMap(({ text, type }) => (type === "input_text" && typeof text === "string" ? [text] : [])).join("\n")
}

const entryOf = (event: EventEnvelope): LoggedContext | null => {
  const { delegationId, native, payload, type } = event
  if (isPayload("realtime.transcript.done", payload) && type === "realtime.transcript.done") {
    return isRole(payload.role) && payload.text !== "" ? { kind: "said", role: payload.role, text: payload.text } : null
  }
  const handoffId = native?.handoffId
  if (type === "delegation.opened" && isPayload("delegation.opened", payload)) {
    if (handoffId === undefined || delegationId === null) return null
    return { kind: "handoff", handoffId, text: payload.text ?? "", delegationId }
  }
  if (type !== "realtime.item-added" || !isPayload("realtime.item-added", payload)) return null
  const item = fields(payload.item)
  if (payload.kind === "function_call_output" && handoffId !== undefined && typeof item.output === "string") {
    return { kind: "outcome", handoffId, text: item.output }
  }
  const text = payload.kind === "message" && item.role === "user" ? writtenText(item) : ""
  return text === "" ? null : { kind: "said", role: "user", text }
}

/** Of an outcome without its handoff no model knows what it is about. */
const whole = (entries: readonly LoggedContext[]): readonly LoggedContext[] => {
  const asked = new Set<string>()
  return entries.filter((entry) => {
    if (entry.kind === "handoff") asked.add(entry.handoffId)
    return entry.kind !== "outcome" || asked.has(entry.handoffId)
  })
}

/** The newest entries of the context, oldest first. @param events newest first */
export const contextOf = (events: Iterable<EventEnvelope>): readonly LoggedContext[] => {
  const newest: LoggedContext[] = []
  let chars = 0
  for (const event of events) {
    const entry = entryOf(event)
    if (entry === null) continue
    chars += entry.text.length
    if (newest.length === contextEntries || chars > contextChars) break
    newest.push(entry)
  }
  return whole(newest.reverse())
}

/** Reads it. */
export const readContext = (
  log: LogReader,
  threadId: string,
): Effect.Effect<readonly LoggedContext[], StorageUnavailable> =>
  Effect.map(log.read({ streamId: threadId, limit: contextEvents, order: "desc" }), (rows) =>
    contextOf(rows.filter(({ type }) => type.startsWith("realtime.") || type === "delegation.opened").map(decodeRow)),
  )
