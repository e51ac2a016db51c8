/**
 * What a row of the list shows that the list of the API does not tell: tokens, and since when its turn runs. Read for the rows that are
 * seen, a few at a time; then kept up to date by the feed.
 */
import type { TurnDetail } from "@threadfold/contracts"
import type { RowChanges, UsagePage } from "@threadfold/contracts/api"
import type { Api } from "../../api/Api.js"
import { changesOf, type FeedListener } from "../../live/Feed.js"
import { KeyedStore } from "../../live/KeyedStore.js"

export interface Detail {
  /** Tokens of all turns; null: none were reported. */
  readonly tokens: number | null
  /** Tokens of the context in use, of its window; null: not reported. */
  readonly context: number | null
  /** The turn that runs; null: none was seen. */
  readonly turn: { readonly turnId: string; readonly startedAt: number } | null
}

/** What is wanted for a row. */
export interface Wanted {
  readonly threadId: string
  readonly activeTurnId: string | null
}

const mostAtOnce = 3
/** Rows that a person scrolls past are not asked for. */
const restMs = 150
const unknown: Detail = { tokens: null, context: null, turn: null }

/** The one number of a thread's tokens: the provider's own total, else what went in and came out. */
export const totalOf = (usage: {
  readonly totalTokens: number | null
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}): number | null => {
  if (usage.totalTokens !== null) return usage.totalTokens
  if (usage.inputTokens === null && usage.outputTokens === null) return null
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
}

export class RowDetails implements FeedListener {
  readonly rows = new KeyedStore<Detail>()
  readonly #read = new Set<string>()
  readonly #queue = new Map<string, Wanted>()
  #running = 0

  constructor(private readonly api: Pick<Api, "get">) {}

  /** Reads the details of a row that is seen. The function that is returned says that it is not any more. */
  want(wanted: Wanted): () => void {
    const { activeTurnId, threadId } = wanted
    const known = this.rows.get(threadId)
    const lacksTurn = activeTurnId !== null && known?.turn?.turnId !== activeTurnId
    if (this.#read.has(threadId) && !lacksTurn) return () => {}
    const timer = setTimeout(() => {
      this.#queue.set(threadId, wanted)
      this.#work()
    }, restMs)
    return () => {
      clearTimeout(timer)
      this.#queue.delete(threadId)
    }
  }

  readonly restarted = (): void => this.#read.clear()

  readonly changed = (changes: RowChanges): void => {
    for (const change of changesOf("usage", changes)) {
      if (change.kind === "put") this.#amend(change.row.threadId, { tokens: totalOf(change.row) })
    }
    for (const change of changesOf("turns", changes)) {
      if (change.kind === "removed" || change.row.status !== "running") continue
      const { startedAt, threadId, turnId } = change.row
      if (startedAt !== null && this.rows.get(threadId)?.turn?.turnId !== turnId) {
        this.#amend(threadId, { turn: { turnId, startedAt } })
      }
    }
  }

  #amend(threadId: string, part: Partial<Detail>): void {
    this.rows.set(threadId, { ...(this.rows.get(threadId) ?? unknown), ...part })
  }

  #work(): void {
    while (this.#running < mostAtOnce) {
      const next = this.#queue.values().next()
      if (next.done === true) return
      this.#queue.delete(next.value.threadId)
      this.#running += 1
      void this.#ask(next.value)
        // A row without its tokens is still a row; it is asked for again when it is seen again.
        .catch(() => undefined)
        .finally(() => {
          this.#running -= 1
          this.#work()
        })
    }
  }

  async #ask({ activeTurnId, threadId }: Wanted): Promise<void> {
    const path = `/v1/threads/${encodeURIComponent(threadId)}/usage`
    const [{ context, usage }, turn] = await Promise.all([
      this.api.get<typeof UsagePage.Type>(path),
      activeTurnId === null ? null : this.api.get<TurnDetail>(`/v1/turns/${encodeURIComponent(activeTurnId)}`),
    ])
    this.#read.add(threadId)
    const startedAt = turn?.startedAt ?? null
    this.#amend(threadId, {
      tokens: usage === null ? null : totalOf(usage),
      context: context.used === null || context.window === null ? null : context.used / context.window,
      ...(turn === null || startedAt === null ? {} : { turn: { turnId: turn.turnId, startedAt } }),
    })
  }
}
