/** A database as SQL text that makes it again. */
import type Sqlite from "better-sqlite3"

interface Entry {
  readonly type: string
  readonly name: string
  readonly sql: string
}

/** Columns of a table that are stored. */
const storedColumns = (handle: Sqlite.Database, table: string): readonly string[] =>
  handle
    .prepare<[string], string>("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0")
    .pluck()
    .all(table)
    .map((name) => `"${name}"`)

function* rowsOf(handle: Sqlite.Database, table: string): Generator<string> {
  const columns = storedColumns(handle, table)
  const values = columns.map((column) => `quote(${column})`).join(" || ',' || ")
  for (const row of handle.prepare<[], string>(`SELECT ${values} FROM "${table}"`).pluck().iterate()) {
    yield `INSERT INTO "${table}" (${columns.join(",")}) VALUES(${row});`
  }
}

/** SQL with the definitions exactly as the database has them: tables with their rows first, then the rest. */
export const dumpOf = (handle: Sqlite.Database): string => {
  const header = ["application_id", "user_version"].map(
    (pragma) => `PRAGMA ${pragma} = ${String(handle.pragma(pragma, { simple: true }))};`,
  )
  const entries = handle
    .prepare<[], Entry>(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all()
  const tables = entries.filter(({ type }) => type === "table")
  const others = entries.filter(({ type }) => type !== "table")
  return [
    ...header,
    "PRAGMA foreign_keys=OFF;",
    ...tables.flatMap(({ name, sql }) => [`${sql};`, ...rowsOf(handle, name)]),
    ...others.map(({ sql }) => `${sql};`),
    "",
  ].join("\n")
}
