/** Reads of subscriptions, on a read-only connection. */
import { SqlClient } from "@effect/sql/SqlClient"
import { type StorageUnavailable, type SubscriptionLag, subscriptionLimit } from "@threadfold/contracts"
import { Context, Effect, Layer } from "effect"
import { cannotRead } from "../Errors.js"
import { type SubscriptionColumns, subscriptionColumns, toSubscription } from "./SqliteSubscriptions.js"
import type { StoredSubscription } from "./SubscriptionStore.js"

const unread = cannotRead("subscriptions")

/** Places of the log that are looked at for what waits. */
const looked = 1_000

export interface SubscriptionReadsService {
  /** A subscription; null: there is none of this name. */
  readonly find: (name: string) => Effect.Effect<StoredSubscription | null, StorageUnavailable>
  /** All of them, by name. */
  readonly all: Effect.Effect<readonly StoredSubscription[], StorageUnavailable>
  /** What waits for a subscription, in a log that ends at `head`. It costs the same, however much that is. */
  readonly lag: (subscription: StoredSubscription, head: number) => Effect.Effect<SubscriptionLag, StorageUnavailable>
}

/** Reads of subscriptions. Each fails with `StorageUnavailable` where the database cannot be read. */
export class SubscriptionReads extends Context.Tag("@threadfold/engine/SubscriptionReads")<
  SubscriptionReads,
  SubscriptionReadsService
>() {
  static readonly layer: Layer.Layer<SubscriptionReads, never, SqlClient> = Layer.effect(
    SubscriptionReads,
    Effect.map(SqlClient, (sql): SubscriptionReadsService => {
      const columns = sql.literal(subscriptionColumns)
      return {
        find: (name) =>
          sql<SubscriptionColumns>`SELECT ${columns} FROM subscriptions WHERE name = ${name}`.pipe(
            Effect.map(([row]) => (row === undefined ? null : toSubscription(row))),
            Effect.mapError(unread),
          ),
        all: sql<SubscriptionColumns>`SELECT ${columns} FROM subscriptions ORDER BY name LIMIT ${subscriptionLimit}`.pipe(
          Effect.map((rows) => rows.map(toSubscription)),
          Effect.mapError(unread),
        ),
        lag: ({ checkpoint, except, streamId, types }, head) => {
          const until = Math.min(head, checkpoint + looked)
          const places = Math.max(0, head - checkpoint)
          // The walk is along the sequence, whatever the filter is: so many places and no more.
          return sql<{ readonly events: number; readonly oldest: number | null }>`
            SELECT count(*) AS "events", min(sequence) AS "oldest" FROM events
            WHERE sequence > ${checkpoint} AND sequence <= ${until}
              AND (${streamId} IS NULL OR +stream_id = ${streamId})
              AND (${types === null ? 1 : 0} OR +type IN (SELECT value FROM json_each(${JSON.stringify(types ?? [])})))
              AND +type NOT IN (SELECT value FROM json_each(${JSON.stringify(except ?? [])}))`.pipe(
            Effect.flatMap(([found = { events: 0, oldest: null }]) =>
              Effect.map(
                sql<{ readonly at: number }>`SELECT recorded_at AS "at" FROM events WHERE sequence = ${found.oldest}`,
                ([first]) => ({
                  places,
                  events: found.events,
                  more: until < head,
                  oldestAt: first?.at ?? null,
                }),
              ),
            ),
            Effect.mapError(unread),
          )
        },
      }
    }),
  )
}
