/**
 * The output of the generators: provider events as a source delivers them, with labels in the place of Threadfold's own ids. A
 * test maps every label to a UUIDv7.
 */
import type { Actor, Channel, NativeRef, ProviderEvent } from "@threadfold/contracts"
import { generatedEpoch } from "./seeded.js"

export interface GeneratedEvent {
  /** `thread-1`, `thread-2`, … or the connection's own label for what names no thread. */
  readonly stream: string
  /** `s1`, `s2`, … over all threads; null on a connection's stream. */
  readonly session: string | null
  /** `c1`, `c2`, …: the connection that carries the session. */
  readonly connection: string
  /** Who caused it. */
  readonly actor: Actor
  /** The command that it follows from, where a later event names that. */
  readonly commandId?: string
  /** The event. `turnId`, `itemId` and the other ids of ours are absent. */
  readonly event: ProviderEvent
}

/** A generated event without its number and time. */
export interface Draft {
  readonly stream: string
  readonly session: string | null
  readonly connection: string
  readonly actor: Actor
  readonly commandId?: string
  readonly type: string
  readonly channel: Channel
  readonly native: NativeRef
  readonly payload: unknown
}

/** The key of a numbered channel: docs/concepts.md, `(sessionId | connectionId, channel)`. */
export const channelKey = (event: {
  readonly session: string | null
  readonly connection: string
  readonly channel: string
}): string => `${event.session ?? event.connection}|${event.channel}`

/** Numbers drafts from 1 in every channel and times them a few milliseconds apart, as a healthy source does. */
export const finish = (drafts: readonly Draft[]): readonly GeneratedEvent[] => {
  const last = new Map<string, number>()
  return drafts.map((draft, index) => {
    const { stream, session, connection, actor, commandId, type, channel, native, payload } = draft
    const seq = (last.get(channelKey(draft)) ?? 0) + 1
    last.set(channelKey(draft), seq)
    const event = { type, channel, seq, at: generatedEpoch + index * 7, native, payload }
    return { stream, session, connection, actor, ...(commandId === undefined ? {} : { commandId }), event }
  })
}

/** Numbers events anew in the order they stand in, so that each counts as a new event of its source. */
export const renumber = (events: readonly GeneratedEvent[]): readonly GeneratedEvent[] => {
  const last = new Map<string, number>()
  return events.map((one) => {
    const key = channelKey({ session: one.session, connection: one.connection, channel: one.event.channel })
    const seq = (last.get(key) ?? 0) + 1
    last.set(key, seq)
    return { ...one, event: { ...one.event, seq } }
  })
}
