/** The offline commands: their shapes, their exit codes, and what they leave untouched. */
import { spawnSync } from "node:child_process"
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  CheckReport,
  EventEnvelope,
  ImportReport,
  Stats,
  ThreadSnapshot,
  ThreadView,
  VerifyReport,
} from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Chunk, Effect, Option, Schema, Stream } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { openReader } from "../../src/cli/reading.js"
import { document, problemOf, temporary, threadfold, threadList } from "./program.js"

const plain = recording("codex-01-plain").path

/** A data directory with one recording in it, of which every test gets a copy. */
const home = mkdtempSync(join(tmpdir(), "threadfold-offline-"))
const original = join(home, "data")
let made: Promise<unknown> | undefined
afterAll(() => rmSync(home, { recursive: true, force: true }))

const imported = async (): Promise<string> => {
  made ??= document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", original])
  await made
  const directory = join(temporary(), "data")
  cpSync(original, directory, { recursive: true, preserveTimestamps: true })
  return directory
}

/** Every file of a directory: its bytes, its times and its modes. */
const stateOf = (directory: string) =>
  readdirSync(directory)
    .sort()
    .map((name) => {
      const { ino, mode, mtimeNs, size } = statSync(join(directory, name), { bigint: true })
      return { name, ino, mode, mtimeNs, size, bytes: readFileSync(join(directory, name)).toString("base64") }
    })

describe("shapes", () => {
  it("are what the contracts say, over a directory and over a file", async () => {
    const directory = await imported()
    const where = ["--data-dir", directory]
    const list = await document(threadList(ThreadView), ["threads", ...where])
    const threadId = list.threads[0]?.threadId ?? ""
    expect(list.threads).toHaveLength(1)
    const events = await threadfold(["events", "--json", ...where])
    const lines = events.stdout.trimEnd().split("\n")
    const envelopes = lines.map((line) =>
      Schema.decodeUnknownSync(Schema.parseJson(EventEnvelope), { onExcessProperty: "error" })(line),
    )
    expect(envelopes.map(({ sequence }) => sequence)).toEqual(envelopes.map((_, index) => index + 1))
    const byPrefix = await document(ThreadSnapshot, ["thread", threadId.slice(0, 8), ...where])
    expect(await document(ThreadSnapshot, ["thread", list.threads[0]?.nativeThreadId ?? "", ...where])).toEqual(
      byPrefix,
    )
    const stats = await document(Stats, ["stats", "--by-type", ...where])
    expect([stats.events, stats.lastSequence]).toEqual([envelopes.length, list.sequence])
    const check = await document(CheckReport, ["check", ...where])
    const verify = await document(VerifyReport, ["verify", ...where])

    // Over a file the same: what the reader of these commands gives, read in this process, and the two that read by themselves.
    const file = join(directory, "threadfold.db")
    const overFile = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* openReader({ db: Option.some(file), dataDir: Option.none() })
          return {
            list: yield* reader.threads({ limit: null }),
            thread: yield* reader.thread(threadId, true),
            matching: yield* reader.matching(threadId.slice(0, 8)),
            lines: Chunk.toReadonlyArray(yield* Stream.runCollect(reader.events({ limit: null }))),
            stats: yield* reader.stats({ byType: true }),
          }
        }),
      ),
    )
    expect(overFile).toEqual({
      list,
      thread: byPrefix,
      matching: [threadId],
      lines,
      stats: { ...stats, walBytes: overFile.stats.walBytes },
    })
    expect(await document(CheckReport, ["check", "--db", file])).toEqual(check)
    expect(await document(VerifyReport, ["verify", "--db", file])).toEqual(verify)
  })

  it("of events follow thread, type, place and number, and show the provider's words on request", async () => {
    const directory = await imported()
    const lines = async (...args: readonly string[]) => {
      const { code, stdout } = await threadfold(["events", "--json", "--data-dir", directory, ...args])
      expect(code).toBe(0)
      return stdout
        .trimEnd()
        .split("\n")
        .map((line): { readonly sequence: number; readonly type: string; readonly nativeBody?: string | null } =>
          JSON.parse(line),
        )
    }
    const all = await lines()
    const deltas = all.filter(({ type }) => type === "content.delta")
    expect(await lines("--type", "content.delta")).toEqual(deltas)
    const wanted = all.filter(({ type }) => type === "turn.started" || type === "turn.completed")
    expect(await lines("--type", "turn.started", "--type", "turn.completed")).toEqual(wanted)
    expect(await lines("--after", "10", "--limit", "3")).toEqual(all.slice(10, 13))
    const ofThread = await lines("--thread", "01")
    expect(ofThread.length).toBeGreaterThan(10)
    expect(ofThread.length).toBeLessThan(all.length)
    const [native] = await lines("--type", "turn.completed", "--limit", "1", "--native")
    expect(native?.nativeBody).toContain('"turn/completed"')
  })
})

