/**
 * The least that can be between a call over HTTP and SQLite, for `threadfold bench http` to compare with: no routes, no token, no
 * rows as values; only the statements that our server runs for the same call, and the bytes that it sends. Arguments: the file of
 * its plan, and `thread` to write on a thread of its own. Prints its port; ends when its standard input does.
 */
import { readFileSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import { deserialize } from "node:v8"
import { parentPort } from "node:worker_threads"
import Sqlite from "better-sqlite3"
import { bareWriter, threadedWriter, writeFor } from "./bareWriter.js"
import { answerKey, type Plan, type Sent } from "./Plan.js"

const [, program = "", planFile = "", threaded] = process.argv

const send = (response: ServerResponse, { body, headers, status }: Sent): void => {
  response.writeHead(status, [...headers])
  response.end(body)
}

const serve = (plan: Plan): void => {
  const reading = new Sqlite(plan.readFrom, { readonly: true })
  const statements = new Map<string, Sqlite.Statement>()
  // Each statement is prepared once, as our server has them.
  const prepared = (text: string): Sqlite.Statement => {
    const known = statements.get(text) ?? reading.prepare(text)
    statements.set(text, known)
    return known
  }
  const begin = prepared("BEGIN")
  const commit = prepared("COMMIT")
  const reads = new Map(
    [...plan.reads].map(([path, read]) => [
      path,
      {
        sent: read.sent,
        statements: read.statements.map(({ params, text }) => ({ params, statement: prepared(text) })),
      },
    ]),
  )
  const writer = threaded === "thread" ? threadedWriter(program, planFile) : bareWriter(plan)

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
      const event: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"))
      writer.push(event, (isWritten) => {
        // A push that stores nothing would be no comparison.
        if (isWritten) send(response, plan.pushed)
        else response.writeHead(500).end("The plan has no more transactions.")
      })
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
    writer.close()
  })
}

const plan: Plan = deserialize(readFileSync(planFile))
if (parentPort === null) serve(plan)
else writeFor(parentPort, plan)
