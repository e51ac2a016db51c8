/**
 * Proof by replay: folds every stream of the log again and compares the rows with the stored ones. Works beside a
 * running writer: each stream is compared in a short read transaction, and the long part, folding its events, happens
 * outside of one, because the log only grows.
 */

import type { ProjectionsReport } from "@threadfold/contracts"
import { canonicalJson, fold as currentFold, encodeState, FOLD_VERSION, type Fold } from "@threadfold/core"
import { type FoldStateRow, MapStore, type TableRow } from "@threadfold/core/model"
import { type Difference, differences } from "./compare.js"
import { allStreams, type EventSource, standingRows } from "./EventSource.js"
import { DatabaseHash } from "./hash.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { type Refold, refold } from "./refold.js"
import { parseJson } from "./SqlText.js"

export interface VerifyOptions {
  readonly source: EventSource
  /** The stored rows; a handle that can only read is enough. */
  readonly store: ProjectionStore
  /** Runs `body` so that all its reads, of the store and of the source, see one state of the database. */
  readonly readTransaction: <A>(body: () => A) => A
  /** Compares this stream alone; null or absent: all. */
  readonly streamId?: string | null
  /** Another fold, for tests that plant a fault. */
  readonly fold?: Fold
  /** Version of that fold. */
  readonly foldVersion?: number
  /** How many differences the report lists at most; `ok` is false however many there are. Default 100. */
  readonly maxDifferences?: number
  /** Called after each stream, and while the rows of a long one are compared. */
  readonly onProgress?: (streams: number, events: number) => void
}

/** Rows after which progress is told. */
const rowsPerSign = 500

/** A writer that appends faster than we catch up gets the rest folded inside the read transaction. */
const roundsOutside = 5

class Verification {
  readonly hash = new DatabaseHash()
  readonly differences: Difference[] = []
  readonly stale: { readonly threadId: string; readonly foldVersion: number }[] = []
  ok = true
  streams = 0
  events = 0
  private readonly fold: Fold
  private readonly foldVersion: number
  private readonly room: number

  constructor(private readonly options: VerifyOptions) {
    this.fold = options.fold ?? currentFold
    this.foldVersion = options.foldVersion ?? FOLD_VERSION
    this.room = options.maxDifferences ?? 100
  }

  stream(streamId: string): void {
    const { source, store, readTransaction } = this.options
    const expected = new MapStore()
    let done: Refold | null = null
    for (let round = 0; ; round++) {
      const before = store.loadFoldState(streamId)
      if (before?.foldVersion === this.foldVersion) done = this.advance(expected, before, done)
      const finished = readTransaction((): boolean => {
        const now = store.loadFoldState(streamId)
        if (now === null || now.foldVersion !== this.foldVersion) {
          this.unfolded(streamId, now, source.read(streamId, 0, 1).length > 0)
          return true
        }
        if (now.streamVersion !== done?.state.streamVersion) {
          if (round < roundsOutside) return false
          done = this.advance(expected, now, done)
        }
        this.compare(now, expected, done)
        this.reachesTheEnd(now)
        return true
      })
      if (finished) break
    }
    this.streams += 1
  }

  /** The stored rows of a stream; progress is told as they are read. */
  private *rowsOf(streamId: string): Iterable<TableRow> {
    let rows = 0
    for (const row of standingRows(this.options.source, this.options.store, streamId)) {
      yield row
      rows += 1
      if (rows % rowsPerSign === 0) this.options.onProgress?.(this.streams, this.events)
    }
  }

  private advance(expected: MapStore, to: FoldStateRow, from: Refold | null): Refold {
    const done = refold(this.options.source, expected, this.fold, to.streamId, to.streamVersion, from?.state)
    this.events += done.events
    return done
  }

  /** A stream whose rows another fold made, or that has no state: to be folded again. Without events it should not be. */
  private unfolded(streamId: string, state: FoldStateRow | null, logged: boolean): void {
    const rows = this.rowsOf(streamId)
    if (logged) {
      this.stale.push({ threadId: streamId, foldVersion: state?.foldVersion ?? 0 })
      this.hash.addStream(rows)
      return
    }
    for (const each of differences(streamId, [], this.hash.passing(rows))) this.found(each)
    if (state !== null) this.state(streamId, null, { status: state.status, streamVersion: state.streamVersion })
  }

  private compare(state: FoldStateRow, expected: MapStore, done: Refold | null): void {
    const { streamId } = state
    const actual = this.hash.passing(this.rowsOf(streamId))
    for (const each of differences(streamId, expected.rowsOf(streamId), actual)) this.found(each)
    if (state.status !== "ok") this.state(streamId, { status: "ok" }, { status: state.status })
    if (done === null || done.state.streamVersion !== state.streamVersion) {
      const folded = done?.state.streamVersion ?? 0
      this.state(streamId, { streamVersion: folded }, { streamVersion: state.streamVersion })
      return
    }
    const [left, right] = [parseJson(encodeState(done.state)), parseJson(state.state)]
    if (canonicalJson(left) !== canonicalJson(right)) this.state(streamId, { state: left }, { state: right })
  }

  /** Events and the rows that they lead to are committed together: a state that ends before the log is a difference. */
  private reachesTheEnd({ streamId, streamVersion }: FoldStateRow): void {
    const next = this.options.source.read(streamId, streamVersion, 1)[0]
    if (next !== undefined) this.state(streamId, { unfolded: null }, { unfolded: next.streamVersion })
  }

  private state(threadId: string, expected: unknown, actual: unknown): void {
    this.found({ threadId, table: "fold_state", key: threadId, expected, actual })
  }

  private found(difference: Difference): void {
    this.ok = false
    if (this.differences.length < this.room) this.differences.push(difference)
  }
}

/** Compares the rows of every stream, or of one, with what its events lead to. */
export const verify = (options: VerifyOptions): ProjectionsReport => {
  const run = new Verification(options)
  const only = options.streamId ?? null
  for (const streamId of only === null ? allStreams(options.source, options.store) : [only]) {
    run.stream(streamId)
    options.onProgress?.(run.streams, run.events)
  }
  const { hash, tables } = run.hash.finish()
  return {
    ok: run.ok,
    hash,
    threads: tables.threads?.rows ?? 0,
    projections: tables,
    differences: run.differences,
    stale: run.stale,
  }
}
