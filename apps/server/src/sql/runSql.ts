/**
 * Runs a statement in a process of its own. SQLite does not let go of a statement that takes long or much memory: the process is
 * ended at its limits.
 */
import { spawn } from "node:child_process"
import { type SqlBody, SqlRows, sqlLimits } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Schema } from "effect"
import { wholeEnvironment } from "../config/Environment.js"
import { sqlProgram } from "../installed.js"

/** What the process is given on its standard input. */
interface SqlTask {
  readonly file: string
  readonly sql: string
  readonly params: NonNullable<SqlBody["params"]>
  readonly rows: number
  readonly bytes: number
}

/** What the process writes, as JSON. */
const SqlAnswer = Schema.parseJson(
  Schema.Union(
    Schema.Struct({ rows: SqlRows }),
    Schema.Struct({ refused: Schema.String }),
    Schema.Struct({ failed: Schema.String }),
  ),
)

/** Bytes that an answer may have beside its rows: names of columns, a message. */
const besideRows = 1024 * 1024

/** The environment of the process: it needs nothing of ours but what Node itself looks at. */
const environment = (): NodeJS.ProcessEnv => {
  const { NODE_PATH, PATH } = wholeEnvironment()
  return { ...(PATH === undefined ? {} : { PATH }), ...(NODE_PATH === undefined ? {} : { NODE_PATH }) }
}

/** For how long the process may start, ms: the time of the statement begins when it is ready. */
const startMs = 30_000

interface Ended {
  readonly out: string
  /** Why it was ended; null: it ended by itself. */
  readonly killed: "memory" | "time" | null
}

/** The process, until it ends or takes longer than `timeoutMs`; an interruption ends it. */
const runTask = (task: SqlTask, timeoutMs: number): Effect.Effect<Ended, Problem> =>
  Effect.async<Ended, Problem>((resume) => {
    const child = spawn(process.execPath, [sqlProgram], { stdio: ["pipe", "pipe", "ignore"], env: environment() })
    const pieces: Buffer[] = []
    let bytes = 0
    let isLate = false
    const late = (): void => {
      isLate = true
      child.kill("SIGKILL")
    }
    let timer = setTimeout(late, startMs)
    child.stdout.on("data", (piece: Buffer) => {
      if (bytes === 0) {
        clearTimeout(timer)
        timer = setTimeout(late, timeoutMs)
      }
      bytes += piece.length
      if (bytes > task.bytes + besideRows) child.kill("SIGKILL")
      else pieces.push(piece)
    })
    child.stdin.on("error", () => undefined)
    child.on("error", ({ message }) =>
      resume(Effect.fail(new Problem({ slug: "unavailable", detail: `The process of the statement: ${message}.` }))),
    )
    child.on("close", (_code, signal) => {
      clearTimeout(timer)
      const killed = isLate ? "time" : signal === null ? null : "memory"
      resume(Effect.succeed({ out: Buffer.concat(pieces).toString(), killed }))
    })
    child.stdin.end(JSON.stringify(task))
    return Effect.sync(() => {
      clearTimeout(timer)
      child.kill("SIGKILL")
    })
  })

/** Runs a statement over the views of a database file. */
export const runSql = (
  file: string,
  { bytes, params, rows, sql, timeoutMs }: SqlBody,
): Effect.Effect<SqlRows, Problem> =>
  Effect.gen(function* () {
    const limit = timeoutMs ?? sqlLimits.timeoutMs.usual
    const task = {
      file,
      sql,
      params: params ?? [],
      rows: rows ?? sqlLimits.rows.usual,
      bytes: bytes ?? sqlLimits.bytes.usual,
    }
    const { killed, out } = yield* runTask(task, limit)
    if (killed === "time") {
      return yield* new Problem({ slug: "sql-limit", detail: `It took longer than ${limit} ms.` })
    }
    if (killed === "memory") {
      return yield* new Problem({ slug: "sql-limit", detail: "It took more memory than a statement may." })
    }
    const answer = yield* Effect.mapError(
      Schema.decodeUnknown(SqlAnswer)(out),
      () => new Problem({ slug: "unavailable", detail: "The process of the statement ended without an answer." }),
    )
    if ("refused" in answer) return yield* new Problem({ slug: "sql-refused", detail: `${answer.refused}.` })
    if ("failed" in answer) return yield* new Problem({ slug: "unavailable", detail: `${answer.failed}.` })
    return answer.rows
  })
