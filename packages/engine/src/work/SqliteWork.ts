/** The working tables in SQLite, on the handle of the writer or of a reader. */
import { SqlClient } from "@effect/sql/SqlClient"
import type { EffectRow, Receipt } from "@threadfold/contracts"
import { Portion, type ReceiptAnswer, type RefusalReason } from "@threadfold/core"
import type { MigrationGroup } from "@threadfold/event-log"
import type Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { blobTables, sqliteBlobs } from "./SqliteBlobs.js"
import { sqliteSubscriptions, subscriptionTables } from "./SqliteSubscriptions.js"
import { effectColumns, type StoredEffect, toEffect } from "./StoredEffect.js"
import type { EffectPatch, StoredReceipt, WorkStore } from "./WorkStore.js"

const statements = [
  `CREATE TABLE receipts (
    key TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  "CREATE INDEX receipts_by_time ON receipts (at)",
  `CREATE TABLE effects (
    position INTEGER PRIMARY KEY,
    effect_id TEXT NOT NULL UNIQUE,
    thread_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL
      CHECK (status IN ('pending', 'attempting', 'delivered', 'failed', 'uncertain', 'retired')),
    command_id TEXT NOT NULL,
    session_id TEXT,
    turn_id TEXT,
    request_id TEXT,
    message_id TEXT,
    payload TEXT NOT NULL,
    token TEXT,
    attempts INTEGER NOT NULL,
    message TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK ((status IN ('pending', 'attempting')) = (ended_at IS NULL)),
    CHECK ((status = 'attempting') = (token IS NOT NULL))
  )`,
  "CREATE INDEX effects_open ON effects (thread_id, position) WHERE ended_at IS NULL",
  "CREATE INDEX effects_ended ON effects (ended_at) WHERE ended_at IS NOT NULL",
  "CREATE INDEX effects_attempting ON effects (turn_id) WHERE status = 'attempting'",
  "CREATE INDEX effects_by_command ON effects (command_id)",
  "CREATE INDEX effects_by_message ON effects (message_id) WHERE message_id IS NOT NULL",
] as const

/** Indexes for finding the effect that an event answers. */
const causes = [
  "CREATE INDEX effects_by_turn ON effects (turn_id, kind) WHERE turn_id IS NOT NULL",
  "CREATE INDEX effects_by_request ON effects (request_id) WHERE request_id IS NOT NULL",
] as const

/** A receipt names the thread that it is about. Older ones name it in their answer, where they were accepted. */
const threads = [
  "ALTER TABLE receipts ADD COLUMN thread_id TEXT",
  "UPDATE receipts SET thread_id = answer ->> '$.accepted.threadId'",
  "CREATE INDEX receipts_by_thread ON receipts (thread_id) WHERE thread_id IS NOT NULL",
  "CREATE INDEX effects_ended_by_thread ON effects (thread_id) WHERE ended_at IS NOT NULL",
] as const

const running = (all: readonly string[]) =>
  Effect.flatMap(SqlClient, (sql) => Effect.forEach(all, (statement) => sql.unsafe(statement), { discard: true }))

/** The working tables, for every opening of a database that is written. */
export const workGroup: MigrationGroup = {
  table: "work_migrations",
  migrations: {
    "0001_work": running(statements),
    "0002_causes": running(causes),
    "0003_threads": running(threads),
    "0004_blobs": running(blobTables),
    "0005_subscriptions": running(subscriptionTables),
  },
}

interface SizedEffect {
  readonly position: number
  readonly bytes: number
}

/** An effect by its position, and about how long its texts are, in bytes. */
const sizedEffect = "position, octet_length(payload) + coalesce(octet_length(message), 0) AS bytes"

interface ReceiptColumns {
  readonly key: string
  readonly content: string
  readonly answer: string
  readonly at: number
}

/** An answer as it is stored: databases have called the reason of a refusal `slug` from the beginning. */
type StoredAnswer =
  | { readonly accepted: Receipt }
  | { readonly refused: { readonly slug: RefusalReason; readonly detail: string } }

const toStored = (answer: ReceiptAnswer): StoredAnswer =>
  "accepted" in answer ? answer : { refused: { slug: answer.refused.reason, detail: answer.refused.detail } }

/** The answer of a stored receipt, from its JSON text. */
export const toAnswer = (stored: string): ReceiptAnswer => {
  const answer: StoredAnswer = JSON.parse(stored)
  return "accepted" in answer ? answer : { refused: { reason: answer.refused.slug, detail: answer.refused.detail } }
}

/**
 * The working tables on a handle. Its migrations have run; the rows are our own, written in a transaction that a `CHECK`
 * guards, and are read back as such.
 */
export const sqliteWork = (handle: Sqlite.Database): WorkStore => {
  const receipt = handle.prepare<[string], ReceiptColumns>(
    "SELECT key, content, answer, at FROM receipts WHERE key = ?",
  )
  const putReceipt = handle.prepare("INSERT INTO receipts (key, content, answer, at, thread_id) VALUES (?, ?, ?, ?, ?)")
  const effect = handle.prepare<[string], StoredEffect>(`SELECT ${effectColumns} FROM effects WHERE effect_id = ?`)
  const insert =
    handle.prepare(`INSERT INTO effects (effect_id, thread_id, kind, status, command_id, session_id, turn_id,
    request_id, message_id, payload, token, attempts, message, created_at, ended_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const patch = handle.prepare(`UPDATE effects SET status = ?, token = ?, attempts = ?, message = ?, session_id = ?,
    ended_at = ? WHERE effect_id = ?`)
  const pruneReceipts = handle.prepare(
    "DELETE FROM receipts WHERE key IN (SELECT key FROM receipts WHERE at < ? ORDER BY at LIMIT ?)",
  )
  const oldEffects = handle.prepare<[number, number], SizedEffect>(
    `SELECT ${sizedEffect} FROM effects WHERE ended_at < ? ORDER BY ended_at LIMIT ?`,
  )
  const openEffect = handle.prepare<[string], StoredEffect>(
    `SELECT ${effectColumns} FROM effects WHERE thread_id = ? AND ended_at IS NULL ORDER BY position LIMIT 1`,
  )
  const stoppingTask = handle.prepare<[string, string]>(
    `SELECT 1 FROM effects WHERE thread_id = ? AND ended_at IS NULL AND kind = 'task.stop' AND payload ->> '$.taskId' = ? LIMIT 1`,
  )
  const receiptsOf = handle.prepare<
    [string, number],
    { readonly key: string; readonly bytes: number; readonly kept: number }
  >(
    `SELECT key, octet_length(content) + octet_length(answer) AS bytes, answer ->> '$.accepted' IS NOT NULL AS kept
     FROM receipts WHERE thread_id = ? LIMIT ?`,
  )
  const removeReceipt = handle.prepare<[string]>("DELETE FROM receipts WHERE key = ?")
  const detachReceipt = handle.prepare<[string]>("UPDATE receipts SET thread_id = NULL WHERE key = ?")
  const effectsOf = handle.prepare<[string, number], SizedEffect>(
    `SELECT ${sizedEffect} FROM effects WHERE thread_id = ? AND ended_at IS NOT NULL LIMIT ?`,
  )
  const removeEffect = handle.prepare<[number]>("DELETE FROM effects WHERE position = ?")
  /** Removes those of the effects that a step takes; returns how many, and their bytes. */
  const removeEffects = (effects: readonly SizedEffect[], portion: Portion): { count: number; bytes: number } => {
    const before = { count: portion.count, bytes: portion.bytes }
    for (const { bytes, position } of effects) {
      if (!portion.takes(bytes)) break
      removeEffect.run(position)
    }
    return { count: portion.count - before.count, bytes: portion.bytes - before.bytes }
  }
  const attempting = handle.prepare("SELECT 1 FROM effects WHERE turn_id = ? AND status = 'attempting'")
  const steer = handle.prepare<[string], StoredEffect>(
    `SELECT ${effectColumns} FROM effects WHERE message_id = ? ORDER BY position DESC LIMIT 1`,
  )
  const latest = (condition: string) =>
    handle.prepare<[string, string], StoredEffect>(
      `SELECT ${effectColumns} FROM effects WHERE ${condition} AND kind = ? AND attempts > 0 ORDER BY position DESC LIMIT 1`,
    )
  const latestOf = {
    turn: latest("turn_id = ?"),
    request: latest("request_id = ?"),
    // An attempted effect has not ended; `ended_at IS NULL` lets SQLite use the index of open effects.
    thread: latest("thread_id = ? AND ended_at IS NULL AND status = 'attempting'"),
  }
  const one = (row: StoredEffect | undefined): EffectRow | null => (row === undefined ? null : toEffect(row))
  return {
    blobs: sqliteBlobs(handle),
    subscriptions: sqliteSubscriptions(handle),
    receipt: (key) => {
      const row = receipt.get(key)
      return row === undefined ? null : { ...row, answer: toAnswer(row.answer) }
    },
    putReceipt: ({ answer, at, content, key }: StoredReceipt, threadId) => {
      putReceipt.run(key, content, JSON.stringify(toStored(answer)), at, threadId ?? null)
    },
    openEffect: (threadId) => one(openEffect.get(threadId)),
    stoppingTask: (threadId, taskId) => stoppingTask.get(threadId, taskId) !== undefined,
    removeSome: (threadId, limit) => {
      const portion = new Portion(limit)
      const refusals = { count: 0, bytes: 0 }
      for (const { bytes, kept, key } of receiptsOf.all(threadId, limit)) {
        if (!portion.takes(bytes)) break
        if (kept === 1) {
          detachReceipt.run(key)
          continue
        }
        removeReceipt.run(key)
        refusals.count += 1
        refusals.bytes += bytes
      }
      const effects = removeEffects(portion.left > 0 ? effectsOf.all(threadId, portion.left) : [], portion)
      return {
        seen: portion.count,
        count: refusals.count + effects.count,
        bytes: refusals.bytes + effects.bytes,
      }
    },
    effect: (effectId) => one(effect.get(effectId)),
    attempting: (turnId) => attempting.get(turnId) !== undefined,
    steer: (messageId) => one(steer.get(messageId)),
    latestEffect: (by, id, kind) => one(latestOf[by].get(id, kind)),
    insertEffect: (row) => {
      const { attempts, commandId, createdAt, effectId, endedAt, kind, message, messageId } = row
      const { payload, requestId, sessionId, status, threadId, token, turnId } = row
      const encoded = JSON.stringify(payload ?? null)
      const ids = [sessionId, turnId, requestId, messageId]
      insert.run(
        effectId,
        threadId,
        kind,
        status,
        commandId,
        ...ids,
        encoded,
        token,
        attempts,
        message,
        createdAt,
        endedAt,
      )
    },
    patchEffect: (effectId: string, change: EffectPatch) => {
      const before = effect.get(effectId)
      if (before === undefined) throw new Error(`there is no effect ${effectId}`)
      const { attempts, endedAt, message, sessionId, status, token } = { ...before, ...change }
      patch.run(status, token, attempts, message, sessionId, endedAt, effectId)
    },
    prune: (before, limit) =>
      pruneReceipts.run(before, limit).changes + removeEffects(oldEffects.all(before, limit), new Portion(limit)).count,
  }
}
