/** Runs one statement of a person over the views of a database, within limits of rows and bytes. Time and memory are for who calls it. */
import Sqlite from "better-sqlite3"
import { refusalOf } from "./sqlGuard.js"
import { sqlViews } from "./sqlViews.js"

/** What is to be read. */
export interface StatementQuery {
  readonly sql: string
  /** Values of its `?`, in order. */
  readonly params: readonly (string | number | null)[]
  /** Rows at most. */
  readonly rows: number
  /** Bytes of the rows as JSON at most. */
  readonly bytes: number
}

/** What was read. */
export interface StatementRows {
  /** Sequence of the log that the rows are true for. */
  readonly sequence: number
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** What ended the rows before their end; null: they are complete. */
  readonly cut: "rows" | "bytes" | null
}

/** The statement is not run, or failed: `why` is for its author. */
export class StatementRefused extends Error {}

/** Stands in the error of a statement that names a table. */
const noTable = "tables are not for statements"

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Puts the views in place, and something that cannot be read in the place of every table. */
const prepareViews = (database: Sqlite.Database): void => {
  const names = database
    .prepare<[], string>(
      "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .pluck()
    .all()
  for (const name of names) database.exec(`CREATE TEMP VIEW ${quoted(name)} AS SELECT * FROM main.${quoted(noTable)}`)
  for (const { name, select } of sqlViews) database.exec(`CREATE TEMP VIEW ${name} AS ${select}`)
}

const known = sqlViews.map(({ name }) => name).join(", ")

const whyOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  if (message.includes(noTable)) return `tables are not read, views are: ${known}`
  return message.startsWith("no such table") ? `${message}; there are the views ${known}` : message
}

/** Opens a database for statements. */
const open = (file: string): Sqlite.Database => {
  const database = new Sqlite(file, { readonly: true, fileMustExist: true })
  // What is sorted stays in memory, whose limit holds for it: no statement fills the disk.
  database.pragma("temp_store = MEMORY")
  prepareViews(database)
  database.pragma("query_only = ON")
  return database
}

/** A value as JSON has it: bytes as base64. */
const shown = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString("base64") : value)

/** Runs a statement. Throws `StatementRefused`, or what SQLite throws where the file cannot be read. */
export const readStatement = (file: string, { bytes, params, rows: most, sql }: StatementQuery): StatementRows => {
  const refusal = refusalOf(sql)
  if (refusal !== null) throw new StatementRefused(refusal)
  const database = open(file)
  try {
    database.exec("BEGIN")
    const sequence = database.prepare<[], number | null>("SELECT max(sequence) FROM main.events").pluck().get() ?? 0
    try {
      const statement = database.prepare<unknown[], readonly unknown[]>(sql)
      if (!statement.reader || !statement.readonly) throw new StatementRefused("it does not only read")
      const columns = statement.columns().map(({ name }) => name)
      const rows: (readonly unknown[])[] = []
      let size = 0
      for (const row of statement.raw().iterate(...params)) {
        if (rows.length === most) return { sequence, columns, rows, cut: "rows" }
        const values = row.map(shown)
        size += Buffer.byteLength(JSON.stringify(values)) + 1
        if (size > bytes) return { sequence, columns, rows, cut: "bytes" }
        rows.push(values)
      }
      return { sequence, columns, rows, cut: null }
    } catch (error) {
      throw error instanceof StatementRefused ? error : new StatementRefused(whyOf(error))
    }
  } finally {
    database.close()
  }
}
