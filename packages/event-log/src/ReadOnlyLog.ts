/**
 * The log for readers in other threads, other processes and offline commands: the same queries on a read-only connection of its
 * own. `publish` gives it the head after the writer's commits.
 */
import { Reactivity } from "@effect/experimental"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { StorageUnavailable } from "@threadfold/contracts"
import { Context, Effect, Layer, type Scope } from "effect"
import { checkDatabase, databaseExists } from "./DatabaseCheck.js"
import type { ReadQuery } from "./Driver.js"
import {
  DatabaseNotFound,
  DatabaseUnreadable,
  logUnavailable,
  type ReadOnlyError,
  type StorageFailed,
} from "./Errors.js"
import { type EventRow, eventSelection, type ReadRow, type StoredEventRow } from "./EventRow.js"
import { type LogReader, type LogSource, makeLogReader } from "./LogReader.js"
import { type MigrationGroup, migrate } from "./Migrations.js"
import { logMigrations } from "./migrations/index.js"
import {
  type BlobRow,
  type BlockRow,
  blobText,
  blockBody,
  type NativeRow,
  selectBlobSql,
  selectBlockSql,
  selectNativeSql,
} from "./NativeBodies.js"
import { selectEvents } from "./SelectEvents.js"
import { logIdKey } from "./SqliteDriver.js"
import { messageOf } from "./storageError.js"
import { joinedSegments, missing, selectBeginningSql, selectTextSql } from "./texts/SqliteTexts.js"
import { decodeParts, joinParts, keysOf, type StoredText } from "./texts/storedParts.js"

/** How to open a log for reading. */
export interface ReadOnlyLogOptions {
  /** Path of the database file. */
  readonly file: string
  /** Migration groups of other packages: a newer one is refused, as for writing. */
  readonly migrations?: readonly MigrationGroup[]
}

const areWhole = (rows: readonly StoredEventRow[]): rows is readonly EventRow[] =>
  rows.every(({ payload }) => typeof payload === "string")

const attempt = <A>(body: () => A): Effect.Effect<A, StorageUnavailable> =>
  Effect.try({ try: body, catch: (error) => logUnavailable(messageOf(error)) })

const sourceOf = (client: SqliteClient.SqliteClient, logId: string): LogSource => {
  const query = <Row extends object>(sql: string, params: readonly (string | number)[]) =>
    Effect.mapError(client.unsafe<Row>(sql, params), ({ cause, message }) =>
      logUnavailable(cause instanceof Error ? cause.message : message),
    )
  /** A text that is stored in parts, and the bytes of its whole. Fails where it cannot be read. */
  const joined = (streamId: string, stored: Buffer, payload: () => string, textSql: string = selectTextSql) =>
    Effect.gen(function* () {
      const parted = yield* attempt(() => decodeParts(stored))
      const texts = new Map<string, string>()
      for (const key of keysOf(parted)) {
        const segments = yield* query<{ readonly text: string | null }>(textSql, [streamId, key])
        texts.set(key, yield* attempt(() => joinedSegments(segments.map(({ text }) => text))))
      }
      const text = yield* attempt(() => joinParts(parted, { textOf: (key) => texts.get(key) ?? missing(), payload }))
      return { text, bytes: parted.bytes }
    })

  /** The event with its payload whole; with none that can be read where a text of it is not there. */
  const whole = (row: StoredEventRow): Effect.Effect<EventRow, StorageUnavailable> => {
    const { payload } = row
    if (typeof payload === "string") return Effect.succeed({ ...row, payload })
    return joined(row.streamId, payload, missing).pipe(
      Effect.map(({ text }) => ({ ...row, payload: text })),
      Effect.orElseSucceed(() => ({ ...row, payload: "" })),
    )
  }

  /** The same for a reader to whom the beginnings of long texts are enough. */
  const beginning = (row: StoredEventRow): Effect.Effect<ReadRow, StorageUnavailable> => {
    const { payload } = row
    if (typeof payload === "string") return Effect.succeed({ ...row, payload })
    return joined(row.streamId, payload, missing, selectBeginningSql).pipe(
      Effect.map(({ bytes, text }) => ({ ...row, payload: text, payloadBytes: bytes })),
      Effect.orElseSucceed(() => ({ ...row, payload: "" })),
    )
  }

  /** A page of events. Hardly any has a text that is stored elsewhere. */
  const pageOf = (
    rows: readonly StoredEventRow[],
    texts: ReadQuery["texts"],
  ): Effect.Effect<readonly ReadRow[], StorageUnavailable> =>
    areWhole(rows) ? Effect.succeed(rows) : Effect.forEach(rows, texts === "beginnings" ? beginning : whole)

  /** A native body as it came. */
  const wholeBody = (sequence: number, stored: StoredText | null) =>
    Effect.gen(function* () {
      if (stored === null || typeof stored === "string") return stored
      const [row] = yield* query<StoredEventRow>(`SELECT ${eventSelection} FROM events WHERE sequence = ?`, [sequence])
      const payload = row === undefined ? "" : (yield* whole(row)).payload
      return (yield* joined("", stored, () => payload)).text
    })

  return {
    logId,
    head: Effect.map(
      query<{ readonly head: number }>("SELECT coalesce(max(sequence), 0) AS head FROM events", []),
      (rows) => rows[0]?.head ?? 0,
    ),
    read: (read) => {
      const select = selectEvents(read)
      return Effect.flatMap(query<StoredEventRow>(select.sql, select.params), (rows) => pageOf(rows, read.texts))
    },
    findByEventId: (eventId) =>
      Effect.flatMap(
        query<StoredEventRow>(`SELECT ${eventSelection} FROM events WHERE event_id = ?`, [eventId]),
        ([row]) => (row === undefined ? Effect.succeed(null) : whole(row)),
      ),
    tombstoneOf: (streamId) =>
      Effect.map(
        query<{ readonly sequence: number }>(
          "SELECT sequence FROM purges JOIN events USING (event_id) WHERE purges.stream_id = ?",
          [streamId],
        ),
        (rows) => rows[0]?.sequence ?? null,
      ),
    native: (sequence) =>
      Effect.gen(function* () {
        const [row] = yield* query<NativeRow>(selectNativeSql, [sequence])
        if (row === undefined) {
          const [block] = yield* query<BlockRow>(selectBlockSql, [sequence, sequence])
          return yield* wholeBody(sequence, block === undefined ? null : blockBody(block, sequence))
        }
        if (row.blob === null) return yield* wholeBody(sequence, row.body)
        const [blob] = yield* query<BlobRow>(selectBlobSql, [row.blob])
        return blob === undefined ? null : blobText(blob)
      }),
  }
}

