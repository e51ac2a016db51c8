/**
 * The tables of the projections as data. Each is declared beside its entity, whose fields are its columns.
 *
 * Row property names are camelCase, SQL column names are their snake_case.
 */
import { anomalies } from "./entities/Anomaly.js"
import { connections } from "./entities/Connection.js"
import { delegations } from "./entities/Delegation.js"
import { inferenceItems, inferences } from "./entities/Inference.js"
import { itemChunks, items } from "./entities/Item.js"
import { queue } from "./entities/QueuedMessage.js"
import { realtimeRuns } from "./entities/RealtimeRun.js"
import { requests } from "./entities/Request.js"
import { sessions } from "./entities/Session.js"
import { tasks } from "./entities/Task.js"
import { threads } from "./entities/Thread.js"
import { rewinds, turns } from "./entities/Turn.js"
import type { Table, TableName } from "./entities/table.js"
import { usage } from "./entities/Usage.js"

export type { Column, ColumnType, RowList, Table, TableName } from "./entities/table.js"

/** Every table of the projections by its name. */
export const tables: { readonly [N in TableName]: Table } = {
  connections,
  threads,
  sessions,
  turns,
  rewinds,
  items,
  item_chunks: itemChunks,
  requests,
  inferences,
  inference_items: inferenceItems,
  realtime_runs: realtimeRuns,
  delegations,
  tasks,
  queue,
  usage,
  anomalies,
}

/** All tables, in an order in which rows of a thread read well. */
export const tableNames = Object.keys(tables) as readonly TableName[]

/** Whether this version knows a table of this name: a later server may send rows of others, to be passed over. */
export const isTableName = (name: string): name is TableName => Object.hasOwn(tables, name)

/** `nativeTurnId` → `native_turn_id`. */
export const columnName = (property: string): string => property.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
