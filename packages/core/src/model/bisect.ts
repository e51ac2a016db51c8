/**
 * The first event after which an expression is true of a thread. A walk evaluates only after events that changed something that the
 * expression reads; where the expression stays true once it is, a search inside a window of steps needs a few evaluations only.
 */
import type { EventEnvelope } from "@threadfold/contracts"
import type { RowChange } from "./diff.js"
import { type KeepsText, needsText, textOfStep } from "./LightRows.js"
import { type DocumentName, LiveDocument, type Reads, textThatIsRead } from "./LiveDocument.js"
import { changedRows, type RowMove, type RowStep, reversed } from "./rowMoves.js"

/** What an expression says of a document; an expression that cannot be evaluated says why. */
export type Verdict = { readonly holds: boolean } | { readonly holds: null; readonly error: string }

/** An expression over the document of a thread. */
export interface Predicate {
  readonly reads: Reads
  /** Makes of an entry of the document what the expression reads. */
  readonly present?: (view: unknown) => unknown
  readonly test: (document: LiveDocument) => Verdict
}

/** Where to look. */
export interface BisectRange {
  /** The first and the last sequence whose events may be the answer. */
  readonly from: number
  readonly to: number
  /** True: the expression stays true once it is. */
  readonly monotone: boolean
}

/** The answer. */
export interface BisectResult {
  readonly found: {
    readonly event: EventEnvelope
    /** What the expression said before the event: false, true (only where a range begins), an error (null), or nothing. */
    readonly before: Verdict | null
    /** What the event changed in the document. */
    readonly rows: readonly RowChange[]
  } | null
  /** Events that were folded. */
  readonly events: number
  /** How often the expression was evaluated. */
  readonly evaluations: number
  /** Evaluations that failed, which count as not true, and the first of them. */
  readonly errors: { readonly count: number; readonly sequence: number | null; readonly error: string | null }
}

/** Steps that a monotone search looks at together. */
const windowSize = 1024

/** Parts of the document that streamed text changes. */
const partsOfDeltas: readonly DocumentName[] = ["sequence", "thread", "session", "items"]

/** Begins a walk of the thread at its first event. */
export type BeginWalk = (
  /** The text that is needed of the rows. */
  keeps: KeepsText,
  /** Deltas whose steps may be one: nothing that is read changes with them. */
  mayJoin: ((event: EventEnvelope) => boolean) | null,
) => Iterable<RowStep>

class Bisection {
  private readonly document: LiveDocument
  private readonly keeps: KeepsText
  private events = 0
  private evaluations = 0
  private errors: BisectResult["errors"] = { count: 0, sequence: null, error: null }

  constructor(
    private readonly threadId: string,
    private readonly beginWalk: BeginWalk,
    private readonly predicate: Predicate,
  ) {
    this.keeps = textThatIsRead(predicate.reads)
    this.document = new LiveDocument(predicate.reads, predicate.present)
  }

  /** Evaluates after every event that changed what is read. */
  walk({ from, to }: BisectRange): BisectResult {
    let before: Verdict | null = null
    let isFirst = true
    const readsDeltas = partsOfDeltas.some((name) => this.predicate.reads.names.has(name))
    // The first event of the range is looked at by itself, and no run goes over an end of the range.
    const mayJoin = ({ sequence }: EventEnvelope): boolean => sequence <= to && (sequence < from || !isFirst)
    for (const step of this.beginWalk(this.keeps, readsDeltas ? null : mayJoin)) {
      const { event, moves } = step
      if (event.sequence > to) break
      const isInside = event.sequence >= from
      if (isInside && isFirst && this.events > 0) before = this.evaluate(event.sequence - 1)
      this.events += step.events
      const changed = this.document.take(event.sequence, moves)
      if (!isInside || !(changed || isFirst)) continue
      isFirst = false
      const verdict = this.evaluate(event.sequence)
      if (verdict.holds === true) {
        return this.result({ event, before, rows: this.rowsOf(step, true) })
      }
      before = verdict
    }
    return this.result(null)
  }

  /** Evaluates at the end of every window of steps, and searches the first window at whose end the expression is true. */
  search({ from, to }: BisectRange): BisectResult {
    let before: Verdict | null = null
    let window: RowStep[] = []
    const searched = (): BisectResult | null => {
      const last = window.at(-1)
      if (last === undefined) return null
      const verdict = this.evaluate(last.event.sequence)
      if (verdict.holds === true) return this.inside(window, before)
      before = verdict
      window = []
      return null
    }
    for (const step of this.beginWalk(this.keeps, null)) {
      if (step.event.sequence > to) break
      const isInside = step.event.sequence >= from
      if (isInside && window.length === 0 && before === null && this.events > 0) {
        before = this.evaluate(step.event.sequence - 1)
      }
      this.events += 1
      this.document.take(step.event.sequence, step.moves)
      if (!isInside) continue
      window.push(step)
      const found = window.length < windowSize ? null : searched()
      if (found !== null) return found
    }
    return searched() ?? this.result(null)
  }

  /** The first step of a window after which the expression is true. The document stands at the end of the window, where it is. */
  private inside(window: readonly RowStep[], beforeWindow: Verdict | null): BisectResult {
    let at = window.length - 1
    let low = 0
    let high = at
    let before = beforeWindow
    while (low < high) {
      const middle = (low + high) >> 1
      for (; at > middle; at--) this.moveTo(window[at - 1], reversed(window[at]?.moves ?? []))
      for (; at < middle; at++) this.moveTo(window[at + 1], window[at + 1]?.moves ?? [])
      const verdict = this.evaluate(window[middle]?.event.sequence ?? 0)
      if (verdict.holds === true) high = middle
      else {
        low = middle + 1
        before = verdict
      }
    }
    const answer = window[low]
    return this.result(answer === undefined ? null : { event: answer.event, before, rows: this.rowsOf(answer, false) })
  }

  /**
   * What a step changed. A walk can tell that of the step where it stands only, and of text that it has kept; else a new one gets there.
   */
  private rowsOf(step: RowStep, isThere: boolean): readonly RowChange[] {
    if (isThere && !needsText(step.changes, this.keeps)) return changedRows(this.threadId, step)
    for (const again of this.beginWalk(textOfStep(step.changes), null)) {
      if (again.event.sequence === step.event.sequence) return changedRows(this.threadId, again)
    }
    return []
  }

  private moveTo(to: RowStep | undefined, moves: readonly RowMove[]): void {
    this.document.take(to?.event.sequence ?? 0, moves)
  }

  private evaluate(sequence: number): Verdict {
    this.evaluations += 1
    const verdict = this.predicate.test(this.document)
    if (verdict.holds === null) {
      const { count, error, sequence: first } = this.errors
      this.errors = { count: count + 1, sequence: first ?? sequence, error: error ?? verdict.error }
    }
    return verdict
  }

  private result(found: BisectResult["found"]): BisectResult {
    return { found, events: this.events, evaluations: this.evaluations, errors: this.errors }
  }
}

/** Finds the first event of a thread after which an expression is true. */
export const bisect = (
  threadId: string,
  beginWalk: BeginWalk,
  predicate: Predicate,
  range: BisectRange,
): BisectResult => {
  const bisection = new Bisection(threadId, beginWalk, predicate)
  return range.monotone ? bisection.search(range) : bisection.walk(range)
}