const unreadable = (file: string, why: string) =>
  new DatabaseUnreadable({ message: `${file} cannot be read (${why}).` })

/**
 * Opens a log for reading, for the life of the scope. The client alone would die of a file that is missing.
 */
export const openReadOnly = (options: ReadOnlyLogOptions): Effect.Effect<LogReader, ReadOnlyError, Scope.Scope> =>
  Effect.gen(function* () {
    const { file } = options
    if (!databaseExists(file)) return yield* new DatabaseNotFound({ file })
    yield* checkDatabase(file, [logMigrations, ...(options.migrations ?? [])])
    // `disableWAL` leaves the journal mode alone: asking for WAL is a write, and this client never writes.
    const client = yield* SqliteClient.make({ filename: file, readonly: true, disableWAL: true }).pipe(
      Effect.provide(Reactivity.layer),
      Effect.catchAllDefect((defect) => Effect.fail(unreadable(file, messageOf(defect)))),
    )
    const [logId] = yield* client
      .unsafe<{ readonly value: string }>("SELECT value FROM meta WHERE key = ?", [logIdKey])
      .pipe(Effect.mapError((error) => unreadable(file, error.message)))
    if (logId === undefined) return yield* unreadable(file, "the log has no id")
    const source = sourceOf(client, logId.value)
    const head = yield* Effect.mapError(source.head, (error) => unreadable(file, error.reason))
    return makeLogReader(source, head)
  })

/** The log, read-only. */
export class ReadOnlyLog extends Context.Tag("@threadfold/event-log/ReadOnlyLog")<ReadOnlyLog, LogReader>() {
  /** The log in a database file. */
  static readonly layer = (options: ReadOnlyLogOptions): Layer.Layer<ReadOnlyLog, ReadOnlyError> =>
    Layer.scoped(ReadOnlyLog, openReadOnly(options))
}

const groupsOf = ({ migrations = [] }: ReadOnlyLogOptions): readonly MigrationGroup[] => [logMigrations, ...migrations]

/**
 * Whether every migration has run on a database; only looks.
 */
export const isUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<boolean, ReadOnlyError> =>
  Effect.flatMap(checkDatabase(options.file, groupsOf(options)), (state) =>
    state === "absent" ? new DatabaseNotFound({ file: options.file }) : Effect.succeed(state === "current"),
  )

/**
 * Gives a database the tables and columns that it lacks; its rows stay as an older version folded them. Only for a file that no
 * other process opens.
 */
export const bringUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<void, ReadOnlyError | StorageFailed> =>
  Effect.flatMap(isUpToDate(options), (isSo) => (isSo ? Effect.void : migrate(options.file, groupsOf(options))))
