/**
 * The process that runs one statement: a task as JSON on standard input, an answer as JSON on standard output. A thread looks at the
 * memory while SQLite has the main thread, and ends the process at its limit.
 */
import { readFileSync, writeSync } from "node:fs"
import { isMainThread, Worker } from "node:worker_threads"
import { readStatement, StatementRefused } from "@threadfold/projections"
import { Schema } from "effect"

/** Memory of the process, bytes. */
const mostMemory = 512 * 1024 * 1024

/** How often it is looked at, ms. */
const lookMs = 20

const SqlTask = Schema.parseJson(
  Schema.Struct({
    file: Schema.String,
    sql: Schema.String,
    params: Schema.Array(Schema.Union(Schema.String, Schema.Number, Schema.Null)),
    rows: Schema.Number,
    bytes: Schema.Number,
  }),
)

const answerTo = (text: string): object => {
  const { file, ...query } = Schema.decodeUnknownSync(SqlTask)(text)
  try {
    return { rows: readStatement(file, query) }
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "")
    return error instanceof StatementRefused ? { refused: why } : { failed: why }
  }
}

/** The whole of a text: a pipe may take less of it at a time. */
const write = (text: string): void => {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
}

if (isMainThread) {
  const watching = new Worker(new URL(import.meta.url))
  watching.on("online", () => {
    const task = readFileSync(0, "utf8")
    // The time of the statement begins with the first byte.
    write(" ")
    write(JSON.stringify(answerTo(task)))
    process.exit(0)
  })
} else {
  setInterval(() => {
    if (process.memoryUsage.rss() > mostMemory) process.kill(process.pid, "SIGKILL")
  }, lookMs)
}