describe("a thread as it was", () => {
  it("is what it is now at the end, and nothing before its first event", async () => {
    const directory = await imported()
    const where = ["--data-dir", directory]
    const { threads } = await document(threadList(ThreadView), ["threads", ...where])
    const id = threads[0]?.threadId ?? ""
    const now = await document(ThreadSnapshot, ["thread", id, ...where])
    expect(await document(ThreadSnapshot, ["at", id, "--sequence", String(now.sequence), ...where])).toEqual(now)
    const early = await threadfold(["at", id, "--time", "2020-01-01T00:00:00Z", ...where, "--json"])
    expect([early.code, problemOf(early).type]).toEqual([1, "urn:threadfold:problem:before-first-event"])
    const unknown = await threadfold(["at", id, "--turn", "none", ...where])
    expect([unknown.code, unknown.stderr.split("\n")[0]]).toEqual([2, `threadfold: Thread ${id} has no turn none.`])
    expect(unknown.stderr).toContain("`threadfold thread ID --json` prints the turns")
    const page = await threadfold(["diff", id, "--from", "20", "--to", "60", ...where])
    expect([page.code, page.stdout]).toEqual([0, expect.stringMatching(/^From 20 to 60: \d+ rows\n/)])
  })
})

describe("pages for people", () => {
  it("carry no colours into a pipe, and name what the commands take", async () => {
    const directory = await imported()
    const where = ["--data-dir", directory]
    const threads = await threadfold(["threads", ...where])
    expect(threads.stdout).toMatch(/^THREAD +STATUS +TURNS/)
    const id = threads.stdout.split("\n")[1]?.split(" ")[0] ?? ""
    const page = await threadfold(["thread", id, ...where])
    expect(page.code).toBe(0)
    expect(page.stdout).toContain("Hello from the mock model. This is a scripted reply.")
    for (const command of [["stats"], ["events"], ["check"], ["verify"], ["rebuild"]]) {
      const { code, stdout } = await threadfold([...command, ...where])
      expect([command, code]).toEqual([command, 0])
      expect(stdout).not.toContain("\u001B")
      expect(stdout.trim()).not.toBe("")
    }
  })

  it("names every command in its help, on lines that a terminal shows whole", async () => {
    const help = await threadfold(["--help"])
    expect(help.code).toBe(0)
    expect(help.stdout).not.toContain("\u001B")
    const lines = help.stdout.split("\n")
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    for (const command of ["serve", "send", "bench ingest", "completions"]) {
      expect(lines.filter((line) => line.startsWith(`  ${command}  `))).toHaveLength(1)
    }
    expect((await threadfold([])).stdout).toBe(help.stdout)
  })

  it("prints a script that a shell takes, with its commands", async () => {
    const { code, stdout } = await threadfold(["completions", "bash"])
    expect(code).toBe(0)
    const words = `COMP_WORDS=(threadfold compl); COMP_CWORD=1; _threadfold_bash_completions threadfold compl threadfold; echo "$COMPREPLY"`
    const { status, stdout: completed } = spawnSync("bash", ["-c", `${stdout}\n${words}`], { encoding: "utf8" })
    expect([status, completed.trim()]).toEqual([0, "completions"])
    for (const shell of ["bash", "fish", "zsh"]) {
      // Options of the library that this program refuses.
      expect((await threadfold(["completions", shell])).stdout).not.toMatch(
        /(?:--|-l )(?:wizard|log-level|completions)\b/,
      )
    }
    const unknown = await threadfold(["completions", "tcsh"])
    expect([unknown.code, unknown.stderr.split("\n")[0]]).toEqual([2, "threadfold: SHELL is one of bash, fish, zsh."])
  })
})

