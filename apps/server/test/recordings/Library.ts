/** A data directory under test: recordings are imported through the engine in this process, and looked at file by file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { CheckReport, EventEnvelope, ProjectionsReport, ThreadSnapshot } from "@threadfold/contracts"
import { type Fold, fold } from "@threadfold/core"
import { MapStore, snapshotOf, type TableRow } from "@threadfold/core/model"
import { databaseGroups, Engine, eventSourceOf } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import {
  decodeRow,
  type EventRow,
  type LogDriver,
  type OpenError,
  openSqlite,
  sqliteDriver,
} from "@threadfold/event-log"
import { putNewDatabase } from "@threadfold/event-log/fixtures"
import { type ImportOutcome, importRecordings, type ReadingOptions } from "@threadfold/imports"
import {
  allStreams,
  CatchUp,
  hashStream,
  isAsFolded,
  type RebuildReport,
  rebuild,
  refold,
  SqlStore,
  verify,
} from "@threadfold/projections"
import type { ObservedThread } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect, Layer } from "effect"
import { recognizeFiles } from "../../src/imports/importFiles.js"
import { checkDatabase } from "../../src/offline/check.js"
import { toProblem } from "../../src/problems/toProblem.js"

/** What an open database is looked at through. */
export interface Looked {
  readonly handle: Sqlite.Database
  readonly driver: LogDriver
  readonly store: SqlStore
}

export interface LibraryImport extends ReadingOptions {
  /** Fails every submission after so many: an import that is killed in the middle. */
  readonly dieAfter?: number
  readonly fold?: Fold
}

/** How an engine looks to who stands behind it when its process is killed: what it had committed is all there is. */
const dying = (after: number): Layer.Layer<Engine, never, Engine> =>
  Layer.effect(
    Engine,
    Effect.map(Engine, (engine) => {
      let submissions = 0
      return Engine.of({
        ...engine,
        submit: (submission) => {
          submissions += 1
          return submissions > after ? Effect.die("killed") : engine.submit(submission)
        },
      })
    }),
  )

export class Library {
  readonly directory = mkdtempSync(join(tmpdir(), "threadfold-recordings-"))
  readonly file = join(this.directory, "threadfold.db")
  private texts = 0
  /** What it is looked at through until it is written to: opening it anew takes longer than most looks. */
  private looked: Looked | null = null

