/**
 * The projections in SQLite tables, on the writer's own handle (or a read-only one, for verify and hash). Every statement
 * is prepared once, when it is first used: there are a hundred and forty, and most callers need a few.
 */

import { type Rows, type TableName, tableNames } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import {
  appended,
  cells,
  counted,
  type FoldStateRow,
  layouts,
  type Scalar,
  type TableRow,
  toRow,
  wellFormed,
  wellFormedAll,
} from "@threadfold/core/model"
import type { Database, Statement } from "better-sqlite3"
import { LongTexts } from "./LongTexts.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { RowRemoval } from "./RowRemoval.js"
import { onDemand, SqlTable } from "./SqlTable.js"
import { sqlName } from "./SqlText.js"

/** The projections in SQL tables, on the writer's own handle. */
export class SqlStore implements ProjectionStore {
  private readonly tables: ReadonlyMap<TableName, SqlTable>
  private readonly statements: ReturnType<typeof prepareStatements>
  private readonly texts: LongTexts

  /** `database`: a handle to a database that has had {@link projectionMigrations}. */
  constructor(private readonly database: Database) {
    this.texts = new LongTexts(database)
    this.tables = new Map([...layouts].map(([table, of]) => [table, new SqlTable(database, of, this.texts)]))
    this.statements = prepareStatements(database)
  }

  find = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): Rows[N] | null => {
    const row = this.table(table).find(lookup, values)
    return row === null ? null : toRow(table, row)
  }

  whole = <N extends TableName>(table: N, key: readonly Scalar[]): Rows[N] | null => {
    const row = this.table(table).wholeRow(wellFormedAll(key))
    return row === null ? null : toRow(table, row)
  }

  findAll = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): readonly Rows[N][] =>
    this.table(table)
      .findAll(lookup, values)
      .map((row) => toRow(table, row))

  list = <N extends TableName>(table: N, name: string, values: readonly (Scalar | null)[]): readonly Rows[N][] =>
    this.table(table)
      .list(name, values)
      .map((row) => toRow(table, row))

  apply = (changes: readonly Change[]): void => {
    for (const change of changes) {
      switch (change.op) {
        case "put":
          this.table(change.table).put(cells(change.row), change.isNew)
          break
        case "delete":
          this.table(change.table).delete(change.key)
          break
        case "append-chunk": {
          const { itemId, ordinal, part, sequence, threadId } = change.row
          if (change.drop !== undefined) {
            // Seldom: a surrogate pair that two deltas share. SQLite's own functions on texts stop at a NUL.
            const whole = appended(this.find("item_chunks", "key", [itemId, ordinal]), change)
            this.table("item_chunks").put(cells(whole))
            break
          }
          const text = this.texts.storedChunk({ ...change.row, text: wellFormed(change.row.text) })
          this.statements.appendChunk().run(itemId, ordinal, threadId, part, text, sequence)
          break
        }
        case "clear-chunks":
          this.statements.clearChunks().run(change.itemId)
          break
        case "anomaly": {
          const earlier = this.find("anomalies", "key", [change.threadId, change.subject, change.reason])
          this.table("anomalies").put(cells(counted(earlier, change)))
          break
        }
      }
    }
  }

  loadFoldState = (streamId: string): FoldStateRow | null => this.statements.loadFoldState().get(streamId) ?? null

  saveFoldState = (row: FoldStateRow): void => {
    this.statements.saveFoldState().run(row.streamId, row.foldVersion, row.streamVersion, row.status, row.state)
  }

  clearStream = (streamId: string): void => {
    for (const statement of this.statements.clearStream()) statement.run(streamId)
  }

  removeSome: ProjectionStore["removeSome"] = (...of) => this.statements.removal().some(...of)
  sessionsAfter: ProjectionStore["sessionsAfter"] = (...of) => this.statements.removal().sessionsAfter(...of)
  openedFor: ProjectionStore["openedFor"] = (...of) => this.statements.removal().openedFor(...of)
  servesOther: ProjectionStore["servesOther"] = (...of) => this.statements.removal().servesOther(...of);

  *rowsOf(streamId: string): Iterable<TableRow> {
    for (const table of tableNames) {
      const of = this.table(table)
      for (const key of this.keysOf(table, streamId)) {
        const row = of.wholeRow(key)
        if (row !== null) yield { table, row: toRow(table, row) }
      }
    }
  }

  /** Keys first, each row when it is asked for: memory stays small however much text a thread holds. */
  private *keysOf(table: TableName, streamId: string): Iterable<readonly Scalar[]> {
    const { chunkKeys, itemIds, keys } = this.statements
    if (table !== "item_chunks") yield* keys.get(table)?.().all(streamId) ?? []
    else for (const itemId of itemIds().all(streamId)) yield* chunkKeys().all(itemId)
  }

  streams: ProjectionStore["streams"] = (after, limit) => this.statements.streams().all(after ?? "", limit)

  owners = (after: string | null, limit: number): readonly string[] => {
    const found: string[] = []
    for (let last = after ?? ""; found.length < limit; ) {
      const next = this.statements.nextOwner().get({ last })
      if (typeof next !== "string") break
      found.push(next)
      last = next
    }
    return found
  }

  getMeta = (key: string): string | null => this.statements.getMeta().get(key)?.value ?? null

  setMeta = (key: string, value: string | null): void => {
    if (value === null) this.statements.deleteMeta().run(key)
    else this.statements.setMeta().run(key, value)
  }

  atomically = <A>(body: () => A): A => this.database.transaction(body).immediate()

  private table(name: TableName): SqlTable {
    const found = this.tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }
}

