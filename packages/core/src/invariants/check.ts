/** Checking a log and a stream's rows. Both name the event to look at: the first that breaks, or the last that touched. */
import type { EventEnvelope } from "@threadfold/contracts"
import type { Invariant, LogCheck, LogInvariant, RowInvariant, ThreadRows } from "./Invariant.js"
import { logInvariants } from "./log.js"
import { itemRowInvariants } from "./rows/itemRows.js"
import { sessionRowInvariants } from "./rows/sessionRows.js"
import { threadRowInvariants } from "./rows/threadRows.js"
import { turnRowInvariants } from "./rows/turnRows.js"
import { voiceRowInvariants } from "./rows/voiceRows.js"
import { stateInvariants } from "./state.js"

/** The invariants of rows. */
const rowInvariants: readonly RowInvariant[] = [
  ...sessionRowInvariants,
  ...turnRowInvariants,
  ...itemRowInvariants,
  ...voiceRowInvariants,
  ...threadRowInvariants,
]

/** All invariants. */
export const invariants: readonly Invariant[] = [...logInvariants, ...rowInvariants, ...stateInvariants]

/** A finding, in the shape of `CheckReport.violations`. */
export interface Violation {
  /** Id of the invariant. */
  readonly invariant: string
  readonly kind: "log" | "row"
  /** The stream: a thread or a connection. */
  readonly threadId: string
  /** Log: the event that breaks it. Row: the last event that touched the row or one that it contradicts. Null where no event is known. */
  readonly sequence: number | null
  /** Id of that event; null for rows, where the caller looks it up by the sequence. */
  readonly eventId: string | null
  readonly detail: string
}

/** Findings per invariant and stream at most: what is broken once is often broken a thousand times. */
export const maxViolations = 20

/** A check of a log that goes on event by event. */
export class LogChecker {
  readonly violations: Violation[] = []
  private readonly checks: readonly { readonly invariant: LogInvariant; readonly check: LogCheck; found: number }[]
  constructor(
    private readonly streamId: string,
    invariants: readonly LogInvariant[] = logInvariants,
  ) {
    this.checks = invariants.map((invariant) => ({ invariant, check: invariant.start(streamId), found: 0 }))
  }

  /** Takes the stream's next event. */
  take(event: EventEnvelope): void {
    for (const one of this.checks) {
      const detail = one.check(event)
      if (detail === null || one.found >= maxViolations) continue
      one.found += 1
      this.violations.push({
        invariant: one.invariant.id,
        kind: "log",
        threadId: this.streamId,
        sequence: event.sequence,
        eventId: event.eventId,
        detail,
      })
    }
  }
}

/** Checks the events of one stream, given in order. */
export const checkLog = (
  streamId: string,
  events: Iterable<EventEnvelope>,
  invariants: readonly LogInvariant[] = logInvariants,
): readonly Violation[] => {
  const checker = new LogChecker(streamId, invariants)
  for (const event of events) checker.take(event)
  return checker.violations
}

/** Checks the stored rows of one stream. */
export const checkRows = (
  streamId: string,
  rows: ThreadRows,
  invariants: readonly RowInvariant[] = rowInvariants,
): readonly Violation[] =>
  invariants.flatMap((invariant) =>
    invariant
      .violations(rows)
      .slice(0, maxViolations)
      .map(({ table, key, sequence, detail }) => ({
        invariant: invariant.id,
        kind: "row" as const,
        threadId: streamId,
        sequence: sequence === 0 ? null : sequence,
        eventId: null,
        detail: `${table} ${key.join("/")}: ${detail}`,
      })),
  )
