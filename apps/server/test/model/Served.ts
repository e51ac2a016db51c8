/** Rows as a server has them after each event of a log, with the snapshots that it would serve. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { AnyRow, EventEnvelope, TableName } from "@threadfold/contracts"
import { RowsSnapshot } from "@threadfold/contracts/api"
import { decodeState, encodeState, FOLD_VERSION, fold, initialState } from "@threadfold/core"
import { cells, keyOf, layout, Overlay, type Scalar, snapshotOf } from "@threadfold/core/model"
import { Projections, SqlStore } from "@threadfold/projections"
import { openProjections, type TestEvent, TestLog } from "@threadfold/projections/testing"
import { Effect, ManagedRuntime, Schema } from "effect"

/** A row by its table and key, as one text. */
export const nameOf = (table: TableName, key: readonly Scalar[]): string => `${table} ${JSON.stringify(key)}`

/** The rows of a thread after an event. */
export interface ServedRows {
  readonly byName: ReadonlyMap<
    string,
    { readonly table: TableName; readonly key: readonly Scalar[]; readonly row: AnyRow; readonly text: string }
  >
  /** What `thread --json` shows of them, as of sequence 0. */
  readonly view: unknown
  readonly viewText: string
  readonly streamVersion: number | undefined
}

const decode = Schema.decodeUnknownSync(RowsSnapshot)

export class Served {
  private readonly directory = mkdtempSync(join(tmpdir(), "threadfold-model-"))
  private readonly file = join(this.directory, "threadfold.db")
  private readonly database = openProjections(this.file)
  readonly store: SqlStore
  readonly log = new TestLog()
  private readonly queries
  private readonly rows = new Map<string, ServedRows>()

  constructor() {
    this.database.pragma("synchronous = OFF")
    this.database.exec("CREATE TABLE events (sequence INTEGER PRIMARY KEY, type TEXT, payload TEXT)")
    this.store = new SqlStore(this.database)
    this.queries = ManagedRuntime.make(Projections.layer(this.file))
  }

  async close(): Promise<void> {
    await this.queries.dispose()
    this.database.close()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Appends what a generator made. */
  append(one: TestEvent): EventEnvelope {
    this.log.append(this.store, [one])
    const event = this.log.events.at(-1)
    if (event === undefined) throw new Error("nothing was appended")
    this.rows.delete(event.streamId)
    this.count(event.sequence)
    return event
  }

  /** Takes an event of another log as it is. */
  take(event: EventEnvelope): void {
    this.rows.delete(event.streamId)
    const overlay = new Overlay(this.store)
    const stored = this.store.loadFoldState(event.streamId)
    const before = stored === null ? initialState(event.streamId) : decodeState(stored.state)
    const { changes, state } = fold(before, event, overlay)
    overlay.stage(changes)
    this.store.atomically(() => {
      this.store.apply(overlay.net())
      this.store.saveFoldState({
        streamId: event.streamId,
        foldVersion: FOLD_VERSION,
        streamVersion: state.streamVersion,
        status: "ok",
        state: encodeState(state),
      })
      this.count(event.sequence)
    })
  }

  /** The rows of a thread as they are now; read once after each event, however many clients are compared with them. */
  rowsOf(threadId: string): ServedRows {
    const known = this.rows.get(threadId)
    if (known !== undefined) return known
    const all = [...this.store.rowsOf(threadId)]
    const byName = new Map(
      all.map(({ row, table }) => {
        const key = keyOf(layout(table), cells(row))
        return [nameOf(table, key), { table, key, row, text: JSON.stringify(row) }] as const
      }),
    )
    const view = snapshotOf(all, 0)
    const streamVersion = this.store.loadFoldState(threadId)?.streamVersion
    const read: ServedRows = { byName, view, viewText: JSON.stringify(view), streamVersion }
    this.rows.set(threadId, read)
    return read
  }

  /** The snapshot of a thread as a client reads it. */
  async snapshot(threadId: string, limit: number): Promise<RowsSnapshot> {
    const read = await this.queries.runPromise(
      Effect.flatMap(Projections, (queries) => queries.rowsSnapshot(threadId, { limit })),
    )
    return decode(JSON.parse(JSON.stringify({ ...read, cursor: `log.${read.sequence}` })))
  }

  private count(sequence: number): void {
    this.database.prepare("INSERT INTO events (sequence) VALUES (?)").run(sequence)
  }
}
