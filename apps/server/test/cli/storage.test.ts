/** The files of a running server deleted, renamed, replaced or cut: nothing that is lost is acknowledged as kept. */
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { attach, type CalledServer, push, serve, serveHere } from "./server.js"

const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-storage-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const session = "01990000-0000-7000-8000-000000000001"
const notice = (seq: number) => ({
  type: "runtime.warning",
  channel: "adapter:test",
  seq,
  at: 1_700_000_000_000 + seq,
  payload: { message: `notice ${seq} ${"x".repeat(2_000)}` },
})

const decodeProblem = Schema.decodeUnknownSync(ProblemDetails)
const problemOf = async (answer: Response) => {
  const { detail, type } = decodeProblem(await answer.json())
  return { status: answer.status, slug: type.replace("urn:threadfold:problem:", ""), detail }
}
const tryPush = (server: Pick<CalledServer, "call">, seq: number) =>
  server.call(`/v1/sessions/${session}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: JSON.stringify(notice(seq)),
  })

const replace = (file: string): void => {
  copyFileSync(file, `${file}.other`)
  renameSync(`${file}.other`, file)
}

/** Faults of which a whole program, whose writer is in a thread of its own, tells what a server in this process tells of all. */
const throughProgram = new Set(["the database is deleted", "the log of writes is emptied"])

const faults: readonly (readonly [name: string, found: RegExp, fault: (directory: string) => void])[] = [
  ["the database is deleted", /threadfold\.db was deleted or renamed/, (d) => unlinkSync(join(d, "threadfold.db"))],
  [
    "the database is renamed",
    /threadfold\.db was deleted or renamed/,
    (d) => renameSync(join(d, "threadfold.db"), join(d, "moved.db")),
  ],
  ["the database is replaced", /threadfold\.db was replaced/, (d) => replace(join(d, "threadfold.db"))],
  ["the database is cut", /threadfold\.db was cut to 4096 bytes/, (d) => truncateSync(join(d, "threadfold.db"), 4096)],
  ["the database is emptied", /threadfold\.db was cut to 0 bytes/, (d) => writeFileSync(join(d, "threadfold.db"), "")],
  ["the log of writes is deleted", /threadfold\.db-wal was deleted/, (d) => unlinkSync(join(d, "threadfold.db-wal"))],
  ["the log of writes is replaced", /threadfold\.db-wal was replaced/, (d) => replace(join(d, "threadfold.db-wal"))],
  [
    "the log of writes is emptied",
    /threadfold\.db-wal was cut to 0 bytes/,
    (d) => truncateSync(join(d, "threadfold.db-wal"), 0),
  ],
]

describe("a server whose files change under it", () => {
  for (const [name, found, fault] of faults) {
    it(`calls the next batch uncertain, refuses the others and is not ready, when ${name}`, async () => {
      const directory = newDirectory()
      const server = await (throughProgram.has(name) ? serve(directory) : serveHere(directory))
      await attach(server, session, "native-1")
      expect(await push(server, session, [notice(1)])).toMatchObject([{ status: "appended" }])
      fault(directory)
      const uncertain = await problemOf(await tryPush(server, 2))
      // What is read of a file that was cut may fail before the batch reaches the writer.
      const slug = name.endsWith("emptied") ? /^storage-(uncertain|lost)$/ : /^storage-uncertain$/
      expect(uncertain).toMatchObject({ status: 503, slug: expect.stringMatching(slug) })
      expect(uncertain.detail).toMatch(found)
      expect(await problemOf(await server.call("/readyz"))).toMatchObject({ status: 503, slug: "storage-lost" })
      expect(await problemOf(await tryPush(server, 3))).toMatchObject({ status: 503, slug: "storage-lost" })
      expect(await (await server.call("/metrics")).text()).toMatch(/^threadfold_storage_lost 1$/m)
      expect((await server.call("/livez")).status).toBe(200)
      // Reading goes on, from what is open. Of a file that was cut there is less to read.
      const reads = ["/v1/threads", "/v1/events", `/v1/sessions/${session}`]
      const statuses = await Promise.all(reads.map(async (path) => (await server.call(path)).status))
      if (!/cut|emptied/.test(name)) expect(statuses).toEqual([200, 200, 200])
    })
  }

  it("cannot go on when the lock was renamed, and leaves its successor alone", async () => {
    const directory = newDirectory()
    const server = await serveHere(directory)
    renameSync(join(directory, "owner.lock"), join(directory, "owner.lock.moved"))
    expect((await server.broken()).detail).toMatch(/owner\.lock was deleted or renamed/)
    const next = await serveHere(directory)
    await server.stop()
    expect((await next.call("/readyz")).status).toBe(200)
  })

  const lockFaults: readonly (readonly [name: string, found: RegExp, fault: (file: string) => void])[] = [
    ["deleted", /owner\.lock was deleted or renamed/, (file) => unlinkSync(file)],
    ["replaced", /owner\.lock was replaced by another file/, replace],
  ]
  for (const [name, found, fault] of lockFaults) {
    it(`ends, and leaves the files of its successor alone, when the lock was ${name}`, async () => {
      const directory = newDirectory()
      const server = await serve(directory)
      let stderr = ""
      server.child.stderr?.on("data", (text: string) => {
        stderr += text
      })
      fault(join(directory, "owner.lock"))
      expect(await server.ended).toBe(3)
      expect(stderr).toMatch(found)
      expect(readdirSync(directory)).toContain("threadfold.db")
      const next = await serve(directory)
      expect((await next.call("/readyz")).status).toBe(200)
    })
  }

  it("calls a batch uncertain that meets a lost lock, before it ends", async () => {
    const directory = newDirectory()
    const server = await serve(directory)
    await attach(server, session, "native-1")
    unlinkSync(join(directory, "owner.lock"))
    const answer = await tryPush(server, 1).catch(() => null)
    // It may have ended before it could answer; it never says that the line was kept.
    if (answer !== null) expect(await problemOf(answer)).toMatchObject({ status: 503 })
    expect(await server.ended).toBe(3)
  })
})
