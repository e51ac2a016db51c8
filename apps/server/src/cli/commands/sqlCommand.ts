/** `threadfold sql 'SELECT …'`: one statement over the views of a database. */
import { Args, Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { currentLook, note, write, writeJson } from "../output.js"
import { sqlPage } from "../pages/queryPages.js"
import { fileOf, placeNamed } from "../reading.js"
import { dataDir, db, json, wholeNumber } from "../sharedOptions.js"

const statement = Args.text({ name: "STATEMENT" }).pipe(
  Args.withDescription(
    "One statement that reads views: v_threads, v_turns, v_items, …; `SELECT * FROM v_views` lists them.",
  ),
)

const limit = wholeNumber("limit", 1, 100_000).pipe(
  Options.withDescription("Rows at most. Default: 1000."),
  Options.withDefault(1_000),
)

const timeout = wholeNumber("timeout", 1, 60).pipe(
  Options.withDescription("Seconds that it may take; then its process is ended. Default: 5."),
  Options.withDefault(5),
)

/** Loaded on demand: it needs the HTTP API's shapes, which no other reading command does. */
const loadRunSql = Effect.promise(() => import("../../sql/runSql.js"))

export const sqlCommand = Command.make("sql", { statement, limit, timeout, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const file = yield* Effect.flatMap(placeNamed(options), fileOf)
    const { runSql } = yield* loadRunSql
    const found = yield* runSql(file, {
      sql: options.statement,
      rows: options.limit,
      timeoutMs: options.timeout * 1_000,
    })
    yield* options.json ? writeJson(found) : write(sqlPage(yield* currentLook, found))
    if (found.cut === "rows") yield* note(`The first ${found.rows.length} rows; more with --limit.`)
    if (found.cut === "bytes") yield* note(`The first ${found.rows.length} rows: more would be too long.`)
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Run one statement that reads the documented views, in a process of its own with limits of rows, size, time and memory.",
  ),
)
