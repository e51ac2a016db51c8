/**
 * The search index of one database: it follows the log step by step and answers searches. The log says which rows may have changed,
 * and the rows say what they hold, so that a search finds what lists show. Everything is synchronous and meant for a thread of its own;
 * no step lasts longer than some 20 ms.
 */
import { FOLD_VERSION } from "@threadfold/core"
import Sqlite from "better-sqlite3"
import { remadeKey } from "../rebuild.js"
import { documentsOf, type SearchDocument } from "./documents.js"
import { metaOf, openSearchFile, removeDocuments, removeWords, type StoredDocument, setMeta } from "./SearchFile.js"
import { type FoundPage, type IndexState, type SearchQuery, searchesOf } from "./searches.js"

/** How long a step works, ms. */
const stepMs = 20
/** Events that a step looks at, streamed pieces left out … */
const stepEvents = 2_000
/** … and with them. */
const stepReach = 50_000

/** Documents that are removed at a time. */
const removedAtATime = 200

interface EventFound {
  readonly sequence: number
  readonly type: string
  readonly streamId: string
  readonly itemId: string | null
  readonly turnId: string | null
  readonly requestId: string | null
}

export interface SearchIndexOptions {
  /** The database. */
  readonly database: string
  /** The file of the index. */
  readonly file: string
  /** Time that passes, ms. */
  readonly now: () => number
}

export class SearchIndex {
  private readonly database: Sqlite.Database
  private readonly handle: Sqlite.Database
  private readonly documents: ReturnType<typeof documentsOf>
  private readonly searches: ReturnType<typeof searchesOf>
  private readonly statements: ReturnType<typeof statementsOf>
  private readonly follow: Sqlite.Transaction<() => IndexState>
  private made: string
  private watermark: number
  private hasForgotten = false

  constructor(private readonly options: SearchIndexOptions) {
    this.database = new Sqlite(options.database, { readonly: true, fileMustExist: true })
    const logId = this.database.prepare<[], string>("SELECT value FROM meta WHERE key = 'log.id'").pluck().get()
    this.handle = openSearchFile(options.file, logId ?? "")
    this.documents = documentsOf(this.database)
    this.statements = statementsOf(this.database, this.handle)
    this.searches = searchesOf(this.database, this.handle)
    this.made = metaOf(this.handle, "made") ?? ""
    this.watermark = Number(metaOf(this.handle, "watermark") ?? 0)
    this.follow = this.database.transaction(() => this.handle.transaction(() => this.take()).immediate())
  }

  /** How far the index is. */
  state(): IndexState {
    return { watermark: this.watermark, head: this.statements.head.get() ?? 0 }
  }

  /** Takes the next events. */
  step(): IndexState {
    const state = this.follow()
    if (this.hasForgotten) {
      // What a purge had not found yet does not stay in the write-ahead log, either.
      this.handle.pragma("wal_checkpoint(TRUNCATE)")
      this.hasForgotten = false
    }
    return state
  }

  /** A page of what a search finds. */
  search(query: SearchQuery): FoundPage {
    return this.database.transaction(() => this.searches(query, this.state()))()
  }

  /** Removes what the index has of a purged thread. */
  private forget(threadId: string): void {
    while (removeDocuments(this.handle, threadId, removedAtATime));
    this.hasForgotten = true
  }

  close(): void {
    this.handle.close()
    this.database.close()
  }

  /** Rows that were made again without an event are looked at again, all of them. */
  private startAgain(): void {
    const made = `${FOLD_VERSION}.${this.statements.remade.get() ?? 0}`
    if (made === this.made) return
    this.made = made
    this.watermark = 0
    setMeta(this.handle, "made", made)
  }

