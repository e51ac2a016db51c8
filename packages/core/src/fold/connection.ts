/** Connection streams: events that name no thread. */

import {
  type ConnectionRow,
  type EventEnvelope,
  type EventType,
  isEventType,
  type PayloadOf,
} from "@threadfold/contracts"
import { type FoldState, initialState } from "../state/FoldState.js"
import { byRule } from "./byRule.js"
import type { Step } from "./Step.js"

/**
 * Whether the stream is a connection's. A source numbers the events that name no thread by the connection, without a session;
 * every numbered event of a thread has a session (docs/concepts.md). The first event decides for the whole stream.
 */
export const isConnectionStream = (before: FoldState, event: EventEnvelope): boolean =>
  before.connection !== null ||
  (before.thread === null && event.sessionId === null && (event.channel !== null || isOfConnections(event.type)))

/** Whether the type alone says that its stream is a connection's. */
const isOfConnections = (type: string): boolean => isEventType(type) && ofConnections[type] === "only"

/** Event types of connections only, and those of connections and threads. All others belong to threads. */
const ofConnections: { readonly [T in EventType]?: "only" | "both" } = {
  "connection.opened": "only",
  "connection.closed": "only",
  "connection.purged": "only",
  "account.updated": "both",
  "account.rate-limits.updated": "both",
  "mcp.status.updated": "both",
  "model.rerouted": "both",
  "config.warning": "both",
  "deprecation.notice": "both",
  "runtime.warning": "both",
  "runtime.error": "both",
  "provider.unmapped": "both",
  // Sent on a connection before its session, and therefore its thread, exists.
  "session.start-requested": "both",
}

/** Whether a type may be folded into this kind of stream. */
export const belongs = (type: EventType, isConnection: boolean): boolean =>
  isConnection ? ofConnections[type] !== undefined : ofConnections[type] !== "only"

/** The row of a connection of which nothing is known yet. */
export const blankConnection = (step: Step): ConnectionRow => ({
  connectionId: step.state.streamId,
  provider: null,
  mode: null,
  status: "open",
  version: null,
  pid: null,
  code: null,
  signal: null,
  reason: null,
  openedAt: null,
  closedAt: null,
  openedFor: null,
  streamVersion: 0,
  sequence: step.sequence,
})

const patch = (step: Step, fields: Partial<ConnectionRow>): void => {
  const { connection } = step.state
  if (connection === null) return
  if (connection.status === "closed") {
    return step.note("session-event-after-exit", `connection:${connection.connectionId}`, step.event.type)
  }
  step.state.connection = { ...connection, ...fields }
}

/** `connection.opened`: the first event of a connection's stream. */
export const connectionOpened = (step: Step, payload: PayloadOf<"connection.opened">): void =>
  patch(step, {
    provider: payload.provider,
    mode: payload.mode,
    version: payload.version ?? null,
    pid: payload.pid ?? null,
    openedAt: step.at,
    openedFor: payload.threadId ?? null,
  })

/** `connection.closed`: applied once; a second one changes nothing. */
export const connectionClosed = (step: Step, payload: PayloadOf<"connection.closed">): void =>
  patch(step, {
    status: "closed",
    code: payload.code ?? null,
    signal: payload.signal ?? null,
    reason: payload.reason,
    closedAt: step.at,
  })

/**
 * Whether nothing more comes of a connection whose threads are gone: it has closed, or it is of a recording, of which the rest is refused.
 */
export const isConnectionOver = ({ mode, status }: Pick<ConnectionRow, "mode" | "status">): boolean =>
  status === "closed" || mode === "imported"

/** What a connection's tombstone says of it: its row follows from this alone. */
export const connectionTombstone = (row: ConnectionRow, sealedHash: string): PayloadOf<"connection.purged"> => {
  const { closedAt, code, mode, openedAt, pid, provider, reason, signal, version } = row
  return { sealedHash, provider, mode, version, pid, code, signal, reason, openedAt, closedAt }
}

/**
 * `connection.purged`: like the tombstone of a thread, the row follows from this event alone, so that a fold which begins here leads to
 * the same row and the same open state.
 */
export const connectionPurged = (step: Step, payload: PayloadOf<"connection.purged">): void => {
  const { code, closedAt, mode, openedAt, pid, provider, reason, signal, version } = payload
  const blank = blankConnection(step)
  Object.assign(step.state, initialState(step.state.streamId))
  step.state.connection = {
    ...blank,
    status: "closed",
    provider: provider ?? null,
    mode: mode ?? null,
    version: version ?? null,
    pid: pid ?? null,
    code: code ?? null,
    signal: signal ?? null,
    reason: reason ?? null,
    openedAt: openedAt ?? null,
    closedAt: closedAt ?? null,
  }
}

/** Updates what every event updates on the connection's row. Runs after the rules of every event. */
export const touchConnection = byRule(17, (step: Step): void => {
  const { connection } = step.state
  if (connection === null) return
  const row = { ...connection, streamVersion: step.event.streamVersion, sequence: step.sequence }
  step.push({ op: "put", table: "connections", row })
  step.state.connection = row
})
