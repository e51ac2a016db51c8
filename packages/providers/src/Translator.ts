/**
 * A translator turns the wire of one connection into provider events. It does no I/O and uses no clock and no random: the
 * same lines in the same order give the same events, however many calls pass them in.
 */
import type { Emitted, Scope } from "@threadfold/contracts"
import type { HeldSecrets } from "./redaction/Redactor.js"

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
  /** On a live connection, our id of the turn that a `send` line asks for. The events that answer the line carry it. */
  readonly turnId?: string
}

/** What became of a line. `mapped`: an event, or part of a merged one. `kept`: kept verbatim as `provider.unmapped`. */
export type Fate = "mapped" | "kept"

export interface Translated {
  readonly fate: Fate
  /** The events that are complete now, in order. A merged delta is returned for a later line or by a flush. */
  readonly emitted: readonly Emitted[]
}

export type EndReason = "exit" | "recording-ended" | "transport-closed"

export interface Translator {
  /** Translates one line. */
  readonly push: (line: WireLine) => Translated
  /** Source time at which held events must be released although no line came. Null: no event is held. */
  readonly nextDeadline: () => number | null
  /** Releases the events that are due at `now` (source time). */
  readonly tick: (now: number) => readonly Emitted[]
  /** Releases all held events (at the end of the input, or in a pause of an import). Lines may follow. */
  readonly flush: () => readonly Emitted[]
  /**
   * Ends the connection if the wire has not shown its end: flushes, then emits one `session.exited` per open session and
   * `connection.closed`. Lines may still follow, because a recording may grow. The next line that names a thread then opens
   * the next session of that thread.
   */
  readonly end: (at: number, reason: EndReason) => readonly Emitted[]
}

/** What the translators of all protocols must know of their connection. */
export interface TranslatorOptions {
  /** How the events of the connection reach us. */
  readonly mode: "managed" | "attached" | "imported"
  /**
   * True: what the client sent becomes events, too. False: the client is Threadfold itself and has appended these events
   * already, so its lines are kept verbatim. Default: true for imports only. Events that follow from the lines (a turn that
   * begins with its prompt, an answer of the agent) are emitted in both cases.
   */
  readonly recordsClient?: boolean
  /** Values that must not be recorded, in lines of either direction. Default: none. */
  readonly secrets?: HeldSecrets
}
