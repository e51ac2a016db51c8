/**
 * The views that a statement of a person may read. A view is a promise: within a version its columns stay what they are, and new ones
 * come at the end. A table is none: it changes with every version of Threadfold, and no statement reaches it.
 */
import { columnName, type TableName, tables } from "@threadfold/contracts"
import { layout } from "@threadfold/core/model"
import { mayNameText, wholeText } from "../LongTexts.js"

/** Rises when a column of a view goes, or means something else. */
export const viewsVersion = 1

/** A column of a view. */
export interface ViewColumn {
  readonly name: string
  readonly meaning: string
}

/** A view by its name. */
export interface SqlView {
  readonly name: string
  readonly meaning: string
  readonly columns: readonly ViewColumn[]
  /** The statement that it stands for. */
  readonly select: string
}

const viewOf = (name: string, table: TableName, properties: string): SqlView => {
  const long = new Set(
    layout(table).columns.flatMap((column) => (mayNameText(column) ? [columnName(column.name)] : [])),
  )
  const columns = properties.split(" ").map((property) => ({
    name: columnName(property),
    meaning: tables[table].columns[property]?.doc ?? "",
  }))
  return {
    name,
    meaning: tables[table].doc,
    columns,
    select: `SELECT ${columns
      .map(({ name }) => (long.has(name) ? `${wholeText(table, name)} AS "${name}"` : `"${name}"`))
      .join(", ")} FROM main.${table}`,
  }
}

const eventColumns: readonly (readonly [name: string, meaning: string])[] = [
  ["sequence", "Sequence of the log."],
  ["stream_id", "Its thread, or the connection of what names no thread."],
  ["stream_version", "1, 2, 3 … in its stream."],
  ["event_id", "Its id."],
  ["type", "Its type."],
  ["v", "Version of its payload."],
  ["session_id", "Session that it came from; null: none."],
  ["channel", "Channel of its source; null: none."],
  ["seq", "Its number in the channel; null: none."],
  ["at", "When it happened by the clock of the source, ms since the epoch."],
  ["recorded_at", "When it was appended by our clock, ms since the epoch."],
  ["actor", "What appended it."],
  ["turn_id", "Turn that it is about; null: none."],
  ["item_id", "Item that it is about; null: none."],
  ["request_id", "Request that it is about; null: none."],
  ["inference_id", "Inference attempt that it is about; null: none."],
  ["payload", "What it says, as JSON text."],
]

/** A part of a payload in SQL: a long text is written as JSON writes it between quotes. */
const partSql = `CASE part.type WHEN 'text' THEN part.value ELSE (SELECT substr(written, 2, length(written) - 2) FROM (
  SELECT json_quote(group_concat(text, '')) AS written FROM (
    SELECT text FROM main.text_segments AS one
    WHERE one.stream_id = events.stream_id AND one.sha256 = part.value ->> '$.text' ORDER BY start))) END`

/** The whole payload in SQL, of a row of `events`. Where it is stored in parts, it is the same JSON, maybe with other escapes. */
const payloadSql = `iif(typeof(payload) = 'text', payload, (SELECT group_concat(said, '') FROM (
  SELECT ${partSql} AS said FROM json_each(CAST(payload AS TEXT)) AS part WHERE part.key > 0 ORDER BY part.key)))`

const read: readonly SqlView[] = [
  viewOf(
    "v_threads",
    "threads",
    "threadId provider nativeThreadId title firstWords cwd model agent parentThreadId forkedFromThreadId source status sessionId activeTurnId openRequests runningTasks queued queueHeld turns items archivedAt deletedAt createdAt updatedAt lastActivityAt streamVersion preview",
  ),
  viewOf(
    "v_sessions",
    "sessions",
    "sessionId threadId connectionId epoch provider mode nativeSessionId model cwd status lastError cause evidence startedAt endedAt lastActivityAt",
  ),
  viewOf(
    "v_turns",
    "turns",
    "turnId threadId sessionId ordinal nativeTurnId origin status outcome cause evidence settled uncertain stalled steeredInto text error usage items requestedAt startedAt endedAt",
  ),
  viewOf(
    "v_items",
    "items",
    "itemId threadId sessionId turnId ordinal nativeItemId kind nativeKind status cause evidence afterEnd title phase text data exitCode startedAt endedAt",
  ),
  viewOf(
    "v_requests",
    "requests",
    "requestId threadId sessionId turnId itemId kind nativeKind status decision decidedBy cause evidence title data answer openedAt endedAt",
  ),
  viewOf(
    "v_inferences",
    "inferences",
    "inferenceId threadId sessionId turnId status cause evidence model provider responseId upstreamRequestId items usage firstByteMs untraced error startedAt endedAt",
  ),
  viewOf(
    "v_usage",
    "usage",
    "threadId inputTokens cachedInputTokens outputTokens reasoningTokens totalTokens contextWindow",
  ),
  viewOf("v_anomalies", "anomalies", "threadId subject reason count firstSequence lastSequence"),
  {
    name: "v_events",
    meaning: "One row per event of the log.",
    columns: eventColumns.map(([name, meaning]) => ({ name, meaning })),
    select: `SELECT ${eventColumns
      .map(([name]) => (name === "payload" ? `${payloadSql} AS "payload"` : `"${name}"`))
      .join(", ")} FROM main.events`,
  },
]

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

const described: SqlView = {
  name: "v_views",
  meaning: "One row per column of every view: what it means.",
  columns: [
    { name: "view", meaning: "Name of the view." },
    { name: "version", meaning: "Version of the views." },
    { name: "column", meaning: "Name of the column." },
    { name: "meaning", meaning: "What it means, and its unit." },
  ],
  select: `SELECT column1 AS "view", ${viewsVersion} AS "version", column2 AS "column", column3 AS "meaning" FROM (VALUES ${read
    .flatMap((view) =>
      view.columns.map((column) => `(${text(view.name)}, ${text(column.name)}, ${text(column.meaning)})`),
    )
    .join(", ")})`,
}

/** Every view. */
export const sqlViews: readonly SqlView[] = [...read, described]
