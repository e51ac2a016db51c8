/**
 * The least that can be between a call over HTTP and SQLite, for `threadfold bench http` to compare with: no routes, no token, no
 * rows as values; only the statements that our server runs for the same call, and the bytes that it sends. Argument: the file of
 * its plan. Prints its port; ends when its standard input does.
 */
import { readFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { deserialize } from "node:v8"
import Sqlite from "better-sqlite3"
import { answerKey, type Plan, type Sent } from "./Plan.js"

const plan: Plan = deserialize(readFileSync(process.argv[2] ?? ""))

/** Each statement of a handle prepared once, as our server has them. */
const preparing = (handle: Sqlite.Database): ((text: string) => Sqlite.Statement) => {
  const statements = new Map<string, Sqlite.Statement>()
  return (text) => {
    const known = statements.get(text) ?? handle.prepare(text)
    statements.set(text, known)
    return known
  }
}

const reading = new Sqlite(plan.readFrom, { readonly: true })
const prepared = preparing(reading)
const begin = prepared("BEGIN")
const commit = prepared("COMMIT")
const reads = new Map(
  [...plan.reads].map(([path, read]) => [
    path,
    { sent: read.sent, statements: read.statements.map(({ params, text }) => ({ params, statement: prepared(text) })) },
  ]),
)

const writing = new Sqlite(plan.writeTo)
writing.pragma("journal_mode = WAL")
writing.pragma("synchronous = FULL")
const writer = preparing(writing)
const beginWrite = writer("BEGIN IMMEDIATE")
const commitWrite = writer("COMMIT")
const writes = plan.writes.map((transaction) =>
  transaction.map(({ sql, values }) => ({ statement: writer(sql), values })),
)
let written = 0

const send = (response: ServerResponse, { body, headers, status }: Sent): void => {
  response.writeHead(status, [...headers])
  response.end(body)
}

const server = createServer((request, response) => {
  const { method, url = "" } = request
  if (url === "/metrics") {
    const { system, user } = process.cpuUsage()
    response.end(`threadfold_cpu_seconds_total ${(system + user) / 1e6}\n`)
    return
  }
  if (method === "GET") {
    const read = reads.get(answerKey(url, request.headers["if-none-match"]))
    if (read === undefined) return void response.writeHead(404).end()
    if (read.statements.length > 0) {
      begin.run()
      for (const { params, statement } of read.statements) statement.all(...params)
      commit.run()
    }
    return send(response, read.sent)
  }
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    JSON.parse(Buffer.concat(chunks).toString("utf8"))
    const write = writes[written++]
    // A push that stores nothing would be no comparison.
    if (write === undefined) return void response.writeHead(500).end("The plan has no more transactions.")
    beginWrite.run()
    for (const { statement, values } of write) statement.run(...values)
    commitWrite.run()
    send(response, plan.pushed)
  })
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`)
})

process.stdin.resume().on("end", () => {
  server.closeAllConnections()
  server.close()
  reading.close()
  writing.close()
})
