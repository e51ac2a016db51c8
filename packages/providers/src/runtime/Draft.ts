/** From a line to an event draft: a fact with its place on the wire, before it is merged and numbered. */
import type { NativeRef, PayloadOf } from "@threadfold/contracts"
import type { Fate, Scope } from "../Translator.js"
import { type Fact, fact } from "./Fact.js"

/** The channels of a translator's events. */
export type WireChannel = "agent" | "client"

/**
 * An origin numbers events. It is a connection, or one session of a native thread on that connection. Each channel of an
 * origin counts from 1 without a gap, in the order in which events leave the translator.
 */
export interface Origin {
  readonly scope: Scope
  /** The next number of a channel. It is taken when the event is emitted, not earlier. */
  readonly nextSeq: (channel: WireChannel) => number
}

export const makeOrigin = (scope: Scope): Origin => {
  const last: Record<WireChannel, number> = { agent: 0, client: 0 }
  return { scope, nextSeq: (channel) => ++last[channel] }
}

/** Where a line stands while it is translated. Its text goes to the first event that it leads to. */
export interface Source {
  /** Time of the line, ms since the epoch. */
  readonly lineAt: number
  /** Time of its events: the message's own time, where the message has one. */
  readonly at: number
  /** The text of the line. Only the first call returns it. */
  readonly takeRaw: () => string | undefined
}

/** The source of a line; `raw` is absent where no line of the wire stands behind the events. */
export const makeSource = (lineAt: number, at: number, raw?: string): Source => {
  let left = raw
  return {
    lineAt,
    at,
    takeRaw: () => {
      const text = left
      left = undefined
      return text
    },
  }
}

/** A fact with its place on the wire. */
export interface Draft {
  readonly origin: Origin
  readonly channel: WireChannel
  readonly fact: Fact
  /** Source time in milliseconds since the epoch. */
  readonly at: number
  /** The line that it came from; absent where another event of that line carries the text. */
  readonly raw: string | undefined
}

/** The draft of a fact that a line led to. */
export const draftOf = (source: Source, origin: Origin, what: Fact, channel: WireChannel = "agent"): Draft => ({
  origin,
  channel,
  fact: what,
  at: source.at,
  raw: source.takeRaw(),
})

/** A line that no mapping takes: which message it is, whether this version knows the message, and what is wrong with it. */
export type Unmapped = Pick<PayloadOf<"provider.unmapped">, "method" | "known" | "problem">

/** Makes the function that keeps unmapped lines verbatim. `where` is the session or connection that a line belongs to. */
export const keepBy =
  <Where>(record: (source: Source, where: Where, what: Fact, channel: WireChannel) => void) =>
  (source: Source, where: Where, unmapped: Unmapped, channel: WireChannel = "agent", native?: NativeRef): Fate => {
    record(source, where, fact("provider.unmapped", unmapped, native), channel)
    return "kept"
  }