const foldStateColumns = `stream_id AS "streamId", fold_version AS "foldVersion", stream_version AS "streamVersion", status, state`

const prepareStatements = (database: Database) => {
  const keys = new Map<TableName, () => Statement<unknown[], readonly Scalar[]>>()
  const clearTexts = ["DELETE FROM item_chunks WHERE item_id IN (SELECT item_id FROM items WHERE thread_id = ?)"]
  const nextOwners = ["SELECT min(stream_id) AS id FROM fold_state WHERE stream_id > :last"]
  for (const [table, of] of layouts) {
    if (table === "item_chunks") continue
    const list = of.columns.filter(({ name }) => of.key.includes(name)).map(({ name }) => sqlName(name))
    const owner = sqlName(of.owner)
    const keysText = `SELECT ${list.join(", ")} FROM ${table} WHERE ${owner} = ? ORDER BY ${list.join(", ")}`
    keys.set(
      table,
      onDemand(() => database.prepare<unknown[], readonly Scalar[]>(keysText).raw()),
    )
    clearTexts.push(`DELETE FROM ${table} WHERE ${owner} = ?`)
    // One step in an index per table: no cost follows from how many rows a stream has.
    nextOwners.push(`SELECT min(${owner}) FROM ${table} WHERE ${owner} > :last`)
  }
  clearTexts.push("DELETE FROM fold_state WHERE stream_id = ?")
  return {
    keys,
    removal: onDemand(() => new RowRemoval(database)),
    clearStream: onDemand(() => clearTexts.map((text) => database.prepare<unknown[]>(text))),
    nextOwner: onDemand(() =>
      database
        .prepare<[{ readonly last: string }], string | null>(`SELECT min(id) FROM (${nextOwners.join(" UNION ALL ")})`)
        .pluck(),
    ),
    appendChunk: onDemand(() =>
      database.prepare<[string, number, string, number, string | Buffer, number]>(
        `INSERT INTO item_chunks (item_id, ordinal, thread_id, part, text, sequence) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (item_id, ordinal) DO UPDATE SET
         text = iif(typeof(text) = 'text' AND typeof(excluded.text) = 'text', text || excluded.text, NULL), sequence = excluded.sequence`,
      ),
    ),
    clearChunks: onDemand(() => database.prepare<[string]>("DELETE FROM item_chunks WHERE item_id = ?")),
    itemIds: onDemand(() =>
      database
        .prepare<[string], string>(
          `SELECT item_id FROM items WHERE thread_id = ?
           AND EXISTS (SELECT 1 FROM item_chunks WHERE item_chunks.item_id = items.item_id) ORDER BY item_id`,
        )
        .pluck(),
    ),
    chunkKeys: onDemand(() =>
      database
        .prepare<[string], readonly Scalar[]>(
          "SELECT item_id, ordinal FROM item_chunks WHERE item_id = ? ORDER BY ordinal",
        )
        .raw(),
    ),
    loadFoldState: onDemand(() =>
      database.prepare<[string], FoldStateRow>(`SELECT ${foldStateColumns} FROM fold_state WHERE stream_id = ?`),
    ),
    saveFoldState: onDemand(() =>
      database.prepare<[string, number, number, string, string]>(
        `INSERT INTO fold_state (stream_id, fold_version, stream_version, status, state) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (stream_id) DO UPDATE SET fold_version = excluded.fold_version,
         stream_version = excluded.stream_version, status = excluded.status, state = excluded.state`,
      ),
    ),
    streams: onDemand(() =>
      database.prepare<[string, number], FoldStateRow>(
        `SELECT ${foldStateColumns} FROM fold_state WHERE stream_id > ? ORDER BY stream_id LIMIT ?`,
      ),
    ),
    getMeta: onDemand(() =>
      database.prepare<[string], { readonly value: string }>("SELECT value FROM projection_meta WHERE key = ?"),
    ),
    setMeta: onDemand(() =>
      database.prepare<[string, string]>(
        "INSERT INTO projection_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      ),
    ),
    deleteMeta: onDemand(() => database.prepare<[string]>("DELETE FROM projection_meta WHERE key = ?")),
  }
}
