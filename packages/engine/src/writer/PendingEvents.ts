/**
 * Event rows of the running batch that are not in the log yet. Written in one go: SQLite's code and pages then stay in
 * the processor's caches for a whole batch, which measured a tenth of the write path.
 */

import type { EventEnvelope } from "@threadfold/contracts"
import type { LogDriver, NativeBody, NewEventRow } from "@threadfold/event-log"
import type { EventDraft } from "../Submission.js"
import { type StoredMessage, storedMessage } from "./storedMessage.js"

/** The stored form of an event and of its native message. `native`: the JSON of its native ids. */
export const rowOf = (
  event: EventEnvelope,
  native: string | null,
  raw: EventDraft["event"]["raw"],
): readonly [row: NewEventRow, body: StoredMessage] => {
  const { body, payload } = storedMessage(raw, event.payload)
  return [{ ...event, native, payload }, body]
}

/** The rows and native bodies that wait for one write. */
export class PendingEvents {
  private rows: NewEventRow[] = []
  private bodies: NativeBody[] = []

  constructor(private readonly driver: LogDriver) {}

  /** Takes an event and, where there is one, its native body. */
  add(row: NewEventRow, native: StoredMessage): void {
    this.rows.push(row)
    if (native !== undefined && native !== null) this.bodies.push([row.sequence, native])
  }

  /** Writes what waits. Only inside the transaction, and before anything looks for events in the log. */
  flush(): void {
    if (this.rows.length === 0) return
    const { bodies, rows } = this
    this.discard()
    for (const row of rows) this.driver.insert(row)
    this.driver.insertNatives(bodies)
  }

  /** Drops what waits, after the batch was rolled back. */
  discard(): void {
    this.rows = []
    this.bodies = []
  }
}
