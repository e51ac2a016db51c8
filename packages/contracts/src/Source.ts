/** What sources of events (translators, importers, adapters) hand to ingestion. */
import type { ProviderEvent } from "./entities/EventEnvelope.js"

/** Whose event it is. */
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
