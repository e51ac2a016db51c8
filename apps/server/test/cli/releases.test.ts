/** Commands that only look at a database of the first release understand it, and leave it to the version that made it. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import {
  BackupReport,
  CheckReport,
  RebuildReport,
  RestoreReport,
  ThreadView,
  VerifyReport,
} from "@threadfold/contracts"
import { FOLD_VERSION } from "@threadfold/core"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { foldOfRelease, type Release, recording, releaseDump, releases } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Chunk, Effect, Option, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { type Named, openReader } from "../../src/cli/reading.js"
import { document, problemOf, temporary, threadfold, threadList } from "./program.js"

/** A data directory with an old database in it, as a server that ended in good order leaves it. */
const oldDirectory = (release: Release = "release-1"): string => {
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  const handle = new Sqlite(databaseFile(directory))
  handle.pragma("journal_mode = WAL")
  handle.exec(releaseDump(release))
  handle.close()
  return directory
}

/** What a command that only reads must not change: the bytes of the database, when it was written, what else is there. */
const stateOf = (directory: string) => {
  const { mtimeNs } = statSync(databaseFile(directory), { bigint: true })
  const bytes = readFileSync(databaseFile(directory)).toString("base64")
  return { mtimeNs, bytes, names: readdirSync(directory) }
}

/** Everything that the readers of a place say. */
const read = (named: Named) =>
  Effect.gen(function* () {
    const reader = yield* openReader(named)
    const { threads } = yield* reader.threads({ limit: null })
    const { databaseBytes: _d, walBytes: _w, ...stats } = yield* reader.stats({ byType: true })
    return {
      threads,
      snapshots: yield* Effect.forEach(threads, ({ threadId }) => reader.thread(threadId, true)),
      events: Chunk.toReadonlyArray(yield* Stream.runCollect(reader.events({ limit: null }))),
      stats,
    }
  }).pipe(Effect.scoped)

const asFile = (directory: string): Named => ({ db: Option.some(databaseFile(directory)), dataDir: Option.none() })
const asDirectory = (directory: string): Named => ({ db: Option.none(), dataDir: Option.some(directory) })

describe("a database of the first release", () => {
  it("is read as a file, and the directory of the file stays as it was", async () => {
    const directory = oldDirectory()
    const before = stateOf(directory)
    const found = await Effect.runPromise(read(asFile(directory)))
    expect(found.threads).toHaveLength(5)
    expect(found.threads.every(({ agent }) => agent === null)).toBe(true)
    expect(found.snapshots.map(({ queue }) => queue.length).sort()).toEqual([0, 0, 0, 0, 2])
    expect(found.events).toHaveLength(found.stats.events)

    const where = ["--db", databaseFile(directory)]
    expect(await document(threadList(ThreadView), ["threads", ...where])).toMatchObject({ threads: found.threads })
    expect(await document(CheckReport, ["check", ...where])).toEqual({ ok: true, violations: [] })
    // Rows of an older fold are no differences.
    const verified = await document(VerifyReport, ["verify", ...where])
    expect(verified).toMatchObject({ ok: true, differences: [], stale: { length: 5 } })
    expect(stateOf(directory)).toEqual(before)
  })

  it("is read in its directory, owned by no process or by one that serves nothing, and waits for its next owner", async () => {
    const directory = oldDirectory()
    const { bytes, mtimeNs } = stateOf(directory)
    const found = await Effect.runPromise(read(asDirectory(directory)))
    expect(found).toEqual(await Effect.runPromise(read(asFile(directory))))
    const owned = Effect.zipRight(acquireOwnership(directory), read(asDirectory(directory)))
    expect(await Effect.runPromise(Effect.scoped(owned))).toEqual(found)

    const where = ["--data-dir", directory]
    expect(await document(CheckReport, ["check", ...where])).toEqual({ ok: true, violations: [] })
    expect(await document(VerifyReport, ["verify", ...where])).toMatchObject({ ok: true, stale: { length: 5 } })
    expect(stateOf(directory)).toMatchObject({ bytes, mtimeNs })
    await document(RebuildReport, ["rebuild", ...where])
    expect(await document(VerifyReport, ["verify", ...where])).toMatchObject({ ok: true, stale: [] })
    const mended = await Effect.runPromise(read(asDirectory(directory)))
    expect(mended.threads.map(({ threadId }) => threadId)).toEqual(found.threads.map(({ threadId }) => threadId))
  })
})

it.each(releases)("%s is clean under check and verify, as a file, and after a rebuild", {}, async (release) => {
  const directory = oldDirectory(release)
  const clean = async (...where: readonly string[]) => {
    expect(await document(CheckReport, ["check", ...where])).toEqual({ ok: true, violations: [] })
    const report = await document(VerifyReport, ["verify", ...where])
    expect(report).toMatchObject({ ok: true, differences: [] })
    return report.stale.length
  }
  expect((await clean("--db", databaseFile(directory))) > 0).toBe(foldOfRelease[release] < FOLD_VERSION)
  await document(RebuildReport, ["rebuild", "--data-dir", directory])
  expect(await clean("--data-dir", directory)).toBe(0)
})