  private take(): IndexState {
    this.startAgain()
    const { statements } = this
    const head = statements.head.get() ?? 0
    const until = Math.min(head, this.watermark + stepReach)
    const events = until <= this.watermark ? [] : statements.events.all(this.watermark, until, stepEvents)
    const end = this.options.now() + stepMs
    const threads = new Set<string>()
    let last = this.watermark
    let taken = 0
    for (const event of events) {
      this.takeEvent(event, threads)
      last = event.sequence
      taken += 1
      if (this.options.now() > end) break
    }
    for (const threadId of threads) this.takeThread(threadId)
    const isAll = taken === events.length && events.length < stepEvents
    const reached = isAll ? until : last
    if (reached !== this.watermark) {
      this.watermark = reached
      setMeta(this.handle, "watermark", String(reached))
    }
    return { watermark: this.watermark, head }
  }

  private takeEvent({ itemId, requestId, streamId, turnId, type }: EventFound, threads: Set<string>): void {
    if (type === "thread.purged") return this.forget(streamId)
    threads.add(streamId)
    if (itemId !== null) this.takeItem(itemId, streamId)
    else if (requestId !== null) this.put(this.documents.request(requestId))
    else if (turnId !== null && type.startsWith("turn.")) this.put(this.documents.turn(turnId))
  }

  private takeItem(itemId: string, threadId: string): void {
    const document = this.documents.item(itemId)
    if (document === "open") this.statements.wait.run(itemId, threadId)
    else {
      this.statements.unwait.run(itemId)
      this.put(document)
    }
  }

  /** The thread itself, and its items that were open when they were looked at: the end of a turn ends them, too. */
  private takeThread(threadId: string): void {
    this.put(this.documents.thread(threadId))
    for (const itemId of this.statements.waiting.all(threadId)) this.takeItem(itemId, threadId)
  }

  private put(document: SearchDocument | null): void {
    if (document === null || (document.title === null && document.body === null)) return
    const { statements } = this
    const { at, body, kind, marks, rowId, threadId, title, turnId } = document
    const stored = statements.stored.get(rowId)
    if (stored === undefined) {
      const { lastInsertRowid } = statements.insert.run(rowId, kind, threadId, turnId, at, marks, title, body)
      statements.insertWords.run(lastInsertRowid, marks, title, body)
      return
    }
    if (stored.marks === marks && stored.title === title && stored.body === body) return
    statements.removeWords(stored)
    statements.update.run(turnId, at, marks, title, body, stored.id)
    statements.insertWords.run(stored.id, marks, title, body)
  }
}

const statementsOf = (database: Sqlite.Database, handle: Sqlite.Database) => ({
  head: database.prepare<[], number>("SELECT max(sequence) FROM events").pluck(),
  remade: database.prepare<[], string>(`SELECT value FROM projection_meta WHERE key = '${remadeKey}'`).pluck(),
  // The plus keeps SQLite from the index of types: the log is walked in its order.
  events: database.prepare<[number, number, number], EventFound>(
    `SELECT sequence, type, stream_id AS "streamId", item_id AS "itemId", turn_id AS "turnId", request_id AS "requestId"
     FROM events WHERE sequence > ? AND sequence <= ? AND +type <> 'content.delta' ORDER BY sequence LIMIT ?`,
  ),
  wait: handle.prepare("INSERT OR IGNORE INTO waiting (item_id, thread_id) VALUES (?, ?)"),
  unwait: handle.prepare("DELETE FROM waiting WHERE item_id = ?"),
  waiting: handle.prepare<[string], string>("SELECT item_id FROM waiting WHERE thread_id = ?").pluck(),
  stored: handle.prepare<[string], StoredDocument>("SELECT id, marks, title, body FROM documents WHERE row_id = ?"),
  insert: handle.prepare(
    "INSERT INTO documents (row_id, kind, thread_id, turn_id, at, marks, title, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  ),
  update: handle.prepare("UPDATE documents SET turn_id = ?, at = ?, marks = ?, title = ?, body = ? WHERE id = ?"),
  insertWords: handle.prepare("INSERT INTO texts (rowid, marks, title, body) VALUES (?, ?, ?, ?)"),
  removeWords: removeWords(handle),
})
