/**
 * The tombstones of connections. What an agent says before its thread has an id belongs to the connection: the call that starts a
 * session, with its folder, instructions and settings, and standard error. It goes with the last thread that the connection served.
 */
import { isConnectionOver } from "@threadfold/core"
import type { LogDriver } from "@threadfold/event-log"
import { hashStream, type ProjectionStore } from "@threadfold/projections"
import type { Outcome, Submission } from "../Submission.js"

export interface ConnectionSealingOptions {
  readonly driver: Pick<LogDriver, "purgeOf">
  readonly store: Pick<ProjectionStore, "rowsOf" | "whole">
  /** Commits a submission like any other. */
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => void
  /** There is something to do again. */
  readonly wake: () => void
}

export class ConnectionSealing {
  /** A tombstone is on its way. */
  isSealing = false

  constructor(private readonly options: ConnectionSealingOptions) {}

  /** Whether nothing more comes of the connection. One without a row has nothing to purge. */
  readonly isOver = (streamId: string): boolean => {
    const connection = this.options.store.whole("connections", [streamId])
    return connection === null || isConnectionOver(connection)
  }

  /** Whether it was purged, or there is nothing to purge. */
  isDone(streamId: string): boolean {
    const { driver, store } = this.options
    return driver.purgeOf(streamId) !== null || store.whole("connections", [streamId]) === null
  }

  /** Asks for the tombstone of a connection that has closed. It has one row, and one for each kind of anomaly. */
  seal(streamId: string): void {
    const { offer, store, wake } = this.options
    const streamVersion = store.whole("connections", [streamId])?.streamVersion ?? 0
    const purging = { streamId, streamVersion, sealedHash: hashStream(store.rowsOf(streamId)) }
    this.isSealing = true
    offer({ drafts: [], purging }, (outcome) => {
      this.isSealing = false
      // One that was refused is tried again later, with the version that it has then.
      if (outcome.ok) wake()
    })
  }
}
