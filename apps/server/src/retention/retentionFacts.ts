/** The facts that `decideRetention` of core wants of threads, read from a database, page by page. No rule is here. */
import { decideRetention, isMirrorOf, type RetentionFacts, type RetentionVerdict } from "@threadfold/core"
import { importsKey, importsOf } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import type Sqlite from "better-sqlite3"

/** A thread, and what is to become of it. */
export interface JudgedThread {
  readonly threadId: string
  /** Version of its stream. */
  readonly version: number
  readonly lastActivityAt: number | null
  readonly verdict: RetentionVerdict
}

/** A page of threads, in the order of their ids. */
export interface RetentionPage {
  readonly logId: string
  readonly threads: readonly JudgedThread[]
  readonly purged: number
  /** The last thread of the page; null: there are no more. */
  readonly next: string | null
}

type Found = Omit<RetentionFacts, "importing"> & { readonly version: number; readonly purged: 0 | 1 }

const columns = `t.thread_id AS "threadId", t.provider, t.native_thread_id AS "nativeThreadId", t.source,
  t.created_at AS "createdAt", t.deleted_at AS "deletedAt", t.active_turn_id AS "activeTurnId",
  t.last_activity_at AS "lastActivityAt", t.updated_at AS "updatedAt", t.keep_alive_until AS "keepAliveUntil",
  t.open_requests AS "openRequests", t.running_tasks AS "runningTasks", t.queued,
  coalesce((SELECT stream_version FROM fold_state WHERE stream_id = t.thread_id), 0) AS version,
  EXISTS (SELECT 1 FROM fold_state WHERE stream_id = t.thread_id AND status = 'frozen') AS frozen,
  EXISTS (SELECT 1 FROM sessions WHERE thread_id = t.thread_id AND ended_at IS NULL) AS "sessionLives",
  (SELECT count(*) FROM turns WHERE thread_id = t.thread_id AND settled = 0 AND status = 'requested') AS "requestedTurns",
  (SELECT count(*) FROM effects WHERE thread_id = t.thread_id AND ended_at IS NULL) AS "openEffects",
  EXISTS (SELECT 1 FROM threads c JOIN sessions s ON s.thread_id = c.thread_id AND s.ended_at IS NULL
    WHERE c.parent_thread_id = t.thread_id) AS "childLives",
  t.status = 'purged' AS purged`

/** Judges a page of threads. The caller sees to it that all is read of one moment. */
export const judgeThreads = (
  handle: Sqlite.Database,
  policy: { readonly now: number; readonly olderMs: number },
  { after, limit }: { readonly after: string | null; readonly limit: number },
): RetentionPage => {
  const driver = sqliteDriver(handle)
  const importing = importsOf(driver.getMeta(importsKey))
  const withImport = (found: Found): RetentionFacts & Found => ({
    ...found,
    importing: importing.has(found.threadId) ? 1 : 0,
  })
  const page = handle.prepare<[string, number], Found>(
    `SELECT ${columns} FROM threads t WHERE t.thread_id > ? ORDER BY t.thread_id LIMIT ?`,
  )
  const sameNative = handle.prepare<[string, string], Found>(
    `SELECT ${columns} FROM threads t WHERE t.native_thread_id = ? AND t.thread_id <> ? AND t.status <> 'purged'`,
  )
  const mirrorsOf = (thread: RetentionFacts): readonly RetentionFacts[] =>
    thread.nativeThreadId === null
      ? []
      : sameNative
          .all(thread.nativeThreadId, thread.threadId)
          .filter((other) => isMirrorOf(other, thread))
          .map(withImport)
  const found = page.all(after ?? "", limit).map(withImport)
  const threads = found
    .filter(({ purged }) => purged === 0)
    .map((thread): JudgedThread => {
      const { lastActivityAt, threadId, updatedAt, version } = thread
      const verdict = decideRetention(thread, mirrorsOf(thread), policy)
      return { threadId, version, lastActivityAt: lastActivityAt ?? updatedAt, verdict }
    })
  return {
    logId: driver.logId,
    threads,
    purged: found.length - threads.length,
    next: found.length < limit ? null : (found.at(-1)?.threadId ?? null),
  }
}
