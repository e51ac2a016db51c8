/**
 * A translator turns one connection's wire into provider events. It is pure in the sense that counts: no I/O, no clock,
 * no random; the same lines in the same order give the same events, however the input is cut into calls.
 */
import type { Emitted, Scope } from "@threadfold/contracts"

export type { Emitted, Scope }

/** One line of a connection's wire. */
export interface WireLine {
  /** Source time, ms since the epoch. */
  readonly at: number
  /** `send`: client to agent; `recv`: agent to client; `stderr`; `meta`: spawn and exit of the process. */
  readonly dir: string
  /** The line as received, verbatim. */
  readonly raw: string
  /** The decoded message of a `send` or `recv` line. */
  readonly message?: unknown
  /** The text of a `stderr` line. */
  readonly text?: string
  /** The event of a `meta` line, for example `spawn`, `exit`. */
  readonly event?: string
  /** Fields of a `meta` line: `pid`, `args`, `code`, `sig`, `message`. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** Our id of the turn that a `send` line asks for, on a live connection: the events that answer it carry it. */
  readonly turnId?: string
}

/** What became of a line: an event of the domain (or part of a merged one), or kept verbatim as `provider.unmapped`. */
export type Fate = "mapped" | "kept"

export interface Translated {
  readonly fate: Fate
  /** Events that are complete now, in order. A merged delta comes with a later line or a flush. */
  readonly emitted: readonly Emitted[]
}

export type EndReason = "exit" | "recording-ended" | "transport-closed"

export interface Translator {
  /** Takes one line. */
  readonly push: (line: WireLine) => Translated
  /** Source time at which something must be flushed or let go though no line came; null: nothing waits. */
  readonly nextDeadline: () => number | null
  /** Lets go what is due at `now` (source time). */
  readonly tick: (now: number) => readonly Emitted[]
  /** Lets go all that waits (end of input, a pause of an import). Later lines may follow. */
  readonly flush: () => readonly Emitted[]
  /**
   * Ends the connection if its wire has not said so already: flushes, then one `session.exited` per open session and
   * `connection.closed`. Lines may follow even so (a recording that grew): the next one that names a thread opens that
   * thread's next session.
   */
  readonly end: (at: number, reason: EndReason) => readonly Emitted[]
}
