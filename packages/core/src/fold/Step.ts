/**
 * One step of the fold in the making: a private copy of the open state that rules work on, and the changes that follow.
 * Rows are never mutated, only replaced; the state that came in stays as it was.
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
  TaskRow,
  ThreadRow,
  TurnRow,
  UsageRow,
} from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { type EntityTable, type RowSource, rowOfThread } from "../RowSource.js"
import { withoutRow, withRow } from "../state/byId.js"
import type { FoldState } from "../state/FoldState.js"
import { waitingTurns } from "../state/lifecycle.js"

/** How an event stands to the thread's current session (rule 4). */
export type Standing =
  /** It comes from the current, living session. */
  | "live"
  /** The current session has ended. */
  | "ended"
  /** It comes from a session of an earlier epoch. */
  | "stale"
  /** It names a session that never started. */
  | "unknown"
  /** It names no session: one of our own events. */
  | "none"

const lightTurn = ({ text: _t, diff: _d, proposal: _p, ...row }: TurnRow): TurnRow => row
const lightRequest = ({ data: _d, answer: _a, ...row }: RequestRow): RequestRow => row
const lightDelegation = ({ text: _t, ...row }: DelegationRow): DelegationRow => row
const lightThread = ({ plan: _p, settings: _s, ...row }: ThreadRow): ThreadRow => row

/** The row without its heavy columns: what open state may hold. A row that has none is taken as it is (the hot path). */
const light = {
  turn: (row: TurnRow): TurnRow => ("text" in row || "diff" in row || "proposal" in row ? lightTurn(row) : row),
  request: (row: RequestRow): RequestRow => ("data" in row || "answer" in row ? lightRequest(row) : row),
  delegation: (row: DelegationRow): DelegationRow => ("text" in row ? lightDelegation(row) : row),
  thread: (row: ThreadRow): ThreadRow => ("plan" in row || "settings" in row ? lightThread(row) : row),
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class Step {
  readonly state: Mutable<FoldState>
  readonly changes: Change[] = []
  /** Set by the fold before any rule runs. */
  standing: Standing = "none"
  /** Requests that another client may have decided, if this event is a terminal of their turn (rule 6). */
  decidedElsewhere: readonly string[] = []
  /** Heavy columns of the thread that the event brought. The thread's row is written last, in one place. */
  heavyThread: Pick<ThreadRow, "plan" | "settings"> | null = null

  constructor(
    before: FoldState,
    readonly event: EventEnvelope,
    readonly rows: RowSource,
  ) {
    this.state = { ...before }
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

  /** The row with this id as it was before the event. A row of another thread is none of ours (rule 11). */
  find<N extends EntityTable>(table: N, id: string): Rows[N] | null {
    return rowOfThread(this.rows, table, id, this.threadId)
  }

  /** Records that the event, or a part of it, was not applied, and why. */
  note(reason: AnomalyReason, subject: string, detail: string | null = null): void {
    this.changes.push({
      op: "anomaly",
      threadId: this.threadId,
      subject,
      reason,
      sequence: this.sequence,
      detail,
    })
  }

  putThread(row: ThreadRow): void {
    this.changes.push({ op: "put", table: "threads", row })
    this.state.thread = light.thread(row)
  }

  putSession(row: SessionRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "sessions", row: stamped })
    this.state.session = stamped
  }

  /** Requested turns that will still start. */
  get waiting(): readonly TurnRow[] {
    return waitingTurns(this.state)
  }

  /** Stores a turn and files it by its status: running, requested, or no longer open. */
  putTurn(row: TurnRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "turns", row: stamped })
    const open = light.turn(stamped)
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

  /** Adds a range of turns that were taken back, on top of `depth - 1` ranges that it does not hold. */
  addRewind(range: Omit<RewindRow, "threadId" | "ordinal" | "rewoundAt" | "sequence">): void {
    const ordinal = (this.state.rewinds?.count ?? 0) + 1
    const { at: rewoundAt, sequence, threadId } = this
    this.changes.push({ op: "put", table: "rewinds", row: { threadId, ordinal, ...range, rewoundAt, sequence } })
    this.state.rewinds = { count: ordinal, depth: range.depth }
  }

  /** `heavy`: the columns that are written but not held; a row is then never copied to strip it (the hot path). */
  putItem(row: ItemRow, heavy?: Pick<ItemRow, "text" | "data">): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "items", row: heavy === undefined ? stamped : { ...stamped, ...heavy } })
    this.state.items =
      row.status === "open" ? withRow(this.state.items, row.itemId, stamped) : withoutRow(this.state.items, row.itemId)
  }

  putRequest(row: RequestRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "requests", row: stamped })
    this.state.requests =
      row.status === "open" || row.status === "answering"
        ? withRow(this.state.requests, row.requestId, light.request(stamped))
        : withoutRow(this.state.requests, row.requestId)
  }

  putInference(row: InferenceRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "inferences", row: stamped })
    this.state.inferences =
      row.status === "running"
        ? withRow(this.state.inferences, row.inferenceId, stamped)
        : withoutRow(this.state.inferences, row.inferenceId)
  }

  putRealtime(row: RealtimeRunRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "realtime_runs", row: stamped })
    const { state } = this
    const others = state.pendingRealtime.filter((run) => run.realtimeId !== row.realtimeId)
    if (row.status === "requested") state.pendingRealtime = [...others, stamped]
    else if (others.length !== state.pendingRealtime.length) state.pendingRealtime = others
    if (row.status === "started") state.realtime = stamped
    else if (state.realtime?.realtimeId === row.realtimeId) state.realtime = null
  }

  putDelegation(row: DelegationRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "delegations", row: stamped })
    this.state.delegations =
      row.status === "open"
        ? withRow(this.state.delegations, row.delegationId, light.delegation(stamped))
        : withoutRow(this.state.delegations, row.delegationId)
  }

  putTask(row: TaskRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "tasks", row: stamped })
    this.state.tasks =
      row.status === "running"
        ? withRow(this.state.tasks, row.taskId, stamped)
        : withoutRow(this.state.tasks, row.taskId)
  }

  putUsage(row: UsageRow): void {
    const stamped = { ...row, sequence: this.sequence }
    this.changes.push({ op: "put", table: "usage", row: stamped })
    this.state.usage = stamped
  }
}