describe("a database of a newer version", () => {
  /** Each file of a directory, byte for byte, without what SQLite makes anew from the write-ahead log. */
  const filesOf = (directory: string) =>
    Object.fromEntries(
      readdirSync(directory)
        .filter((name) => !name.endsWith("-shm"))
        .map((name) => [name, readFileSync(join(directory, name), "base64")]),
    )
  /** A newer version's directory, as an owner that closed it leaves it, or one that was killed. */
  const newerDirectory = (isKilled: boolean): string => {
    const directory = oldDirectory("release-2")
    const file = databaseFile(directory)
    const handle = new Sqlite(file)
    handle.exec("INSERT INTO log_migrations (migration_id, name) VALUES (97, 'later')")
    if (isKilled) for (const end of ["", "-wal"]) copyFileSync(`${file}${end}`, `${file}${end}.aside`)
    handle.close()
    if (isKilled) for (const end of ["", "-wal"]) renameSync(`${file}${end}.aside`, `${file}${end}`)
    writeFileSync(join(directory, "owner.lock"), "")
    return directory
  }

  it.each([false, true])(
    "is refused by what would own it, with both versions, and stays as it was (killed: %s)",
    async (isKilled) => {
      const directory = newerDirectory(isKilled)
      const names = readdirSync(directory)
      const before = filesOf(directory)
      const recorded = recording("codex-01-plain").path
      for (const args of [["serve", "--desktop"], ["rebuild"], ["import", "codex-app-server", recorded], ["compact"]]) {
        const run = await threadfold([...args, "--data-dir", directory])
        expect([args, run.code, run.stdout]).toEqual([args, 3, ""])
        expect(run.stderr).toMatch(
          /written by a newer version: \S+ has log_migrations 97; this version knows up to \d+/,
        )
        // The server's token is of the directory, and not of the database.
        const { token: _token, ...left } = filesOf(directory)
        expect([args, left]).toEqual([args, before])
        expect(readdirSync(directory).filter((name) => name !== "token")).toEqual(names)
      }
    },
  )

  it("is refused by a backup, which makes nothing, and by a restore of its file", async () => {
    const directory = newerDirectory(false)
    const parent = temporary()
    const calls = [
      ["backup", join(parent, "x.backup"), "--data-dir", directory],
      ["restore-backup", databaseFile(directory), "--data-dir", join(parent, "to")],
    ]
    for (const args of calls) {
      const run = await threadfold([...args, "--json"])
      const { detail, type } = problemOf(run)
      expect([args, run.code, type]).toEqual([args, 3, "urn:threadfold:problem:database-too-new"])
      expect(detail).toContain(`${databaseFile(directory)} has log_migrations 97; this version knows up to`)
    }
    expect(existsSync(join(parent, "x.backup"))).toBe(false)
    expect(existsSync(join(parent, "to", "threadfold.db"))).toBe(false)
  })
})

it("a backup of a database of an earlier version is one, and is restored as one of this version", async () => {
  const directory = oldDirectory("release-2")
  const parent = temporary()
  const file = join(parent, "x.backup")
  const { hash } = await document(VerifyReport, ["verify", "--data-dir", directory])
  const backup = await document(BackupReport, ["backup", file, "--data-dir", directory])
  expect(backup).toMatchObject({ hash, verified: false })
  const handle = new Sqlite(file, { readonly: true })
  const migrations = handle.prepare("SELECT max(migration_id) FROM projection_migrations").pluck().get()
  handle.close()
  const old = new Sqlite(databaseFile(directory), { readonly: true })
  expect(old.prepare("SELECT max(migration_id) FROM projection_migrations").pluck().get()).toBe(migrations)
  old.close()
  const restored = await document(RestoreReport, ["restore-backup", file, "--data-dir", join(parent, "to")])
  expect(restored.backupHash).toBe(hash)
  expect(await document(VerifyReport, ["verify", "--data-dir", join(parent, "to")])).toMatchObject({ ok: true })
})

it("a file that no command understands is refused by its own name", async () => {
  const directory = oldDirectory()
  const file = databaseFile(directory)
  const handle = new Sqlite(file)
  handle.pragma("user_version = 9999")
  handle.close()
  for (const args of [
    ["threads", "--db", file],
    ["check", "--db", file],
    ["verify", "--data-dir", directory],
  ]) {
    const run = await threadfold([...args, "--json"])
    const { detail, type } = problemOf(run)
    expect([args, run.code, type]).toEqual([args, 3, "urn:threadfold:problem:database-too-new"])
    expect(detail).toContain(`${file} has format 9999`)
  }
})
