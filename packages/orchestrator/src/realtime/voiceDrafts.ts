/** Events of voice runs as the engine takes them: they name their run by our id, so that none of them can be about another one. */
import type { Actor } from "@threadfold/contracts"
import type { VoiceRecord } from "@threadfold/core"
import type { EventDraft } from "@threadfold/engine"
import type { VoiceWord } from "@threadfold/providers"
import { Predicate } from "effect"

/** The run that events are about. */
export interface RunPlace {
  readonly threadId: string
  readonly realtimeId: string
}

/** What an event of a run says. */
export interface RunEvent extends Pick<VoiceWord, "payload" | "native" | "raw"> {
  readonly type: string
}

/** The draft of an event. @param at our clock, ms since the epoch */
export const runDraft = (
  { realtimeId, threadId }: RunPlace,
  { native, payload, raw, type }: RunEvent,
  actor: Actor,
  at: number,
  eventId: string,
): EventDraft => ({
  to: { streamId: threadId },
  sessionId: null,
  actor,
  event: {
    type,
    payload,
    at,
    channel: null,
    seq: null,
    eventId,
    realtimeId,
    native: native ?? null,
    ...(raw === undefined ? {} : { raw }),
  },
})

/** What is recorded of a run's life, as an event. @param version protocol version; null: not known */
export const lifeEvent = (record: VoiceRecord, version: string | null): RunEvent => {
  const { type, ...payload } = record
  return { type, payload: type === "realtime.started" ? { version } : payload }
}

/** A member of an event's payload that is a text; null: it has none. */
export const textIn = ({ payload }: { readonly payload?: unknown }, name: string): string | null => {
  const value = Predicate.isRecord(payload) ? payload[name] : undefined
  return typeof value === "string" ? value : null
}

/** Texts that follow each other in one stream. */
interface Piece {
  readonly role: unknown
  readonly delta: string
}

const pieceOf = ({ payload, type }: VoiceWord): Piece | null =>
  type === "realtime.transcript.delta" && Predicate.isRecord(payload) && typeof payload.delta === "string"
    ? { role: payload.role, delta: payload.delta }
    : null

/** Largest merged piece, UTF-16 units. */
const maxPiece = 4_096

/** Merges pieces of one transcript that follow each other. Their texts joined are the same; only one event says them. */
export const mergedWords = (words: readonly VoiceWord[]): readonly VoiceWord[] => {
  const merged: VoiceWord[] = []
  for (const word of words) {
    const before = merged.at(-1)
    const last = before === undefined ? null : pieceOf(before)
    const next = pieceOf(word)
    const isOneStream =
      last !== null &&
      next !== null &&
      last.role === next.role &&
      before?.native?.itemId === word.native?.itemId &&
      last.delta.length + next.delta.length <= maxPiece
    if (!isOneStream || before === undefined) {
      merged.push(word)
      continue
    }
    const frames = framesOf(before) + framesOf(word)
    // Of merged messages none is the native one.
    const { raw: _, ...rest } = before
    merged[merged.length - 1] = { ...rest, payload: { role: last.role, delta: last.delta + next.delta, frames } }
  }
  return merged
}

const framesOf = ({ payload }: VoiceWord): number =>
  Predicate.isRecord(payload) && typeof payload.frames === "number" ? payload.frames : 1
