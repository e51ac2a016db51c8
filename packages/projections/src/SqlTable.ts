/** The rows of one table in SQL. Rows are bound by position. */
import {
  type Cells,
  type Layout,
  type LayoutColumn,
  type Scalar,
  wellFormed,
  wellFormedAll,
} from "@threadfold/core/model"
import type { Database, Statement } from "better-sqlite3"
import type { LongTexts } from "./LongTexts.js"
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
export const onDemand = <A>(make: () => A): (() => A) => {
  let made: A | undefined
  return () => {
    made ??= make()
    return made
  }
}

type SelectRow = Statement<unknown[], Record<string, unknown>>

/** Statements that write and read the rows of a table, each prepared when it is first used. */
export class SqlTable {
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
    return row === undefined ? null : this.texts.whole(this.of, parseJsonColumns(this.of, row))
  }

  findAll(lookup: string, values: readonly (Scalar | null)[]): readonly Cells[] {
    const rows = this.matches.get(lookup)?.().all(wellFormedAll(values)) ?? []
    return rows.map((row) => parseJsonColumns(this.of, row))
  }

  /** The row of a key with its heavy columns. */
  wholeRow(key: readonly Scalar[]): Cells | null {
    const row = this.whole().get(key)
    return row === undefined ? null : this.texts.whole(this.of, parseJsonColumns(this.of, row))
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
