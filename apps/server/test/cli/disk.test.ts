/**
 * Disks that are low, full or read-only under the built program: file systems of their own, mounted in a namespace that only the
 * server sees. Where the system lets no one do that, the tests are left out and say why.
 */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { CheckReport, ImportReport, ThreadView, VerifyReport } from "@threadfold/contracts"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { recording } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { lineProgram, linesOf } from "./commandLines.js"
import { document, type Ended, ended, problemOf, program, temporary, threadList } from "./program.js"
import { attach, eventsOf, push, type RunningServer, serveBy } from "./server.js"

/** Root has its own mounts by `-m` alone; others have a namespace of users as well. */
const inNamespace = ["unshare", process.getuid?.() === 0 ? "-m" : "-rm", "sh", "-c"] as const

const whyNot = ((): string | null => {
  if (process.platform !== "linux") return `${process.platform} has no mount namespaces`
  const [command, ...args] = inNamespace
  const tried = spawnSync(command, [...args, "mount -t tmpfs -o size=1m none /mnt && test -w /mnt"], {
    encoding: "utf8",
  })
  return tried.status === 0
    ? null
    : `a namespace with a file system of its own is refused: ${tried.stderr || tried.error}`
})()
if (whyNot !== null) console.log(`left out: ${whyNot}`)

const mebibyte = 1024 * 1024

