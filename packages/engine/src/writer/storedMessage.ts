/**
 * The payload and the native message of a draft as they are appended. A message of many megabytes mostly is one text, which the payload
 * has, too: it is sent to the writer's thread without it, and neither is made whole there.
 */
import { gapsAround, jsonAround, LongJson, leastLongJson, type NewEventRow } from "@threadfold/event-log"
import type { EventDraft } from "../Submission.js"

type SourceEvent = EventDraft["event"]

/** A native message as it is stored. */
export type StoredMessage = string | LongJson | null | undefined

/** The message of an event, without the very long texts of its payload, where it has such. */
export const messageToSend = ({ payload, raw }: SourceEvent): SourceEvent["raw"] => {
  if (typeof raw !== "string" || raw.length < leastLongJson) return raw
  const around = jsonAround(payload)
  return (around === null ? null : gapsAround(raw, around.texts)) ?? raw
}

/** The message of an event, whole: for what is stored with another payload, which may lack a text of the event's. */
export const wholeMessage = ({ payload, raw }: SourceEvent): string | null => {
  if (raw === undefined || raw === null || typeof raw === "string") return raw ?? null
  return new LongJson(raw, jsonAround(payload)?.texts ?? []).toString()
}

/** What is stored of an event with this payload, which has the texts that were taken out of the message. */
export const storedMessage = (
  raw: SourceEvent["raw"],
  payload: unknown,
): { readonly payload: NewEventRow["payload"]; readonly body: StoredMessage } => {
  const isLong = typeof raw === "string" ? raw.length >= leastLongJson : raw !== undefined && raw !== null
  const around = isLong ? jsonAround(payload) : null
  if (around === null) return { payload: JSON.stringify(payload), body: typeof raw === "string" ? raw : null }
  if (typeof raw !== "string") return { payload: around, body: new LongJson(raw ?? [], around.texts) }
  const gaps = gapsAround(raw, around.texts)
  return { payload: around, body: gaps === null ? raw : new LongJson(gaps, around.texts) }
}
