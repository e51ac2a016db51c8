/** Reads of the working tables, on a read-only connection: the orchestrator derives its work from them. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import type { EffectRow, EffectStatus, StorageUnavailable } from "@threadfold/contracts"
import { receiptSpan, saysAccepted } from "@threadfold/core"
import { Context, Effect, Layer } from "effect"
import { cannotRead } from "../Errors.js"
import { toAnswer } from "./SqliteWork.js"
import { effectColumns, type StoredEffect, shownEffectColumns, toEffect } from "./StoredEffect.js"

const unread = cannotRead("effects")

/** Effects of one page at most. */
const PAGE = 500

/** Effects that a page with filters looks at: it ends there, and leads on. */
const LOOKED_AT = 2_000

/** Which effects are listed. */
export interface EffectQuery {
  /** Only in these states; absent: in all. */
  readonly statuses?: readonly EffectStatus[] | undefined
  /** Only of these threads; absent: of all. */
  readonly threads?: readonly string[] | undefined
  /** Only those before this place, or behind it where the oldest come first; null: from the beginning of the list. */
  readonly from: number | null
  readonly order: "asc" | "desc"
  readonly limit: number
}

/** An effect as it is listed: without the texts that it carries. */
export type ListedEffect = Omit<EffectRow, "payload" | "token">

/** Some of them, in the order that was asked for. */
export interface EffectPage {
  readonly items: readonly ListedEffect[]
  /** `from` of what follows; null: nothing does. */
  readonly next: number | null
}

export interface WorkReadsService {
  /** Effects of all threads, in the order in which they were made or the reverse. With filters a page may hold fewer than `limit`. */
  readonly listEffects: (query: EffectQuery) => Effect.Effect<EffectPage, StorageUnavailable>
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
      const listEffects: WorkReadsService["listEffects"] = ({ from, limit, order, statuses, threads }) =>
        Effect.gen(function* () {
          const direction = sql.literal(order === "asc" ? "ASC" : "DESC")
          const inPlace = from === null ? sql`1` : order === "asc" ? sql`position > ${from}` : sql`position < ${from}`
          const [bound] = yield* sql<{ readonly position: number }>`SELECT position FROM effects WHERE ${inPlace}
            ORDER BY position ${direction} LIMIT 1 OFFSET ${LOOKED_AT - 1}`
          const last = bound?.position ?? null
          const rows = yield* sql<ListedEffect & { readonly position: number }>`
            SELECT position, ${sql.literal(shownEffectColumns)} FROM effects WHERE ${sql.and([
              inPlace,
              ...(last === null ? [] : [order === "asc" ? sql`position <= ${last}` : sql`position >= ${last}`]),
              ...(statuses === undefined ? [] : [sql.in("status", statuses)]),
              ...(threads === undefined ? [] : [sql.in("thread_id", threads)]),
            ])} ORDER BY position ${direction} LIMIT ${limit + 1}`
          const shown = rows.slice(0, limit)
          return {
            items: shown.map(({ position: _, ...effect }) => effect),
            next: rows.length > limit ? (shown.at(-1)?.position ?? null) : last,
          }
        }).pipe(Effect.mapError(unread))
      const answers = (where: Fragment) =>
        sql<{ readonly answer: string }>`SELECT answer FROM receipts WHERE ${where}`.pipe(
          Effect.map((rows) => rows.map(({ answer }) => toAnswer(answer))),
          Effect.mapError(unread),
        )
      return {
        listEffects,
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
