/** The open state of streams: what is committed, and what the running batch makes of it. */
import { decodeState, encodeState, FOLD_VERSION, type FoldState, initialState } from "@threadfold/core"
import type { FoldStateRow, ProjectionStore } from "@threadfold/projections"

/** One stream as the writer knows it. */
export interface StreamEntry {
  readonly streamId: string
  readonly state: FoldState
  /** Version of the stream's last event in the log. */
  readonly version: number
  /** `frozen`: SQL refused its rows; events are still folded, rows wait for a rebuild. */
  readonly status: "ok" | "frozen"
}

/** How many streams stay in memory; the others are read again when they speak. */
const CACHE_STREAMS = 4096

/** A bounded cache of committed entries under the entries of the running batch. */
export class Working {
  private readonly committed = new Map<string, StreamEntry>()
  private readonly running = new Map<string, StreamEntry>()

  constructor(
    private readonly store: ProjectionStore,
    /** Version of a stream in the log, 0 where there is none. */
    private readonly versionOf: (streamId: string) => number,
    /** Folds a stream again whose state is of another version of the fold, inside the running transaction. */
    private readonly refold: (streamId: string) => FoldStateRow | null,
  ) {}

  /** The stream as the running batch has left it. */
  get(streamId: string): StreamEntry {
    const known = this.running.get(streamId) ?? this.committed.get(streamId)
    if (known !== undefined) return known
    const entry = this.load(streamId)
    this.running.set(streamId, entry)
    return entry
  }

  set(entry: StreamEntry): void {
    this.running.set(entry.streamId, entry)
  }

  /** Writes the states that the batch changed. */
  save(): void {
    for (const entry of this.running.values()) {
      if (entry === this.committed.get(entry.streamId)) continue
      this.store.saveFoldState({
        streamId: entry.streamId,
        foldVersion: FOLD_VERSION,
        streamVersion: entry.state.streamVersion,
        status: entry.status,
        state: encodeState(entry.state),
      })
    }
  }

  /** The batch is committed: its entries are what is known now. */
  commit(): void {
    for (const [streamId, entry] of this.running) {
      this.committed.delete(streamId)
      this.committed.set(streamId, entry)
    }
    this.running.clear()
    for (const streamId of this.committed.keys()) {
      if (this.committed.size <= CACHE_STREAMS) break
      this.committed.delete(streamId)
    }
  }

  /** The batch never happened. */
  discard(): void {
    this.running.clear()
  }

  private load(streamId: string): StreamEntry {
    const version = this.versionOf(streamId)
    const stored = this.store.loadFoldState(streamId)
    const current =
      stored === null
        ? version === 0
          ? null
          : this.refold(streamId)
        : stored.foldVersion === FOLD_VERSION && stored.streamVersion === version
          ? stored
          : this.refold(streamId)
    return current === null
      ? { streamId, state: initialState(streamId), version, status: "ok" }
      : { streamId, state: decodeState(current.state), version, status: current.status }
  }
}
