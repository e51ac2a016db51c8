/** The open state of streams: the committed one, and the one that the running batch leads to. */
import { decodeState, encodeState, FOLD_VERSION, type FoldState, initialState } from "@threadfold/core"
import type { FoldStateRow } from "@threadfold/core/model"
import type { LogDriver } from "@threadfold/event-log"
import type { ProjectionStore } from "@threadfold/projections"

/** One stream as the running batch has left it. The states themselves are never changed, only replaced. */
export interface StreamEntry {
  readonly streamId: string
  state: FoldState
  /** Version of the stream's last event in the log. */
  version: number
  /** `frozen`: SQL refused its rows; events are still folded, rows wait for a rebuild. */
  status: "ok" | "frozen"
  /** True once the batch appended to it. */
  dirty: boolean
}

type Committed = Pick<StreamEntry, "state" | "version" | "status">

/**
 * How many streams stay in memory, at least half of them the most recently used; others are read again when they get an event.
 */
const CACHE_STREAMS = 4096

/**
 * A bounded cache of committed states below the entries of the running batch. It has two maps, and a new map replaces a full one.
 * A map is never cleared: the internal tables of a cleared map keep its values alive until the next full garbage collection of
 * V8.
 */
export class Working {
  private committed = new Map<string, Committed>()
  /** The older map; where a stream is in both, its state here is outdated. */
  private earlier = new Map<string, Committed>()
  private running = new Map<string, StreamEntry>()

  constructor(
    private readonly store: ProjectionStore,
    /** Version of a stream in the log, 0 where there is none. */
    private readonly versionOf: (streamId: string) => number,
    /** Folds a stream again whose state is of another version of the fold, inside the running transaction. */
    private readonly refold: (streamId: string) => FoldStateRow | null,
  ) {}

  /** The stream as the running batch has left it; what is set on the entry counts once the batch is committed. */
  get(streamId: string): StreamEntry {
    const known = this.running.get(streamId)
    if (known !== undefined) return known
    const { state, status, version } = this.committed.get(streamId) ?? this.earlier.get(streamId) ?? this.load(streamId)
    const entry = { streamId, state, version, status, dirty: false }
    this.running.set(streamId, entry)
    return entry
  }

  /** Writes the states that the batch changed. */
  save(): void {
    for (const entry of this.running.values()) {
      if (!entry.dirty) continue
      this.store.saveFoldState({
        streamId: entry.streamId,
        foldVersion: FOLD_VERSION,
        streamVersion: entry.state.streamVersion,
        status: entry.status,
        state: encodeState(entry.state),
      })
    }
  }

  /** Takes over the entries of the committed batch. */
  commit(): void {
    for (const [streamId, { state, status, version }] of this.running) {
      this.committed.set(streamId, { state, status, version })
    }
    this.running = new Map()
    if (this.committed.size <= CACHE_STREAMS / 2) return
    this.earlier = this.committed
    this.committed = new Map()
  }

  /** Drops the entries of a batch that was rolled back. */
  discard(): void {
    this.running = new Map()
  }

  /** Forgets the committed state of a stream whose rows were made again. */
  forget(streamId: string): void {
    this.committed.delete(streamId)
    this.earlier.delete(streamId)
  }

  private load(streamId: string): Committed {
    const version = this.versionOf(streamId)
    const stored = this.store.loadFoldState(streamId)
    const inStep = stored !== null && stored.foldVersion === FOLD_VERSION && stored.streamVersion === version
    const current = inStep ? stored : version === 0 ? null : this.refold(streamId)
    return current === null
      ? { state: initialState(streamId), version, status: "ok" }
      : { state: decodeState(current.state), version, status: current.status }
  }
}

/**
 * Whether the stream is a connection's behind its tombstone. A closed connection takes an event only where a source sends one again, so
 * that the look into the log is rare.
 */
export const isPurgedConnection = (
  driver: Pick<LogDriver, "purgeOf">,
  { state, streamId, version }: StreamEntry,
): boolean => {
  const purge = state.connection?.status === "closed" ? driver.purgeOf(streamId) : null
  return purge !== null && version > purge.lastVersion
}
