/** Reads of the working tables, on a read-only connection: what the orchestrator derives its work from. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { type EffectRow, Problem } from "@threadfold/contracts"
import { Context, Effect, Layer } from "effect"
import { effectColumns, type StoredEffect, toEffect } from "./StoredEffect.js"

const unread = (error: SqlError): Problem =>
  new Problem({ slug: "unavailable", detail: `The effects cannot be read: ${String(error.cause ?? error)}.` })

/** Effects of one page at most. */
const PAGE = 500

export interface WorkReadsService {
  /** Effects of a thread that are pending or being attempted, in the order in which they were made; 500 at most. */
  readonly openEffects: (threadId: string) => Effect.Effect<readonly EffectRow[], Problem>
  /** Threads that have such effects, in order of their ids, after `after` (exclusive); 500 at most. */
  readonly threadsWithEffects: (after: string | null) => Effect.Effect<readonly string[], Problem>
  /** The effects of a command, in the order in which they were made; 500 at most. */
  readonly effectsOf: (commandId: string) => Effect.Effect<readonly EffectRow[], Problem>
}

export class WorkReads extends Context.Tag("@threadfold/engine/WorkReads")<WorkReads, WorkReadsService>() {
  static readonly layer: Layer.Layer<WorkReads, never, SqlClient> = Layer.effect(
    WorkReads,
    Effect.map(SqlClient, (sql): WorkReadsService => {
      const effects = (where: Fragment) =>
        sql<StoredEffect>`SELECT ${sql.literal(effectColumns)} FROM effects WHERE ${where}
          ORDER BY position LIMIT ${PAGE}`.pipe(
          Effect.map((rows) => rows.map(toEffect)),
          Effect.mapError(unread),
        )
      return {
        openEffects: (threadId) => effects(sql`ended_at IS NULL AND thread_id = ${threadId}`),
        threadsWithEffects: (after) =>
          sql<{ readonly threadId: string }>`SELECT DISTINCT thread_id AS "threadId" FROM effects
            WHERE ended_at IS NULL AND thread_id > ${after ?? ""} ORDER BY thread_id LIMIT ${PAGE}`.pipe(
            Effect.map((rows) => rows.map(({ threadId }) => threadId)),
            Effect.mapError(unread),
          ),
        effectsOf: (commandId) => effects(sql`command_id = ${commandId}`),
      }
    }),
  )
}
