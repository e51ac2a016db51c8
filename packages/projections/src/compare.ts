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
