/** Where two sets of rows of one stream differ. */

import { type ProjectionsReport, tableNames } from "@threadfold/contracts"
import { canonicalJson } from "@threadfold/core"
import { cells, compareKeys, keyOf, layout, type TableRow } from "@threadfold/core/model"

/** One difference, as `verify` reports it. */
export type Difference = ProjectionsReport["differences"][number]

/** Longest text that a report repeats, in UTF-16 units. */
const longestText = 500

const shown = (value: unknown): unknown =>
  typeof value === "string" && value.length > longestText
    ? `${value.slice(0, longestText)}… (${value.length} characters)`
    : value

const place = (row: TableRow): number => tableNames.indexOf(row.table)

const order = (a: TableRow, b: TableRow): number => {
  if (a.table !== b.table) return place(a) - place(b)
  const of = layout(a.table)
  return compareKeys(keyOf(of, cells(a.row)), keyOf(of, cells(b.row)))
}

/** The columns in which two rows differ, or null where they do not. Sequences and clocks count: both come from the log. */
const differing = (
  expected: TableRow,
  actual: TableRow,
): { readonly expected: Record<string, unknown>; readonly actual: Record<string, unknown> } | null => {
  const left: Record<string, unknown> = {}
  const right: Record<string, unknown> = {}
  let found = false
  const [a, b] = [cells(expected.row), cells(actual.row)]
  for (const { name } of layout(expected.table).columns) {
    if (a[name] === b[name] || canonicalJson(a[name] ?? null) === canonicalJson(b[name] ?? null)) continue
    found = true
    left[name] = shown(a[name] ?? null)
    right[name] = shown(b[name] ?? null)
  }
  return found ? { expected: left, actual: right } : null
}

/** Whether two rows of one key are the same in every column. */
const isSame = (expected: TableRow, actual: TableRow): boolean => differing(expected, actual) === null

const placeOf = ({ row, table }: TableRow): string => JSON.stringify([table, ...keyOf(layout(table), cells(row))])

/** What turns stored rows into the expected ones. */
export interface RowChanges {
  /** Rows that go, or that another version takes the place of. */
  readonly removed: readonly TableRow[]
  /** Rows that come. */
  readonly put: readonly TableRow[]
  /** How many rows that is: one that another version takes the place of counts once. */
  readonly rows: number
}

/**
 * What turns the stored rows of a stream into the expected ones. Rows that are equal in every column are in neither list. Both sides
 * may come in any order.
 */
export const changesBetween = (expected: Iterable<TableRow>, stored: Iterable<TableRow>): RowChanges => {
  const missing = new Map<string, TableRow>()
  for (const row of expected) missing.set(placeOf(row), row)
  const removed: TableRow[] = []
  let gone = 0
  for (const row of stored) {
    const place = placeOf(row)
    const wanted = missing.get(place)
    if (wanted !== undefined && isSame(wanted, row)) missing.delete(place)
    else removed.push(row)
    if (wanted === undefined) gone += 1
  }
  return { removed, put: [...missing.values()], rows: gone + missing.size }
}

const whole = ({ row }: TableRow): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value)]))

/** Walks both sides once, in canonical order. */
export function* differences(
  threadId: string,
  expected: Iterable<TableRow>,
  actual: Iterable<TableRow>,
): Iterable<Difference> {
  const at = (row: TableRow) => ({
    threadId,
    table: row.table,
    key: keyOf(layout(row.table), cells(row.row)).join(" "),
  })
  const lefts = expected[Symbol.iterator]()
  const rights = actual[Symbol.iterator]()
  let left = lefts.next()
  let right = rights.next()
  while (left.done !== true || right.done !== true) {
    if (right.done === true || (left.done !== true && order(left.value, right.value) < 0)) {
      if (left.done === true) return
      yield { ...at(left.value), expected: whole(left.value), actual: null }
      left = lefts.next()
    } else if (left.done === true || order(left.value, right.value) > 0) {
      yield { ...at(right.value), expected: null, actual: whole(right.value) }
      right = rights.next()
    } else {
      const found = differing(left.value, right.value)
      if (found !== null) yield { ...at(right.value), ...found }
      left = lefts.next()
      right = rights.next()
    }
  }
}
