/**
 * One step of the fold: a private copy of the open state, on which the rules work, and the changes that follow. Rows are never
 * mutated, only replaced; the state before the step stays unchanged.
 */

import type {
  AnomalyReason,
  DelegationRow,
  EventEnvelope,
  InferenceRow,
  ItemRow,
  RealtimeRunRow,
  RequestRow,
  RewindRow,
  Rows,
  SessionRow,
  TableName,
  TaskRow,
  ThreadRow,
  TurnRow,
  UsageRow,
} from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { type EntityTable, type RowSource, rowOfThread } from "../RowSource.js"
import { copyOfItem, copyOfSession, copyOfState, type Mutable } from "../state/copies.js"
import { type FoldState, type OpenCounts, recentItem, withoutRecentItem, withRecentItem } from "../state/FoldState.js"
import { waitingTurns } from "../state/lifecycle.js"
import { byRule, type FoldTrace } from "./byRule.js"
import { SeenRows } from "./SeenRows.js"
import { sessionSubject } from "./subjects.js"

/** How the session of an event relates to the current session of the thread (rule 4). */
export type SessionRelation =
  /** It is the current session, which lives. */
  | "current"
  /** It is the current session, which has ended. */
  | "ended"
  /** It is a session of an earlier epoch. */
  | "stale"
  /** It never started. */
  | "unknown"
  /** The event names no session: it is one of ours. */
  | "none"

const lightTurn = ({ text: _t, diff: _d, proposal: _p, ...row }: TurnRow): TurnRow => row
const lightRequest = ({ data: _d, answer: _a, ...row }: RequestRow): RequestRow => row
const lightDelegation = ({ text: _t, ...row }: DelegationRow): DelegationRow => row
type HeavyThread = Pick<ThreadRow, "goal" | "plan" | "settings" | "unattended">
const lightThread = ({ goal: _g, plan: _p, settings: _s, unattended: _u, ...row }: ThreadRow): ThreadRow => row

/** The row without its heavy columns: what open state may hold. A row that has none is taken as it is (the hot path). */
const light = {
  turn: (row: TurnRow): TurnRow => ("text" in row || "diff" in row || "proposal" in row ? lightTurn(row) : row),
  request: (row: RequestRow): RequestRow => ("data" in row || "answer" in row ? lightRequest(row) : row),
  delegation: (row: DelegationRow): DelegationRow => ("text" in row ? lightDelegation(row) : row),
  thread: (row: ThreadRow): ThreadRow =>
    "goal" in row || "plan" in row || "settings" in row || "unattended" in row ? lightThread(row) : row,
}

const isOpenRequest = ({ status }: RequestRow): boolean => status === "open" || status === "answering"

const isOpenAfterEnd = (item: ItemRow): boolean => item.status === "open" && item.afterEnd === 1

export class Step {
  readonly state: Mutable<FoldState>
  readonly changes: Change[] = []
  /** Set by the fold before any rule runs. */
  relation: SessionRelation = "none"
  /** Requests that another client may have decided; set where this event ends their turn (rule 6). */
  decidedElsewhere: readonly string[] = []
  /** Heavy columns of the thread that the event brought. The thread's row is written last, in one place. */
  heavyThread: HeavyThread | null = null
  /** The rows that this step has looked up or written. */
  readonly seen = new SeenRows()

  constructor(
    before: FoldState,
    readonly event: EventEnvelope,
    readonly rows: RowSource,
    /** Notes the rules of every change; null on the write path. */
    readonly trace: FoldTrace | null = null,
  ) {
    this.state = copyOfState(before)
  }

  /** The stream's id; a thread's id in every rule of a thread. */
  get threadId(): string {
    return this.state.streamId
  }
  get sequence(): number {
    return this.event.sequence
  }
  get at(): number {
    return this.event.at
  }

  /** The row with this id as this step has left it. A row of another thread is not found (rule 11). */
  find<N extends EntityTable>(table: N, id: string): Rows[N] | null {
    const known = this.seen.get(table, id)
    if (known !== undefined) return known
    const row = rowOfThread(this.rows, table, id, this.threadId)
    this.seen.found(table, id, row)
    return row
  }

