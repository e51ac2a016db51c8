/**
 * `check`: the invariants of the log and of the rows over a whole database, stream by stream. Memory holds a page of
 * events and the rows of one thread, without their texts.
 */
import { type AnyRow, type CheckReport, type Rows, type TableName, tables } from "@threadfold/contracts"
import { checkLog, checkRows, type ThreadRows, type Violation } from "@threadfold/core"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { allStreams, eventsOf, type ProjectionStore } from "@threadfold/projections"

/** Violations that a report lists; `ok` is false however many there are. */
const listed = 1000

const heavyOf = (table: TableName): readonly string[] =>
  Object.entries(tables[table].columns).flatMap(([name, column]) => (column.heavy === true ? [name] : []))
const heavy = new Map(Object.values(tables).map(({ name }) => [name, heavyOf(name)]))

const withoutHeavy = (table: TableName, row: AnyRow): AnyRow => {
  const names = heavy.get(table) ?? []
  if (names.length === 0) return row
  const light = { ...row }
  for (const name of names) Reflect.deleteProperty(light, name)
  return light
}

/** The rows of a stream by table, without heavy columns. */
const rowsOf = (store: ProjectionStore, streamId: string): ThreadRows => {
  const byTable = new Map<TableName, AnyRow[]>()
  for (const { row, table } of store.rowsOf(streamId)) {
    const list = byTable.get(table) ?? []
    byTable.set(table, list)
    list.push(withoutHeavy(table, row))
  }
  // The store pairs every row with the table it comes from.
  return { all: <N extends TableName>(table: N) => (byTable.get(table) ?? []) as unknown as readonly Rows[N][] }
}

/**
 * Checks every stream of a database. A log invariant names the first event of a stream that breaks it, a row invariant
 * the last event that touched the row. The caller holds one snapshot of the database for the whole check.
 */
export const checkDatabase = (
  driver: Pick<LogDriver, "read" | "readStream" | "streams">,
  store: ProjectionStore,
  onProgress: (streams: number, events: number) => void,
): CheckReport => {
  const source = eventSourceOf(driver)
  const violations: CheckReport["violations"][number][] = []
  let ok = true
  const report = (found: readonly Violation[]): void => {
    if (found.length > 0) ok = false
    for (const violation of found.slice(0, listed - violations.length)) {
      const eventId = violation.eventId ?? eventIdAt(driver, violation.sequence)
      violations.push({ ...violation, eventId })
    }
  }
  let streams = 0
  let events = 0
  for (const streamId of allStreams(source, store)) {
    const page = eventsOf(source, streamId, (count) => {
      events += count
      onProgress(streams, events)
    })
    report(checkLog(streamId, page))
    report(checkRows(streamId, rowsOf(store, streamId)))
    streams += 1
  }
  return { ok, violations }
}

const eventIdAt = (driver: Pick<LogDriver, "read">, sequence: number | null): string | null =>
  sequence === null ? null : (driver.read({ after: sequence - 1, until: sequence, limit: 1 })[0]?.eventId ?? null)
