/**
 * Event rows of the running batch that are not in the log yet. Written in one go: SQLite's code and pages then stay in
 * the processor's caches for a whole batch, which measured a tenth of the write path.
 */
import type { EventRow, LogDriver } from "@threadfold/event-log"

export class PendingEvents {
  private rows: EventRow[] = []
  /** Native bodies and the sequences of their events, place by place. */
  private bodies: string[] = []
  private bodyOf: number[] = []

  constructor(private readonly driver: LogDriver) {}

  /** Takes an event and, where there is one, its native body. */
  add(row: EventRow, native: string | null | undefined): void {
    this.rows.push(row)
    if (native === undefined || native === null) return
    this.bodies.push(native)
    this.bodyOf.push(row.sequence)
  }

  /** Writes what waits. Only inside the transaction, and before anything looks for events in the log. */
  flush(): void {
    if (this.rows.length === 0) return
    const { bodies, bodyOf, rows } = this
    this.discard()
    for (const row of rows) this.driver.insert(row)
    bodies.forEach((body, place) => {
      const sequence = bodyOf[place]
      if (sequence !== undefined) this.driver.insertNative(sequence, body)
    })
  }

  /** Forgets what waits: the batch never happened. */
  discard(): void {
    this.rows = []
    this.bodies = []
    this.bodyOf = []
  }
}
