/** Rollout traces on the command line: alone and through a server, found, beside the session file of the same thread. */
import { appendFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { CheckReport, FoundReport, ImportReport, ThreadView, VerifyReport } from "@threadfold/contracts"
import { traceBundles } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { document, ended, start, temporary, threadfold, threadList } from "./program.js"
import { serveHere } from "./server.js"

const bundle = (name: string) => {
  const found = traceBundles.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no trace is named ${name}`)
  return found
}
const root = bundle("trace-sub-agent")
const plain = bundle("trace-plain-shell")

const imported = (data: string, ...paths: readonly string[]) =>
  document(ImportReport, ["import", "codex-trace", ...paths, "--data-dir", data])
const hashOf = async (data: string) => (await document(VerifyReport, ["verify", "--data-dir", data])).hash

describe("import codex-trace", () => {
  it("leads to the same log through a server as alone, and adds nothing the second time", async () => {
    const home = temporary()
    const [alone, served] = [join(home, "alone"), join(home, "served")]
    const paths = [root.path, join(plain.path, "trace.jsonl")]
    const report = await imported(alone, ...paths)
    expect(report).toMatchObject({ unreadable: 0, threads: { length: 3 }, bodies: { missing: 0, problems: [] } })
    expect(report.lines).toBe(root.log().trimEnd().split("\n").length + plain.log().trimEnd().split("\n").length)
    const server = await serveHere(served)
    expect(await imported(served, ...paths)).toEqual(report)
    expect(await imported(served, ...paths)).toMatchObject({ lines: report.lines, events: 0 })
    await server.stop()
    expect(await hashOf(served)).toBe(await hashOf(alone))
    expect(await document(CheckReport, ["check", "--data-dir", alone])).toEqual({ ok: true, violations: [] })
    const { threads } = await document(threadList(ThreadView), ["threads", "--data-dir", alone])
    expect(threads.map(({ status }) => status)).toEqual(["stopped", "stopped", "stopped"])
    expect(threads.filter(({ parentThreadId }) => parentThreadId !== null)).toHaveLength(1)
  })

  it("takes a folder of bundles; one that cannot be read stops no other, and alone it ends the command", async () => {
    const home = temporary()
    const [folder, data] = [join(home, "traces"), join(home, "data")]
    for (const { name, path } of traceBundles) cpSync(path, join(folder, name), { recursive: true })
    writeFileSync(join(folder, "trace-eof", "manifest.json"), '{"schema_version":3}')
    const { threads, unreadableFiles } = await imported(data, folder)
    expect(threads).toHaveLength(traceBundles.length)
    expect(unreadableFiles?.map(({ problem }) => problem)).toEqual([
      expect.stringContaining("schema version 3 of Codex's traces; versions 1 and 2 can be read"),
    ])
    const one = await threadfold(["import", "codex-trace", join(folder, "trace-eof"), "--data-dir", data])
    expect([one.code, one.stdout]).toEqual([3, ""])
    expect(one.stderr).toContain("versions 1 and 2 can be read")
    const none = await threadfold(["import", "codex-trace", join(folder, "nothing"), "--data-dir", data])
    expect([none.code, none.stdout]).toEqual([3, ""])
  })

  it("follows a bundle that still grows until a signal, and an import of it after that adds nothing", async () => {
    const home = temporary()
    const [folder, data] = [join(home, plain.name), join(home, "data")]
    cpSync(plain.path, folder, { recursive: true })
    const [file, text] = [join(folder, "trace.jsonl"), plain.log()]
    const cut = text.indexOf("\n", Math.floor(text.length / 2)) + 1
    writeFileSync(file, text.slice(0, cut))
    const following = start(["import", "codex-trace", folder, "--follow", "--json", "--data-dir", data])
    const end = ended(following)
    let told = ""
    const says = (what: RegExp) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (what.test(told)) resolve()
        }
        following.stderr?.on("data", (piece) => {
          told += String(piece)
          look()
        })
        look()
      })
    await says(/Following 1 file and 1 folder/)
    appendFileSync(file, text.slice(cut))
    // What came before is the progress of the first import, which a slow machine shows.
    await says(/Ctrl\+C ends it[\s\S]*events? added/)
    following.kill("SIGINT")
    const { code, stdout } = await end
    expect(code).toBe(0)
    const report = Schema.decodeUnknownSync(Schema.parseJson(ImportReport))(stdout)
    expect(report).toMatchObject({ unreadable: 0, threads: { length: 1 } })
    // The trace has its own end, so nothing is left to add.
    expect((await imported(data, folder)).events).toBe(0)
    const once = join(home, "once")
    await imported(once, plain.path)
    expect(await hashOf(data)).toBe(await hashOf(once))
  })

  it("shows what is missing to a person", async () => {
    const home = temporary()
    const folder = join(home, "trace")
    cpSync(plain.path, folder, { recursive: true })
    rmSync(join(folder, "payloads", "6.json"))
    const { code, stdout } = await threadfold(["import", "codex-trace", folder, "--data-dir", join(home, "data")])
    expect(code).toBe(0)
    expect(stdout).toContain("18 bodies kept, ")
    expect(stdout).toContain("1 missing")
    expect(stdout).toContain("payloads/6.json: is not there")
  })
})

describe("a thread that was imported from its session file, too", () => {
  it("is listed once: the trace is its mirror", async () => {
    const home = temporary()
    const data = join(home, "data")
    const { root_thread_id: native } = plain.reduced()
    await imported(data, plain.path)
    const line = (type: string, payload: object) =>
      `${JSON.stringify({ timestamp: "2026-11-30T00:00:00.000Z", type, payload })}\n`
    const file = join(home, `rollout-2026-11-30T00-00-00-${native}.jsonl`)
    writeFileSync(
      file,
      line("session_meta", { id: native, cwd: "/workspace" }) +
        line("event_msg", { type: "user_message", message: "Hi" }),
    )
    await document(ImportReport, ["import", "codex-rollout", file, "--data-dir", data])
    const listed = await document(threadList(ThreadView), ["threads", "--data-dir", data])
    const all = await document(threadList(ThreadView), ["threads", "--mirrors", "--data-dir", data])
    expect([listed.threads.length, all.threads.length]).toEqual([1, 2])
    expect(listed.threads[0]?.turns).toBe(1)
  })
})

describe("import found", () => {
  it("lists traces where Codex was told to write them, and imports them with --yes", async () => {
    const home = temporary()
    const [traces, data] = [join(home, "traces"), join(home, "data")]
    const { root_thread_id: native } = root.reduced()
    mkdirSync(traces)
    cpSync(root.path, join(traces, `trace-f772fd7f-57f0-41e7-88b5-591f4400c1e2-${native}`), { recursive: true })
    const env = { HOME: home, CODEX_HOME: "", CLAUDE_CONFIG_DIR: "", CODEX_ROLLOUT_TRACE_ROOT: traces }
    const found = async (...more: readonly string[]) => {
      const { code, stderr, stdout } = await threadfold(["import", "found", "--json", "--data-dir", data, ...more], {
        env,
      })
      if (code !== 0) throw new Error(stderr)
      return Schema.decodeUnknownSync(Schema.parseJson(FoundReport), { onExcessProperty: "error" })(stdout)
    }
    const tracesOf = ({ agents }: FoundReport) => agents.filter(({ source }) => source === "codex-trace")
    expect(tracesOf(await found())).toMatchObject([{ folders: [traces], sessions: 1, new: 1 }])
    const { imported: report } = await found("--yes")
    expect(report).toMatchObject({ threads: { length: 2 }, unreadable: 0, bodies: { missing: 0 }, unreadableFiles: [] })
    expect(tracesOf(await found("--yes"))).toMatchObject([{ sessions: 1, new: 0 }])
  })
})