  /** {@link find} for an item: streamed ones are at hand. */
  findItem(itemId: string): ItemRow | null {
    return recentItem(this.state.recentItems, itemId) ?? this.find("items", itemId)
  }

  /** The rows of one of the table's `lists` as this step has left them, by their ids. The first of `values` is the thread. */
  list<N extends EntityTable>(table: N, name: string, ...values: readonly (string | null)[]): readonly Rows[N][] {
    const all = [this.threadId, ...values]
    return this.seen.listed(table, name, all, this.rows.list(table, name, all))
  }

  /** Adds a change. All of a step's changes are made here. */
  push(change: Change): void {
    this.changes.push(change)
    this.trace?.made()
  }

  /** Replaces the thread's row in the open state. {@link putThread} writes it, once, at the end of the step. */
  keepThread(row: ThreadRow): void {
    const before = this.state.thread
    this.state.thread = row
    if (this.trace !== null) this.creditFields("threads", row.threadId, before, row)
  }

  /** {@link keepThread} with other fields. The fold makes the row before any rule of a thread runs. */
  amendThread(change: (thread: ThreadRow) => ThreadRow): void {
    const { thread } = this.state
    if (thread !== null) this.keepThread(change(thread))
  }

  /** How many turns and items the thread has. */
  get counted(): Pick<ThreadRow, "turns" | "items"> {
    return this.state.thread ?? { turns: 0, items: 0 }
  }

  /** Keeps heavy columns of the thread until its row is written. */
  keepHeavy(fields: HeavyThread): void {
    this.heavyThread = { ...this.heavyThread, ...fields }
    if (this.trace !== null) this.creditFields("threads", this.threadId, null, fields)
  }

  /** For the trace: the fields that differ were set here, whatever writes their row. */
  private creditFields(table: TableName, key: string, before: object | null, after: object): void {
    for (const [field, value] of Object.entries(after)) {
      if (before === null || Reflect.get(before, field) !== value) this.trace?.credit(table, key, field)
    }
  }

  /** Records that the event, or a part of it, was not applied, and why. */
  note(reason: AnomalyReason, subject: string, detail: string | null = null): void {
    this.push({
      op: "anomaly",
      threadId: this.threadId,
      subject,
      reason,
      sequence: this.sequence,
      detail,
    })
  }

  putThread(row: ThreadRow): void {
    this.push({ op: "put", table: "threads", row })
    this.state.thread = light.thread(row)
  }

  putSession(row: SessionRow): void {
    const stamped = copyOfSession(row)
    stamped.sequence = this.sequence
    this.push({ op: "put", table: "sessions", row: stamped })
    this.seen.put("sessions", row.sessionId, stamped)
    this.state.session = stamped
  }

  /** Requested turns that will still start. */
  get waiting(): readonly TurnRow[] {
    return waitingTurns(this.state)
  }

