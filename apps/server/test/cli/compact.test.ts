/** `compact`: databases of earlier versions and of this one, refusals, and a run that is killed. */
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, watch, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { CompactReport, VerifyReport } from "@threadfold/contracts"
import { databaseFile } from "@threadfold/event-log"
import { type Release, releaseDump } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { describe, expect, it } from "vitest"
import { document, ended, problemOf, start, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

const sql = <A>(file: string, body: (handle: Sqlite.Database) => A): A => {
  const handle = new Sqlite(file)
  try {
    return body(handle)
  } finally {
    handle.close()
  }
}

/** A data directory as an earlier version left it; `kept` and `freed`: KiB that it holds besides, and KiB in free pages. */
const oldDirectory = (release: Release, kept: number, freed: number) => {
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  const file = databaseFile(directory)
  sql(file, (handle) => {
    handle.pragma("journal_mode = WAL")
    handle.exec(releaseDump(release))
    const put = handle.prepare("INSERT INTO meta VALUES (?, ?)")
    handle.transaction(() => {
      for (let index = 0; index < freed / 16; index++) put.run(`freed ${index}`, "x".repeat(16_000))
      for (let index = 0; index < kept / 16; index++) put.run(`kept ${index}`, "y".repeat(16_000))
    })()
    handle.exec("DELETE FROM meta WHERE key LIKE 'freed %'")
  })
  return { directory, file }
}

const logIdOf = (file: string): unknown =>
  sql(file, (handle) => handle.prepare("SELECT value FROM meta WHERE key = 'log.id'").pluck().get())

/** Everything in a directory, byte for byte. */
const contentOf = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "base64")]))

const last = (stderr: string): string => stderr.trimEnd().split("\n").at(-1) ?? ""
/** The slug of what a run ends with that must change nothing below a directory. */
const refused = async (args: readonly string[], directory: string) => {
  const before = contentOf(directory)
  const run = await threadfold([...args, "--json"])
  expect(contentOf(directory)).toEqual(before)
  const { detail, type } = problemOf({ stdout: run.stdout, stderr: last(run.stderr) })
  return { code: run.code, slug: type.replace("urn:threadfold:problem:", ""), detail }
}

