/**
 * An origin is what numbers events: a connection, or one session of a native thread on it. Each channel of an origin
 * counts from 1 without a gap, in the order in which events leave the translator.
 */
import type { Scope } from "../Translator.js"

/** The channels that a translator of one wire fills. */
export type WireChannel = "agent" | "client"

export interface Origin {
  readonly scope: Scope
  /** The next number of a channel. Taken when an event is emitted, never earlier. */
  readonly nextSeq: (channel: WireChannel) => number
}

export const makeOrigin = (scope: Scope): Origin => {
  const last: Record<WireChannel, number> = { agent: 0, client: 0 }
  return { scope, nextSeq: (channel) => ++last[channel] }
}
