/**
 * An origin numbers events. It is a connection, or one session of a native thread on that connection. Each channel of an
 * origin counts from 1 without a gap, in the order in which events leave the translator.
 */
import type { Scope } from "../Translator.js"

/** The channels of a translator's events. */
export type WireChannel = "agent" | "client"

export interface Origin {
  readonly scope: Scope
  /** The next number of a channel. It is taken when the event is emitted, not earlier. */
  readonly nextSeq: (channel: WireChannel) => number
}

export const makeOrigin = (scope: Scope): Origin => {
  const last: Record<WireChannel, number> = { agent: 0, client: 0 }
  return { scope, nextSeq: (channel) => ++last[channel] }
}
