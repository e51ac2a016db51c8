/** From a line to an event draft: a fact with its place on the wire, before it is merged and numbered. */
import type { NativeRef, PayloadOf } from "@threadfold/contracts"
import type { Fate } from "../Translator.js"
import { type Fact, fact } from "./Fact.js"
import type { Origin, WireChannel } from "./Origin.js"

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
