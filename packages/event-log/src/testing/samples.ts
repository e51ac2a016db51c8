/** Rows to insert in suites: plain, valid, and different from each other by a number alone. */
import { blankRow, type EventRow } from "../EventRow.js"

const uuid = (space: number, n: number): string =>
  `0199a000-${space.toString(16).padStart(4, "0")}-7000-8000-${n.toString(16).padStart(12, "0")}`

/** The n-th stream. */
export const streamOf = (n: number): string => uuid(1, n)
/** The n-th session. */
export const sessionOf = (n: number): string => uuid(2, n)
/** The n-th event id. */
export const eventIdOf = (n: number): string => uuid(3, n)

/** A native body for a sequence: every tenth is long enough for the blob table, and two of those are alike. */
export const nativeOf = (sequence: number): string =>
  sequence % 10 === 0
    ? `{"long":"${"x".repeat(40_000)}","n":${sequence % 20}}`
    : `{"method":"item/agentMessage/delta","n":${sequence}}`

/** A stored row. */
export const sampleRow = (sequence: number, over: Partial<EventRow> = {}): EventRow => ({
  ...blankRow,
  sequence,
  streamId: streamOf(1),
  streamVersion: sequence,
  eventId: eventIdOf(sequence),
  type: "content.delta",
  v: 1,
  at: 1_700_000_000_000,
  recordedAt: 1_700_000_000_000,
  actor: "provider",
  payload: '{"text":"a"}',
  ...over,
})
