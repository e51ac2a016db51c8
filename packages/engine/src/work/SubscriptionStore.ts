/**
 * Durable subscriptions: named places in the log, each with the filter of what is read from there. They are working rows: no event, no
 * projection, outside the hash. A purge leaves them alone, since they hold a place and no content.
 */

/** Which events a subscription takes. All conditions apply together. */
export interface SubscriptionFilter {
  /** The stream of a thread or a connection; null: all. */
  readonly streamId: string | null
  /** Event types that it takes; null: all. */
  readonly types: readonly string[] | null
  /** Event types that it leaves out; null: none. */
  readonly except: readonly string[] | null
}

/** A subscription. */
export interface StoredSubscription extends SubscriptionFilter {
  readonly name: string
  /** Sequence up to which every event is acknowledged. */
  readonly checkpoint: number
  /** When it was made, and when it was last set or moved; ms since the epoch, our clock. */
  readonly createdAt: number
  readonly changedAt: number
}

/** One change of a subscription. */
export type SubscriptionStep =
  | {
      readonly kind: "put"
      readonly name: string
      readonly filter: SubscriptionFilter
      /** Sequence after which a new one begins; null: with what comes from now on. */
      readonly after: number | null
    }
  | { readonly kind: "acknowledge"; readonly name: string; readonly sequence: number }
  | { readonly kind: "delete"; readonly name: string }

/** Everything is synchronous; what writes runs inside the log's transaction. */
export interface SubscriptionStore {
  readonly find: (name: string) => StoredSubscription | null
  readonly count: () => number
  /** Stores a subscription, in the place of one of its name. */
  readonly put: (subscription: StoredSubscription) => void
  readonly remove: (name: string) => void
}
