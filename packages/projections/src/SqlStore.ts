/**
 * The projections in SQLite tables, on the writer's own handle (or a read-only one, for verify and hash). Every statement
 * is prepared once, when it is first used: there are a hundred and forty, and most callers need a few. Rows are bound by position.
 */

import { type Rows, type TableName, tableNames } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import {
  appended,
  type Cells,
  cells,
  counted,
  type FoldStateRow,
  type Layout,
  type LayoutColumn,
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
import {
  allColumns,
  equals,
  listCondition,
  parseJsonColumns,
  rewrite,
  selectList,
  selectListed,
  selectMatches,
  sqlName,
  upsert,
} from "./SqlText.js"

/**
 * The statements that write rows with the same heavy columns. SQLite updates every index whose columns an update names, also where
 * their values stay. A row that streams changes with every batch, and its indexed columns rarely do. So three statements are tried
 * in turn: `rewrite` names no indexed column, `leave` names only those of the indexes of open rows, and `upsert` names all.
 */
interface Writing {
  readonly rewrite: Statement<unknown[]> | null
  /** Rewrites a row that may leave the table's lists; null where it has none. */
  readonly leave: Statement<unknown[]> | null
  readonly upsert: Statement<unknown[]>
  readonly columns: readonly LayoutColumn[]
  /** What the statements are bound from. */
  readonly values: unknown[]
}

/** The index of a column that changes with every batch: a `rewrite` names it, and SQLite then updates this index and no other. */
const movingIndex = "threads_by_update"

/** The columns that decide in which indexes a row stands, and where. */
interface Places {
  /** Columns that an index holds, or that an index other than a list's needs; the key. */
  readonly held: ReadonlySet<string>
  /** Columns by which nothing but lists choose their rows. */
  readonly chosen: ReadonlySet<string>
}

const placesOf = (database: Database, { columns, key, lists, table }: Layout): Places => {
  const texts = database
    .prepare<[string], string>(
      `SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL AND name <> '${movingIndex}'`,
    )
    .pluck()
    .all(table)
  const conditions = [...lists.values()].map((list) => ` WHERE ${listCondition(list)}`)
  const words = new Set(
    texts.flatMap((text) => {
      const condition = conditions.find((each) => text.endsWith(each)) ?? ""
      return text.slice(0, text.length - condition.length).split(/\W+/)
    }),
  )
  const held = new Set([...key, ...columns.map(({ name }) => name).filter((name) => words.has(sqlName(name)))])
  const asked = [...lists.values()].flatMap(({ where }) => Object.keys(where))
  return { held, chosen: new Set(asked.filter((name) => !held.has(name))) }
}

/** What `make` makes, made at the first call. */
const onDemand = <A>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => {
    made ??= make()
    return made
  }
}

type SelectRow = Statement<unknown[], Record<string, unknown>>

class SqlTable {
  /** By which heavy columns a row carries, one bit each. */
  private readonly writings: (Writing | undefined)[] = []
  private readonly places: () => Places
  private readonly matches = new Map<string, () => SelectRow>()
  private readonly first = new Map<string, () => SelectRow>()
  private readonly lists = new Map<string, () => SelectRow>()
  private readonly remove: () => Statement<unknown[]>
  private readonly whole: () => SelectRow

  constructor(
    private readonly database: Database,
    readonly of: Layout,
    private readonly texts: LongTexts,
  ) {
    this.places = onDemand(() => placesOf(database, of))
    const select = (text: string) => onDemand(() => database.prepare<unknown[], Record<string, unknown>>(text))
    for (const [name, columns] of [["key", of.key] as const, ...of.lookups]) {
      const text = selectMatches(of, columns)
      this.matches.set(name, select(text))
      this.first.set(name, select(`${text} LIMIT 1`))
    }
    for (const [name, list] of of.lists) this.lists.set(name, select(selectListed(of, list)))
    this.remove = onDemand(() => database.prepare(`DELETE FROM ${of.table} WHERE ${equals(of.key)}`))
    this.whole = select(`SELECT ${selectList(allColumns(of))} FROM ${of.table} WHERE ${equals(of.key)}`)
  }

