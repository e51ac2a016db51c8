/**
 * The least that can be between a call over HTTP and a durable row, for `threadfold bench live` to compare with: one process,
 * one insert with a commit of its own, no thread, no fold; a GET answers with the CPU time that it has taken, as `/metrics` of the server
 * does. Argument: the file of its database. Prints its port; ends when its standard input does.
 */
import { createServer } from "node:http"
import Sqlite from "better-sqlite3"

const database = new Sqlite(process.argv[2] ?? ":memory:")
database.pragma("journal_mode = WAL")
database.pragma("synchronous = FULL")
database.exec("CREATE TABLE calls (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
const insert = database.prepare("INSERT INTO calls (body) VALUES (?)")

const server = createServer((request, response) => {
  if (request.method === "GET") {
    const { system, user } = process.cpuUsage()
    response.end(`threadfold_cpu_seconds_total ${(system + user) / 1e6}\n`)
    return
  }
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    insert.run(Buffer.concat(chunks).toString("utf8"))
    response.writeHead(202).end()
  })
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`)
})

process.stdin.resume().on("end", () => {
  server.closeAllConnections()
  server.close()
  database.close()
})
