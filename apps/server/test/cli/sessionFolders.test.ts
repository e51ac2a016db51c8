/** Folders of session files, through the built program: what is found, imported and followed, alone and beside a server. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { CheckReport, FoundReport, ImportReport, ThreadView, VerifyReport } from "@threadfold/contracts"
import { sessionFiles } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { document, ended, start, temporary, threadfold, threadList } from "./program.js"
import { serve } from "./server.js"

/** A home with the session files where the agents keep them. */
const homeOf = () => {
  const home = temporary()
  const env = { HOME: home, CODEX_HOME: join(home, "codex"), CLAUDE_CONFIG_DIR: "" }
  for (const { file, path, source } of sessionFiles) {
    const folder =
      source === "claude" ? [".claude", "projects", "-home-dev-work"] : ["codex", "sessions", "2026", "11", "29"]
    cpSync(path, join(home, ...folder, source === "claude" ? file.replace(/^\w+\//, "") : file), { recursive: true })
  }
  return { env, home, data: join(home, "data"), projects: join(home, ".claude", "projects") }
}

const found = async (data: string, env: Readonly<Record<string, string>>, ...more: readonly string[]) => {
  const { code, stderr, stdout } = await threadfold(["import", "found", "--json", "--data-dir", data, ...more], { env })
  if (code !== 0) throw new Error(stderr)
  return Schema.decodeUnknownSync(Schema.parseJson(FoundReport), { onExcessProperty: "error" })(stdout)
}

const byAgent = ({ agents }: FoundReport) => agents.map(({ new: fresh, sessions, source }) => [source, sessions, fresh])
const codexFiles = sessionFiles.filter(({ source }) => source === "codex-rollout")
const claudeFiles = sessionFiles.filter(({ source }) => source === "claude")

describe("import found", () => {
  it("lists what the agents left, imports it with --yes, and then finds nothing new", async () => {
    const { data, env, projects } = homeOf()
    writeFileSync(join(projects, "notes.jsonl"), "no session\n")
    expect(byAgent(await found(data, env))).toEqual([
      ["codex-rollout", codexFiles.length, codexFiles.length],
      ["claude", claudeFiles.length + 1, claudeFiles.length + 1],
    ])
    const { imported } = await found(data, env, "--yes")
    expect(imported?.threads).toHaveLength(sessionFiles.length)
    expect(imported?.unreadableFiles?.map(({ file }) => basename(file))).toEqual(["notes.jsonl"])
    expect(byAgent(await found(data, env)).map(([, , fresh]) => fresh)).toEqual([0, 1])
    expect((await found(data, env, "--yes")).imported?.events).toBe(0)
    expect(await document(VerifyReport, ["verify", "--data-dir", data])).toMatchObject({ ok: true })
    expect(await document(CheckReport, ["check", "--data-dir", data])).toEqual({ ok: true, violations: [] })
    const { threads } = await document(threadList(ThreadView), ["threads", "--data-dir", data])
    const children = threads.filter(({ parentThreadId }) => parentThreadId !== null)
    expect(children).toHaveLength(2)
    for (const { parentThreadId } of children) expect(threads.map(({ threadId }) => threadId)).toContain(parentThreadId)
    expect(threads.filter(({ forkedFromThreadId }) => forkedFromThreadId !== null)).toHaveLength(1)
  })

  it("says where it looked when there is nothing", async () => {
    const home = temporary()
    const env = { HOME: home, CODEX_HOME: "", CLAUDE_CONFIG_DIR: join(home, "elsewhere") }
    const { code, stdout } = await threadfold(["import", "found", "--data-dir", join(home, "data")], { env })
    expect([code, stdout]).toEqual([0, expect.stringContaining(join(home, "elsewhere", "projects"))])
    expect(stdout).toContain(join(home, ".codex", "sessions"))
  })
})

describe("a folder of session files", () => {
  it("leads to the same log through a server as alone", async () => {
    const { data, home, projects } = homeOf()
    const served = join(home, "served")
    // Two files are enough: each is an upload of its own.
    for (const { file } of claudeFiles.slice(0, -2))
      rmSync(join(projects, "-home-dev-work", file.replace(/^\w+\//, "")))
    const server = await serve(served)
    const report = (directory: string) =>
      document(ImportReport, ["import", "claude", projects, "--data-dir", directory])
    expect(await report(served)).toEqual(await report(data))
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    const hash = async (directory: string) => (await document(VerifyReport, ["verify", "--data-dir", directory])).hash
    expect(await hash(served)).toBe(await hash(data))
  })

  it("is followed until a signal: what is added to a file, and files that are new", async () => {
    const { home } = homeOf()
    const [folder, data] = [join(home, "growing"), join(home, "data")]
    mkdirSync(folder)
    const [first, second] = codexFiles
    if (first === undefined || second === undefined) throw new Error("two files are needed")
    const lines = readFileSync(first.path, "utf8").trimEnd().split("\n")
    const file = join(folder, basename(first.path))
    writeFileSync(file, `${lines.slice(0, 20).join("\n")}\n`)
    const following = start(["import", "codex-rollout", folder, "--follow", "--json", "--data-dir", data])
    const end = ended(following)
    const until = async (isThere: (threads: readonly ThreadView[]) => boolean) => {
      for (;;) {
        const { code, stdout } = await threadfold(["threads", "--json", "--data-dir", data])
        const list = code === 0 ? Schema.decodeUnknownSync(Schema.parseJson(threadList(ThreadView)))(stdout) : null
        if (list !== null && isThere(list.threads)) return list.threads
      }
    }
    await until((threads) => threads.length === 1)
    appendFileSync(file, `${lines.slice(20).join("\n")}\n`)
    writeFileSync(join(folder, basename(second.path)), readFileSync(second.path))
    const threads = await until((all) => all.length === 2 && all.some(({ turns }) => turns === 6))
    expect(threads.map(({ status }) => status)).not.toContain("stopped")
    following.kill("SIGINT")
    const { code, stdout } = await end
    expect(code).toBe(0)
    expect(Schema.decodeUnknownSync(Schema.parseJson(ImportReport))(stdout).threads).toHaveLength(2)
    const again = await document(ImportReport, ["import", "codex-rollout", folder, "--leave-open", "--data-dir", data])
    expect(again.events).toBe(0)
  }, 60_000)

  it("goes on with the others where one file has changed", async () => {
    const { data, projects } = homeOf()
    const args = ["import", "claude", projects, "--data-dir", data]
    const { unreadableFiles } = await document(ImportReport, args)
    expect(unreadableFiles).toEqual([])
    const file = join(projects, "-home-dev-work", basename(claudeFiles[0]?.path ?? ""))
    writeFileSync(file, readFileSync(file, "utf8").split("\n").slice(0, 10).join("\n"))
    const second = await document(ImportReport, args)
    expect(second).toMatchObject({ events: 0, unreadableFiles: [{ file }] })
    const alone = await threadfold(["import", "claude", file, "--json", "--data-dir", data])
    expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining("recording-changed")])
  })
})
