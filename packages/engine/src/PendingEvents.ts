/**
 * Event rows of the running batch that are not in the log yet. Written in one go: SQLite's code and pages then stay in
 * the processor's caches for a whole batch, which measured a tenth of the write path.
 */
import type { EventRow, LogDriver } from "@threadfold/event-log"

export class PendingEvents {
  private rows: EventRow[] = []
  private natives: { readonly sequence: number; readonly body: string }[] = []

  constructor(private readonly driver: LogDriver) {}

  /** Takes an event and, where there is one, its native body. */
  add(row: EventRow, native: string | null | undefined): void {
    this.rows.push(row)
    if (native !== undefined && native !== null) this.natives.push({ sequence: row.sequence, body: native })
  }

  /** Writes what waits. Only inside the transaction, and before anything looks for events in the log. */
  flush(): void {
    if (this.rows.length === 0) return
    const { natives, rows } = this
    this.discard()
    for (const row of rows) this.driver.insert(row)
    for (const { body, sequence } of natives) this.driver.insertNative(sequence, body)
  }

  /** Forgets what waits: the batch never happened. */
  discard(): void {
    this.rows = []
    this.natives = []
  }
}
