/**
 * What queries read through: statements, and one transaction around several. An `@effect/sql` client is one. The one made here is
 * for reading alone: prepared statements on a better-sqlite3 handle, without a span or a fiber for each.
 */
import * as SqlError from "@effect/sql/SqlError"
import type { TableName } from "@threadfold/contracts"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { LRUCache } from "lru-cache"

/** Statements over one connection. */
export interface ReadSql {
  /** The rows of a statement. */
  readonly unsafe: <Row extends object>(
    text: string,
    params?: readonly unknown[],
  ) => Effect.Effect<readonly Row[], SqlError.SqlError>
  /** Runs `body`, which waits for nothing but these statements, in one transaction. */
  readonly withTransaction: <A, E>(body: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError.SqlError>
  /**
   * The highest value that a row of the table has in the first column of its list; null: the table has none. Absent where the
   * tables hold no rows but those that are asked for, so that no page has to pass over any.
   */
  readonly top?: (table: TableName) => string | number | null
}

/** Statements that are kept prepared: HTTP needs far fewer. The limit of a page is part of its text. */
const keptStatements = 512

type Statement = Sqlite.Statement<unknown[], unknown>

/** Statements by their text; the one that was not used for the longest time gives way. */
const prepared = (handle: Sqlite.Database): ((text: string) => Statement) => {
  const kept = new LRUCache<string, Statement>({ max: keptStatements })
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const statement = handle.prepare<unknown[], unknown>(text)
    kept.set(text, statement)
    return statement
  }
}

const attempt = <A>(body: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({ try: body, catch: (cause) => new SqlError.SqlError({ cause, message: "a statement failed" }) })

/** Statements over a handle that reads. */
export const readSqlOf = (handle: Sqlite.Database): ReadSql => {
  const statement = prepared(handle)
  const begin = handle.prepare("BEGIN")
  const commit = handle.prepare("COMMIT")
  return {
    unsafe: <Row extends object>(text: string, params: readonly unknown[] = []) =>
      // The only cast: what a statement selects is what its caller wrote.
      attempt(() => statement(text).all(params) as readonly Row[]),
    withTransaction: (body) =>
      Effect.flatMap(
        attempt(() => begin.run()),
        () => {
          // At one go: a fiber may pause after many steps, and what another one reads then would be in this transaction.
          const exit = Effect.runSyncExit(body)
          // A transaction that only read has nothing to roll back; SQLite ends it by itself where the file fails.
          return Effect.zipRight(
            attempt(() => handle.inTransaction && commit.run()),
            exit,
          )
        },
      ),
  }
}

/** Statements over a handle whose transaction is open already, and stays so. */
export const readSqlInside = (handle: Sqlite.Database, top: NonNullable<ReadSql["top"]>): ReadSql => {
  const statement = prepared(handle)
  return {
    top,
    // The only cast, as above.
    unsafe: <Row extends object>(text: string, params: readonly unknown[] = []) =>
      attempt(() => statement(text).all(params) as readonly Row[]),
    withTransaction: (body) => body,
  }
}

/** Opens a database file for reading, for the life of the scope: after the writer has made it and set it to WAL. */
export const openReadSql = (file: string): Effect.Effect<ReadSql, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Sqlite(file, { readonly: true, fileMustExist: true })),
      (handle) => Effect.sync(() => handle.close()),
    ),
    readSqlOf,
  )
