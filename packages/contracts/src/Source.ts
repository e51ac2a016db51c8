/** Sources of events (translators, importers, adapters): what they hand to ingestion, and the format of a recording. */

import { Schema } from "effect"
import type { ProviderEvent } from "./entities/EventEnvelope.js"

/** What an event belongs to. */
export type Scope =
  /** It names no thread: the connection's stream. */
  | { readonly kind: "connection" }
  /**
   * It belongs to a session of a native thread on this connection. `session` counts the incarnations of that thread on
   * this connection from 1: a rejoin stays, a start after the provider closed or unloaded the thread is the next one.
   */
  | { readonly kind: "session"; readonly nativeThreadId: string; readonly session: number }

/** One event of a source, with the place it belongs to in the source's own terms. */
export interface Emitted {
  readonly scope: Scope
  /** Who caused it: the agent, or the client whose message was recorded. */
  readonly actor: "provider" | "client"
  readonly event: ProviderEvent
}

/**
 * One line of a recording that `import codex-app-server` reads: one JSON object. Other fields are ignored; the line itself is
 * kept verbatim.
 */
export const RecordingLine = Schema.Struct({
  /** ISO time at which the line was written. */
  ts: Schema.String,
  /** `send`: client to agent; `recv`: agent to client; `stderr`; `meta`: the recorder's own notes. */
  dir: Schema.String,
  /** The JSON message of a `send` or `recv` line. */
  msg: Schema.optional(Schema.Unknown),
  /** The text of a `stderr` line. */
  line: Schema.optional(Schema.String),
  /** `spawn` or `exit`, of a `meta` line. */
  event: Schema.optional(Schema.String),
})
export type RecordingLine = typeof RecordingLine.Type
