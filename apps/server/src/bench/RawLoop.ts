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

  /** A handle that behaves like the given one and tells this capture every write. */
  on(handle: Sqlite.Database): Sqlite.Database {
    return new Proxy(handle, {
      get: (target, property) => {
        if (property === "prepare") return (sql: string) => this.statement(target.prepare(sql), sql)
        const value: unknown = Reflect.get(target, property, target)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
  }

  /** What was committed since the last call. */
  take(): Captured {
    const taken = this.transactions
    this.transactions = []
    return taken
  }

  private statement(statement: Sqlite.Statement, sql: string): Sqlite.Statement {
    const note = (values: readonly unknown[]): void => {
      if (/^\s*BEGIN/i.test(sql)) this.current = []
      else if (/^\s*COMMIT/i.test(sql)) {
        if (this.current !== null) this.transactions.push(this.current)
        this.current = null
      } else if (!statement.reader) this.current?.push({ sql, values })
    }
    return new Proxy(statement, {
      get: (target, property) => {
        if (property === "run") {
          return (...values: unknown[]) => {
            // An array is copied: its owner fills it anew for the next row.
            note(values.map((value) => (Array.isArray(value) ? [...value] : value)))
            return target.run(...values)
          }
        }
        const value: unknown = Reflect.get(target, property, target)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
  }
}

/** What the clocks of a run say. */
export interface Times {
  readonly ms: number
  readonly cpuMicros: number
}

/** Runs captured transactions on another database; returns what it took. */
export const replay = (
  handle: Sqlite.Database,
  captured: Captured,
  now: () => Times,
  only: (sql: string) => boolean = () => true,
): Times => {
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
  const from = now()
  for (const transaction of plan) {
    begin.run()
    for (const { statement, values } of transaction) statement.run(...values)
    commit.run()
  }
  const to = now()
  return { ms: to.ms - from.ms, cpuMicros: to.cpuMicros - from.cpuMicros }
}
