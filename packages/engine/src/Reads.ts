import type { RowSource } from "@threadfold/core"

/** A row source that remembers that reading failed, because the fold turns everything that is thrown into an anomaly. */
export class Reads implements RowSource {
  private failure: { readonly error: unknown } | null = null

  constructor(private readonly rows: RowSource) {}

  find: RowSource["find"] = (table, lookup, values) => {
    try {
      return this.rows.find(table, lookup, values)
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  rethrow(): void {
    if (this.failure !== null) throw this.failure.error
  }
}
