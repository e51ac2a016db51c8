/** The tables of the log. Which index is there, and which is not, was measured: see the ADR on the write path. */
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"

/** `TFLD`: marks a file as a Threadfold database, in its header. */
export const applicationId = 0x54464c44
/** Rises when an older program could not even read the database; the header's `user_version`. */
export const databaseFormat = 1

/**
 * - `source` is computed, never stored: the session of a numbered event, or the connection for what names no thread.
 * - Every unique key is a time-ordered id or a counter: random keys would halve the write path.
 * - The type index leaves the deltas out: see `SelectEvents.ts`.
 */
const statements = [
  `PRAGMA application_id = ${applicationId}`,
  `PRAGMA user_version = ${databaseFormat}`,
  `CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    stream_id TEXT NOT NULL,
    stream_version INTEGER NOT NULL CHECK (stream_version > 0),
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    v INTEGER NOT NULL,
    session_id TEXT,
    channel TEXT,
    seq INTEGER,
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    command_id TEXT,
    causation_id TEXT,
    correlation_id TEXT,
    turn_id TEXT,
    item_id TEXT,
    request_id TEXT,
    inference_id TEXT,
    realtime_id TEXT,
    delegation_id TEXT,
    task_id TEXT,
    native TEXT,
    payload TEXT NOT NULL,
    source TEXT GENERATED ALWAYS AS (coalesce(session_id, stream_id)) VIRTUAL,
    CHECK ((channel IS NULL) = (seq IS NULL))
  )`,
  "CREATE UNIQUE INDEX events_by_stream ON events (stream_id, stream_version)",
  "CREATE UNIQUE INDEX events_by_id ON events (event_id)",
  "CREATE UNIQUE INDEX events_by_source ON events (source, channel, seq) WHERE seq IS NOT NULL",
  "CREATE INDEX events_by_type ON events (type) WHERE type <> 'content.delta'",
  `CREATE TABLE native (
    sequence INTEGER PRIMARY KEY,
    body TEXT,
    blob TEXT,
    CHECK ((body IS NULL) <> (blob IS NULL))
  )`,
  `CREATE TABLE native_blocks (
    first_sequence INTEGER PRIMARY KEY,
    last_sequence INTEGER NOT NULL,
    body BLOB NOT NULL
  )`,
  "CREATE TABLE blobs (sha256 TEXT NOT NULL UNIQUE, body NOT NULL, packed INTEGER NOT NULL)",
  "CREATE INDEX blobs_unpacked ON blobs (packed) WHERE packed = 0",
  "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
] as const

/** Makes them. */
export const createLog = Effect.flatMap(SqlClient, (sql) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
)
