/** Long texts, stored once: see `texts/SqliteTexts.ts` and the ADR on it. */
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"

/** A piece of streamed content as the event has it; null where its payload is damaged. */
const pieceOf = "iif(json_valid(payload), payload ->> '$.delta', NULL)"

/**
 * `texts` has a row for each long text of a stream, by its SHA-256. `segments` says what it consists of: a list of `[start]` where the
 * bytes from there on are in `text_bodies`, once for all streams that have the text. A text that an item has streamed (`item_id`) has
 * `[start, first version, last version]` of the events, or `[start, version, version, key]` where one piece is a long text of its own.
 *
 * The view shows every text as its segments, with the byte at which each begins. It is no compound: SQLite finds one text by its key,
 * also where the key is that of another row.
 */
const statements = [
  `CREATE TABLE texts (
    stream_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    item_id TEXT,
    segments TEXT NOT NULL,
    PRIMARY KEY (stream_id, sha256)
  ) WITHOUT ROWID`,
  "CREATE INDEX texts_by_sha256 ON texts (sha256) WHERE item_id IS NULL",
  "CREATE TABLE text_bodies (sha256 TEXT NOT NULL, start INTEGER NOT NULL, body TEXT NOT NULL)",
  "CREATE UNIQUE INDEX text_bodies_by_start ON text_bodies (sha256, start)",
  `CREATE VIEW text_segments AS
    SELECT texts.stream_id, texts.sha256, segment.value ->> 0 AS start,
      CASE json_array_length(segment.value)
        WHEN 1 THEN (SELECT body FROM text_bodies WHERE text_bodies.sha256 = texts.sha256 AND text_bodies.start = segment.value ->> 0)
        WHEN 3 THEN (SELECT group_concat(delta, '') FROM (
          SELECT ${pieceOf} AS delta FROM events
          WHERE events.stream_id = texts.stream_id AND stream_version BETWEEN segment.value ->> 1 AND segment.value ->> 2
            AND type = 'content.delta' AND events.item_id = texts.item_id
          ORDER BY stream_version))
        ELSE (SELECT group_concat(body, '') FROM (
          SELECT body FROM text_bodies WHERE text_bodies.sha256 = segment.value ->> 3 ORDER BY text_bodies.start))
      END AS text
    FROM texts JOIN json_each(texts.segments) AS segment`,
] as const

/** Creates the tables and the view. */
export const createTexts = Effect.flatMap(SqlClient, (sql) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
)
