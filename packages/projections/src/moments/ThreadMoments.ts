/**
 * One thread as it was at any of its events: the newest checkpoint that is not later, with the few events behind it folded on top.
 * Checkpoints that are missing on the way there are made. Work goes in steps, so that one long thread delays no other.
 */
import type { EventEnvelope } from "@threadfold/contracts"
import { type Fold, type FoldState, foldPage, initialState } from "@threadfold/core"
import { Overlay } from "@threadfold/core/model"
import type { EventSource } from "../EventSource.js"
import type { Projections } from "../queries/Projections.js"
import type { SqlStore } from "../SqlStore.js"
import { type Checkpoint, type CheckpointFile, CheckpointsDamaged, type Folded } from "./CheckpointFile.js"

/** A thread after an event; to be read at once: the next look at this thread makes it another moment. */
export interface ThreadMoment {
  readonly threadId: string
  /** Sequence of the log that it is true for. */
  readonly sequence: number
  /** The last event of the thread until then. */
  readonly streamVersion: number
  readonly state: FoldState
  /** The rows: look-ups of the fold, and `rowsOf` for all of them. */
  readonly rows: Pick<SqlStore, "find" | "findAll" | "list" | "rowsOf" | "whole">
  /** The queries of the read side, at this moment. */
  readonly queries: ReturnType<typeof Projections.over>
}

export interface ThreadMomentsOptions {
  readonly threadId: string
  readonly source: Pick<EventSource, "read">
  readonly file: CheckpointFile
  readonly fold: Fold
  /** Events between two checkpoints. */
  readonly interval: number
  /** No checkpoint is added to a file of more bytes. */
  readonly limitBytes: number
}

/** Folds events over rows; the result is netted. */
const foldOver = (
  fold: Fold,
  from: FoldState,
  events: readonly EventEnvelope[],
  rows: ConstructorParameters<typeof Overlay>[0],
): Folded => {
  const overlay = new Overlay(rows)
  const state = foldPage(from, events, overlay, (changes) => overlay.stage(changes), fold)
  return { state, changes: overlay.net() }
}

export class ThreadMoments {
  /** What lies in memory is as it was made. */
  private isChecked: boolean
  private current: ThreadMoment | null = null

  constructor(private readonly options: ThreadMomentsOptions) {
    this.isChecked = options.file.isInMemory
  }

  get threadId(): string {
    return this.options.threadId
  }

  get file(): CheckpointFile {
    return this.options.file
  }

  /**
   * The thread at a sequence that the log has reached; null: it had no event yet. Pauses often. Throws what the log's reader throws,
   * and of the file `CheckpointsDamaged` and what SQLite throws.
   */
  *at(sequence: number): Generator<void, ThreadMoment | null> {
    const { file } = this.options
    if (this.current !== null && file.shows(sequence)) return this.current
    this.current = null
    if (!this.isChecked) {
      yield* file.check()
      this.isChecked = true
    }
    yield* this.extend(sequence)
    this.current = yield* this.show(sequence)
    return this.current
  }

  /** Adds the checkpoints up to a sequence. */
  private *extend(sequence: number): Generator<void, void> {
    const { file, fold, interval, limitBytes, source } = this.options
    const newest = file.newestUntil(Number.MAX_SAFE_INTEGER)
    let last: Checkpoint = newest
    let state = newest.state ?? initialState(this.threadId)
    // The log has to be the one that the checkpoint was made of: a file that was put back may have grown another way.
    if (last.number > 0) this.requireEvent(last)
    while (last.sequence < sequence && file.bytes < limitBytes) {
      const [end] = source.read(this.threadId, last.streamVersion + interval - 1, 1)
      if (end === undefined || end.sequence > sequence) return
      const events = source.read(this.threadId, last.streamVersion, interval)
      const before = state
      last = file.extend(last, () => {
        const folded = foldOver(fold, before, events, file.store)
        state = folded.state
        return { ...folded, streamVersion: end.streamVersion, sequence: end.sequence, eventId: end.eventId }
      })
      yield
    }
  }

  private requireEvent({ eventId, number, sequence, streamVersion }: Checkpoint): void {
    const [event] = this.options.source.read(this.threadId, streamVersion - 1, 1)
    if (event === undefined || event.eventId !== eventId || event.sequence !== sequence) {
      throw new CheckpointsDamaged(`the log has another event where checkpoint ${number} was made`)
    }
  }

  private *show(sequence: number): Generator<void, ThreadMoment | null> {
    const { file, fold, interval, source } = this.options
    const { threadId } = this
    const base = file.newestUntil(sequence)
    file.showCheckpoint(base)
    let { sequence: folded, streamVersion } = base
    let state = base.state ?? initialState(threadId)
    for (;;) {
      // A thread has no more events than there are sequences.
      const room = Math.min(interval, sequence - folded)
      const events =
        room > 0 ? source.read(threadId, streamVersion, room).filter((one) => one.sequence <= sequence) : []
      const last = events.at(-1)
      if (last === undefined) break
      const page = foldOver(fold, state, events, file.store)
      file.addAbove(base, page.changes)
      state = page.state
      streamVersion = last.streamVersion
      folded = last.sequence
      // No pause at the end: threads that share a database in memory are looked at in one go.
      if (events.length < room || folded === sequence) break
      yield
    }
    if (streamVersion === 0) {
      file.hide()
      return null
    }
    file.showAs(sequence)
    return { threadId, sequence, streamVersion, state, rows: file.store, queries: file.queries }
  }
}
