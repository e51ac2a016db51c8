/**
 * How a thread would be if its log were another one, or were folded by another build of the fold. The log is only read: the edited stream
 * is folded in memory beside the recorded one.
 *
 * Ids are resolved when an event is appended, so events of the log keep the ids that they have, also where an edit takes away what they
 * were resolved by. An inserted event goes through the same step where it is placed: ids that it gives are taken by the same rules,
 * native ids are looked up, and an id that it opens is minted from its place in the edits, so that the same edits give the same ids.
 */
import type { EventEnvelope, EventHead, ThreadSnapshot } from "@threadfold/contracts"
import type { Change, Fold } from "../Change.js"
import { fold as currentFold } from "../fold/fold.js"
import type { Digest } from "../resolve/mints.js"
import { resolve } from "../resolve/resolve.js"
import { type FoldState, initialState } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"
import { isBookkeeping } from "./derivedFields.js"
import { changedFields, diffSnapshots, type RowChange, same, type ThreadDiff } from "./diff.js"
import { type EditedEvent, editedStream } from "./editedStream.js"
import { planEdits } from "./editPlan.js"
import { areBad, type BadEdit, type Edit } from "./edits.js"
import { MapStore } from "./MapStore.js"
import { type DocumentRow, isStreamed, lightItem, touches, viewOfRow } from "./rowView.js"
import { snapshotOf } from "./snapshotOf.js"
import { headOf, pathOfRow, rowsOfChanges } from "./tracedRows.js"

/** The first event after which the two threads differ. */
export interface Divergence {
  /** Of the log; one that lies between two belongs to an event that an edit placed there. */
  readonly sequence: number
  /** The event as it is recorded; null: there is none at this place. */
  readonly recorded: EventHead | null
  /** The event as edited; null: there is none at this place. */
  readonly edited: EventHead | null
  /** The rows that differ, from the recorded to the edited ones. */
  readonly rows: readonly RowChange[]
}

/** What would be different. */
export interface WhatIf extends ThreadDiff {
  readonly threadId: string
  /** Sequence of the log that both threads were folded up to. */
  readonly until: number
  /** Null: at every event the rows are the same, but for what nearly every event moves. */
  readonly first: Divergence | null
}

/** What differs, or why the edits are refused; null: the stream is no thread's, or has no event before the end that was asked for. */
export type WhatIfResult = WhatIf | { readonly bad: readonly BadEdit[] } | null

export interface WhatIfOptions {
  /** The fold of the edited stream; the recorded one is always folded by the present build. */
  readonly fold?: Fold
  /** Both end after the event of this sequence. */
  readonly until?: number
  readonly digest: Digest
}

/** One of the two threads. */
class Side {
  readonly store = new MapStore()
  private state: FoldState

  constructor(
    private readonly threadId: string,
    private readonly fold: Fold,
    private readonly digest: Digest,
  ) {
    this.state = initialState(threadId)
  }

  /** Folds an event, and carries nothing out yet. */
  step({ event, isNew, takesSession }: EditedEvent): {
    readonly event: EventEnvelope
    readonly changes: readonly Change[]
  } {
    const placed = takesSession ? { ...event, sessionId: livingSession(this.state)?.sessionId ?? null } : event
    const folded = isNew ? { ...placed, ...resolve(this.state, placed, this.store, this.digest) } : placed
    const { changes, state } = this.fold(this.state, folded, this.store)
    this.state = state
    return { event: folded, changes }
  }

  snapshot(sequence: number) {
    return snapshotOf(this.store.rowsOf(this.threadId), sequence)
  }
}

/** An event of one of the streams, or its end. */
type Next = EditedEvent | null

const next = (events: Iterator<EditedEvent, void>): Next => {
  const { done, value } = events.next()
  return done === true || value === undefined ? null : value
}

function* asRecorded(events: Iterable<EventEnvelope>): Generator<EditedEvent, void> {
  for (const event of events) yield { event, isNew: false, takesSession: false }
}

function* untilEnd(events: Iterable<EditedEvent>, until: number): Generator<EditedEvent, void> {
  for (const one of events) {
    if (Math.floor(one.event.sequence) > until) return
    yield one
  }
}

