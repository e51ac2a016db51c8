/**
 * `check`: the invariants of the log and of the rows over a whole database, stream by stream. Memory holds a page of
 * events and the rows of one thread, without their texts.
 */
import { type AnyRow, type CheckReport, type Rows, type TableName, tables, unknownName } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { checkLog, checkRows, invariants, type ThreadRows, type Violation } from "@threadfold/core"
import type { TableRow } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { allStreams, eventsOf, type ProjectionStore, standingRows } from "@threadfold/projections"

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
const byTables = (rows: Iterable<TableRow>): ThreadRows => {
  const byTable = new Map<TableName, AnyRow[]>()
  for (const { row, table } of rows) {
    const list = byTable.get(table) ?? []
    byTable.set(table, list)
    list.push(withoutHeavy(table, row))
  }
  // The store pairs every row with the table it comes from.
  return { all: <N extends TableName>(table: N) => (byTable.get(table) ?? []) as unknown as readonly Rows[N][] }
}

/** What to check. */
export interface CheckScope {
  /** Ids of invariants; none: all of the log and of rows. */
  readonly invariants: readonly string[]
  /** The one stream to check; null: every stream. */
  readonly streamId: string | null
}

/** Everything. */
export const checkAll: CheckScope = { invariants: [], streamId: null }

/** The ids of the invariants that a database can be checked for. */
const checkable = invariants.filter(({ kind }) => kind !== "fold").map(({ id }) => id)

/** Refuses an id that no check of a database has. */
export const requireInvariants = (ids: readonly string[]): void => {
  for (const id of ids) {
    if (checkable.includes(id)) continue
    const detail = invariants.some((one) => one.id === id)
      ? `${id} is about the steps of the fold, which no database holds.`
      : `--invariant: ${unknownName("invariant", id, checkable)}. \`threadfold check --list\` says what each is.`
    throw new Problem({ slug: "invalid-request", detail })
  }
}

/**
 * The earliest event first: it is where to look. A row that sums others up names the last event of its thread, however long ago one of
 * them went wrong. What names no event is last.
 */
const byEvent = (found: readonly Violation[]): readonly Violation[] =>
  found.toSorted((a, b) => (a.sequence ?? Number.POSITIVE_INFINITY) - (b.sequence ?? Number.POSITIVE_INFINITY) || 0)

/**
 * Checks streams of a database. A log invariant names the first event of a stream that breaks it, a row invariant the last event
 * that touched the row or one of those that it contradicts. No invariant is about several streams: each is looked at in a snapshot of
 * its own.
 *
 * @param snapshot runs its argument in one snapshot of the database
 */
export const checkDatabase = (
  driver: Pick<LogDriver, "purgeOf" | "read" | "readStream" | "streams">,
  store: ProjectionStore,
  onProgress: (streams: number, events: number) => void,
  { invariants: ids, streamId: only }: CheckScope = checkAll,
  snapshot: (body: () => void) => void = (body) => body(),
): CheckReport => {
  requireInvariants(ids)
  const wanted = invariants.filter(({ id }) => ids.length === 0 || ids.includes(id))
  const ofLog = wanted.filter((one) => one.kind === "log")
  const ofRows = wanted.filter((one) => one.kind === "row")
  const source = eventSourceOf(driver)
  const everyEvent = eventSourceOf({ ...driver, purgeOf: () => null })
  const violations: CheckReport["violations"][number][] = []
  let ok = true
  const report = (found: readonly Violation[]): void => {
    if (found.length > 0) ok = false
    for (const violation of byEvent(found).slice(0, listed - violations.length)) {
      const eventId = violation.eventId ?? eventIdAt(driver, violation.sequence)
      violations.push({ ...violation, eventId })
    }
  }
  let streams = 0
  let events = 0
  for (const streamId of only === null ? allStreams(source, store) : [only]) {
    snapshot(() => {
      if (ofLog.length > 0) {
        // What holds of every event holds of those that were purged: only their content is gone.
        const page = eventsOf(everyEvent, streamId, (count) => {
          events += count
          onProgress(streams, events)
        })
        report(checkLog(streamId, page, ofLog))
      }
      const foldVersion = store.loadFoldState(streamId)?.foldVersion ?? 0
      const kept = ofRows.filter(({ since = 0 }) => since <= foldVersion)
      if (kept.length > 0) report(checkRows(streamId, byTables(standingRows(source, store, streamId)), kept))
    })
    streams += 1
    onProgress(streams, events)
  }
  return { ok, violations }
}

const eventIdAt = (driver: Pick<LogDriver, "read">, sequence: number | null): string | null =>
  sequence === null ? null : (driver.read({ after: sequence - 1, until: sequence, limit: 1 })[0]?.eventId ?? null)
