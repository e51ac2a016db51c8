/** Writes netted changes as versions: what held before ends at the step, what was put begins there. */
import { type TableName, tableNames } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import {
  appended,
  type Cells,
  cells,
  counted,
  keyOf,
  type Layout,
  layout,
  type Scalar,
  toRow,
  wellFormed,
  wellFormedAll,
} from "@threadfold/core/model"
import type { Database, Statement } from "better-sqlite3"
import { equals, parseJsonColumns, selectList, sqlName } from "../SqlText.js"
import { stillHolds, versionTable } from "./versionSchema.js"

/** A version as it is looked up: its row, and where it lies. */
type Found = Cells & { readonly id: number; readonly from_step: number }

/** What a batch has ended: ids of versions, by table. */
export type Ended = ReadonlyMap<TableName, readonly number[]>

class VersionTable {
  private readonly current: Statement<unknown[], Found>
  private readonly insert: Statement<unknown[]>
  private readonly end: Statement<unknown[]>
  private readonly remove: Statement<unknown[]>
  readonly ended: number[] = []

  constructor(
    database: Database,
    readonly of: Layout,
  ) {
    const versions = versionTable(of.table)
    const names = of.columns.map(({ name }) => `"${sqlName(name)}"`)
    this.current = database.prepare(
      `SELECT id, from_step, ${selectList(of.columns)} FROM ${versions}
       WHERE ${equals(of.key)} AND until_step > ? AND from_step <= ? LIMIT 1`,
    )
    this.insert = database.prepare(
      `INSERT INTO ${versions} (from_step, until_step, ${names.join(", ")})
       VALUES (?, ${stillHolds}, ${names.map(() => "?").join(", ")})`,
    )
    this.end = database.prepare(`UPDATE ${versions} SET until_step = ? WHERE id = ?`)
    this.remove = database.prepare(`DELETE FROM ${versions} WHERE id = ?`)
  }

  /** The version that holds at a step, JSON columns as text. */
  find(key: readonly Scalar[], step: number): Found | null {
    return this.current.get(...wellFormedAll(key), step, step) ?? null
  }

  close(found: Found, step: number): void {
    if (found.from_step === step) {
      this.remove.run(found.id)
      return
    }
    this.end.run(step, found.id)
    this.ended.push(found.id)
  }

  /** Heavy columns that the row leaves out keep what was stored. */
  put(row: Cells, step: number): void {
    const before = this.find(keyOf(this.of, row), step)
    if (before !== null) this.close(before, step)
    const values: unknown[] = [step]
    for (const { heavy, json, name } of this.of.columns) {
      const value = row[name]
      if (heavy && value === undefined) values.push(before?.[name] ?? null)
      else if (value === null || value === undefined) values.push(null)
      else if (json) values.push(JSON.stringify(value))
      else values.push(typeof value === "string" ? wellFormed(value) : value)
    }
    this.insert.run(values)
  }
}

/** The versions of one checkpoint file. */
export class VersionWriter {
  private readonly tables = new Map<TableName, VersionTable>()
  private readonly chunksOf: Statement<[string, number, number], number>

  constructor(private readonly database: Database) {
    this.chunksOf = database
      .prepare<[string, number, number], number>(
        `SELECT ordinal FROM ${versionTable("item_chunks")} WHERE item_id = ? AND until_step > ? AND from_step <= ?`,
      )
      .pluck()
  }

  /** Carries out changes as of a step: an even one is a checkpoint's, an odd one what came after it. */
  apply(changes: readonly Change[], step: number): void {
    for (const change of changes) {
      switch (change.op) {
        case "put":
          this.table(change.table).put(cells(change.row), step)
          break
        case "delete": {
          const table = this.table(change.table)
          const found = table.find(change.key, step)
          if (found !== null) table.close(found, step)
          break
        }
        case "append-chunk": {
          const { row } = change
          const earlier = this.parsed("item_chunks", [row.itemId, row.ordinal], step)
          const chunk = appended(earlier === null ? null : toRow("item_chunks", earlier), change)
          this.table("item_chunks").put(cells(chunk), step)
          break
        }
        case "clear-chunks":
          for (const ordinal of this.chunksOf.all(wellFormed(change.itemId), step, step)) {
            const table = this.table("item_chunks")
            const found = table.find([change.itemId, ordinal], step)
            if (found !== null) table.close(found, step)
          }
          break
        case "anomaly": {
          const earlier = this.parsed("anomalies", [change.threadId, change.subject, change.reason], step)
          const row = counted(earlier === null ? null : toRow("anomalies", earlier), change)
          this.table("anomalies").put(cells(row), step)
          break
        }
      }
    }
  }

  /** What was ended since the last call. */
  takeEnded(): Ended {
    const taken = new Map<TableName, readonly number[]>()
    for (const name of tableNames) {
      const table = this.tables.get(name)
      if (table !== undefined && table.ended.length > 0) taken.set(name, table.ended.splice(0))
    }
    return taken
  }

  private parsed(table: TableName, key: readonly Scalar[], step: number): Cells | null {
    const found = this.table(table).find(key, step)
    return found === null ? null : parseJsonColumns(layout(table), { ...found })
  }

  private table(name: TableName): VersionTable {
    const known = this.tables.get(name)
    if (known !== undefined) return known
    const made = new VersionTable(this.database, layout(name))
    this.tables.set(name, made)
    return made
  }
}
