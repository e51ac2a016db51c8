/** `backup`, `restore-backup` and the figures of `stats`, alone and beside a server. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { BackupReport, ImportReport, RestoreReport, Stats, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

const plain = recording("codex-01-plain").path

const verified = (directory: string) => document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])

describe("a backup", () => {
  it("that is made beside a server is restored with the same hash, as another log, and settles what lived", async () => {
    const parent = temporary()
    const [from, to] = [join(parent, "from"), join(parent, "to")]
    const file = join(parent, "x.backup")
    // A recording that is cut, and whose sessions stay open: something lives when the backup is made.
    const recorded = join(parent, "cut.jsonl")
    writeFileSync(recorded, `${readFileSync(plain, "utf8").split("\n").slice(0, 24).join("\n")}\n`)
    const { events } = await document(ImportReport, [
      "import",
      "codex-app-server",
      recorded,
      "--leave-open",
      "--data-dir",
      from,
    ])
    const original = await verified(from)
    const server = await serveHere(from)
    const report = await document(BackupReport, ["backup", file, "--verify", "--data-dir", from])
    expect(report).toEqual({
      file,
      fileBytes: statSync(file).size,
      events,
      lastSequence: events,
      hash: original.hash,
      verified: true,
    })
    expect(statSync(file).mode & 0o077).toBe(0)

    const walked = await document(Stats, ["stats", "--types", "--threads", "--gaps", "--skew", "--data-dir", from])
    const answer = await server.call("/v1/stats?types=true&threads=true&gaps=true&skew=true")
    expect(Schema.decodeUnknownSync(Stats)(await answer.json())).toEqual({ ...walked, walBytes: expect.any(Number) })
    await server.stop()
    const alone = await document(Stats, ["stats", "--types", "--threads", "--gaps", "--skew", "--data-dir", from])
    expect(alone.log).toEqual(walked.log)
    const byType = Object.values(walked.log?.types?.byType ?? {})
    expect(byType.reduce((sum, one) => sum + one.events, 0)).toBe(events)
    expect(byType.reduce((sum, one) => sum + one.nativeBytes, 0)).toBe(walked.log?.types?.nativeBytes)
    expect(walked.log?.threads?.reduce((sum, one) => sum + one.events, 0)).toBe(events)
    expect(walked.log?.gaps).toMatchObject({ withGaps: 0, missing: 0, conflicts: 0, channels: [] })
    expect(walked.log?.skew?.events).toBeGreaterThan(0)

    const restored = await document(RestoreReport, ["restore-backup", file, "--data-dir", to])
    expect(restored).toMatchObject({ database: join(to, "threadfold.db"), backupHash: original.hash, retired: 0 })
    expect(restored.settled).toBeGreaterThan(0)
    expect(restored.events).toBe(events + restored.settled)
    expect(await verified(to)).toMatchObject({ ok: true, hash: restored.hash })
    // What is settled already is restored as it is.
    const second = await document(BackupReport, ["backup", join(parent, "y.backup"), "--data-dir", to])
    const again = await document(RestoreReport, [
      "restore-backup",
      join(parent, "y.backup"),
      "--data-dir",
      join(parent, "third"),
    ])
    expect(again).toMatchObject({ settled: 0, hash: restored.hash, backupHash: second.hash })
    expect(again.logId).not.toBe(restored.logId)
  })

  it("is neither written over nor restored over anything, and one that was changed is refused", async () => {
    const parent = temporary()
    const [from, to] = [join(parent, "from"), join(parent, "to")]
    const file = join(parent, "x.backup")
    await document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", from])
    await document(BackupReport, ["backup", file, "--data-dir", from])
    const bytes = readFileSync(file)
    const changed = join(parent, "changed")
    writeFileSync(changed, bytes)
    const handle = new Sqlite(changed)
    handle.exec("UPDATE events SET recorded_at = recorded_at + 1 WHERE sequence = 5")
    handle.close()
    const calls: readonly (readonly [readonly string[], number, string])[] = [
      [["backup", file, "--data-dir", from], 2, "invalid-request"],
      [["restore-backup", file, "--data-dir", from], 2, "invalid-request"],
      [["restore-backup", changed, "--data-dir", to], 3, "database-damaged"],
    ]
    for (const [args, code, slug] of calls) {
      const end = await threadfold([...args, "--json"])
      const line = { stdout: end.stdout, stderr: end.stderr.trimEnd().split("\n").at(-1) ?? "" }
      expect([args, end.code, problemOf(line).type]).toEqual([args, code, `urn:threadfold:problem:${slug}`])
    }
    expect(existsSync(join(to, "threadfold.db"))).toBe(false)
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })
})