describe("exit codes", () => {
  it("are 2 for usage and 3 for the environment, with a problem on standard error", async () => {
    const directory = "/nonexistent/threadfold"
    for (const [slug, code, args] of [
      ["invalid-request", 2, ["bogus"]],
      ["invalid-request", 2, ["events", "--limit", "none"]],
      ["database-not-found", 3, ["verify", "--db", join(directory, "threadfold.db")]],
      ["storage-failed", 3, ["import", "codex-app-server", plain, "--data-dir", "/dev/null/data"]],
    ] as const) {
      const run = await threadfold([...args, "--json"])
      expect([args, run.code, problemOf(run).type]).toEqual([args, code, `urn:threadfold:problem:${slug}`])
    }
    const human = await threadfold(["threads", "--data-dir", directory])
    expect([human.code, human.stdout]).toEqual([3, ""])
    expect(human.stderr).toMatch(/^threadfold: .+\n {2}.+\n$/)
  })

  it("name a thread that is not there, and a text that may mean several", async () => {
    const where = join(temporary(), "data")
    const other = recording("codex-02-approval-untrusted-accept").path
    await document(ImportReport, ["import", "codex-app-server", plain, other, "--data-dir", where])
    const missing = await threadfold(["thread", "ffffffff", "--data-dir", where, "--json"])
    expect([missing.code, problemOf(missing).type]).toEqual([2, "urn:threadfold:problem:thread-not-found"])
    const several = await threadfold(["thread", "01", "--data-dir", where, "--json"])
    expect([several.code, problemOf(several).type]).toEqual([2, "urn:threadfold:problem:invalid-request"])
  })

  it("are 3 for files that are not ours or too new, whose bytes stay", async () => {
    const where = await imported()
    const file = join(where, "threadfold.db")
    const handle = new Sqlite(file)
    handle.pragma("user_version = 9999")
    handle.close()
    const newer = await threadfold(["threads", "--db", file, "--json"])
    expect([newer.code, problemOf(newer).type]).toEqual([3, "urn:threadfold:problem:database-too-new"])
    const before = stateOf(where)
    const import_ = await threadfold(["import", "codex-app-server", plain, "--data-dir", where, "--json"])
    expect([import_.code, problemOf(import_).type]).toEqual([3, "urn:threadfold:problem:database-too-new"])
    expect(stateOf(where).find(({ name }) => name === "threadfold.db")).toEqual(
      before.find(({ name }) => name === "threadfold.db"),
    )
    const garbage = join(temporary(), "garbage.db")
    writeFileSync(garbage, "this is no database, and long enough to be looked at as one".repeat(100))
    const unreadable = await threadfold(["threads", "--db", garbage, "--json"])
    expect([unreadable.code, problemOf(unreadable).type]).toEqual([3, "urn:threadfold:problem:database-unreadable"])
  })

  it("are 1 where check or verify find something, and rebuild mends it", async () => {
    const where = await imported()
    const handle = new Sqlite(join(where, "threadfold.db"))
    handle.exec("UPDATE turns SET cause = 'planted'")
    const turn = handle.prepare<[], { readonly id: string }>("SELECT turn_id AS id FROM turns LIMIT 1").get()
    handle.exec("UPDATE events SET actor = 'nobody' WHERE sequence = 3")
    handle.close()
    const verify = await threadfold(["verify", "--data-dir", where, "--json"])
    expect(verify.code).toBe(1)
    const report = Schema.decodeUnknownSync(Schema.parseJson(VerifyReport))(verify.stdout)
    expect(report.ok).toBe(false)
    expect(report.differences.map(({ table }) => table)).toContain("turns")
    expect(JSON.stringify(report.differences)).toContain(turn?.id)
    expect((await threadfold(["verify", "--data-dir", where])).code).toBe(1)
    expect((await threadfold(["rebuild", "--data-dir", where])).code).toBe(0)
  })
})

describe("--db", () => {
  it("leaves the directory of the file as it was, every byte and time of it", async () => {
    const directory = await imported()
    // A database whose last commits are in its write-ahead log only, as a killed process leaves it.
    const killed = join(temporary(), "killed")
    mkdirSync(killed)
    const handle = new Sqlite(join(directory, "threadfold.db"))
    handle.pragma("wal_autocheckpoint = 0")
    handle.exec("UPDATE meta SET value = value WHERE key = 'log.openings'")
    for (const part of ["threadfold.db", "threadfold.db-wal"]) copyFileSync(join(directory, part), join(killed, part))
    handle.close()
    const before = stateOf(killed)
    expect(before.map(({ name }) => name)).toEqual(["threadfold.db", "threadfold.db-wal"])
    const temporaryFiles = temporary()
    for (const args of [["threads"], ["thread", "01"], ["events"], ["stats"], ["check"], ["verify"]]) {
      const run = await threadfold([...args, "--db", join(killed, "threadfold.db"), "--json"], {
        env: { TMPDIR: temporaryFiles },
      })
      expect([args, run.code, run.stderr]).toEqual([args, 0, ""])
      expect(stateOf(killed)).toEqual(before)
    }
    expect(readdirSync(temporaryFiles)).toEqual([])
  })
})
