import { field, int, listed, optInt, optText, optTime, shape, text } from "../fields.js"
import { sequence } from "./shared.js"
import { type RowOf, table } from "./table.js"

/** Whether a connection is there. */
export const ConnectionStatus = listed("ConnectionStatus", "Whether a connection is there.", "open", "closed")
export type ConnectionStatus = typeof ConnectionStatus.Type

/** Every field of a connection. */
export const Connection = shape("ConnectionRow", "One provider process or socket; it may serve several threads.", {
  connectionId: text("Our id; also the id of the connection's stream."),
  provider: optText("Provider kind."),
  mode: optText("`managed`, `attached` or `imported`."),
  status: field(ConnectionStatus, "`open` or `closed`."),
  version: optText("Provider version."),
  pid: optInt("Process id of the operating system; null: not known."),
  code: optInt("Exit code of the process; null while it runs, or where a signal ended it."),
  signal: optText("Signal that ended it; null: none did."),
  reason: optText("Why it closed; null while it is open."),
  openedAt: optTime("When it was opened, by the source clock", "not known"),
  closedAt: optTime("When it closed, by the source clock", "it is open"),
  openedFor: optText(
    "Thread that it was opened for; it may serve others, too. Null: not known, or it was purged with it.",
  ),
  streamVersion: int("Version of the last event folded in."),
  sequence,
})

/** Its table. */
export const connections = table("connections", "One row per provider process or socket.", Connection, {
  key: ["connectionId"],
  derived: ["sequence"],
})
/** A row of `connections`. */
export type ConnectionRow = RowOf<typeof connections>
