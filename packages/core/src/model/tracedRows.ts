/** Events that are folded with a trace, and what they did to rows of the document, field by field, with the rule of each. */
import type { EventEnvelope, EventHead, FieldSet, RowFate, RuleName } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { type FoldTrace, foldRules, type RuleNumber, type RulePath } from "../fold/byRule.js"
import { fold, foldTraced } from "../fold/fold.js"
import { initialState } from "../state/FoldState.js"
import { isBookkeeping } from "./derivedFields.js"
import { changedFields, type JsonObject, same } from "./diff.js"
import { MapStore } from "./MapStore.js"
import { formatRowPath, rowKinds } from "./rowPath.js"
import { type DocumentRow, rowOfChange, tableOfKind, touches, viewOfRow } from "./rowView.js"

/** A row of the document that an event changed. */
export interface RowSet {
  /** Its path. */
  readonly row: string
  readonly change: RowFate
  /** The fields that differ; all of them where the row came or went. */
  readonly fields: readonly FieldSet[]
  /** The whole row after the event; null: it is not in the document any more. */
  readonly after: JsonObject | null
}

export const ruleName = (number: RuleNumber): RuleName => ({ number, name: foldRules[number] })

export const headOf = ({ actor, at, eventId, sequence, type }: EventEnvelope): EventHead => ({
  sequence,
  eventId,
  type,
  at,
  actor,
})

/** Whether a change is more than what nearly every event does. */
export const isNotable = ({ change, fields, row }: RowSet): boolean =>
  change !== "changed" || fields.some(({ field }) => !isBookkeeping(row, field))

/** Turns of one rewind that are looked at, the newest ones. */
const rewoundLimit = 1000

/** A row while the changes of its step are carried out. */
interface Tracked {
  row: DocumentRow
  readonly before: JsonObject | null
  now: JsonObject | null
  /** The rules that set each field. */
  readonly paths: Map<string, RulePath>
  /** Those that made the row, or removed it: a field that a new row leaves null was set with the row. */
  whole: RulePath
}

const keyInTable = (threadId: string, { key, kind }: DocumentRow): string =>
  kind === "thread" || kind === "usage" ? threadId : (key[0] ?? "")

const fieldsOf = ({ before, now, paths, row, whole }: Tracked): readonly FieldSet[] => {
  const names =
    before === null || now === null ? rowKinds[row.kind].fields : changedFields(before, now).map(({ field }) => field)
  return names.map((field) => {
    const path = paths.get(field) ?? whole
    return {
      field,
      before: before?.[field] ?? null,
      after: now?.[field] ?? null,
      rule: ruleName(path.at(-1) ?? path[0]),
      through: path.map(ruleName),
    }
  })
}

/** The path of a row. The session has none of its id: the document has one session. */
export const pathOfRow = ({ key, kind }: DocumentRow, field: string | null = null): string =>
  formatRowPath(kind, rowKinds[kind].key.length === 0 ? [] : key, field)

/** A step that was folded with a trace, before its changes are carried out. */
export interface TracedStep {
  readonly event: EventEnvelope
  readonly changes: readonly Change[]
  readonly trace: FoldTrace
  /** The thread's session before the event; null: it had none. */
  readonly sessionId: string | null
  /** All rows before the event. */
  readonly store: MapStore
}

/** The rows of the document that changes may be about, each once. `store`: all rows, before the changes or after them. */
export const rowsOfChanges = (
  changes: readonly Change[],
  store: MapStore,
  threadId: string,
): readonly DocumentRow[] => {
  const rows = new Map<string, DocumentRow>()
  const add = (row: DocumentRow): void => {
    rows.set(pathOfRow(row), row)
  }
  for (const change of changes) {
    const row = rowOfChange(change)
    if (row !== null) add(row)
    else if (change.op === "put" && change.table === "rewinds") {
      const { fromOrdinal, toOrdinal } = change.row
      for (let ordinal = toOrdinal; ordinal >= fromOrdinal && ordinal > toOrdinal - rewoundLimit; ordinal--) {
        const turn = store.find("turns", "byOrdinal", [threadId, ordinal])
        if (turn !== null) add({ kind: "turns", key: [turn.turnId] })
      }
    }
  }
  return [...rows.values()]
}

/**
 * Carries out the changes of a traced step one by one, and tells what they did to each row of the document.
 *
 * @param extra a row that is looked at although no change names it
 */
export const applyTraced = (
  step: TracedStep,
  threadId: string,
  extra: DocumentRow | null = null,
): readonly RowSet[] => {
  const { changes, store, trace } = step
  const before: DocumentRow = { kind: "session", key: [step.sessionId ?? ""] }
  const named = rowsOfChanges(changes, store, threadId).map((row) => (row.kind === "session" ? before : row))
  const rows = extra === null || named.some((row) => pathOfRow(row) === pathOfRow(extra)) ? named : [...named, extra]
  const tracked = rows.map((row): Tracked => {
    const view = viewOfRow(store, threadId, row)
    return { row, before: view, now: view, paths: new Map(), whole: [18] }
  })
  changes.forEach((change, at) => {
    const mine = tracked.filter(({ row }) => touches(change, row))
    const path = trace.paths[at] ?? [18]
    store.apply([change])
    for (const one of mine) {
      const changed = rowOfChange(change)
      if (one.row.kind === "session" && changed !== null) one.row = changed
      const after = viewOfRow(store, threadId, one.row)
      const table = tableOfKind[one.row.kind]
      for (const { field } of changedFields(one.now ?? {}, after ?? {})) {
        one.paths.set(field, trace.creditOf(table, keyInTable(threadId, one.row), field) ?? path)
      }
      if (one.now === null || after === null) one.whole = path
      one.now = after
    }
  })
  return tracked.flatMap((one): readonly RowSet[] => {
    const { before, now, row } = one
    if (same(before, now)) return []
    const change = before === null ? "added" : now === null ? "removed" : "changed"
    return [{ row: pathOfRow(row), change, fields: fieldsOf(one), after: now }]
  })
}

/**
 * Folds a stream, and stops at some events with a trace. The caller carries out the changes of such a step, before it goes on, with
 * {@link applyTraced}.
 */
export function* tracedAt(
  threadId: string,
  events: Iterable<EventEnvelope>,
  isWanted: (event: EventEnvelope) => boolean,
): Generator<TracedStep, void> {
  const store = new MapStore()
  let state = initialState(threadId)
  for (const event of events) {
    const sessionId = state.session?.sessionId ?? null
    if (isWanted(event)) {
      const { changes, state: next, trace } = foldTraced(state, event, store)
      yield { event, changes, trace, sessionId, store }
      state = next
    } else {
      const { changes, state: next } = fold(state, event, store)
      store.apply(changes)
      state = next
    }
  }
}
