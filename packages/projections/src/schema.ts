/**
 * The tables in SQL: columns from the contract's `tables`, and by hand the checks and indexes that make impossible states
 * unrepresentable (docs/rules.md). The rules themselves live in the fold; a refusal here means that the fold is
 * wrong, and the engine then freezes that thread alone.
 */

import { columnName, type TableName, tableNames, tables } from "@threadfold/contracts"
import { layouts } from "@threadfold/core/model"
import { listCondition } from "./SqlText.js"

const oneOf = (column: string, ...values: readonly string[]): string =>
  `${column} IN (${values.map((value) => `'${value}'`).join(", ")})`

const bit = (column: string): string => `${column} IN (0, 1)`

/** A row is over exactly when these are set; while it is not, it has no end. */
const endedWith = (open: string, ...columns: readonly string[]): readonly string[] => [
  ...columns.map((column) => `(${open}) = (${column} IS NULL)`),
  `NOT (${open}) OR ended_at IS NULL`,
]

const evidence = `evidence IS NULL OR ${oneOf("evidence", "observed", "inferred")}`

/** What must hold in every row of a table. */
const checks: { readonly [N in TableName]?: readonly string[] } = {
  connections: [oneOf("status", "open", "closed")],
  threads: [
    oneOf("status", "idle", "working", "waiting", "starting", "stopped", "error", "stalled", "archived", "purged"),
    "open_requests >= 0",
    "running_tasks >= 0",
    "after_end_items >= 0",
    "queued >= 0",
    bit("queue_held"),
    "uncertain_turns >= 0",
    // Only what waits can be held.
    "queue_held = 0 OR queued > 0",
  ],
  sessions: [
    oneOf("status", "starting", "running", "ready", "interrupted", "stopped", "error"),
    oneOf("mode", "managed", "attached", "imported", "forked"),
    "epoch >= 1",
    // Rule 1: only an active session can hold an active turn.
    "active_turn_id IS NULL OR status IN ('starting', 'running')",
    "ended_at IS NULL OR status IN ('stopped', 'error')",
    "(ended_at IS NULL) = (evidence IS NULL)",
    evidence,
  ],
  turns: [
    oneOf("status", "requested", "running", "ended"),
    oneOf("origin", "client", "queue", "realtime", "import", "provider", "synthetic"),
    `outcome IS NULL OR ${oneOf("outcome", "completed", "failed", "interrupted", "cancelled", "unknown")}`,
    ...endedWith("status <> 'ended'", "outcome", "cause", "evidence"),
    evidence,
    "ordinal >= 1",
    bit("settled"),
    bit("uncertain"),
    bit("stalled"),
    bit("rejoined"),
    bit("handed_over"),
    // An observed end is final.
    "evidence IS NOT 'observed' OR settled = 1",
    "settled = 0 OR status = 'ended'",
    "uncertain = 0 OR status = 'requested'",
    "stalled = 0 OR status <> 'ended'",
    "steered_into IS NULL OR outcome = 'cancelled'",
  ],
  rewinds: ["ordinal >= 1", "depth >= 1", "from_ordinal >= 1", "to_ordinal >= from_ordinal"],
  items: [
    oneOf("status", "open", "completed", "failed", "declined", "interrupted"),
    ...endedWith("status = 'open'", "cause", "evidence"),
    evidence,
    "ordinal >= 1",
    bit("has_final"),
    bit("after_end"),
    // Only the work of a turn can come after its end.
    "after_end = 0 OR turn_id IS NOT NULL",
    "chunks >= 0",
    // The final text supersedes the deltas.
    "has_final = 0 OR chunks = 0",
  ],
  item_chunks: ["ordinal >= 0"],
  requests: [
    oneOf("status", "open", "answering", "answered", "cancelled", "expired"),
    ...endedWith("status IN ('open', 'answering')", "cause", "evidence"),
    evidence,
    "status <> 'answering' OR decision IS NOT NULL",
    // Another client may have decided without the agent saying what.
    "status <> 'answered' OR decision IS NOT NULL OR (decided_by IS 'elsewhere' AND evidence IS 'inferred')",
  ],
  inferences: [
    oneOf("status", "running", "completed", "failed", "cancelled", "aborted"),
    ...endedWith("status = 'running'", "cause", "evidence"),
    evidence,
    "items >= 0",
  ],
  inference_items: ["ordinal >= 1"],
  realtime_runs: [
    oneOf("status", "requested", "failed", "started", "closed"),
    ...endedWith("status IN ('requested', 'started')", "evidence"),
    "(status = 'closed') = (reason IS NOT NULL)",
    `reason IS NULL OR ${oneOf("reason", "requested", "transport_closed", "error", "replaced", "session_ended")}`,
    evidence,
    bit("stop_requested"),
  ],
  delegations: [
    oneOf("status", "open", "closed"),
    oneOf("routed_by", "provider", "client"),
    ...endedWith("status = 'open'", "cause"),
  ],
  tasks: [
    oneOf("status", "running", "ended"),
    ...endedWith("status = 'running'", "outcome", "cause", "evidence"),
    evidence,
  ],
  queue: ["position >= 1"],
  anomalies: ["count >= 1", "first_sequence <= last_sequence"],
}

