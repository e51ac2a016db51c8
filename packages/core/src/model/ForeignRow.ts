/** A row stays with its stream: an id of ours that comes up in a second stream must not take the first one's row. */
import { type Cells, type Layout, scalar } from "./Layout.js"

/**
 * A change would move a row to another stream. The tables refuse the same with a trigger, and `code` looks like their
 * refusal, so that a writer handles both alike: it freezes the stream that asked and leaves the owner alone.
 */
export class ForeignRow extends Error {
  readonly code = "SQLITE_CONSTRAINT_TRIGGER"

  constructor(table: string, owner: string) {
    super(`a row of ${table} belongs to the stream ${owner}`)
    this.name = "ForeignRow"
  }
}

/** Throws where `after` would take the place of another stream's row. */
export const keepOwner = (of: Layout, before: Cells | null, after: Cells): void => {
  if (of.guarded && before !== null && before[of.owner] !== after[of.owner]) {
    throw new ForeignRow(of.table, String(scalar(before, of.owner)))
  }
}
