/** Long texts, stored once: see `texts/SqliteTexts.ts` and the ADR on it. */
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"

/** A piece of streamed content as the event has it; null where its payload is damaged. */
const pieceOf = "iif(json_valid(payload), payload ->> '$.delta', NULL)"

/**
 * `texts` has a row for each long text of a stream, by its SHA-256. Where `pieces` is null, its bytes are in `text_bodies`, once for all
 * streams that have it. Else `pieces` names the events of the item that streamed it: a list of `[start, first version, last version]`,
 * or `[start, version, version, key]` where one piece is a long text of its own.
 *
 * The view shows every text as what it consists of, with the byte at which each begins.
 */
const statements = [
  `CREATE TABLE texts (
    stream_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    item_id TEXT,
    pieces TEXT,
    PRIMARY KEY (stream_id, sha256),
    CHECK ((pieces IS NULL) = (item_id IS NULL))
  ) WITHOUT ROWID`,
  "CREATE INDEX texts_by_sha256 ON texts (sha256) WHERE pieces IS NULL",
  "CREATE TABLE text_bodies (sha256 TEXT NOT NULL, start INTEGER NOT NULL, body TEXT NOT NULL)",
  "CREATE UNIQUE INDEX text_bodies_by_start ON text_bodies (sha256, start)",
  `CREATE VIEW text_segments AS
    SELECT texts.stream_id, texts.sha256, text_bodies.start, text_bodies.body AS text
    FROM texts JOIN text_bodies ON text_bodies.sha256 = texts.sha256 WHERE texts.pieces IS NULL
    UNION ALL
    SELECT texts.stream_id, texts.sha256, piece.value ->> 0,
      iif(piece.value ->> 3 IS NULL,
        (SELECT group_concat(delta, '') FROM (
          SELECT ${pieceOf} AS delta FROM events
          WHERE events.stream_id = texts.stream_id AND stream_version BETWEEN piece.value ->> 1 AND piece.value ->> 2
            AND type = 'content.delta' AND events.item_id = texts.item_id
          ORDER BY stream_version)),
        (SELECT group_concat(body, '') FROM (
          SELECT body FROM text_bodies WHERE text_bodies.sha256 = piece.value ->> 3 ORDER BY start)))
    FROM texts JOIN json_each(texts.pieces) AS piece WHERE texts.pieces IS NOT NULL`,
] as const

/** Creates the tables and the view. */
export const createTexts = Effect.flatMap(SqlClient, (sql) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
)
