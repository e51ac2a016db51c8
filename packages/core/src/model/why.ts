/**
 * Why a row or a field of a thread is as it is: the event that set it last, and the rule of the fold that made the change. Pure; the rule
 * is told by the fold itself, which is asked again with a trace at the events in question.
 */
import type { EventEnvelope, FieldSet, SetBy, WhyRow } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { fold } from "../fold/fold.js"
import { initialState } from "../state/FoldState.js"
import { derivedFrom } from "./derivedFields.js"
import { type JsonObject, same } from "./diff.js"
import { MapStore } from "./MapStore.js"
import { type BadPath, findRow, isBadPath, parseRowPath, rowKinds, type TypedPath } from "./rowPath.js"
import { type DocumentRow, isStreamed, lightItem, rowOfChange, touches, viewOfRow } from "./rowView.js"
import { applyTraced, headOf, isNotable, pathOfRow, type RowSet, tracedAt } from "./tracedRows.js"

/** Events of each answer at most, beside the last one. */
export const earlierLimit = 10
const addsText = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.op === "append-chunk" && (change.row.text !== "" || change.drop === 1))

/** Whether the row, or a field of it, is another. A row that comes or goes changes all of its fields. */
const differs = (before: JsonObject | null, after: JsonObject | null, field: string | null): boolean =>
  before === null || after === null
    ? before !== after
    : field === null
      ? !same(before, after)
      : !same(before[field] ?? null, after[field] ?? null)

/** A row that the path may mean, and the events that changed it. */
interface Candidate {
  /** The document has one session: here the one that was written last. */
  row: DocumentRow
  /** Sequences of the newest of them, oldest first. */
  readonly sequences: number[]
  count: number
}

/** Rows that are watched at most. So many make a path ambiguous, unless the row of exactly that id comes, which is watched always. */
const candidateLimit = 16

/** Goes over a stream and finds the rows that a path may mean, with the events that changed the row or the field. */
class Search {
  readonly candidates = new Map<string, Candidate>()
  readonly keys: (readonly string[])[] = []
  private readonly known = new Set<string>()

  constructor(
    private readonly threadId: string,
    private readonly path: TypedPath,
  ) {}

  run(events: Iterable<EventEnvelope>): void {
    const store = new MapStore()
    let state = initialState(this.threadId)
    for (const event of events) {
      const { changes, state: next } = fold(state, event, store)
      this.take(event, changes, store)
      state = next
    }
  }

  private take(event: EventEnvelope, changes: readonly Change[], store: MapStore): void {
    for (const change of changes) this.meet(rowOfChange(change))
    const { field } = this.path
    const checks = [...this.candidates.values()].flatMap((one) => {
      const mine = changes.filter((change) => touches(change, one.row))
      return mine.length === 0 ? [] : [{ one, isAnother: this.comparison(one, mine, store, field) }]
    })
    store.apply(changes)
    for (const { isAnother, one } of checks) {
      if (!isAnother()) continue
      one.count += 1
      one.sequences.push(event.sequence)
      if (one.sequences.length > earlierLimit + 1) one.sequences.shift()
    }
  }

  /** Looks at a row before the changes; the result tells after them whether it is another. */
  private comparison(one: Candidate, mine: readonly Change[], store: MapStore, field: string | null): () => boolean {
    if (one.row.kind === "items" && isStreamed(mine)) {
      const grows = addsText(mine) && (field === null || field === "text")
      const before = lightItem(store, one.row)
      return () => grows || differs(before, lightItem(store, one.row), field)
    }
    const before = viewOfRow(store, this.threadId, one.row)
    if (one.row.kind === "session") one.row = mine.map(rowOfChange).findLast((row) => row !== null) ?? one.row
    return () => differs(before, viewOfRow(store, this.threadId, one.row), field)
  }

  private meet(row: DocumentRow | null): void {
    if (row === null || row.kind !== this.path.kind) return
    const isSingle = rowKinds[row.kind].key.length === 0
    const id = isSingle ? "" : row.key.join("/")
    if (this.known.has(id)) return
    this.known.add(id)
    if (!isSingle) this.keys.push(row.key)
    if (id !== this.path.key && (this.candidates.size >= candidateLimit || !id.startsWith(this.path.key))) return
    this.candidates.set(id, { row, sequences: [], count: 0 })
  }
}

/** Rows that an answer names as changed with the one that was asked for. */
const alsoLimit = 20

/** What a step did to the row of a path; null: nothing. */
const setBy = (changed: readonly RowSet[], event: EventEnvelope, row: string, field: string | null): SetBy | null => {
  const mine = changed.find((one) => one.row === row)
  if (mine === undefined) return null
  const others = changed.filter((one) => one !== mine && isNotable(one))
  const isAsked = (one: FieldSet): boolean =>
    field === null ? one.before !== null || one.after !== null : one.field === field
  return {
    event: headOf(event),
    change: mine.change,
    fields: mine.fields.filter(isAsked),
    alsoChanged: others.slice(0, alsoLimit).map((one) => one.row),
  }
}

/**
 * Why a row or a field of a thread has its value.
 *
 * @param events the events of the thread from its first one on, up to the moment that is asked about; read twice
 * @param path a row path (`rowPath.ts`); its row may have left the document
 */
export const why = (threadId: string, events: () => Iterable<EventEnvelope>, path: string): WhyRow | BadPath => {
  const typed = parseRowPath(path)
  if (isBadPath(typed)) return typed
  const { field, kind } = typed
  const search = new Search(threadId, typed)
  search.run(events())
  const key = findRow(typed, search.keys)
  if (isBadPath(key)) return key
  const found = search.candidates.get(key.join("/"))
  const row = pathOfRow({ kind, key })
  const last = found?.sequences.at(-1)
  if (found === undefined || last === undefined) return { problem: `The thread has no ${row}.` }
  const wanted = new Set(found.sequences)
  const sets: SetBy[] = []
  let shown: JsonObject | null = null
  for (const step of tracedAt(threadId, events(), ({ sequence }) => wanted.has(sequence))) {
    const before = { kind, key: kind === "session" ? [step.sessionId ?? ""] : key }
    const changed = applyTraced(step, threadId, before)
    const set = setBy(changed, step.event, row, field)
    if (set !== null) {
      sets.push(set)
      shown = changed.find((one) => one.row === row)?.after ?? null
    }
    if (step.event.sequence === last) break
  }
  const [newest, ...earlier] = sets.reverse()
  if (newest === undefined) return { problem: `The thread has no ${row}.` }
  return {
    path: pathOfRow({ kind, key }, field),
    value: field === null ? shown : (shown?.[field] ?? null),
    exists: shown !== null,
    derivedFrom: derivedFrom(kind, field),
    setBy: newest,
    earlier,
    hasMore: found.count > sets.length,
  }
}
