/** `bisect`: the first event of a thread after which an expression is true, over the thread's stream. */
import type { Fold } from "@threadfold/core"
import {
  type BeginWalk,
  type BisectRange,
  type BisectResult,
  bisect,
  type RowChange,
  walkRows,
} from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { compileExpression } from "./expression.js"
import { requireContent } from "./moments.js"

/** What is looked for. */
export interface BisectQuestion extends BisectRange {
  readonly threadId: string
  /** The expression, in CEL. */
  readonly where: string
  /** Another build of the fold; null: that of this program. */
  readonly fold: Fold | null
}

/** What `bisect` prints. */
export interface BisectReport {
  readonly threadId: string
  readonly where: string
  /** Null: the expression is true after no event of the range. */
  readonly found: {
    readonly sequence: number
    readonly eventId: string
    readonly type: string
    /** Source clock, ms since the epoch. */
    readonly at: number
    /** What the expression said before the event; null: there was no thread. A `value` of null: it could not be evaluated. */
    readonly previous: { readonly value: boolean | null; readonly error: string | null } | null
    /** What the event changed in the `thread --json` document. */
    readonly rows: readonly RowChange[]
  } | null
  /** Events that were folded, and evaluations. */
  readonly events: number
  readonly evaluations: number
  /** Evaluations that failed, which count as not true, and the first of them. */
  readonly errors: BisectResult["errors"]
}

const previousOf = (before: NonNullable<BisectResult["found"]>["before"]) =>
  before === null ? null : { value: before.holds, error: before.holds === null ? before.error : null }

/** Looks for the first event. Throws the problem where there is no such thread, or the expression is none. */
export const bisectLog = (
  driver: LogDriver,
  { fold, threadId, where, ...range }: BisectQuestion,
  onEvents: (count: number) => void = () => undefined,
): BisectReport => {
  const predicate = compileExpression(where)
  // In what is left of a purged thread nothing is found, and that would be no answer.
  requireContent(driver, threadId)
  const walk: BeginWalk = (keeps, mayJoin) =>
    walkRows(threadId, eventsOf(eventSourceOf(driver), threadId, onEvents), fold ?? undefined, keeps, mayJoin)
  const { found, ...figures } = bisect(threadId, walk, predicate, range)
  if (found === null) return { threadId, where, found, ...figures }
  const { at, eventId, sequence, type } = found.event
  const first = { sequence, eventId, type, at, previous: previousOf(found.before), rows: found.rows }
  return { threadId, where, found: first, ...figures }
}
