/**
 * The steps of a thread to go forward and back through. The last ones that were passed are kept, so that a step back costs nothing;
 * only a jump further back folds the thread again from its first event.
 */
import type { EventEnvelope } from "@threadfold/contracts"
import type { NoteAnomaly } from "../Change.js"
import type { RowChange } from "./diff.js"
import { changedRows, type RowMove, type RowStep } from "./rowMoves.js"

/** A step as it is shown. */
export interface TimelineStep {
  readonly event: EventEnvelope
  /** What the event changed in the `thread --json` document. */
  readonly rows: readonly RowChange[]
  /** What the fold refused to apply at this event. */
  readonly anomalies: readonly NoteAnomaly[]
  /** The stored rows that it moved, before and after. */
  readonly moves: readonly RowMove[]
}

/** The step of a walk, to be made while the walk stands there. */
export const timelineStep = (threadId: string, step: RowStep): TimelineStep => ({
  event: step.event,
  rows: changedRows(threadId, step),
  anomalies: step.changes.flatMap((change) => (change.op === "anomaly" ? [change] : [])),
  moves: step.moves,
})

/** Steps that are kept, where nothing else is said. */
const stepsKept = 2048

/** The steps of one thread by their place: the first is 1. */
export class Timeline {
  private walk: Iterator<RowStep> | null = null
  /** The last steps that the walk passed, the newest at the end. */
  private kept: TimelineStep[] = []
  private place = 0
  private walks = 0

  /**
   * @param steps begins a walk of the thread at its first event
   * @param least steps that are kept behind the furthest one, at least; at most twice as many
   */
  constructor(
    private readonly threadId: string,
    private readonly steps: () => Iterable<RowStep>,
    private readonly least: number = stepsKept,
  ) {}

  /** How often the thread was folded from its first event on. */
  get begun(): number {
    return this.walks
  }

  /** The step at a place; null: the thread has no more. */
  at(place: number): TimelineStep | null {
    if (place < 1) return null
    if (this.walk === null || place <= this.place - this.kept.length) this.begin()
    while (this.place < place) if (!this.advance()) return null
    return this.kept[this.kept.length - 1 - (this.place - place)] ?? null
  }

  /** The place of the first step after this one that is wanted, or null. */
  after(place: number, isWanted: (step: TimelineStep) => boolean): number | null {
    for (let next = place + 1; ; next++) {
      const step = this.at(next)
      if (step === null) return null
      if (isWanted(step)) return next
    }
  }

  /** The last place; 0: the thread has no event. */
  end(): number {
    this.at(Number.MAX_SAFE_INTEGER)
    return this.place
  }

  private begin(): void {
    this.walk = this.steps()[Symbol.iterator]()
    this.kept = []
    this.place = 0
    this.walks += 1
  }

  private advance(): boolean {
    const next = this.walk?.next()
    if (next === undefined || next.done === true) return false
    this.place += 1
    this.kept.push(timelineStep(this.threadId, next.value))
    // Dropped in bulk: to move the whole list at each step would cost more than the step.
    if (this.kept.length >= 2 * this.least) this.kept = this.kept.slice(-this.least)
    return true
  }
}
