/** The rows that a purge of a stream removes: all but that of the thread or connection itself. */
import type { TableName } from "@threadfold/contracts"
import { Portion } from "@threadfold/core"
import {
  type Layout,
  layout,
  layouts,
  type RemovedRows,
  type Scalar,
  type ServedSession,
  tombstoneTables,
} from "@threadfold/core/model"
import type { Database } from "better-sqlite3"
import { equals, sqlName } from "./SqlText.js"

/** About how long the texts of a row are, in bytes. */
const sizeOf = ({ columns }: Layout): string =>
  columns.map(({ name }) => `coalesce(octet_length("${sqlName(name)}"), 0)`).join(" + ")

/** How many rows a purge of a stream would remove, and about how long their texts are, in bytes. */
export const rowSizes = (database: Database, streamId: string): { readonly count: number; readonly bytes: number } => {
  let count = 0
  let bytes = 0
  for (const [table, of] of layouts) {
    if (tombstoneTables.has(table)) continue
    const where =
      table === "item_chunks"
        ? "item_id IN (SELECT item_id FROM items WHERE thread_id = ?)"
        : `${sqlName(of.owner)} = ?`
    const found = database
      .prepare<[string], { readonly count: number; readonly bytes: number }>(
        `SELECT count(*) AS count, coalesce(sum(${sizeOf(of)}), 0) AS bytes FROM ${table} WHERE ${where}`,
      )
      .get(streamId)
    count += found?.count ?? 0
    bytes += found?.bytes ?? 0
  }
  return { count, bytes }
}

/** What finds the rows that a purge removes, a page at a time. */
const prepare = (database: Database) => {
  const page = (table: TableName, where: string) => {
    const of = layout(table)
    const columns = [sizeOf(of), ...of.key.map(sqlName)].join(", ")
    return database.prepare<unknown[], readonly Scalar[]>(`SELECT ${columns} FROM ${table} WHERE ${where}`).raw()
  }
  const others = [...layouts].filter(
    ([table]) => !tombstoneTables.has(table) && table !== "items" && table !== "item_chunks",
  )
  return {
    sessions: database.prepare<[string, number, number], ServedSession>(
      `SELECT epoch, connection_id AS "connectionId" FROM sessions WHERE thread_id = ? AND epoch > ?
       ORDER BY epoch LIMIT ?`,
    ),
    openedFor: database
      .prepare<[string, string, number], string>(
        `SELECT connection_id FROM connections WHERE opened_for = ? AND connection_id > ? ORDER BY connection_id LIMIT ?`,
      )
      .pluck(),
    others: database.prepare<[string, string]>(
      "SELECT 1 FROM sessions WHERE connection_id = ? AND thread_id <> ? LIMIT 1",
    ),
    opener: database.prepare<[string, string]>(
      `SELECT 1 FROM connections JOIN threads ON thread_id = opened_for
       WHERE connection_id = ? AND opened_for <> ? AND threads.status <> 'purged'`,
    ),
    items: database.prepare<[string, number], string>("SELECT item_id FROM items WHERE thread_id = ? LIMIT ?").pluck(),
    item: page("items", "item_id = ?"),
    chunks: page("item_chunks", "item_id = ? LIMIT ?"),
    pages: others.map(([table, of]) => [table, page(table, `${sqlName(of.owner)} = ? LIMIT ?`)] as const),
  }
}

export class RowRemoval {
  private readonly sql: ReturnType<typeof prepare>
  private readonly removals = new Map<TableName, ReturnType<Database["prepare"]>>()

  constructor(private readonly database: Database) {
    this.sql = prepare(database)
  }

  /** Removes at most `limit` rows of a stream, fewer where they are long; none only where none is left. */
  some(streamId: string, limit: number): RemovedRows {
    const keys: RemovedRows["keys"][number][] = []
    // What is removed is overwritten, so that its bytes count.
    const portion = new Portion(limit)
    const remove = (table: TableName, rows: readonly (readonly Scalar[])[]): void => {
      for (const [size, ...key] of rows) {
        if (!portion.takes(Number(size))) return
        this.removal(table).run(key)
        keys.push({ table, key })
      }
    }
    const { chunks, item, items, pages } = this.sql
    // A chunk has no place without its item, so each item goes behind its chunks.
    for (const itemId of items.all(streamId, limit)) {
      if (portion.left > 0) remove("item_chunks", chunks.all(itemId, portion.left))
      if (portion.left > 0) remove("items", item.all(itemId))
    }
    for (const [table, page] of pages) if (portion.left > 0) remove(table, page.all(streamId, portion.left))
    return { keys, bytes: portion.bytes }
  }

  /** Sessions of a thread behind this epoch, oldest first. */
  sessionsAfter(threadId: string, epoch: number, limit: number): readonly ServedSession[] {
    return this.sql.sessions.all(threadId, epoch, limit)
  }

  /** Connections that were opened for a thread, behind this id. */
  openedFor(threadId: string, after: string, limit: number): readonly string[] {
    return this.sql.openedFor.all(threadId, after, limit)
  }

  /** Whether a thread besides this one has a session on the connection, or has it opened for it and is not purged. */
  servesOther(connectionId: string, threadId: string): boolean {
    const { opener, others } = this.sql
    return [others, opener].some((found) => found.get(connectionId, threadId) !== undefined)
  }

  private removal(table: TableName): ReturnType<Database["prepare"]> {
    const known = this.removals.get(table)
    if (known !== undefined) return known
    const made = this.database.prepare(`DELETE FROM ${table} WHERE ${equals(layout(table).key)}`)
    this.removals.set(table, made)
    return made
  }
}