  /** `isNew`: most likely there is no such row. */
  put(row: Cells, isNew = false): void {
    let mask = 0
    const { heavy } = this.of
    for (let index = 0; index < heavy.length; index++) {
      if (row[heavy[index] ?? ""] !== undefined) mask |= 1 << index
    }
    const { columns, leave, rewrite, upsert, values } = this.writings[mask] ?? this.prepareWriting(mask)
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]
      if (column === undefined) continue
      const value = row[column.name]
      if (value === null || value === undefined) values[index] = null
      else if (column.json) values[index] = JSON.stringify(value)
      else if (typeof value !== "string") values[index] = value
      else values[index] = column.heavy ? this.texts.stored(row[this.of.owner], wellFormed(value)) : wellFormed(value)
    }
    // Two statements that find nothing cost more than the insert.
    if (isNew) {
      upsert.run(values)
      return
    }
    if (rewrite !== null && rewrite.run(values).changes > 0) return
    // What is open is new, or was rewritten just now.
    const ends = leave !== null && !this.of.entering.has(String(row.status))
    if (ends && leave.run(values).changes > 0) return
    upsert.run(values)
  }

  delete(key: readonly Scalar[]): void {
    this.remove().run(wellFormedAll(key))
  }

  find(lookup: string, values: readonly (Scalar | null)[]): Cells | null {
    const row = this.first.get(lookup)?.().get(wellFormedAll(values))
    return row === undefined ? null : parseJsonColumns(this.of, row)
  }

  findAll(lookup: string, values: readonly (Scalar | null)[]): readonly Cells[] {
    const rows = this.matches.get(lookup)?.().all(wellFormedAll(values)) ?? []
    return rows.map((row) => parseJsonColumns(this.of, row))
  }

  /** The row of a key with its heavy columns. */
  wholeRow(key: readonly Scalar[]): Cells | null {
    const row = this.whole().get(key)
    return row === undefined ? null : this.texts.whole(this.of.columns, parseJsonColumns(this.of, row))
  }

  list(name: string, values: readonly (Scalar | null)[]): readonly Cells[] {
    const rows = this.lists.get(name)?.().all(wellFormedAll(values)) ?? []
    return rows.map((row) => parseJsonColumns(this.of, row))
  }

  private prepareWriting(mask: number): Writing {
    const { heavy } = this.of
    const carried = this.of.columns.filter(
      ({ name }) => !heavy.includes(name) || (mask & (1 << heavy.indexOf(name))) !== 0,
    )
    const { chosen, held } = this.places()
    const free = carried.filter(({ name }) => !held.has(name) && !chosen.has(name))
    const ending = carried.filter(({ name }) => chosen.has(name))
    const fixed = carried.filter(({ name }) => held.has(name))
    const columns = [...free, ...ending, ...fixed]
    const made: Writing = {
      rewrite: free.length === 0 ? null : this.database.prepare(rewrite(this.of, free, [...ending, ...fixed])),
      leave: ending.length === 0 ? null : this.database.prepare(rewrite(this.of, [...free, ...ending], fixed)),
      upsert: this.database.prepare(upsert(this.of, columns)),
      columns,
      values: new Array(columns.length).fill(null),
    }
    this.writings[mask] = made
    return made
  }
}

/** The projections in SQL tables, on the writer's own handle. */
export class SqlStore implements ProjectionStore {
  private readonly tables: ReadonlyMap<TableName, SqlTable>
  private readonly statements: ReturnType<typeof prepareStatements>

  /** `database`: a handle to a database that has had {@link projectionMigrations}. */
  constructor(private readonly database: Database) {
    const texts = new LongTexts(database)
    this.tables = new Map([...layouts].map(([table, of]) => [table, new SqlTable(database, of, texts)]))
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
          const { itemId, ordinal, part, sequence, text, threadId } = change.row
          if (change.drop !== undefined) {
            // Seldom: a surrogate pair that two deltas share. SQLite's own functions on texts stop at a NUL.
            const earlier = this.find("item_chunks", "key", [itemId, ordinal])
            this.table("item_chunks").put(cells(appended(earlier, change)))
            break
          }
          this.statements.appendChunk().run(itemId, ordinal, threadId, part, wellFormed(text), sequence)
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
      database.prepare<[string, number, string, number, string, number]>(
        `INSERT INTO item_chunks (item_id, ordinal, thread_id, part, text, sequence) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (item_id, ordinal) DO UPDATE SET text = text || excluded.text, sequence = excluded.sequence`,
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
