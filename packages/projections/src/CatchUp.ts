/**
 * Brings the rows of streams up to date that another version of the fold made, while the writer works: after an upgrade
 * the server starts at once, a stream is folded again before its first append, and the rest are folded here.
 *
 * It goes in short steps between the writer's batches. Events are folded into memory, outside of any transaction; only a
 * finished stream is written, all of its rows at once, so that a reader sees the old ones or the new ones. Memory holds
 * the streams of one step.
 */

import type { TableName } from "@threadfold/contracts"
import { fold as currentFold, FOLD_VERSION, type Fold, type FoldState, initialState } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import type { EventSource } from "./EventSource.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { noteRemade } from "./rebuild.js"
import { refold } from "./refold.js"
import { lastSequence, type Replaced, replaceRows } from "./replaceRows.js"

export interface CatchUpOptions {
  readonly source: EventSource
  readonly store: ProjectionStore
  /** Runs `body` in one write transaction. */
  readonly transaction: <A>(body: () => A) => A
  /** Another fold, for tests. */
  readonly fold?: Fold
  /** Version of that fold. */
  readonly foldVersion?: number
  /** Events that a step folds at most. Default 250: a few milliseconds. */
  readonly eventsPerStep?: number
  /** Called with the ids of the streams whose rows a step has made again, after their commit. */
  readonly onRefolded?: (streamIds: readonly string[]) => void
  /** Streams that a step looks at, at most. Default 100. */
  readonly streamsPerStep?: number
}

/** A stream on the way. */
interface Folding {
  readonly rows: MapStore
  readonly state: FoldState
}

/** What became of a stream that was to be folded again: the rows that were written, or what the database threw. */
export type Refolded = ({ readonly ok: true } & Replaced) | { readonly ok: false; readonly error: unknown }

/** A stream that is to be folded again, however its rows look. */
interface Demand {
  readonly streamId: string
  readonly table: TableName | null
  readonly done: (outcome: Refolded) => void
}

const begun = (streamId: string): Folding => ({ rows: new MapStore(), state: initialState(streamId) })

/** Folds streams again whose rows another version of the fold made, step by step. */
export class CatchUp {
  /** Streams whose rows this pass wrote again. */
  refolded = 0
  private after: string | null = null
  private current: Folding | null = null
  private readonly demands: Demand[] = []
  /** The stream of the first demand. */
  private demanded: Folding | null = null
  private readonly fold: Fold
  private readonly foldVersion: number
  private readonly eventsPerStep: number
  private readonly streamsPerStep: number

  constructor(private readonly options: CatchUpOptions) {
    this.fold = options.fold ?? currentFold
    this.foldVersion = options.foldVersion ?? FOLD_VERSION
    this.eventsPerStep = options.eventsPerStep ?? 250
    this.streamsPerStep = options.streamsPerStep ?? 100
  }

  /**
   * Goes on by one step, outside of any transaction; returns whether there is more to do. Throws what the database
   * throws; the streams of that step then stay as they were, and the next step continues after them.
   */
  step(): boolean {
    const [demand] = this.demands
    if (demand !== undefined) {
      this.meet(demand)
      return true
    }
    const finished: Folding[] = []
    let room = this.eventsPerStep
    const current = this.current
    this.current = null
    if (current !== null) room -= this.advance(current, room, finished)
    const ids = room > 0 ? this.options.source.streams(this.after, this.streamsPerStep) : []
    for (const streamId of ids) {
      if (room <= 0) break
      this.after = streamId
      if (!this.isStale(streamId)) continue
      room -= this.advance(begun(streamId), room, finished)
    }
    if (finished.length > 0) {
      const written = this.options.transaction(() => finished.filter((one) => this.write(one)))
      if (written.length > 0) this.options.onRefolded?.(written.map(({ state }) => state.streamId))
    }
    return this.current !== null || room <= 0 || ids.length === this.streamsPerStep
  }

  /**
   * Has a stream folded again, before all others, and its rows (those of one table, or all: null) replaced by what comes out, all of
   * them at once. `done` is called once, after the commit. Its callers take care that only a few streams wait.
   */
  demand(streamId: string, table: TableName | null, done: (outcome: Refolded) => void): void {
    this.demands.push({ streamId, table, done })
  }

  /** Whether a caller waits for a stream. */
  isWanted(): boolean {
    return this.demands.length > 0
  }

  /** One step of the first demand. What its last step folds is written in the same step, so that no append comes between. */
  private meet({ done, streamId, table }: Demand): void {
    const end = (outcome: Refolded): void => {
      this.demands.shift()
      this.demanded = null
      done(outcome)
    }
    try {
      const { rows, state } = this.demanded ?? begun(streamId)
      const until = state.streamVersion + this.eventsPerStep
      const next = refold(this.options.source, rows, this.fold, streamId, until, state)
      this.demanded = { rows, state: next.state }
      if (next.events === this.eventsPerStep) return
      const replaced = this.options.transaction(() => this.replace({ rows, state: next.state }, table))
      this.refolded += 1
      this.options.onRefolded?.([streamId])
      end({ ok: true, ...replaced })
    } catch (error) {
      end({ ok: false, error })
    }
  }

  private replace({ rows, state }: Folding, table: TableName | null = null): Replaced {
    const { source, store } = this.options
    const { streamId, streamVersion } = state
    if (streamVersion > 0) {
      const folded = { state, rows: rows.rowsOf(streamId), foldVersion: this.foldVersion }
      return replaceRows(store, folded, { sequence: lastSequence(source, state), table })
    }
    // No event leads to these rows.
    const stored = [...store.rowsOf(streamId)].length
    store.clearStream(streamId)
    noteRemade(store)
    return { rows: stored, refused: null }
  }

  /** Folds up to `room` more events of a stream; returns how many it took of the step's room. */
  private advance({ rows, state }: Folding, room: number, finished: Folding[]): number {
    const { source } = this.options
    const done = refold(source, rows, this.fold, state.streamId, state.streamVersion + room, state)
    const folding = { rows, state: done.state }
    if (done.events < room) finished.push(folding)
    else this.current = folding
    return Math.max(1, done.events)
  }

  /** Writes a stream, unless it was folded again or appended to since: then it is up to date, or will be soon. */
  private write({ rows, state }: Folding): boolean {
    const { source } = this.options
    const { streamId, streamVersion } = state
    if (!this.isStale(streamId) || source.read(streamId, streamVersion, 1).length > 0) return false
    this.replace({ rows, state })
    this.refolded += 1
    return true
  }

  /** Whether another fold made the stream's rows, its state is lost, or the log holds events that were never folded. */
  private isStale(streamId: string): boolean {
    const { source, store } = this.options
    const state = store.loadFoldState(streamId)
    if (state?.foldVersion !== this.foldVersion) return true
    return source.read(streamId, state.streamVersion, 1).length > 0
  }
}
