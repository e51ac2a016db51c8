/**
 * The tables of a checkpoint file. Each table of the projections has a table of *versions* here: its columns, and from which step until
 * which a version holds. A view of the table's own name shows the versions that hold at the moment of the row in `moment`, so that
 * every query and every look-up of the fold runs here as it is. The indexes are those of the projections.
 */
import { type TableName, tableNames, tables } from "@threadfold/contracts"
import { layout } from "@threadfold/core/model"
import { sqlName } from "../SqlText.js"
import { schemaObjects } from "../schema.js"

/** The step until which a version holds that no later one has replaced. */
export const stillHolds = 0x7fff_ffff

/** Name of the table of versions. */
export const versionTable = (table: TableName): string => `${table}_versions`

/** What an index needs behind its own columns, so that versions of other moments are passed over without reading them. */
const steps = "until_step, from_step"

const createVersions = (table: TableName): readonly string[] => {
  const { columns, key } = layout(table)
  const names = columns.map(({ name }) => `"${sqlName(name)}"`)
  const typed = columns.map(
    ({ name }, at) => `${names[at]} ${tables[table].columns[name]?.type === "integer" ? "INTEGER" : "TEXT"}`,
  )
  const versions = versionTable(table)
  return [
    `CREATE TABLE ${versions} (
  id INTEGER PRIMARY KEY, from_step INTEGER NOT NULL, until_step INTEGER NOT NULL,
  ${typed.join(", ")}
)`,
    `CREATE INDEX ${versions}_by_key ON ${versions} (${key.map(sqlName).join(", ")}, ${steps})`,
    `CREATE VIEW ${table} AS SELECT ${names.join(", ")} FROM ${versions}
  WHERE until_step > (SELECT step FROM moment) AND from_step <= (SELECT step FROM moment)`,
  ]
}

/** Tables of which a file holds few rows: their key is enough. */
const fewRows: ReadonlySet<string> = new Set(["connections", "threads", "usage"])

/** An index of the projections over versions; null: a thread's own file has no use for it. */
const versionIndex = (sql: string): string | null => {
  const [, name = "", table = "", columns = "", condition = ""] =
    /^CREATE (?:UNIQUE )?INDEX (\w+) ON (\w+) \(([^()]*)\)(.*)$/s.exec(sql) ?? []
  const known = tableNames.find((each) => each === table)
  if (known === undefined || fewRows.has(known) || name.endsWith("_by_id")) return null
  return `CREATE INDEX ${name}_versions ON ${versionTable(known)} (${columns}, ${steps})${condition}`
}

/** Every statement that makes a checkpoint file, in order. */
export const versionSchema: readonly string[] = [
  // One row: the step that the views show, and the sequence of the log that it stands for.
  "CREATE TABLE moment (step INTEGER NOT NULL, sequence INTEGER NOT NULL)",
  "INSERT INTO moment VALUES (0, 0)",
  // No chunk of a moment names its event.
  "CREATE VIEW events AS SELECT sequence, NULL AS payload FROM moment",
  // Queries ask it how often rows were made again without an event. Those of a moment never were.
  "CREATE VIEW projection_meta AS SELECT '' AS key, '' AS value WHERE 0",
  // Queries ask for long texts that rows name. Those of a moment hold theirs.
  "CREATE VIEW texts AS SELECT '' AS stream_id, '' AS sha256, 0 AS bytes WHERE 0",
  "CREATE VIEW text_segments AS SELECT '' AS stream_id, '' AS sha256, 0 AS start, '' AS text WHERE 0",
  "CREATE TABLE about (identity TEXT NOT NULL)",
  `CREATE TABLE checkpoint (
  number INTEGER PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  state TEXT NOT NULL,
  tops TEXT NOT NULL,
  hash TEXT NOT NULL
)`,
  "CREATE INDEX checkpoint_by_sequence ON checkpoint (sequence)",
  ...tableNames.flatMap(createVersions),
  ...schemaObjects.flatMap(({ sql, type }) => (type === "index" ? (versionIndex(sql) ?? []) : [])),
]
