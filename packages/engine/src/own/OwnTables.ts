/** The file of a projection of one's own: its tables, how far they are, and their hash. */
import { createHash } from "node:crypto"
import type { EventEnvelope } from "@threadfold/contracts"
import { removeDatabase } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"

/** What SQLite holds. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** The tables as a fold, or a question, sees them. */
export interface Tables {
  /** Runs a statement that writes. */
  readonly run: (sql: string, ...values: readonly SqlValue[]) => void
  /** Rows that a statement reads. */
  readonly all: (sql: string, ...values: readonly SqlValue[]) => readonly Readonly<Record<string, unknown>>[]
}

/** A projection of one's own. */
export interface OwnProjectionSpec {
  /** Its name, and that of its file (`own-NAME.db` in the data directory): letters, digits and hyphens. */
  readonly name: string
  /** Another version of the fold or the tables: what is there is made anew. */
  readonly version: number
  /** Statements that make its tables. */
  readonly tables: readonly string[]
  /** The event types that it folds; absent: all. Rows with content of a thread must go with `thread.purged`: then name it, too. */
  readonly types?: readonly string[]
  /**
   * What an event leads to. It depends on the event and the tables alone, so that the same log leads to the same rows. An
   * event of a thread that was purged has the payload `{}`. It runs inside a transaction, and what it throws stops the projection before this event.
   */
  readonly fold: (event: EventEnvelope, tables: Tables) => void
}

/** Which log the rows are of, and up to where. */
interface Mark {
  readonly logId: string
  readonly version: number
  readonly position: number
}

/** An opened file. Everything is synchronous. */
export interface OwnTables extends Tables {
  /** Rows that a question reads. Throws where its statement writes. */
  readonly ask: Tables["all"]
  /** Sequence of the log up to which the rows are folded. */
  readonly position: () => number
  /** Folds events in one transaction, and moves to `until`. Throws what the fold throws; then nothing has changed. */
  readonly fold: (events: readonly EventEnvelope[], until: number) => void
  /** SHA-256 of all rows, hex: the same rows have the same hash, in whatever order they were written. */
  readonly hash: () => string
  readonly close: () => void
}

const markTable =
  "CREATE TABLE IF NOT EXISTS own_mark (log_id TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL)"

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const hashOf = (handle: Sqlite.Database): string => {
  const hash = createHash("sha256")
  const names = handle
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'own_mark' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all()
  for (const name of names) {
    hash.update(`${JSON.stringify(name)}\n`)
    const columns = handle
      .prepare<[string], string>("SELECT name FROM pragma_table_info(?) ORDER BY name")
      .pluck()
      .all(name)
      .map(quoted)
    // `quote` tells a text from a number and writes bytes as hexadecimal.
    const row = columns.map((column) => `quote(${column})`).join(" || ',' || ")
    const rows = handle.prepare<[], string>(`SELECT ${row} FROM ${quoted(name)} ORDER BY ${columns.join(", ")}`).pluck()
    for (const text of rows.iterate()) hash.update(`${text}\n`)
  }
  return hash.digest("hex")
}

/** Opens the tables of a log; makes them anew where the file is of another log, of another version, or beyond the end of this one. */
export const openTables = (
  file: string,
  { fold, tables, version }: OwnProjectionSpec,
  { head, logId }: { readonly logId: string; readonly head: number },
): OwnTables => {
  const open = (): Sqlite.Database => {
    const handle = new Sqlite(file)
    handle.pragma("journal_mode = WAL")
    handle.pragma("synchronous = NORMAL")
    handle.exec(markTable)
    return handle
  }
  let handle = open()
  const mark = handle.prepare<[], Mark>("SELECT log_id AS logId, version, position FROM own_mark").get()
  const isOurs = mark !== undefined && mark.logId === logId && mark.version === version && mark.position <= head
  if (!isOurs) {
    handle.close()
    removeDatabase(file)
    handle = open()
    handle.transaction(() => {
      for (const statement of tables) handle.exec(statement)
      handle.prepare("INSERT INTO own_mark (log_id, version, position) VALUES (?, ?, 0)").run(logId, version)
    })()
  }
  let position = isOurs ? mark.position : 0
  const move = handle.prepare<[number]>("UPDATE own_mark SET position = ?")
  const statements = new Map<string, Sqlite.Statement<SqlValue[], Readonly<Record<string, unknown>>>>()
  const prepared = (sql: string) => {
    const known = statements.get(sql) ?? handle.prepare<SqlValue[], Readonly<Record<string, unknown>>>(sql)
    // A fold has a few statements; one that writes values into its text is not kept without end.
    if (statements.size < 100) statements.set(sql, known)
    return known
  }
  const own: Tables = {
    run: (sql, ...values) => void prepared(sql).run(...values),
    all: (sql, ...values) => prepared(sql).all(...values),
  }
  return {
    ...own,
    ask: (sql, ...values) => {
      const statement = prepared(sql)
      if (!statement.readonly) throw new Error("a question only reads: rows follow from the log")
      return statement.all(...values)
    },
    position: () => position,
    fold: (events, until) => {
      handle.transaction(() => {
        for (const event of events) fold(event, own)
        move.run(until)
      })()
      position = until
    },
    hash: () => hashOf(handle),
    close: () => handle.close(),
  }
}
