/** Damaged databases: refused at the start, read by `salvage`, and told byte by byte by `verify`. */
import {
  closeSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { CheckReport, ImportReport, SalvageReport, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { verifyPage } from "../../src/cli/pages/reportPages.js"
import { lookOf } from "../../src/cli/text/Look.js"
import { document, type Ended, problemOf, temporary, threadfold } from "./program.js"
import { attach, push, serve, serveHere } from "./server.js"

const decode = <A, I>(schema: Schema.Schema<A, I>, { stdout }: Ended): A =>
  Schema.decodeUnknownSync(Schema.parseJson(schema), { onExcessProperty: "error" })(stdout)

/** Overwrites a part of a file. */
const overwrite = (file: string, at: number, bytes: Buffer): void => {
  const descriptor = openSync(file, "r+")
  writeSync(descriptor, bytes, 0, bytes.length, at)
  closeSync(descriptor)
}

/** Runs SQL on a database that no process has open. */
const sql = <A>(file: string, body: (handle: Sqlite.Database) => A): A => {
  const handle = new Sqlite(file)
  try {
    return body(handle)
  } finally {
    handle.close()
  }
}

const pageSize = 4096
/** Makes the first page of a table or index one that is none. */
const damagePageOf = (file: string, name: string): void => {
  const page = sql(file, (handle) =>
    Number(handle.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").pluck().get(name)),
  )
  expect(page).toBeGreaterThan(1)
  overwrite(file, (page - 1) * pageSize, Buffer.alloc(pageSize, 0xa5))
}

/** A data directory with two recordings, made by the first test that wants it; each has a copy. */
const original = join(mkdtempSync(join(tmpdir(), "threadfold-damaged-")), "data")
let events = 0
afterAll(() => rmSync(dirname(original), { recursive: true }))

const copyOf = async () => {
  if (events === 0) {
    const paths = ["codex-01-plain", "codex-02-approval-untrusted-accept"].map((name) => recording(name).path)
    await document(ImportReport, ["import", "codex-app-server", ...paths, "--data-dir", original])
    events = sql(join(original, "threadfold.db"), (handle) =>
      Number(handle.prepare("SELECT count(*) FROM events").pluck().get()),
    )
    expect(events).toBeGreaterThan(50)
  }
  const directory = join(temporary(), "data")
  cpSync(original, directory, { recursive: true })
  return { directory, file: join(directory, "threadfold.db") }
}

describe("a start", () => {
  const faults: readonly (readonly [name: string, found: RegExp, fault: (file: string) => void])[] = [
    ["shorter than its header says", /has \d+ bytes; its header says \d+/, (f) => truncateSync(f, 8 * pageSize)],
    ["empty beside the id of a log", /is empty, but it held the log \S+/, (f) => truncateSync(f, 0)],
    [
      "torn in the middle",
      /torn pages|cannot be read/,
      (f) => overwrite(f, 6 * pageSize, Buffer.alloc(6 * pageSize, 0xa5)),
    ],
  ]
  for (const [name, found, fault] of faults) {
    it(`on a database that is ${name} is refused with what was found and what can be done`, async () => {
      const { directory, file } = await copyOf()
      fault(file)
      const before = readFileSync(file)
      const run = await threadfold(["serve", "--desktop", "--data-dir", directory])
      expect([run.code, run.stdout]).toEqual([3, ""])
      expect(run.stderr).toMatch(found)
      expect(run.stderr).toContain("threadfold salvage --db FILE OUT")
      expect(readFileSync(file).equals(before)).toBe(true)
    })
  }

  it("on a database whose write-ahead log is gone is refused; with it nothing is lost", {
    timeout: 600_000,
  }, async () => {
    const directory = join(temporary(), "data")
    const file = join(directory, "threadfold.db")
    const server = await serve(directory)
    const session = "01990000-0000-7000-8000-000000000001"
    await attach(server, session, "native-1")
    await push(server, session, [
      { type: "runtime.warning", channel: "adapter:a", seq: 1, at: 1, payload: { message: "kept" } },
    ])
    server.child.kill("SIGKILL")
    await server.ended
    const aside = join(directory, "aside")
    copyFileSync(`${file}-wal`, aside)
    rmSync(`${file}-wal`)
    const refused = await threadfold(["serve", "--desktop", "--data-dir", directory])
    expect([refused.code, refused.stdout]).toEqual([3, ""])
    expect(refused.stderr).toMatch(/threadfold\.db-wal with the last commits of the log \S+ is gone/)
    // What is in the file itself is less than was acknowledged: salvage says so, and makes nothing of nothing.
    const out = join(directory, "out.db")
    const salvaged = await threadfold(["salvage", "--db", file, out, "--json"])
    expect([salvaged.code, problemOf(salvaged).type]).toEqual([3, "urn:threadfold:problem:database-unreadable"])
    copyFileSync(aside, `${file}-wal`)
    const whole = await threadfold(["salvage", "--db", file, out, "--json"])
    expect([whole.code, decode(SalvageReport, whole).events]).toEqual([0, 3])
    // What the thread of the work fails with arrives as it is.
    const again = await threadfold(["salvage", "--db", file, out, "--json"])
    expect([again.code, problemOf(again).type]).toEqual([2, "urn:threadfold:problem:invalid-request"])
    expect(problemOf(again).detail).toBe(`${out} is there already.`)
    expect((await (await serveHere(directory)).call("/readyz")).status).toBe(200)
  })
})

describe("salvage", () => {
  /** Copies what is left, and looks whether the copy is sound. */
  const salvage = async (file: string) => {
    const before = readFileSync(file)
    const out = join(temporary(), "out.db")
    const run = await threadfold(["salvage", "--db", file, out, "--json"])
    expect(readFileSync(file).equals(before)).toBe(true)
    const { violations } = decode(CheckReport, await threadfold(["check", "--db", out, "--json"]))
    // What opened a turn or an item may be lost, and what it did then is there; everything else holds.
    const opening = "log.id-opened-before-use"
    expect(violations.filter(({ invariant }) => invariant !== opening || run.code === 0)).toEqual([])
    expect((await document(VerifyReport, ["verify", "--bytes", "--db", out])).ok).toBe(true)
    return { code: run.code, report: decode(SalvageReport, run) }
  }
  const lost = ({ missing }: SalvageReport): number =>
    missing.reduce((sum, { firstSequence, lastSequence }) => sum + lastSequence - firstSequence + 1, 0)

  it("of a page torn in the middle copies the rest, and lists what was on it", async () => {
    const { file } = await copyOf()
    const page = sql(file, (handle) =>
      Number(
        handle
          .prepare(
            "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 2",
          )
          .pluck()
          .get(),
      ),
    )
    overwrite(file, (page - 1) * pageSize, Buffer.alloc(pageSize, 0xa5))
    const { code, report } = await salvage(file)
    expect([code, report.ok]).toEqual([1, false])
    expect(lost(report)).toBeGreaterThan(0)
    expect(report.events + lost(report)).toBe(events)
    expect(report.digests.unchecked).toBeGreaterThan(0)
    expect(report.digests.mismatched).toEqual([])
  })

  it("of a file cut short copies what is left of it", async () => {
    const { file } = await copyOf()
    truncateSync(file, Math.floor(statSync(file).size * 0.9) + 77)
    const { code, report } = await salvage(file)
    expect(code).toBe(1)
    expect(report.events).toBeGreaterThan(0)
    expect(report.pages.damaged.length + report.missing.length + report.bodies.lost.length).toBeGreaterThan(0)
  })

  it.each(["an index of the events", "a table of the projections"])(
    "of a file with a damaged page of %s loses nothing: both are made anew",
    { timeout: 600_000 },
    async (what) => {
      const { file } = await copyOf()
      const index = sql(file, (handle) =>
        String(
          handle
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'events' LIMIT 1")
            .pluck()
            .get(),
        ),
      )
      damagePageOf(file, what.startsWith("an index") ? index : "items")
      const { report } = await salvage(file)
      expect([report.events, report.missing, report.bodies.lost, report.digests.mismatched]).toEqual([
        events,
        [],
        [],
        [],
      ])
    },
  )

  it("says which rows it copied that are not what was written", async () => {
    const { file } = await copyOf()
    sql(file, (handle) => handle.exec("UPDATE events SET payload = replace(payload, '{', '{ ') WHERE sequence = 9"))
    const { code, report } = await salvage(file)
    expect([code, report.ok, report.events]).toEqual([1, false, events])
    const [one, ...others] = report.digests.mismatched
    expect(others).toEqual([])
    expect(one?.part).toBe("payload")
    expect(one?.firstSequence).toBeLessThanOrEqual(9)
    expect(one?.lastSequence).toBeGreaterThanOrEqual(9)
  })
})

describe("verify", () => {
  const changes = [
    ["row", "UPDATE events SET at = at + 1 WHERE sequence = ?", false],
    ["payload", "UPDATE events SET payload = replace(payload, '\":', '\": ') WHERE sequence = ?", false],
    ["native", "UPDATE native SET body = substr(body, 1, length(body) - 1) || ' ' WHERE sequence = ?", true],
  ] as const
  it.each(changes)(
    "finds one changed byte of an event's %s, and names its block",
    { timeout: 600_000 },
    async (part, change, bytes) => {
      const { file } = await copyOf()
      const sequence = sql(file, (handle) => {
        const found = Number(
          handle.prepare("SELECT sequence FROM native WHERE body IS NOT NULL AND sequence > 20 LIMIT 1").pluck().get(),
        )
        expect(handle.prepare(change).run(found).changes).toBe(1)
        return found
      })
      const quick = await threadfold(["verify", "--db", file, "--json"])
      expect(quick.code).toBe(bytes ? 0 : 1)
      const run = await threadfold(["verify", "--bytes", "--db", file, "--json"])
      expect(run.code).toBe(1)
      const report = decode(VerifyReport, run)
      const { findings, ok } = report.log
      expect(ok).toBe(false)
      expect(findings).toHaveLength(1)
      expect(findings[0]?.part).toBe(part)
      expect(findings[0]?.firstSequence).toBeLessThanOrEqual(sequence)
      expect(findings[0]?.lastSequence).toBeGreaterThanOrEqual(sequence)
      expect(verifyPage(lookOf(false, 100, 0), report)).toContain(String(findings[0]?.lastSequence))
      // The program prints the same page for every part: once shows it.
      if (part !== "native") return
      const human = await threadfold(["verify", "--bytes", "--db", file])
      expect([human.code, human.stdout]).toEqual([1, expect.stringContaining(String(findings[0]?.lastSequence))])
    },
  )
})
