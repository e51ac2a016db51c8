/** The rows of the projections as types, by table. */
import type { AnomalyRow } from "./entities/Anomaly.js"
import type { ConnectionRow } from "./entities/Connection.js"
import type { DelegationRow } from "./entities/Delegation.js"
import type { InferenceItemRow, InferenceRow } from "./entities/Inference.js"
import type { ItemChunkRow, ItemRow } from "./entities/Item.js"
import type { QueueRow } from "./entities/QueuedMessage.js"
import type { RealtimeRunRow } from "./entities/RealtimeRun.js"
import type { RequestRow } from "./entities/Request.js"
import type { SessionRow } from "./entities/Session.js"
import type { TaskRow } from "./entities/Task.js"
import type { ThreadRow } from "./entities/Thread.js"
import type { RewindRow, TurnRow } from "./entities/Turn.js"
import type { TableName } from "./entities/table.js"
import type { UsageRow } from "./entities/Usage.js"

export type { ChunkHalf } from "./entities/Item.js"
export type { Bit } from "./entities/table.js"
export type {
  AnomalyRow,
  ConnectionRow,
  DelegationRow,
  InferenceItemRow,
  InferenceRow,
  ItemChunkRow,
  ItemRow,
  QueueRow,
  RealtimeRunRow,
  RequestRow,
  RewindRow,
  SessionRow,
  TaskRow,
  ThreadRow,
  TurnRow,
  UsageRow,
}

/** Table name → row type. */
export interface Rows {
  readonly connections: ConnectionRow
  readonly threads: ThreadRow
  readonly sessions: SessionRow
  readonly turns: TurnRow
  readonly rewinds: RewindRow
  readonly items: ItemRow
  readonly item_chunks: ItemChunkRow
  readonly requests: RequestRow
  readonly inferences: InferenceRow
  readonly inference_items: InferenceItemRow
  readonly realtime_runs: RealtimeRunRow
  readonly delegations: DelegationRow
  readonly tasks: TaskRow
  readonly queue: QueueRow
  readonly usage: UsageRow
  readonly anomalies: AnomalyRow
}
/** A row of any table. */
export type AnyRow = Rows[TableName]
