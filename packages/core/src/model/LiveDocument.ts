/**
 * The `thread --json` document kept up to date row by row. It holds only the parts that its reader names, and says of every step
 * whether the step changed something that is read: a reader that looks at one field of a thread pays nothing for the rest.
 */
import type { Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import { same } from "./diff.js"
import { type Cells, keyOf, layout, toRow } from "./Layout.js"
import type { KeepsText } from "./LightRows.js"
import { type ListShape, LiveList } from "./LiveList.js"
import type { RowMove } from "./rowMoves.js"
import { compareKeys } from "./scalars.js"
import {
  anomalyView,
  delegationView,
  inferenceView,
  itemView,
  queueView,
  realtimeRunView,
  requestView,
  sessionView,
  taskView,
  threadDetail,
  threadUsage,
  turnView,
} from "./view.js"

/** A part of the document. */
export type DocumentName = keyof ThreadSnapshot

/** What a reader looks at. */
export interface Reads {
  readonly names: ReadonlySet<DocumentName>
  /** The fields that it looks at in any row; null: it may look at all of them. */
  readonly fields: ReadonlySet<string> | null
}

/** Parts of the document that are made of rows with text. */
const partsWithText: { readonly [N in TableName]?: DocumentName } = {
  threads: "thread",
  turns: "turns",
  items: "items",
  item_chunks: "items",
  requests: "requests",
  delegations: "delegations",
}

/** Keeps the text that a reader of the document looks at: fields of the document have the names of their columns. */
export const textThatIsRead = ({ fields, names }: Reads): KeepsText => {
  const read = new Set<TableName>()
  for (const [table, part] of Object.entries(partsWithText) as [TableName, DocumentName][]) {
    const texts = table === "item_chunks" ? ["text"] : layout(table).heavy
    if (names.has(part) && (fields === null || texts.some((name) => fields.has(name)))) read.add(table)
  }
  return (table) => read.has(table)
}

type ObjectOf = Readonly<Record<string, unknown>>

const byKey =
  (table: TableName, ...columns: readonly string[]): ListShape["order"] =>
  (a, b) => {
    const of = layout(table)
    const values = (row: Cells) => [...columns.map((name) => row[name]), ...keyOf(of, row)]
    return compareKeys(values(a) as readonly (string | number)[], values(b) as readonly (string | number)[])
  }

const inOrder = <N extends TableName>(
  table: N,
  view: (row: Rows[N]) => object,
  ...columns: readonly string[]
): ListShape => ({ table, order: byKey(table, ...columns), view: (row) => view(toRow(table, row)), shown: () => true })

/** The lists whose entries are made of one row each. */
const plainLists: { readonly [Name in DocumentName]?: ListShape } = {
  requests: inOrder("requests", requestView),
  inferences: inOrder("inferences", inferenceView),
  realtimeRuns: inOrder("realtime_runs", realtimeRunView),
  delegations: inOrder("delegations", delegationView),
  tasks: inOrder("tasks", taskView),
  queue: inOrder("queue", queueView, "position"),
  anomalies: inOrder("anomalies", anomalyView, "lastSequence", "subject", "reason"),
}

/** The parts of a thread that a reader names, as of the last step that it took. */
export class LiveDocument {
  private sequence = 0
  private thread: Cells | null = null
  private usage: Cells | null = null
  private readonly sessions = new Map<string, Cells>()
  private readonly rewinds = new Map<string, Cells>()
  private readonly items = new Map<string, Cells>()
  private readonly chunks = new Map<string, Map<number, Rows["item_chunks"]>>()
  private readonly lists = new Map<DocumentName, LiveList>()
  private readonly readsText: boolean

  /** @param present makes of an entry what the reader gets; called once per change of the entry */
  constructor(
    private readonly reads: Reads,
    private readonly present: (view: unknown) => unknown = (view) => view,
  ) {
    this.readsText = reads.names.has("items") && (reads.fields?.has("text") ?? true)
    for (const name of reads.names) {
      const shape = this.shapeOf(name)
      if (shape !== undefined) this.lists.set(name, new LiveList(shape, present))
    }
  }

  /** Takes the moves of a step. Returns whether something that is read may be another now. */
  take(sequence: number, moves: readonly RowMove[]): boolean {
    const before = { thread: this.thread, session: this.session }
    this.sequence = sequence
    let changed = this.reads.names.has("sequence")
    for (const move of moves) if (this.move(move)) changed = true
    const { names } = this.reads
    if (!changed && names.has("thread")) changed = this.differs(before.thread, this.thread, "threads", threadDetail)
    if (!changed && names.has("session")) changed = this.differs(before.session, this.session, "sessions", sessionView)
    return changed
  }

  /** A part of the document. What it returns is good until the next step. */
  value(name: DocumentName): unknown {
    switch (name) {
      case "sequence":
        return this.present(this.sequence)
      case "thread":
        return this.thread === null ? null : this.present(threadDetail(toRow("threads", this.thread)))
      case "session":
        return this.session === null ? null : this.present(sessionView(toRow("sessions", this.session)))
      case "usage":
        return this.usage === null ? null : this.present(threadUsage(toRow("usage", this.usage)))
      default:
        return this.lists.get(name)?.values() ?? []
    }
  }

  private get session(): Cells | null {
    return this.thread === null ? null : (this.sessions.get(String(this.thread.sessionId)) ?? null)
  }

  private shapeOf(name: DocumentName): ListShape | undefined {
    if (name === "turns") {
      return {
        ...inOrder("turns", (row) =>
          turnView(
            row,
            [...this.rewinds.values()].map((range) => toRow("rewinds", range)),
          ),
        ),
        order: byKey("turns", "ordinal"),
        shown: ({ steeredInto }) => steeredInto === null,
      }
    }
    if (name === "items") {
      const view = (row: Rows["items"]): object =>
        itemView(row, this.readsText ? [...(this.chunks.get(row.itemId)?.values() ?? [])] : [])
      return { ...inOrder("items", view), order: byKey("items", "ordinal") }
    }
    return plainLists[name]
  }

  /** Takes one move; whether it changed what is read of a list or of the usage. */
  private move({ after, before, table }: RowMove): boolean {
    switch (table) {
      case "threads":
        this.thread = after
        return false
      case "sessions":
        return keep(this.sessions, "sessionId", before, after)
      case "usage":
        this.usage = after
        return this.reads.names.has("usage") && this.differs(before, after, "usage", threadUsage)
      case "rewinds":
        keep(this.rewinds, "ordinal", before, after)
        this.lists.get("turns")?.makeAllAnew()
        return this.lists.has("turns")
      case "item_chunks":
        return this.readsText && this.moveChunk(before, after)
      case "items":
        if (this.readsText) keep(this.items, "itemId", before, after)
    }
    let changed = false
    for (const list of this.lists.values()) {
      if (list.of.table === table && this.moveIn(list, before, after)) changed = true
    }
    return changed
  }

  private moveIn(list: LiveList, before: Cells | null, after: Cells | null): boolean {
    const { shown, view } = list.of
    const was = before !== null && shown(before) ? before : null
    const is = after !== null && shown(after) ? after : null
    const { fields } = this.reads
    const changed =
      was === null || is === null ? was !== is : fields === null || fieldsDiffer(fields, view(was), view(is))
    const reordered = was !== null && is !== null && list.of.order(was, is) !== 0
    list.move(was, is)
    return changed || reordered
  }

  private moveChunk(before: Cells | null, after: Cells | null): boolean {
    const row = before ?? after
    if (row === null) return false
    const { itemId, ordinal } = toRow("item_chunks", row)
    const ofItem = this.chunks.get(itemId) ?? new Map<number, Rows["item_chunks"]>()
    if (after === null) ofItem.delete(ordinal)
    else ofItem.set(ordinal, toRow("item_chunks", after))
    if (ofItem.size === 0) this.chunks.delete(itemId)
    else this.chunks.set(itemId, ofItem)
    const item = this.items.get(itemId)
    if (item !== undefined) this.lists.get("items")?.makeAnew(item)
    return true
  }

  private differs<N extends TableName>(
    before: Cells | null,
    after: Cells | null,
    table: N,
    view: (row: Rows[N]) => object | null,
  ): boolean {
    if (before === after) return false
    if (before === null || after === null || this.reads.fields === null) return true
    return fieldsDiffer(this.reads.fields, view(toRow(table, before)), view(toRow(table, after)))
  }
}

/** Keeps rows by one of their columns. */
const keep = (rows: Map<string, Cells>, column: string, before: Cells | null, after: Cells | null): false => {
  if (after !== null) rows.set(String(after[column]), after)
  else if (before !== null) rows.delete(String(before[column]))
  return false
}

const fieldsDiffer = (fields: ReadonlySet<string>, before: object | null, after: object | null): boolean => {
  const [was, is]: readonly [ObjectOf, ObjectOf] = [{ ...before }, { ...after }]
  for (const name of fields) if (!same(was[name], is[name])) return true
  return false
}
