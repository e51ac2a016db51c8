import type { Rows, TableName } from "@threadfold/contracts"
import type { RowSource } from "@threadfold/core"

/** A look-up that found nothing. */
interface Miss {
  readonly table: TableName
  readonly lookup: string
  readonly values: readonly (string | number | null)[]
}

/**
 * The rows with which one event is resolved and folded; nothing is written in between. A row that was not found is not looked up
 * again, nor are ids that were made for the event: this saves half of the look-ups at the start of a turn. It remembers that a
 * read failed, because the fold turns every error into an anomaly.
 */
export class Reads implements RowSource {
  private failure: { readonly error: unknown } | null = null
  private readonly ids: string[] = []
  private readonly misses: Miss[] = []

  constructor(private readonly rows: RowSource) {}

  find = <N extends TableName>(
    table: N,
    lookup: string,
    values: readonly (string | number | null)[],
  ): Rows[N] | null => {
    if (this.isMissing(table, lookup, values)) return null
    try {
      const row = this.rows.find(table, lookup, values)
      if (row === null) this.misses.push({ table, lookup, values })
      return row
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  whole = <N extends TableName>(table: N, key: readonly (string | number)[]): Rows[N] | null => {
    try {
      return this.rows.whole(table, key)
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  list = <N extends TableName>(
    table: N,
    name: string,
    values: readonly (string | number | null)[],
  ): readonly Rows[N][] => {
    try {
      return this.rows.list(table, name, values)
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  minted = (id: string): void => {
    this.ids.push(id)
    this.rows.minted?.(id)
  }

  rethrow(): void {
    if (this.failure !== null) throw this.failure.error
  }

  private isMissing(table: TableName, lookup: string, values: Miss["values"]): boolean {
    const [first] = values
    if (lookup === "key" && typeof first === "string" && this.ids.includes(first)) return true
    for (const miss of this.misses) {
      if (miss.table === table && miss.lookup === lookup && miss.values.every((value, at) => value === values[at])) {
        return true
      }
    }
    return false
  }
}
