/** Subscriptions in SQLite, on the handle of the writer. */
import type Sqlite from "better-sqlite3"
import type { StoredSubscription, SubscriptionStore } from "./SubscriptionStore.js"

/** `types` and `except` are arrays of JSON; null: no condition. */
export const subscriptionTables = [
  `CREATE TABLE subscriptions (
    name TEXT PRIMARY KEY,
    stream_id TEXT,
    types TEXT,
    except_types TEXT,
    checkpoint INTEGER NOT NULL CHECK (checkpoint >= 0),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
] as const

/** A subscription as its columns are read. */
export interface SubscriptionColumns extends Omit<StoredSubscription, "types" | "except"> {
  readonly types: string | null
  readonly except: string | null
}

/** The columns of a subscription, under the names of {@link StoredSubscription}. */
export const subscriptionColumns = `name, stream_id AS "streamId", types, except_types AS "except", checkpoint,
  created_at AS "createdAt", changed_at AS "changedAt"`

// Our own rows: the writer stored the list that it was given.
const namesIn = (stored: string | null): readonly string[] | null => {
  const names: readonly string[] | null = stored === null ? null : JSON.parse(stored)
  return names
}

/** A subscription from its columns. */
export const toSubscription = (row: SubscriptionColumns): StoredSubscription => ({
  ...row,
  types: namesIn(row.types),
  except: namesIn(row.except),
})

const stored = (names: readonly string[] | null): string | null => (names === null ? null : JSON.stringify(names))

/** The store on a handle. Its migrations have run. */
export const sqliteSubscriptions = (handle: Sqlite.Database): SubscriptionStore => {
  const find = handle.prepare<[string], SubscriptionColumns>(
    `SELECT ${subscriptionColumns} FROM subscriptions WHERE name = ?`,
  )
  const count = handle.prepare<[], number>("SELECT count(*) FROM subscriptions").pluck()
  const put = handle.prepare(
    `INSERT OR REPLACE INTO subscriptions (name, stream_id, types, except_types, checkpoint, created_at, changed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = handle.prepare<[string]>("DELETE FROM subscriptions WHERE name = ?")
  return {
    find: (name) => {
      const row = find.get(name)
      return row === undefined ? null : toSubscription(row)
    },
    count: () => count.get() ?? 0,
    put: ({ changedAt, checkpoint, createdAt, except, name, streamId, types }) => {
      put.run(name, streamId, stored(types), stored(except), checkpoint, createdAt, changedAt)
    },
    remove: (name) => {
      remove.run(name)
    },
  }
}
