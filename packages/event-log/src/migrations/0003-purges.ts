/** Purges: which events of which streams have lost their content, and how far the work is. */
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"

/**
 * A row for each stream that was purged. Its range takes the stored digests of payloads and bodies in place of their content; the event
 * behind the range, the tombstone, repeats the sealed hash. `progress` is what the work goes on from after a kill.
 *
 * The index of long bodies tells whether another event has the same one: it goes only with the last of them.
 */
const statements = [
  `CREATE TABLE purges (
    stream_id TEXT PRIMARY KEY,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    sealed_hash TEXT NOT NULL,
    event_id TEXT NOT NULL,
    purged_at INTEGER NOT NULL,
    progress TEXT NOT NULL,
    finished_at INTEGER,
    CHECK (first_version <= last_version)
  ) WITHOUT ROWID`,
  "CREATE INDEX purges_unfinished ON purges (stream_id) WHERE finished_at IS NULL",
  "CREATE INDEX native_by_blob ON native (blob) WHERE blob IS NOT NULL",
] as const

/** Creates the table and the index. */
export const createPurges = Effect.flatMap(SqlClient, (sql) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
)
