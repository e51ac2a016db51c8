/** Backups that are none, and places in which something lies: refused with what was found, and nothing is left. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { importsKey } from "@threadfold/engine"
import { verifyDigests } from "@threadfold/event-log"
import { releaseDump } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Cause, Effect, Exit } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { toProblem } from "../../problems/toProblem.js"
import { restoreJob } from "./backupJobs.js"

const root = mkdtempSync(join(tmpdir(), "threadfold-restore-"))
afterAll(() => rmSync(root, { recursive: true }))
const good = join(root, "good")
beforeAll(() => {
  const handle = new Sqlite(good)
  handle.exec(releaseDump("release-3"))
  handle.close()
})

let made = 0
/** A new path, with the good backup there, changed. */
const changed = (change: (file: string) => void): string => {
  const file = join(root, `backup ${++made}`)
  writeFileSync(file, readFileSync(good))
  change(file)
  return file
}
const directory = (): string => {
  const path = join(root, `data ${++made}`)
  mkdirSync(path)
  return path
}

const surroundings = { progress: () => undefined, ask: () => Effect.die("it asks nothing") }
const restore = (file: string, to: string) =>
  Effect.runPromiseExit(
    Effect.mapError(restoreJob.start(file, { directory: to, named: file }, surroundings), toProblem),
  )
/** What it fails with; a defect would be told as another problem than the cause. */
const refusal = async (file: string, to: string) => {
  const exit = await restore(file, to)
  const failure = Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : null
  if (failure?._tag !== "Some") throw new Error(`not refused, or by a defect: ${String(exit)}`)
  return { slug: failure.value.slug, detail: failure.value.detail }
}

const page = 4096
const backups: readonly (readonly [name: string, slug: string, detail: RegExp, change: (file: string) => void])[] = [
  [
    "is a text",
    "database-unreadable",
    /cannot be read \(file is not a database\)/,
    (f) => writeFileSync(f, "a letter ".repeat(999)),
  ],
  ["is empty", "database-not-found", /There is no database at/, (f) => truncateSync(f, 0)],
  ["is a header alone", "database-damaged", /has 100 bytes; its header says \d+/, (f) => truncateSync(f, 100)],
  ["is cut", "database-damaged", /has 163840 bytes; its header says \d+/, (f) => truncateSync(f, 40 * page)],
  [
    "is another program's",
    "database-unreadable",
    /belongs to another program/,
    (f) => {
      rmSync(f)
      const other = new Sqlite(f)
      other.exec("CREATE TABLE recipes (name)")
      other.close()
    },
  ],
  [
    "has an event that was changed",
    "database-damaged",
    /is not what its log leads to/,
    (f) => {
      const handle = new Sqlite(f)
      handle.exec("UPDATE events SET at = at + 1 WHERE sequence = 5")
      handle.close()
    },
  ],
]

describe("a backup that", () => {
  it.each(backups)("%s is refused by its name, and nothing is left of it", async (_name, slug, detail, change) => {
    const file = changed(change)
    const to = directory()
    const found = await refusal(file, to)
    expect(found).toEqual({ slug, detail: expect.stringMatching(detail) })
    expect(found.detail).toContain(file)
    expect(readdirSync(to)).toEqual([])
  })

  it("is good is restored, also where the marker of a log that was lost lies", async () => {
    const to = directory()
    writeFileSync(join(to, "threadfold.db.log-id"), "another-log open\n")
    expect(Exit.isSuccess(await restore(good, to))).toBe(true)
    expect(readdirSync(to)).toEqual(["threadfold.db"])
    const handle = new Sqlite(join(to, "threadfold.db"), { readonly: true })
    expect(verifyDigests(handle, { bytes: true }).ok).toBe(true)
    handle.close()
  })
})

it("a backup that was made during imports is restored: what they have brought stays as it is, and is gone on with", async () => {
  const whole = await restore(good, directory())
  expect(Exit.isSuccess(whole) ? whole.value.settled : whole).toBeGreaterThan(0)
  let marks = ""
  const file = changed((f) => {
    const handle = new Sqlite(f)
    const streams = handle.prepare<[], string>("SELECT DISTINCT stream_id FROM events").pluck().all()
    marks = JSON.stringify(Object.fromEntries(streams.map((streamId) => [streamId, "an import"])))
    handle.prepare("INSERT INTO meta (key, value) VALUES (?, ?)").run(importsKey, marks)
    handle.close()
  })
  const to = directory()
  const exit = await restore(file, to)
  expect(Exit.isSuccess(exit) ? exit.value.settled : exit).toBe(0)
  const handle = new Sqlite(join(to, "threadfold.db"), { readonly: true })
  expect(handle.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(importsKey)).toBe(marks)
  handle.close()
})

const places: readonly (readonly [name: string, named: string, put: (file: string) => void])[] = [
  ["a database", "threadfold.db", (f) => writeFileSync(f, readFileSync(good))],
  ["a link to a database", "threadfold.db", (f) => symlinkSync(good, f)],
  ["a link to nothing", "threadfold.db", (f) => symlinkSync(join(root, "nothing"), f)],
  ["the write-ahead log of another", "threadfold.db-wal", (f) => writeFileSync(`${f}-wal`, Buffer.alloc(8_272, 7))],
  ["the journal of another", "threadfold.db-journal", (f) => writeFileSync(`${f}-journal`, Buffer.alloc(512, 7))],
]

it.each(places)("a directory with %s is refused and left as it is", async (_name, named, put) => {
  const to = directory()
  put(join(to, "threadfold.db"))
  const names = readdirSync(to)
  const before = readFileSync(good)
  expect(await refusal(good, to)).toEqual({
    slug: "invalid-request",
    detail: `${join(to, named)} is there already; name an empty data directory.`,
  })
  expect(readdirSync(to)).toEqual(names)
  expect(readFileSync(good).equals(before)).toBe(true)
})
