/** What the proxy of an adapter check records: the calls that an adapter makes about attached sessions. */
import type { Fault } from "./faultPlan.js"

/** A call about an attached session, from its arrival to its answer. It holds no header, so that no token is in it. */
export interface Call {
  /** Number of the call, from 1, in the order of arrival. */
  readonly number: number
  readonly method: string
  /** Path and query of its URL. */
  readonly path: string
  readonly operation: "open" | "push" | "heartbeat" | "close"
  readonly sessionId: string
  /** When it arrived, ms since the epoch. */
  readonly startedAt: number
  /** When it was answered, or its connection was cut, ms since the epoch. */
  readonly endedAt: number
  /** Media type of the body, without parameters; empty where none was named. */
  readonly mediaType: string
  readonly body: string
  /** HTTP status that the adapter saw; null: its connection was cut. */
  readonly status: number | null
  /** What was done to it; null: it was passed on. */
  readonly fault: Fault | null
  /** What the server answered, also where the adapter did not see it; empty where it was not passed on. */
  readonly answer: string
}

/** All that a check has seen. */
export interface Trace {
  /** In the order of arrival. */
  readonly calls: readonly Call[]
  /** When the check ended, ms since the epoch. */
  readonly endedAt: number
  /** By session: since when the adapter could know that the proxy let its lease lapse, ms since the epoch. */
  readonly lapses: ReadonlyMap<string, number>
  /** When the first call arrived for which the server could not be reached, ms since the epoch; null: it was there. */
  readonly lostAt: number | null
}