/**
 * A look-up of native ids: only rows that have one take part, so the index is as small as it can be. Where several rows may match,
 * they stand in the order in which they are preferred: the first one costs as much among thousands.
 */
const native = (unique: boolean, table: TableName, scope: string, id: string): string => {
  const { key = [], ordinal = false } = layouts.get(table) ?? {}
  const columns = [scope, id, ...(unique ? [] : ordinal ? ["ordinal"] : key.map(columnName))]
  return (
    `CREATE ${unique ? "UNIQUE " : ""}INDEX ${table}_by_${scope.replace("_id", "")}_native ON ${table} ` +
    `(${columns.join(", ")}) WHERE ${id} IS NOT NULL AND ${scope} IS NOT NULL`
  )
}

const byThread = (table: TableName, then: string, unique = false): string =>
  `CREATE ${unique ? "UNIQUE " : ""}INDEX ${table}_by_thread ON ${table} (thread_id, ${then})`

/** An index for each list of a table; one whose columns begin another list of the same rows is served by that one's. */
const listIndexes = (table: TableName): readonly string[] => {
  const lists = [...(layouts.get(table)?.lists ?? [])]
  return lists.flatMap(([name, list]) => {
    const columns = list.columns.map(columnName).join(", ")
    const served = lists.some(
      ([, other]) =>
        other !== list &&
        listCondition(other) === listCondition(list) &&
        other.columns.length > list.columns.length &&
        list.columns.every((column, index) => other.columns[index] === column),
    )
    const index = `${table}_${columnName(name)} ON ${table} (${columns}) WHERE ${listCondition(list)}`
    return served ? [] : [`CREATE INDEX ${index}`]
  })
}

/**
 * What is open or not final yet: what orchestration derives its work from. Small, whatever the thread's length. Migration 2
 * made these; an index that is added later comes by the next migration that aligns the schema.
 */
export const agentIndexes: readonly string[] = [
  "threads_queued ON threads (thread_id) WHERE queued > 0",
  "connections_open ON connections (connection_id) WHERE status = 'open'",
  "turns_unsettled ON turns (thread_id, ordinal) WHERE settled = 0",
]

/** The highest ids of a thread: a snapshot of its newest rows needs them to name which ids it would hold. Migration 4 made these. */
export const idIndexes: readonly string[] = [
  "turns_by_id ON turns (thread_id, turn_id)",
  "items_by_id ON items (thread_id, item_id)",
]

/** Voice runs that are not over: a start of the server settles those that no session carries. Migration 8 made this. */
export const voiceIndexes: readonly string[] = [
  "realtime_runs_open ON realtime_runs (thread_id) WHERE status IN ('requested', 'started')",
]

