/**
 * Since when a thread's agent does nothing but retry. Some agents retry a model that cannot be reached for ever, and every retry looks
 * like life; the watchdog counts from the first of them (`limits.retryMs`).
 */
import { newsOf } from "./wakeUps.js"

/** An event of an agent. */
export interface Said {
  readonly type: string
  readonly payload?: unknown
  /** Source clock, ms since the epoch. */
  readonly at: number
}

const willRetry = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "willRetry" in payload && payload.willRetry === true

/** When the first of the retries was that the agent has got no further since, after it has said this; null: it does not retry. */
export const retryingSince = (before: number | null, { at, payload, type }: Said): number | null => {
  if (type === "runtime.error") return willRetry(payload) ? (before ?? at) : null
  return newsOf(type).progress ? null : before
}
