/** Naming the row that breaks an invariant. */
import { type Rows, type TableName, tables } from "@threadfold/contracts"
import type { RowViolation } from "../Invariant.js"

const isKey = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number"

/** The sequence of a row's last change, whatever the table calls it. */
const sequenceOf = (row: object): number => {
  const sequence: unknown = Reflect.get(row, "sequence") ?? Reflect.get(row, "lastSequence")
  return typeof sequence === "number" ? sequence : 0
}

/**
 * A violation by this row.
 *
 * @param others the rows that it contradicts: the last event that touched one of them all is the first after which they contradicted
 * each other as they do
 */
export const violation = <N extends TableName>(
  table: N,
  row: Rows[N],
  detail: string,
  others: readonly (object | null | undefined)[] = [],
): RowViolation => ({
  table,
  key: tables[table].key.map((column): unknown => Reflect.get(row, column)).filter(isKey),
  sequence: Math.max(sequenceOf(row), ...others.map((other) => (other == null ? 0 : sequenceOf(other)))),
  detail,
})

/** What is wrong with a row, and the rows that it contradicts. */
interface Contradiction {
  readonly detail: string
  readonly others: readonly (object | null | undefined)[]
}

/** Names the rows that a row contradicts. */
export const contradicts = (detail: string, ...others: Contradiction["others"]): Contradiction => ({ detail, others })

/** A violation by every row that is wrong. `wrong` returns what, or null. */
export const rowsThat = <N extends TableName>(
  table: N,
  rows: readonly Rows[N][],
  wrong: (row: Rows[N]) => string | Contradiction | null,
): readonly RowViolation[] =>
  rows.flatMap((row) => {
    const found = wrong(row)
    if (found === null) return []
    return [
      typeof found === "string" ? violation(table, row, found) : violation(table, row, found.detail, found.others),
    ]
  })

/** A violation by every row whose key another row of lower sequence has too; rows without a key take no part. */
export const repeated = <N extends TableName>(
  table: N,
  rows: readonly Rows[N][],
  keyOf: (row: Rows[N]) => string | null,
): readonly RowViolation[] => {
  const seen = new Set<string>()
  return rowsThat(
    table,
    [...rows].sort((a, b) => sequenceOf(a) - sequenceOf(b)),
    (row) => {
      const key = keyOf(row)
      if (key === null) return null
      if (seen.has(key)) return `${key} is there twice`
      seen.add(key)
      return null
    },
  )
}

/** A violation by every row whose number is not one of 1 … n, each used once. */
export const gapless = <N extends TableName>(
  table: N,
  rows: readonly Rows[N][],
  numberOf: (row: Rows[N]) => number,
): readonly RowViolation[] =>
  [...rows]
    .sort((a, b) => numberOf(a) - numberOf(b) || sequenceOf(a) - sequenceOf(b))
    .flatMap((row, index) =>
      numberOf(row) === index + 1
        ? []
        : [violation(table, row, `number ${numberOf(row)} stands in place ${index + 1}`)],
    )

/** Whether exactly the ended ones have all of these, and the open ones none. */
export const endsWhole = (ended: boolean, ...marks: readonly unknown[]): boolean =>
  marks.every((mark) => (mark !== null) === ended)

/** Rows by an id of theirs. */
export const indexBy = <R>(rows: readonly R[], idOf: (row: R) => string): ReadonlyMap<string, R> =>
  new Map(rows.map((row) => [idOf(row), row]))

/** How many rows have each id. */
export const countBy = <R>(rows: readonly R[], idOf: (row: R) => string | null): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const id = idOf(row)
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}
