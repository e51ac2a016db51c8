/**
 * The one connection of this page that stays open: the rows of all threads as they change (`GET /v1/changes`). A browser opens six
 * connections to a server, so several tabs with a connection for each list would take all of them. It resumes where it was, tries again
 * with growing pauses, and is closed while the tab has been out of sight for long.
 */
import type { SseEvent } from "@threadfold/client/sse"
import type { Rows, TableName } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import type { Fetch } from "../session/Session.js"
import { EventStream, type StreamState } from "./EventStream.js"
import type { ValueStore } from "./KeyedStore.js"

/** What listens to the changes. */
export interface FeedListener {
  /** Rows have changed, in this order. */
  readonly changed: (changes: RowChanges) => void
  /** All that was read may be out of date: read it again. Called when the connection begins, and when it cannot resume. */
  readonly restarted: () => void
  /** The connection was lost and is there again, and nothing was missed: what could not be read meanwhile can be read now. */
  readonly resumed?: () => void
}

/** A change of a row of a known table, or of another one. */
export type ChangeOf<N extends TableName> =
  | { readonly kind: "put"; readonly row: Rows[N] }
  | { readonly kind: "removed"; readonly key: readonly (string | number)[] }

/** The changes of one table. */
export const changesOf = <N extends TableName>(table: N, { changes }: RowChanges): readonly ChangeOf<N>[] =>
  changes.flatMap((change): readonly ChangeOf<N>[] => {
    if (change.table !== table) return []
    if ("deleted" in change) return [{ kind: "removed", key: change.key }]
    // The columns of a table are what the contracts say of it.
    return [{ kind: "put", row: change.row as unknown as Rows[N] }]
  })

export class Feed {
  readonly #listeners = new Set<FeedListener>()
  readonly #stream: EventStream
  #synced = false

  constructor(fetch: Fetch) {
    this.#stream = new EventStream(fetch, { path: "/v1/changes", take: (event) => this.#take(event) })
  }

  /** How the connection is. */
  get state(): ValueStore<StreamState> {
    return this.#stream.state
  }

  /** Listens until the function that is returned is called. One that begins while the connection is live is told to read at once. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener)
    if (this.#synced) listener.restarted()
    return () => this.#listeners.delete(listener)
  }

  /** Connects, and stays connected until {@link stop}. */
  start(): void {
    this.#stream.start()
  }

  stop(): void {
    this.#stream.stop()
    this.#synced = false
  }

  /** Tries again at once. */
  readonly retryNow = (): void => this.#stream.retryNow()

  #take({ data, event }: SseEvent): void {
    // Of the changes of one commit only the last have an id: after a loss they all come again.
    if (event === "changes") {
      const changes: RowChanges = JSON.parse(data)
      for (const listener of this.#listeners) listener.changed(changes)
    } else if (event === "reset" || (event === "synced" && !this.#synced)) {
      this.#synced = true
      for (const listener of this.#listeners) listener.restarted()
    } else if (event === "synced") {
      for (const listener of this.#listeners) listener.resumed?.()
    }
  }
}

/** Runs something with the next frame; a page that is not seen has none. */
export const nextFrame = (run: () => void): void => {
  if (typeof document === "undefined" || document.hidden) setTimeout(run, 100)
  else requestAnimationFrame(run)
}
