/** Reads of the working tables, on a read-only connection: the orchestrator derives its work from them. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { type EffectRow, StorageUnavailable } from "@threadfold/contracts"
import { receiptSpan, saysAccepted } from "@threadfold/core"
import { Context, Effect, Layer } from "effect"
import { toAnswer } from "./SqliteWork.js"
import { effectColumns, type StoredEffect, toEffect } from "./StoredEffect.js"

const unread = (error: SqlError): StorageUnavailable =>
  new StorageUnavailable({ failed: "The effects cannot be read", reason: String(error.cause ?? error) })

/** Effects of one page at most. */
const PAGE = 500

export interface WorkReadsService {
  /** Effects of a thread that are pending or being attempted, in the order in which they were made; 500 at most. */
  readonly openEffects: (threadId: string) => Effect.Effect<readonly EffectRow[], StorageUnavailable>
  /** Threads that have such effects, in order of their ids, after `after` (exclusive); 500 at most. */
  readonly threadsWithEffects: (after: string | null) => Effect.Effect<readonly string[], StorageUnavailable>
  /** The effects of a command, in the order in which they were made; 500 at most. */
  readonly effectsOf: (commandId: string) => Effect.Effect<readonly EffectRow[], StorageUnavailable>
  /** Whether a command of this id was accepted, as far as receipts are kept. */
  readonly isAccepted: (commandId: string) => Effect.Effect<boolean, StorageUnavailable>
  /** Whether a receipt is kept under this key: a retry is given its answer. */
  readonly hasReceipt: (key: string) => Effect.Effect<boolean, StorageUnavailable>
}

/** Reads of receipts and effects. Each fails with `StorageUnavailable` where the database cannot be read. */
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
      const answers = (where: Fragment) =>
        sql<{ readonly answer: string }>`SELECT answer FROM receipts WHERE ${where}`.pipe(
          Effect.map((rows) => rows.map(({ answer }) => toAnswer(answer))),
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
        isAccepted: (commandId) => {
          const given = receiptSpan(commandId)
          if (given === null) return Effect.succeed(false)
          // A receipt may have the caller's key instead of the command's id; then it is found by its time.
          const candidates = answers(sql`key = ${commandId}
            OR (at BETWEEN ${given.from} AND ${given.until} AND answer ->> '$.accepted.commandId' = ${commandId})`)
          return Effect.map(candidates, (found) => found.some((answer) => saysAccepted(answer, commandId)))
        },
        hasReceipt: (key) => Effect.map(answers(sql`key = ${key}`), ({ length }) => length > 0),
      }
    }),
  )
}
