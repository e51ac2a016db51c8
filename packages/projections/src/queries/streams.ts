/** What is known of streams and of the work over them. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Effect } from "effect"
import { decodeRebuildPoint, type RebuildPoint, rebuildPointKey } from "../rebuild.js"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"

/** Whether the log or the projections have a stream. */
export const knowsStream = (sql: ReadSql, streamId: string): Effect.Effect<boolean, StorageUnavailable> =>
  reading(
    sql,
    sql
      .unsafe(
        "SELECT 1 FROM events WHERE stream_id = ? UNION ALL SELECT 1 FROM fold_state WHERE stream_id = ? LIMIT 1",
        [streamId, streamId],
      )
      .pipe(Effect.map((rows) => rows.length > 0)),
  )

/** How far a rebuild was when it was stopped; null: none was. */
export const rebuildPoint = (sql: ReadSql): Effect.Effect<RebuildPoint | null, StorageUnavailable> =>
  reading(
    sql,
    sql
      .unsafe<{ readonly value: string }>("SELECT value FROM projection_meta WHERE key = ?", [rebuildPointKey])
      .pipe(Effect.map(([row]) => decodeRebuildPoint(row?.value ?? null))),
  )
