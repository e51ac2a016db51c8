/**
 * What the engine is measured against: the rows that it wrote, written again by a bare loop of prepared statements, in
 * the same transactions, on an empty database of the same shape. Nothing could be faster with this storage.
 */
import type Sqlite from "better-sqlite3"

/** One statement execution, or the border of a transaction. */
interface Execution {
  readonly sql: string
  readonly values: readonly unknown[]
}
/** The executions of one transaction. */
export type Captured = readonly (readonly Execution[])[]

/** Writes of a database handle, grouped by transaction, as they happen. */
export class Capture {
  private transactions: Execution[][] = []
  private current: Execution[] | null = null

  /**
   * Makes every statement that this handle prepares from now on report its writes here. The statement keeps its class: the engine
   * beside it is compiled for statements, and would pay for another kind of object.
   */
  watch(handle: Sqlite.Database): void {
    const prepare = handle.prepare.bind(handle)
    const watched = (sql: string): Sqlite.Statement => this.statement(prepare(sql), sql)
    Object.assign(handle, { prepare: watched })
  }

  /** What was committed since the last call. */
  take(): Captured {
    const taken = this.transactions
    this.transactions = []
    return taken
  }

  private statement(statement: Sqlite.Statement, sql: string): Sqlite.Statement {
    const run = statement.run.bind(statement)
    const begins = /^\s*BEGIN/i.test(sql)
    const commits = /^\s*COMMIT/i.test(sql)
    const watched = (...values: unknown[]): Sqlite.RunResult => {
      if (begins) this.current = []
      else if (commits) {
        if (this.current !== null) this.transactions.push(this.current)
        this.current = null
      } else if (!statement.reader) {
        // An array is copied: its owner fills it anew for the next row.
        this.current?.push({ sql, values: values.map((value) => (Array.isArray(value) ? [...value] : value)) })
      }
      return run(...values)
    }
    return Object.assign(statement, { run: watched })
  }
}

/** Captured transactions with their statements prepared on another database; running it is what is measured. */
export const prepareReplay = (
  handle: Sqlite.Database,
  captured: Captured,
  only: (sql: string) => boolean = () => true,
): (() => void) => {
  const statements = new Map<string, Sqlite.Statement>()
  const plan = captured.map((transaction) =>
    transaction
      .filter(({ sql }) => only(sql))
      .map(({ sql, values }) => {
        const known = statements.get(sql)
        if (known !== undefined) return { statement: known, values }
        const statement = handle.prepare(sql)
        statements.set(sql, statement)
        return { statement, values }
      }),
  )
  const begin = handle.prepare("BEGIN IMMEDIATE")
  const commit = handle.prepare("COMMIT")
  return () => {
    for (const transaction of plan) {
      begin.run()
      for (const { statement, values } of transaction) statement.run(...values)
      commit.run()
    }
  }
}