/** Runs Node with `directory` on a file system of its own; `prepare` is what happens there before. */
const startNode = (directory: string, size: string, args: readonly string[], prepare = "true") => {
  mkdirSync(directory, { recursive: true })
  const [command, ...rest] = inNamespace
  const script = `mount -t tmpfs -o size=${size} none "$1" && ${prepare} && shift && exec "$@"`
  const child = spawn(command, [...rest, script, "sh", directory, process.execPath, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  return child
}
/** The same for the built program. */
const startOn = (directory: string, size: string, args: readonly string[], prepare?: string) =>
  startNode(directory, size, [program, ...args], prepare)
const toEnd = (child: ReturnType<typeof startNode>): Promise<Ended> => {
  child.stdin.end()
  return ended(child)
}
const runOn = (...args: Parameters<typeof startOn>): Promise<Ended> => toEnd(startOn(...args))

/** A job of the command line in its own thread; prints the last that it says. */
const runJob = `const { Worker } = require("node:worker_threads")
  const job = new Worker(process.argv[1], { workerData: JSON.parse(process.argv[2]) })
  job.on("message", (message) => message.kind === "progress" || console.log(JSON.stringify(message)))`

const session = "01990000-0000-7000-8000-000000000001"
const notice = (seq: number, text = "x".repeat(20_000)) => ({
  type: "runtime.warning",
  channel: "adapter:test",
  seq,
  at: 1_700_000_000_000 + seq,
  payload: { message: text },
})
const tryPush = (server: RunningServer, seq: number) =>
  server.call(`/v1/sessions/${session}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: JSON.stringify(notice(seq)),
  })
const slugOf = async (answer: Response): Promise<string> =>
  Schema.decodeUnknownSync(ProblemDetails)(await answer.json()).type.replace("urn:threadfold:problem:", "")
const metricOf = async (server: RunningServer, name: string): Promise<number> => {
  const text = await (await server.call("/metrics")).text()
  return Number(new RegExp(`^threadfold_${name} (\\S+)$`, "m").exec(text)?.[1])
}
/** Asks until it is so. */
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo()));
}

/** A server on a small disk, and a way to fill it from outside. */
const onSmallDisk = async (size: number, config: object = {}) => {
  const directory = join(temporary(), "disk")
  const prepare = `printf '%s' '${JSON.stringify(config)}' > "$1/threadfold.json"`
  const child = startOn(directory, `${size}`, ["serve", "--desktop", "--data-dir", directory], prepare)
  const server = await serveBy(child)
  const inside = `/proc/${server.pid}/root${directory}`
  const filler = join(inside, "filler")
  await attach(server, session, "native-1")
  return {
    server,
    directory,
    inside,
    /** Leaves so many bytes free. */
    leave: (bytes: number) => {
      rmSync(filler, { force: true })
      const { bavail, bsize } = statfsSync(inside)
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
    },
    clear: () => rmSync(filler, { force: true }),
  }
}

const startLines = lineProgram()

describe.skipIf(whyNot !== null)("a disk", () => {
  // A tenth of it is low, a twentieth full: 6.4 and 3.2 MiB.
  const small = 64 * mebibyte

  it("that becomes low is warned of, is written to until it is nearly full, and again when there is room", {
    timeout: 600_000,
  }, async () => {
    const { server, leave, clear } = await onSmallDisk(small)
    expect(await push(server, session, [notice(1)])).toMatchObject([{ status: "appended" }])
    expect(await metricOf(server, "storage_low")).toBe(0)
    expect(await eventsOf(server, "runtime.warning")).toHaveLength(1)

    leave(5 * mebibyte)
    expect(await metricOf(server, "storage_low")).toBe(1)
    expect((await server.call("/readyz")).status).toBe(200)
    const told = async () => (await eventsOf(server, "runtime.warning")).filter(({ actor }) => actor === "orchestrator")
    await until(async () => (await told()).length > 0)
    expect(await told()).toMatchObject([{ payload: { details: "disk-low" }, sessionId: null }])
    expect(await push(server, session, [notice(2)])).toMatchObject([{ status: "appended" }])

    leave(2 * mebibyte)
    // What comes before the next look at the disk, a moment after the last one, is stored.
    let seq = 3
    let refused = await tryPush(server, seq)
    for (; refused.ok; refused = await tryPush(server, seq)) seq += 1
    expect([refused.status, await slugOf(refused)]).toEqual([507, "disk-full"])
    const ready = await server.call("/readyz")
    expect([ready.status, await slugOf(ready)]).toEqual([507, "disk-full"])
    expect(await metricOf(server, "storage_full")).toBe(1)
    expect(await metricOf(server, "storage_free_bytes")).toBeGreaterThan(mebibyte)
    expect((await server.call("/v1/threads")).status).toBe(200)
    expect((await server.call("/livez")).status).toBe(200)

    clear()
    expect(await push(server, session, [notice(seq)])).toMatchObject([{ status: "appended" }])
    expect((await server.call("/readyz")).status).toBe(200)
    expect(await metricOf(server, "storage_full")).toBe(0)
    expect((await told()).length).toBe(1)
  })

  it("that is really full refuses, loses nothing that was acknowledged, and reads go on", {
    timeout: 600_000,
  }, async () => {
    const storage = { minFreeBytes: 0, warnFreeBytes: 0 }
    const { server, leave, clear, directory, inside } = await onSmallDisk(small, { storage })
    expect(await push(server, session, [notice(1)])).toMatchObject([{ status: "appended" }])
    leave(256 * 1024)
    let seq = 1
    let answer = await tryPush(server, seq + 1)
    for (; answer.ok; answer = await tryPush(server, seq + 1)) seq += 1
    expect([answer.status, await slugOf(answer)]).toEqual([507, "disk-full"])
    expect((await server.call("/v1/threads")).status).toBe(200)
    // Commands that only look read the full disk, in the server and beside it.
    const list = await document(threadList(ThreadView), ["threads", "--db", join(inside, "threadfold.db")])
    expect(list.threads).toHaveLength(1)
    clear()
    expect(await push(server, session, [notice(seq + 1)])).toMatchObject([{ status: "appended" }])
    const stored = await eventsOf(server, "runtime.warning")
    expect(stored.map((event) => event.seq)).toEqual(Array.from({ length: seq + 1 }, (_, index) => index + 1))
    const file = ["--db", join(inside, "threadfold.db")]
    expect((await document(CheckReport, ["check", ...file])).violations).toEqual([])
    expect((await document(VerifyReport, ["verify", "--bytes", ...file])).ok).toBe(true)
    expect(directory).not.toBe(inside)
  })

  it("that has no room for a bundle, a backup or a copy to look at is called full", {
    timeout: 600_000,
  }, async () => {
    const data = join(temporary(), "data")
    await document(ImportReport, ["import", "codex-app-server", recording("codex-01-plain").path, "--data-dir", data])
    const small = join(temporary(), "small")
    const run = (args: readonly string[]) => runOn(small, "4k", [...args, "--data-dir", data, "--json"])
    const export_ = await run(["export", join(small, "one.bundle"), "--redact", "none"])
    const backup = await run(["backup", join(small, "one.db")])
    // Where the machine is slow, progress is told before the problem.
    const told = ({ stderr, stdout }: Ended) => problemOf({ stdout, stderr: stderr.trim().split("\n").at(-1) ?? "" })
    for (const ended of [export_, backup]) {
      expect([ended.code, told(ended).type, told(ended).detail]).toEqual([
        3,
        "urn:threadfold:problem:disk-full",
        expect.stringContaining(small),
      ])
    }
    const look = await toEnd(
      startNode(
        small,
        "64k",
        [program, "threads", "--db", join(data, "threadfold.db"), "--json"],
        `export TMPDIR="${small}"`,
      ),
    )
    expect([look.code, told(look).type]).toEqual([3, "urn:threadfold:problem:disk-full"])
  })

  it("that is mounted read-only is called that, and can be read", async () => {
    const source = join(temporary(), "source")
    await document(ImportReport, ["import", "codex-app-server", recording("codex-01-plain").path, "--data-dir", source])
    const directory = join(temporary(), "disk")
    const prepare = `cp -a '${source}/.' "$1" && mount -o remount,ro "$1"`
    const served = await runOn(directory, "64m", ["serve", "--desktop", "--data-dir", directory], prepare)
    expect([served.code, served.stdout]).toEqual([3, ""])
    expect(served.stderr).toMatch(/mounted read-only/)
    const run = linesOf(startNode(directory, "64m", startLines(), prepare))
    const on = (args: readonly string[]) => run([...args, "--data-dir", directory])
    const imported = await on(["import", "codex-app-server", recording("codex-01-plain").path, "--json"])
    expect([imported.code, problemOf(imported).type]).toEqual([3, "urn:threadfold:problem:storage-read-only"])
    const rebuilt = await on(["rebuild", "--json"])
    expect([rebuilt.code, problemOf(rebuilt).type]).toEqual([3, "urn:threadfold:problem:storage-read-only"])
    for (const command of ["threads", "events", "stats", "check", "verify"]) {
      const { code, stderr, stdout } = await on([command, "--json"])
      expect([command, code, stderr]).toEqual([command, 0, ""])
      expect(stdout).not.toBe("")
    }
  })

  it("that has no room for a copy: compact says what it needs, and leaves the old file where the disk becomes full", {
    timeout: 600_000,
  }, async () => {
    const source = join(temporary(), "source")
    const plain = recording("codex-01-plain").path
    await document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", source])
    const file = join(source, "threadfold.db")
    const handle = new Sqlite(file)
    const put = handle.prepare("INSERT INTO meta VALUES (?, ?)")
    handle.transaction(() => {
      for (let index = 0; index < 500; index++) put.run(`filler ${index}`, "x".repeat(16_000))
    })()
    handle.close()
    const { hash } = await document(VerifyReport, ["verify", "--data-dir", source])

    const small = join(temporary(), "small")
    const prepare = `cp -a '${source}/.' "$1"`
    const tooSmall = await runOn(small, "12m", ["compact", "--data-dir", small, "--json"], prepare)
    expect([tooSmall.code, problemOf(tooSmall).type]).toEqual([3, "urn:threadfold:problem:disk-full"])
    expect(problemOf(tooSmall).detail).toMatch(
      /that needs \S+ MiB \(\d+ bytes\), and the disk has \S+ MiB \(\d+ bytes\)/,
    )

    // The room that was there is gone when the new file is written.
    const { size } = statSync(file)
    const draft = join(small, "draft")
    const data = JSON.stringify({ name: "compact", file, options: { draft }, beside: false })
    const thread = join(dirname(program), "jobThread.js")
    const full = await toEnd(startNode(small, "4m", ["-e", runJob, thread, data]))
    const said = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ kind: Schema.String, slug: Schema.String })))
    expect(said(full.stdout)).toEqual({ kind: "failed", slug: "disk-full" })
    expect(statSync(file).size).toBe(size)
    expect((await document(VerifyReport, ["verify", "--bytes", "--data-dir", source])).hash).toBe(hash)
  })
})