/** Streamed content of the same item: so far its text is the same, and is not put together again for every piece. */
const streamsAlike = (recorded: Side, edited: Side, row: DocumentRow, changes: readonly Change[]): boolean => {
  const mine = changes.filter((change) => touches(change, row))
  if (row.kind !== "items" || !isStreamed(mine)) return false
  const chunks = mine.flatMap((change) => (change.op === "append-chunk" ? [change.row.ordinal] : []))
  const chunkOf = ({ store }: Side, ordinal: number) => store.find("item_chunks", "key", [row.key[0] ?? "", ordinal])
  return (
    same(lightItem(recorded.store, row), lightItem(edited.store, row)) &&
    chunks.every((ordinal) => chunkOf(recorded, ordinal)?.text === chunkOf(edited, ordinal)?.text)
  )
}

/** The rows that these changes are about and in which the two differ, without what nearly every event moves. */
const differences = (
  threadId: string,
  recorded: Side,
  edited: Side,
  changes: readonly Change[],
): readonly RowChange[] => {
  const rows = [recorded, edited].flatMap(({ store }) => rowsOfChanges(changes, store, threadId))
  const once = new Map(rows.map((row) => [JSON.stringify([row.kind, row.key]), row]))
  return [...once.values()].flatMap((row): readonly RowChange[] => {
    if (streamsAlike(recorded, edited, row, changes)) return []
    const before = viewOfRow(recorded.store, threadId, row)
    const after = viewOfRow(edited.store, threadId, row)
    const path = pathOfRow(row)
    const fields = changedFields(before ?? {}, after ?? {}).filter(({ field }) => !isBookkeeping(path, field))
    if (fields.length === 0) return []
    const turnId = (after ?? before)?.turnId
    const change = before === null ? "added" : after === null ? "removed" : "changed"
    return [{ row: path, change, turnId: typeof turnId === "string" ? turnId : null, fields }]
  })
}

/** Events between two pauses. */
const pauseEvery = 100

/**
 * The thread beside what edits would make of it, with pauses on the way.
 *
 * @param events the events of the thread from its first one on; read up to three times
 * @returns what differs, or why nothing can be said
 */
export function* whatIfSteps(
  threadId: string,
  events: () => Iterable<EventEnvelope>,
  edits: readonly Edit[],
  { digest, fold = currentFold, until = Number.MAX_SAFE_INTEGER }: WhatIfOptions,
): Generator<void, WhatIfResult> {
  const plan = planEdits(edits, edits.length === 0 ? [] : events())
  if (areBad(plan)) return plan
  const recorded = new Side(threadId, currentFold, digest)
  const edited = new Side(threadId, fold, digest)
  const left = untilEnd(asRecorded(events()), until)
  const right = untilEnd(editedStream(threadId, events(), plan, digest), until)
  let first: Divergence | null = null
  let last = 0
  let one = next(left)
  let other = next(right)
  let folded = 0
  while (one !== null || other !== null) {
    folded += 1
    if (folded % pauseEvery === 0) yield
    const sequence = Math.min(
      one?.event.sequence ?? Number.POSITIVE_INFINITY,
      other?.event.sequence ?? Number.POSITIVE_INFINITY,
    )
    const was = one?.event.sequence === sequence ? recorded.step(one) : null
    const is = other?.event.sequence === sequence ? edited.step(other) : null
    recorded.store.apply(was?.changes ?? [])
    edited.store.apply(is?.changes ?? [])
    if (was !== null) one = next(left)
    if (is !== null) other = next(right)
    last = Math.max(last, Math.floor(sequence))
    if (first !== null || (was !== null && is !== null && same(was.changes, is.changes))) continue
    const rows = differences(threadId, recorded, edited, [...(was?.changes ?? []), ...(is?.changes ?? [])])
    if (rows.length > 0) {
      first = {
        sequence,
        recorded: was === null ? null : headOf(was.event),
        edited: is === null ? null : headOf(is.event),
        rows,
      }
    }
  }
  const before = recorded.snapshot(last)
  const after = edited.snapshot(last)
  if (before === null) return null
  const found = after === null ? nothingLeft(before) : diffSnapshots(before, after)
  return { threadId, until: last, first, ...found }
}

/** The same at one go. */
export const whatIf = (...asked: Parameters<typeof whatIfSteps>): WhatIfResult => {
  const steps = whatIfSteps(...asked)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** No event is left: there is no thread. */
const nothingLeft = ({ thread }: ThreadSnapshot): ThreadDiff => ({
  rows: [{ row: "thread", change: "removed", turnId: null, fields: changedFields({ ...thread }, {}) }],
  patch: [{ op: "remove", path: "" }],
})
