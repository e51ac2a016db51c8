/** Connection streams: what names no thread. */
import type { ConnectionRow, PayloadOf } from "@threadfold/contracts"
import type { Step } from "./Step.js"

const put = (step: Step, row: ConnectionRow): void => {
  const stamped = { ...row, streamVersion: step.event.streamVersion, sequence: step.sequence }
  step.changes.push({ op: "put", table: "connections", row: stamped })
  step.state.connection = stamped
}

/** `connection.opened`: the first event of a connection's stream. */
export const connectionOpened = (step: Step, payload: PayloadOf<"connection.opened">): void =>
  put(step, {
    connectionId: step.state.streamId,
    provider: payload.provider,
    mode: payload.mode,
    status: "open",
    version: payload.version ?? null,
    pid: payload.pid ?? null,
    code: null,
    signal: null,
    reason: null,
    openedAt: step.at,
    closedAt: null,
    streamVersion: 0,
    sequence: 0,
  })

/** `connection.closed`. */
export const connectionClosed = (step: Step, payload: PayloadOf<"connection.closed">): void => {
  const connection = step.state.connection
  if (connection === null) return
  put(step, {
    ...connection,
    status: "closed",
    code: payload.code ?? null,
    signal: payload.signal ?? null,
    reason: payload.reason,
    closedAt: step.at,
  })
}

/** Keeps the connection's row in step with its stream. */
export const touchConnection = (step: Step): void => {
  const connection = step.state.connection
  if (connection !== null && connection.streamVersion !== step.event.streamVersion) put(step, connection)
}