  /** Stores a turn and files it by its status: running, requested, or no longer open. */
  putTurn(row: TurnRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "turns", row: stamped })
    const open = light.turn(stamped)
    this.seen.put("turns", row.turnId, open)
    const { state } = this
    const others = state.requested.filter((turn) => turn.turnId !== row.turnId)
    if (row.status === "requested") {
      const place = state.requested.findIndex((turn) => turn.turnId === row.turnId)
      state.requested =
        place < 0 ? [...state.requested, open] : state.requested.map((turn, index) => (index === place ? open : turn))
    } else if (others.length !== state.requested.length) {
      state.requested = others
    }
    if (row.status === "running") state.active = open
    else if (state.active?.turnId === row.turnId) state.active = null
  }

  /** Adds a range of turns that were taken back. `depth - 1` outer ranges lie before it. */
  addRewind(range: Omit<RewindRow, "threadId" | "ordinal" | "rewoundAt" | "sequence">): void {
    const ordinal = (this.state.rewinds?.count ?? 0) + 1
    const { at: rewoundAt, sequence, threadId } = this
    this.push({ op: "put", table: "rewinds", row: { threadId, ordinal, ...range, rewoundAt, sequence } })
    this.state.rewinds = { count: ordinal, depth: range.depth }
  }

  /** `heavy`: the columns that are written but not held; a row is then never copied to strip it (the hot path). */
  putItem(row: ItemRow, heavy?: Pick<ItemRow, "text" | "data">): void {
    const before = this.findItem(row.itemId)
    const stamped = copyOfItem(row)
    stamped.sequence = this.sequence
    this.push({ op: "put", table: "items", row: heavy === undefined ? stamped : { ...stamped, ...heavy } })
    this.seen.put("items", row.itemId, stamped)
    this.count("items", before?.status === "open", row.status === "open")
    this.count("afterEnd", before !== null && isOpenAfterEnd(before), isOpenAfterEnd(row))
    const { state } = this
    state.recentItems =
      row.status === "open"
        ? withRecentItem(state.recentItems, stamped)
        : withoutRecentItem(state.recentItems, row.itemId)
  }

  putRequest(row: RequestRow): void {
    const before = this.find("requests", row.requestId)
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "requests", row: stamped })
    this.seen.put("requests", row.requestId, light.request(stamped))
    this.count("requests", before !== null && isOpenRequest(before), isOpenRequest(row))
    this.count("unanswered", before?.status === "open", row.status === "open")
  }

  putInference(row: InferenceRow): void {
    const before = this.find("inferences", row.inferenceId)
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "inferences", row: stamped })
    this.seen.put("inferences", row.inferenceId, stamped)
    this.count("inferences", before?.status === "running", row.status === "running")
  }

  /** Adds an output item to an attempt, whose row the caller puts. */
  addInferenceItem({ inferenceId, items }: InferenceRow, itemKey: string): void {
    const { sequence, threadId } = this
    const row = { threadId, inferenceId, ordinal: items + 1, itemKey, sequence }
    this.push({ op: "put", table: "inference_items", row })
  }

  putRealtime(row: RealtimeRunRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "realtime_runs", row: stamped })
    this.seen.put("realtime_runs", row.realtimeId, stamped)
    const { state } = this
    const others = state.pendingRealtime.filter((run) => run.realtimeId !== row.realtimeId)
    if (row.status === "requested") state.pendingRealtime = [...others, stamped]
    else if (others.length !== state.pendingRealtime.length) state.pendingRealtime = others
    if (row.status === "started") state.realtime = stamped
    else if (state.realtime?.realtimeId === row.realtimeId) state.realtime = null
  }

  putDelegation(row: DelegationRow): void {
    const before = this.find("delegations", row.delegationId)
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "delegations", row: stamped })
    this.seen.put("delegations", row.delegationId, light.delegation(stamped))
    this.count("delegations", before?.status === "open", row.status === "open")
  }

  putTask(row: TaskRow): void {
    const before = this.find("tasks", row.taskId)
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "tasks", row: stamped })
    this.seen.put("tasks", row.taskId, stamped)
    this.count("tasks", before?.status === "running", row.status === "running")
  }

  private count(kind: keyof OpenCounts, was: boolean, is: boolean): void {
    if (was !== is) this.state.open = { ...this.state.open, [kind]: this.state.open[kind] + (is ? 1 : -1) }
  }

  putUsage(row: UsageRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.push({ op: "put", table: "usage", row: stamped })
    this.state.usage = stamped
  }
}

// The guards of rule 4: they refuse events that do not come from the living session.

/** The session that an event names, as a subject. */
export const eventSession = (step: Step): string => sessionSubject(step.event.sessionId ?? "-")

/** Notes an event of a replaced session; true where it was one. */
export const refuseStale = byRule(4, (step: Step): boolean => {
  if (step.relation !== "stale") return false
  step.note("session-stale", eventSession(step), step.event.type)
  return true
})

/** Notes an event of a session that does not live; true where it was one. Our own events have no session and pass. */
export const refuseEnded = byRule(4, (step: Step): boolean => {
  if (step.relation !== "ended") return refuseStale(step)
  step.note("session-event-after-exit", eventSession(step), step.event.type)
  return true
})
