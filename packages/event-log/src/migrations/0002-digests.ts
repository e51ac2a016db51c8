/** The chain of digests over the events of a stream: see `digests/Digests.ts` and the ADR on it. */
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"

/** Key of the highest sequence that had no digest when the chains began, in the `meta` table. */
export const digestsAfterKey = "log.digests-after"

/**
 * Keyed by the last sequence of a block, so that rows are only ever appended; the row of a stream's end is found by the
 * sequence of its last event, without an index of its own. Events that are older than this table stay without.
 */
const statements = [
  `CREATE TABLE digests (
    last_sequence INTEGER PRIMARY KEY,
    stream_id TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    payloads TEXT NOT NULL,
    bodies TEXT,
    CHECK (first_version <= last_version)
  )`,
  `INSERT INTO meta (key, value) SELECT '${digestsAfterKey}', coalesce(max(sequence), 0) FROM events`,
] as const

/** Creates the table. */
export const createDigests = Effect.flatMap(SqlClient, (sql) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
)