  close(): void {
    this.closeLooked()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Writes a recording to a file and returns its path. The same name again overwrites it: the file grew. */
  write(text: string | Uint8Array, name = `text-${++this.texts}.jsonl`): string {
    const path = join(this.directory, name)
    writeFileSync(path, text)
    return path
  }

  /** Imports files with an engine of its own, as the command does. */
  import(files: readonly string[], options: LibraryImport = {}): Promise<ImportOutcome> {
    return Effect.runPromise(this.importing(files, options))
  }

  /** {@link import}; null: a file in which nothing maps was refused, before anything was stored. */
  importUnlessRefused(files: readonly string[], options: LibraryImport = {}): Promise<ImportOutcome | null> {
    return Effect.runPromise(
      Effect.catchIf(
        this.importing(files, options),
        ({ slug }) => slug === "not-a-recording",
        () => Effect.succeed(null),
      ),
    )
  }

  private importing(files: readonly string[], { dieAfter, fold: other, ...options }: LibraryImport) {
    this.closeLooked()
    const engine = engineOn({ file: this.file, ...(other === undefined ? {} : { fold: other }) })
    const layer = dieAfter === undefined ? engine : Layer.provide(dying(dieAfter), engine)
    return Effect.flatMap(recognizeFiles(files, "codex-app-server"), (recognized) =>
      importRecordings(recognized, options).pipe(Effect.provide(layer), Effect.mapError(toProblem)),
    )
  }

  /** Looks at the database on a connection that cannot write. */
  look<A>(body: (looked: Looked) => A): A {
    this.looked ??= this.openLooked()
    return body(this.looked)
  }

  private openLooked(): Looked {
    // Where all was refused there is none yet: an empty one is what would be found.
    putNewDatabase(this.file, databaseGroups)
    const handle = new Sqlite(this.file, { readonly: true, fileMustExist: true })
    return { handle, driver: sqliteDriver(handle), store: new SqlStore(handle) }
  }

  /** Before anything else opens the file. */
  private closeLooked(): void {
    this.looked?.handle.close()
    this.looked = null
  }

  /** Opens it as its owner. */
  own<A>(body: (looked: Looked) => A | Promise<A>): Promise<A> {
    this.closeLooked()
    return Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(openSqlite({ file: this.file, migrations: databaseGroups }), ({ driver, handle }) =>
          Effect.promise(async () => body({ driver, handle, store: new SqlStore(handle) })),
        ),
      ) satisfies Effect.Effect<A, OpenError>,
    )
  }

  /** Changes the database by SQL, without the program: what a damaged or foreign database would hold. */
  tamper(body: (handle: Sqlite.Database) => void): void {
    this.closeLooked()
    const handle = new Sqlite(this.file, { fileMustExist: true })
    try {
      body(handle)
    } finally {
      handle.close()
    }
  }

  check(): CheckReport {
    return this.look(({ driver, store }) => checkDatabase(driver, store, () => undefined))
  }

  verify(): ProjectionsReport {
    return this.look(({ driver, handle, store }) =>
      verify({ source: eventSourceOf(driver), store, readTransaction: (body) => handle.transaction(body).deferred() }),
    )
  }

  rebuild(): Promise<RebuildReport> {
    return this.own(({ driver, store }) => rebuild({ source: eventSourceOf(driver), store }))
  }

  /** Plants a fault in every thread, and has what differs then folded again in short steps, as a rebuild beside a server does. */
  mend(): Promise<number> {
    return this.own(({ driver, handle, store }) => {
      handle.exec("UPDATE threads SET title = 'planted'; DELETE FROM anomalies")
      const source = eventSourceOf(driver)
      const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
      const catchUp = new CatchUp({ source, store, transaction: driver.transaction })
      let mended = 0
      for (const streamId of allStreams(source, store)) {
        if (isAsFolded({ source, store, readTransaction, table: null }, streamId)) continue
        catchUp.demand(streamId, null, (outcome) => {
          if (outcome.ok && outcome.refused === null) mended += 1
        })
      }
      while (catchUp.isWanted()) catchUp.step()
      return mended
    })
  }

  /** Every thread as the oracle compares it. */
  threads(): readonly ObservedThread[] {
    return this.look(({ driver, store }) =>
      [...allStreams(eventSourceOf(driver), store)].flatMap((streamId) => {
        const rows = [...store.rowsOf(streamId)]
        const snapshot: ThreadSnapshot | null = snapshotOf(rows, driver.head())
        const sessions = rows.flatMap(({ row }) => ("epoch" in row ? [row] : [])).sort((a, b) => a.epoch - b.epoch)
        return snapshot === null ? [] : [{ ...snapshot, sessions }]
      }),
    )
  }

  /** Stream → hash of its rows. */
  hashes(): ReadonlyMap<string, string> {
    return this.look(
      ({ driver, store }) =>
        new Map([...allStreams(eventSourceOf(driver), store)].map((id) => [id, hashStream(store.rowsOf(id))])),
    )
  }

  /** The rows of the log, in order. */
  rows(): readonly EventRow[] {
    return this.look(({ driver }) => {
      const found: EventRow[] = []
      for (;;) {
        const page = driver.read({ after: found.at(-1)?.sequence ?? 0, limit: 10_000 })
        found.push(...page)
        if (page.length < 10_000) return found
      }
    })
  }

  events(): readonly EventEnvelope[] {
    return this.rows().map(decodeRow)
  }

  /** Every stream's rows as they are stored, and as they come out of Maps when the log is folded again. */
  bothStores(): readonly { readonly streamId: string; readonly sql: TableRow[]; readonly maps: TableRow[] }[] {
    return this.look(({ driver, store }) => {
      const source = eventSourceOf(driver)
      return [...allStreams(source, store)].map((streamId) => {
        const maps = new MapStore()
        refold(source, maps, fold, streamId)
        return { streamId, sql: [...store.rowsOf(streamId)], maps: [...maps.rowsOf(streamId)] }
      })
    })
  }
}
