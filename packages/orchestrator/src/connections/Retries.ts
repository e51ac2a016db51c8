/**
 * Which threads do nothing but retry, and since when. Some agents retry a model that cannot be reached for ever, and every
 * retry looks like life. Heard from the agents as they speak: a fact about processes of ours, gone with them.
 */
import { retryingSince, type Said } from "@threadfold/core"

export class Retries {
  private readonly begun = new Map<string, number>()

  /** Takes note of what a thread's agent says. */
  heard(threadId: string, said: Said): void {
    const before = this.since(threadId)
    const since = retryingSince(before, said)
    if (since === before) return
    if (since === null) this.begun.delete(threadId)
    else this.begun.set(threadId, since)
  }

  /** When the first of the retries was that the thread's agent has got no further since; null: it does not retry. */
  since(threadId: string): number | null {
    return this.begun.get(threadId) ?? null
  }
}