/** What a sidebar asks for: threads by their last event, by folder, by what they do. Migration 9 made these. */
export const sidebarIndexes: readonly string[] = [
  "threads_by_update ON threads (coalesce(updated_at, 0), sequence, thread_id)",
  "threads_by_folder ON threads (cwd) WHERE cwd IS NOT NULL",
  "threads_by_status ON threads (status)",
]

/** Threads in which something but a request may need a person. Migration 10 made this. */
const inboxIndexes: readonly string[] = [
  "threads_inbox ON threads (thread_id) WHERE failed_turn_id IS NOT NULL OR queue_held = 1 OR uncertain_turns > 0 OR status = 'stalled'",
]

/** The threads that a connection has served: what its events said goes with the last of them. Migration 12 made this. */
export const servedIndexes: readonly string[] = [
  "sessions_served ON sessions (connection_id, thread_id) WHERE connection_id IS NOT NULL",
]

/** Requests in the order of the log, of one thread and of all. */
const openingIndexes: readonly string[] = [
  "requests_by_opening ON requests (thread_id, opened_sequence, request_id)",
  "requests_opened ON requests (opened_sequence, request_id)",
]

/** The connections that were opened for a thread, also those on which no session of it began. */
const openedIndexes: readonly string[] = [
  "connections_opened_for ON connections (opened_for, connection_id) WHERE opened_for IS NOT NULL",
]

/**
 * Indexes. Their leading columns are ids of ours, which are time-ordered: random ones in front would cost the write path a
 * factor of two.
 */
const indexes: readonly string[] = [
  ...[
    ...idIndexes,
    ...voiceIndexes,
    ...sidebarIndexes,
    ...inboxIndexes,
    ...servedIndexes,
    ...openedIndexes,
    ...openingIndexes,
  ].map((index) => `CREATE INDEX ${index}`),
  // Newest first in lists; a thread's place never changes.
  "CREATE INDEX threads_by_creation ON threads (coalesce(created_at, 0), thread_id)",
  "CREATE INDEX threads_by_native ON threads (native_thread_id) WHERE native_thread_id IS NOT NULL",
  "CREATE INDEX threads_after_end ON threads (thread_id) WHERE after_end_items > 0",
  "CREATE INDEX threads_by_parent ON threads (parent_thread_id) WHERE parent_thread_id IS NOT NULL",
  byThread("sessions", "epoch", true),
  // Rule 4: one incarnation at a time.
  "CREATE UNIQUE INDEX sessions_alive ON sessions (thread_id) WHERE ended_at IS NULL",
  "CREATE INDEX sessions_by_connection ON sessions (connection_id) WHERE ended_at IS NULL",
  byThread("turns", "ordinal", true),
  // Rule 3: at most one active turn per thread.
  "CREATE UNIQUE INDEX turns_running ON turns (thread_id) WHERE status = 'running'",
  native(true, "turns", "session_id", "native_turn_id"),
  native(false, "turns", "thread_id", "native_turn_id"),
  "CREATE INDEX rewinds_by_depth ON rewinds (thread_id, depth, ordinal)",
  byThread("items", "ordinal", true),
  native(true, "items", "turn_id", "native_item_id"),
  native(false, "items", "session_id", "native_item_id"),
  byThread("requests", "request_id"),
  native(true, "requests", "session_id", "native_request_id"),
  byThread("inferences", "inference_id"),
  // The model calls of a turn, for its trace. Migration 6 made it.
  "CREATE INDEX inferences_by_turn ON inferences (thread_id, turn_id, inference_id)",
  native(true, "inferences", "session_id", "native_inference_id"),
  // An item counts once in its attempt.
  "CREATE UNIQUE INDEX inference_items_by_key ON inference_items (thread_id, inference_id, item_key)",
  byThread("realtime_runs", "realtime_id"),
  native(false, "realtime_runs", "session_id", "native_realtime_id"),
  // Rule 8: one live voice run per thread.
  "CREATE UNIQUE INDEX realtime_runs_started ON realtime_runs (thread_id) WHERE status = 'started'",
  byThread("delegations", "delegation_id"),
  native(true, "delegations", "session_id", "native_handoff_id"),
  byThread("tasks", "task_id"),
  native(true, "tasks", "session_id", "native_task_id"),
  byThread("queue", "position, message_id"),
  "CREATE INDEX anomalies_by_last ON anomalies (last_sequence)",
  "CREATE INDEX anomalies_by_thread_last ON anomalies (thread_id, last_sequence)",
  ...agentIndexes.map((index) => `CREATE INDEX ${index}`),
  ...tableNames.flatMap(listIndexes),
]

