/** How many things wait for a person, for the badge: read again, at most once a second, when something of it may have changed. */
import type { Inbox, InboxCounts } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import type { Api } from "../api/Api.js"
import type { FeedListener } from "./Feed.js"
import { ValueStore } from "./KeyedStore.js"

/** Tables of whose rows the entries of the inbox are made. */
const tables: readonly string[] = ["threads", "requests", "turns", "queue"]
const pauseMs = 1_000

export class InboxCount implements FeedListener {
  /** Null: not known yet. */
  readonly counts = new ValueStore<InboxCounts | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = ""

  constructor(private readonly api: Pick<Api, "get">) {}

  readonly restarted = (): void => this.#soon(0)
  readonly resumed = (): void => this.#soon(0)

  readonly changed = ({ changes }: RowChanges): void => {
    if (changes.some(({ table }) => tables.includes(table))) this.#soon(pauseMs)
  }

  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.api
        .get<Inbox>("/v1/inbox", { limit: 1 })
        .then(({ counts }) => {
          const text = JSON.stringify(counts)
          if (text !== this.#last) this.counts.set(counts)
          this.#last = text
        })
        // The connection is shown as lost by the feed; the next change asks again.
        .catch(() => undefined)
    }, ms)
  }
}
