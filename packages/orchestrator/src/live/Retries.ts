/**
 * Which threads do nothing but retry, and since when. Some agents retry a model that cannot be reached for ever, and every
 * retry looks like life. Heard from the agents as they speak: a fact about processes of ours, gone with them.
 */
import { type EventType, isEventType } from "@threadfold/contracts"
import { isRecord } from "../isRecord.js"

/** What an agent says. */
export interface Said {
  readonly type: string
  readonly payload?: unknown
  /** Source clock, ms since the epoch. */
  readonly at: number
}

/** What shows that a turn gets on, or is over. A retry that merely begins again is none of it. */
const progress: ReadonlySet<EventType> = new Set<EventType>([
  "turn.started",
  "turn.completed",
  "turn.aborted",
  "turn.plan.updated",
  "turn.proposed.delta",
  "turn.proposed.completed",
  "turn.diff.updated",
  "item.started",
  "item.updated",
  "item.completed",
  "content.delta",
  "request.opened",
  "user-input.requested",
  "task.started",
  "task.progress",
  "inference.item",
  "inference.completed",
  "session.exited",
])

export class Retries {
  private readonly begun = new Map<string, number>()

  /** Takes note of what a thread's agent says. */
  heard(threadId: string, { at, payload, type }: Said): void {
    if (type === "runtime.error") {
      if (!isRecord(payload) || payload.willRetry !== true) this.begun.delete(threadId)
      else if (!this.begun.has(threadId)) this.begun.set(threadId, at)
    } else if (this.begun.size > 0 && isEventType(type) && progress.has(type)) {
      this.begun.delete(threadId)
    }
  }

  /** When the first of the retries was that the thread's agent has got no further since; null: it does not retry. */
  since(threadId: string): number | null {
    return this.begun.get(threadId) ?? null
  }
}