/** Tables that SQLite keeps in key order, without a rowid: small rows, or rows that are read by key order. */
const clustered: ReadonlySet<TableName> = new Set<TableName>([
  "rewinds",
  "item_chunks",
  "inference_items",
  "usage",
  "anomalies",
])

const columnText = (table: TableName): readonly string[] =>
  Object.entries(tables[table].columns).map(
    ([name, { type, nullable }]) =>
      `"${columnName(name)}" ${type === "integer" ? "INTEGER" : "TEXT"}${nullable ? "" : " NOT NULL"}`,
  )

const createTable = (table: TableName): string => {
  const lines = [
    ...columnText(table),
    `PRIMARY KEY (${(layouts.get(table)?.key ?? []).map(columnName).join(", ")})`,
    // A chunk without its item would belong to no thread that one could find it by.
    ...(table === "item_chunks" ? ["FOREIGN KEY (item_id) REFERENCES items (item_id)"] : []),
    ...(checks[table] ?? []).map((check) => `CHECK (${check})`),
  ]
  return `CREATE TABLE ${table} (\n  ${lines.join(",\n  ")}\n)${clustered.has(table) ? " WITHOUT ROWID" : ""}`
}

/** A row stays with its stream: the same id in a second stream is refused there. */
const keepsOwner = (table: TableName): string => {
  const owner = columnName(layouts.get(table)?.owner ?? "threadId")
  return `CREATE TRIGGER ${table}_keeps_owner BEFORE UPDATE OF ${owner} ON ${table} WHEN OLD.${owner} <> NEW.${owner}
BEGIN SELECT RAISE(ABORT, 'a row of ${table} belongs to another stream'); END`
}

/** One table, index or trigger of the projections. */
export interface SchemaObject {
  readonly type: "table" | "index" | "trigger"
  readonly name: string
  /** The statement that makes it, as SQLite keeps it in `sqlite_schema`. */
  readonly sql: string
}

/** The name is the word before `ON`, before the columns, or before what fires a trigger. */
const object = (sql: string): SchemaObject => {
  const [, type = "", name = ""] = /^CREATE (?:UNIQUE )?(TABLE|INDEX|TRIGGER) (\w+)/.exec(sql) ?? []
  return { type: type === "TABLE" ? "table" : type === "INDEX" ? "index" : "trigger", name, sql }
}

/** Every table, index and trigger of the projections, in the order in which they are made. */
export const schemaObjects: readonly SchemaObject[] = [
  ...tableNames.map(createTable),
  ...indexes,
  ...tableNames.filter((table) => layouts.get(table)?.guarded === true).map(keepsOwner),
  // The open state of every stream: a cache that may be dropped, so that start-up and cold threads cost the same.
  `CREATE TABLE fold_state (
  stream_id TEXT NOT NULL PRIMARY KEY,
  fold_version INTEGER NOT NULL,
  stream_version INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (${oneOf("status", "ok", "frozen")}),
  state TEXT NOT NULL
)`,
  "CREATE INDEX fold_state_frozen ON fold_state (stream_id) WHERE status = 'frozen'",
  "CREATE TABLE projection_meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
].map(object)

/** Every statement that makes the projections' tables, in order. */
export const projectionSchema: readonly string[] = schemaObjects.map(({ sql }) => sql)
