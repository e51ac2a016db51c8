/**
 * The rows that a fold step is shown: those that are held. What is asked for and not held is either known not to exist, or the
 * step is not to be taken: {@link AskedRows.unknown} is set then.
 */
import type { Rows, TableName } from "@threadfold/contracts"
import type { RowSource } from "@threadfold/core"
import { type Cells, layout, type Scalar, toRow, withoutHeavy } from "@threadfold/core/model"
import type { HeldRows } from "./HeldRows.js"
import { lacksText } from "./truncatedRows.js"

type Values = readonly (Scalar | null)[]

export class AskedRows implements RowSource {
  /** What was asked for, is not held, and may exist; null: nothing. */
  unknown: string | null = null

  constructor(private readonly held: HeldRows) {}

  find = <N extends TableName>(table: N, lookup: string, values: Values): Rows[N] | null => {
    const row = lookup === "key" ? this.byKey(table, values) : this.byLookup(table, lookup, values)
    if (row !== null && lacksText(table, row, false)) return this.miss(null, table, lookup, values)
    return row === null ? null : toRow(table, withoutHeavy(layout(table), row))
  }

  whole = <N extends TableName>(table: N, key: readonly Scalar[]): Rows[N] | null => {
    const row = this.byKey(table, key)
    if (row !== null && lacksText(table, row, true)) return this.miss(null, table, "whole", key)
    return row === null ? null : toRow(table, row)
  }

  list = <N extends TableName>(table: N, name: string, values: Values): readonly Rows[N][] => {
    const of = layout(table)
    const list = of.lists.get(name)
    if (list === undefined) return this.miss([], table, name, values)
    const ofOpen = list.where.status?.every((status) => of.entering.has(String(status))) === true
    if (ofOpen ? !this.held.hasAllOpen : !this.held.isWhole(table) && !this.held.knows(String(values.at(-1)))) {
      return this.miss([], table, name, values)
    }
    const found: Rows[N][] = []
    for (const row of ofOpen ? this.held.open(table) : this.held.all(table)) {
      const isIn =
        list.columns.every((column, index) => (row[column] ?? null) === values[index]) &&
        Object.entries(list.where).every(([column, allowed]) => allowed.some((one) => one === row[column]))
      if (isIn && lacksText(table, row, false)) return this.miss([], table, name, values)
      if (isIn) found.push(toRow(table, withoutHeavy(of, row)))
    }
    return found
  }

  private byKey(table: TableName, key: Values): Cells | null {
    const row = this.held.get(table, key)
    return row !== null || this.held.isAbsent(table, key) ? row : this.miss(null, table, "key", key)
  }

  /** Look-ups that rules of the fold take once in a while: among the parts of one attempt, or among turns and rewinds. */
  private byLookup(table: TableName, lookup: string, values: Values): Cells | null {
    const of = layout(table)
    const columns = of.lookups.get(lookup) ?? []
    const ofAttempt = lookup === "byItemKey"
    const attempt = String(values[1])
    let best: Cells | null = null
    for (const row of ofAttempt ? this.held.partsOf(table, attempt) : this.held.all(table)) {
      if (!columns.every((column, index) => row[column] === values[index])) continue
      if (best === null || Number(row.ordinal) > Number(best.ordinal)) best = row
    }
    const isKnown =
      this.held.isWhole(table) || (ofAttempt ? this.held.knows(attempt) : best !== null && of.table === "turns")
    return isKnown ? best : this.miss(null, table, lookup, values)
  }

  private miss<A>(answer: A, table: TableName, lookup: string, values: Values): A {
    this.unknown ??= `${table} ${lookup} ${JSON.stringify(values)}`
    return answer
  }
}
