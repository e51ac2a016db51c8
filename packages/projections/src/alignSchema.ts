/**
 * Brings the tables of an older version to the schema of this one. A table whose definition differs is made again and keeps
 * the rows that it had: SQLite cannot change a check, and columns that are added by `ALTER TABLE` stand in another order.
 *
 * What the new columns hold comes with the next fold of each stream, so a changed schema goes with a new version of the
 * fold. A row that the new checks refuse is left out: the fold that follows writes it again.
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { columnName, type TableName, tableNames, tables } from "@threadfold/contracts"
import { Effect } from "effect"
import { type SchemaObject, schemaObjects } from "./schema.js"

type Aligned<A> = Effect.Effect<A, SqlError, SqlClient.SqlClient>

const run = (statement: string): Aligned<void> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.asVoid(sql.unsafe(statement)))

/** Definitions that the database holds, by name. */
const present: Aligned<ReadonlyMap<string, string>> = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ readonly name: string; readonly sql: string }>`SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL`,
    (rows) => new Map(rows.map((row) => [row.name, row.sql])),
  ),
)

/** Columns of a table as it is in the database. */
const columnsIn = (table: string): Aligned<ReadonlySet<string>> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql<{ readonly name: string }>`SELECT name FROM pragma_table_info(${table})`,
      (rows) => new Set(rows.map((row) => row.name)),
    ),
  )

const isTable = (name: string): name is TableName => tableNames.some((table) => table === name)

const keptName = (table: string): string => `kept_${table}`

/** Puts the kept rows into the new table: columns of both versions; a new one that takes no null holds 0 or "". */
const restore = (table: TableName): Aligned<void> =>
  Effect.gen(function* () {
    const had = yield* columnsIn(keptName(table))
    const filled = Object.entries(tables[table].columns).flatMap(([name, { nullable, type }]) => {
      const column = columnName(name)
      const quoted = `"${column}"`
      if (had.has(column)) return [{ column: quoted, value: quoted }]
      return nullable ? [] : [{ column: quoted, value: type === "integer" ? "0" : "''" }]
    })
    const into = filled.map(({ column }) => column).join(", ")
    const from = filled.map(({ value }) => value).join(", ")
    // A chunk whose item was left out has no place.
    const condition = table === "item_chunks" ? " WHERE item_id IN (SELECT item_id FROM items)" : ""
    yield* run(`INSERT OR IGNORE INTO ${table} (${into}) SELECT ${from} FROM ${keptName(table)}${condition}`)
    yield* run(`DROP TABLE ${keptName(table)}`)
  })

const dropped = ({ name, type }: SchemaObject): Aligned<void> => run(`DROP ${type.toUpperCase()} IF EXISTS ${name}`)

/** Brings the projections' part of the database to {@link schemaObjects}. Runs inside the migration's transaction. */
export const alignSchema: Aligned<void> = Effect.gen(function* () {
  const before = yield* present
  const changed = schemaObjects.filter(({ name, sql, type }) => type === "table" && before.get(name) !== sql)
  const isChanged = (name: string): boolean => changed.some((one) => one.name === name)
  // A chunk refers to its item: neither table can go without the other.
  const remade = schemaObjects.filter(
    (one) => changed.includes(one) || (one.name === "item_chunks" && isChanged("items")),
  )
  const kept = remade.map(({ name }) => name).filter((name) => isTable(name) && before.has(name))
  for (const table of kept) yield* run(`CREATE TABLE ${keptName(table)} AS SELECT * FROM ${table}`)
  for (const one of [...remade].reverse()) yield* dropped(one)
  for (const { sql } of remade) yield* run(sql)
  for (const table of kept) if (isTable(table)) yield* restore(table)

  // Indexes and triggers went with their tables; those that stayed may have changed, too.
  const now = yield* present
  for (const one of schemaObjects) {
    if (one.type === "table" || now.get(one.name) === one.sql) continue
    yield* dropped(one)
    yield* run(one.sql)
  }
})