describe("compact", () => {
  it("makes a database of an earlier version small, which keeps its log and its hash and gives pages back from then on", async () => {
    const { directory, file } = oldDirectory("release-2", 64, 8_192)
    const logId = logIdOf(file)
    const content = contentOf(directory)
    const dry = await document(CompactReport, ["compact", "--dry-run", "--data-dir", directory])
    expect(contentOf(directory)).toMatchObject(content)
    expect(dry).toMatchObject({ dryRun: true, releasesPages: false, hash: null, logId: null })
    expect(dry.freedBytes).toBeGreaterThan(8_000 * 1024)
    expect(dry.availableBytes).toBeGreaterThan(dry.neededBytes)
    expect(dry.neededBytes).toBeLessThan(dry.freedBytes)
    const { hash } = await document(VerifyReport, ["verify", "--data-dir", directory])

    const link = join(directory, "..", "link.db")
    symlinkSync(file, link)
    const run = await threadfold(["compact", "--db", link])
    expect([run.code, run.stdout]).toEqual([0, expect.stringContaining(`hash ${hash} as before`)])
    expect(run.stderr).toContain("it needs")
    expect(statSync(file).size).toBeLessThanOrEqual(dry.bytesAfter)
    expect(statSync(file).mode & 0o077).toBe(0)
    expect(readdirSync(directory)).not.toContain(`${basename(file)}.compacting`)
    expect(logIdOf(file)).toBe(logId)
    sql(file, (handle) => {
      expect(handle.pragma("auto_vacuum", { simple: true })).toBe(2)
      expect(handle.prepare("SELECT count(*) FROM meta WHERE key LIKE 'kept %'").pluck().get()).toBe(4)
    })
    const again = await document(CompactReport, ["compact", "--data-dir", directory])
    expect(again).toMatchObject({ dryRun: false, releasesPages: true, hash, logId })
    expect((await document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])).hash).toBe(hash)
    const server = await serveHere(directory)
    expect((await server.call("/readyz")).status).toBe(200)
    const owned = await threadfold(["compact", "--db", file, "--json"])
    expect([owned.code, problemOf(owned).type]).toEqual([3, "urn:threadfold:problem:data-directory-owned"])
    expect(problemOf(owned).detail).toContain(String(process.pid))
    expect(await document(CompactReport, ["compact", "--dry-run", "--data-dir", directory])).toMatchObject({
      releasesPages: true,
    })
  })

  it("refuses what is no database of ours, what is newer, and what is open elsewhere, and changes nothing", async () => {
    const directory = join(temporary(), "data")
    mkdirSync(directory)
    const foreign = join(directory, "foreign.db")
    sql(foreign, (handle) => handle.exec("CREATE TABLE t (x)"))
    const text = join(directory, "text.db")
    writeFileSync(text, "no database")
    expect(await refused(["compact", "--db", foreign], directory)).toMatchObject({
      code: 3,
      slug: "database-unreadable",
      detail: expect.stringContaining("belongs to another program"),
    })
    expect(await refused(["compact", "--db", text], directory)).toMatchObject({ code: 3, slug: "database-unreadable" })
    expect(await refused(["compact", "--db", join(directory, "none.db")], directory)).toMatchObject({
      code: 3,
      slug: "database-not-found",
    })
    expect(await refused(["compact", "--db", text, "--data-dir", directory], directory)).toMatchObject({ code: 2 })

    const newer = oldDirectory("release-2", 16, 16)
    sql(newer.file, (handle) => handle.exec("INSERT INTO log_migrations (migration_id, name) VALUES (97, 'later')"))
    writeFileSync(join(newer.directory, "owner.lock"), "")
    expect(await refused(["compact", "--data-dir", newer.directory], newer.directory)).toMatchObject({
      code: 3,
      slug: "database-too-new",
      detail: expect.stringMatching(/log_migrations 97; this version knows up to \d+/),
    })

    const open = oldDirectory("release-2", 16, 16)
    const reader = new Sqlite(open.file, { readonly: true })
    reader.exec("BEGIN")
    reader.prepare("SELECT count(*) FROM meta").get()
    const inode = statSync(open.file).ino
    const run = await threadfold(["compact", "--data-dir", open.directory, "--json"])
    reader.close()
    expect([run.code, problemOf({ stdout: run.stdout, stderr: last(run.stderr) }).detail]).toEqual([
      3,
      expect.stringContaining("is open in another program"),
    ])
    expect(statSync(open.file).ino).toBe(inode)
    expect(await document(VerifyReport, ["verify", "--data-dir", open.directory])).toMatchObject({ ok: true })
  })

  it("that is killed leaves the old file, and the next one removes what was left", async () => {
    const { directory, file } = oldDirectory("release-2", 24_576, 1_024)
    await document(VerifyReport, ["verify", "--data-dir", directory])
    const logId = logIdOf(file)
    const inode = statSync(file).ino
    const draft = `${file}.compacting`
    const child = start(["compact", "--data-dir", directory])
    const end = ended(child)
    const changes = watch(directory)
    const isOver = end.then(({ stderr }) => Promise.reject(new Error(`it ended before it could be killed: ${stderr}`)))
    isOver.catch(() => undefined)
    // The draft is there from the first page on, and takes the place of the file only when it is whole.
    while (!existsSync(draft)) await Promise.race([isOver, once(changes, "change")])
    changes.close()
    child.kill("SIGKILL")
    expect((await end).signal).toBe("SIGKILL")
    expect(existsSync(draft)).toBe(true)
    expect(statSync(file).ino).toBe(inode)
    expect(logIdOf(file)).toBe(logId)
    const report = await document(CompactReport, ["compact", "--data-dir", directory])
    expect(report).toMatchObject({ logId, releasesPages: true })
    expect(readdirSync(directory)).not.toContain(basename(draft))
    expect(await document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])).toMatchObject({
      ok: true,
      hash: report.hash,
    })
  })
})
