/**
 * The canonical hash of projections: the same log gives the same hash on every machine, whichever way the rows were
 * made. Rows go in one by one, so no thread is too long for it.
 *
 * Per stream: SHA-256 over one line per row, in canonical order (table order, then key). A line is the JSON array of the
 * table's name and its columns, without those that depend on `sequence` or our clock. The database's hash is the SHA-256
 * over the sorted stream hashes, a line each.
 */

import { createHash, type Hash } from "node:crypto"
import type { TableName } from "@threadfold/contracts"
import { tableNames } from "@threadfold/contracts"
import { canonicalJson } from "@threadfold/core"
import { cells, layout, type TableRow } from "@threadfold/core/model"

/** Name of this form; another form would be another name, so that hashes of different forms never look alike. */
const form = "threadfold-rows-1\n"

/** The line of a row. */
const canonicalRow = ({ table, row }: TableRow): string => {
  const columns = cells(row)
  let line = `["${table}"`
  for (const { name, derived } of layout(table).columns) {
    if (!derived) line += `,${canonicalJson(columns[name] ?? null)}`
  }
  return `${line}]\n`
}

/** How many rows a table has and what they hash to, over all streams in the order of their ids. */
export interface TableHash {
  readonly rows: number
  readonly hash: string
}

/** Takes the rows of a database, stream by stream in the order of their ids. */
export class DatabaseHash {
  private readonly streams: string[] = []
  private readonly tables = new Map<TableName, { rows: number; readonly hash: Hash }>()

  /** Takes all rows of one stream, in canonical order, and returns the stream's hash (hex). */
  addStream(rows: Iterable<TableRow>): string {
    for (const _row of this.passing(rows));
    return this.last
  }

  /** Passes all rows of one stream on, in canonical order, and takes them as they pass; the last one ends the stream. */
  *passing(rows: Iterable<TableRow>): Iterable<TableRow> {
    const whole = createHash("sha256").update(form)
    for (const each of rows) {
      const line = canonicalRow(each)
      whole.update(line)
      const table = this.table(each.table)
      table.rows += 1
      table.hash.update(line)
      yield each
    }
    this.streams.push(whole.digest("hex"))
  }

  /** The hash (hex) of the stream that ended last. */
  get last(): string {
    return this.streams.at(-1) ?? ""
  }

  /** The hash of the database (hex), and of each table. */
  finish(): { readonly hash: string; readonly tables: Readonly<Record<string, TableHash>> } {
    const whole = createHash("sha256").update(form)
    for (const hash of [...this.streams].sort()) whole.update(`${hash}\n`)
    const tables: Record<string, TableHash> = {}
    for (const name of tableNames) {
      const { rows, hash } = this.table(name)
      tables[name] = { rows, hash: hash.copy().digest("hex") }
    }
    return { hash: whole.digest("hex"), tables }
  }

  private table(name: TableName): { rows: number; readonly hash: Hash } {
    const found = this.tables.get(name)
    if (found !== undefined) return found
    const made = { rows: 0, hash: createHash("sha256").update(form) }
    this.tables.set(name, made)
    return made
  }
}

/** The hash of one stream's rows (hex). */
export const hashStream = (rows: Iterable<TableRow>): string => new DatabaseHash().addStream(rows)
