/** Folders of session files, on the command line: what is found, imported and followed, alone and beside a server. */
import { once } from "node:events"
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { CheckReport, FoundReport, ImportReport, ThreadView, VerifyReport } from "@threadfold/contracts"
import { sessionFiles } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { document, ended, start, temporary, threadfold, threadList } from "./program.js"
import { serve, serveHere } from "./server.js"

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

/** A folder with the beginning of a session's file, the whole of it, and another one. */
const growingFolder = () => {
  const { home } = homeOf()
  const [folder, data] = [join(home, "growing"), join(home, "data")]
  mkdirSync(folder)
  const [first, second] = codexFiles
  if (first === undefined || second === undefined) throw new Error("two files are needed")
  const lines = readFileSync(first.path, "utf8").trimEnd().split("\n")
  const file = join(folder, basename(first.path))
  writeFileSync(file, `${lines.slice(0, 20).join("\n")}\n`)
  return { data, file, first, folder, home, lines, second }
}

const hashOf = async (directory: string) => (await document(VerifyReport, ["verify", "--data-dir", directory])).hash

/** The built program that follows a folder, and how to wait for what it adds. */
const following = (folder: string, data: string) => {
  const child = start(["import", "codex-rollout", folder, "--follow", "--json", "--data-dir", data])
  const end = ended(child)
  const { stderr: said } = child
  if (said === null) throw new Error("no standard error")
  const tooEarly = end.then(({ stderr }) => Promise.reject(new Error(`it ended: ${stderr}`)))
  tooEarly.catch(() => undefined)
  let heard = ""
  said.on("data", (text: string) => {
    heard += text
  })
  /** Looks, and looks again after each word of the program: it says what it has added. */
  const until = async (isThere: (threads: readonly ThreadView[]) => boolean) => {
    for (;;) {
      const before = heard
      const { code, stdout } = await threadfold(["threads", "--json", "--data-dir", data])
      const list = code === 0 ? Schema.decodeUnknownSync(Schema.parseJson(threadList(ThreadView)))(stdout) : null
      if (list !== null && isThere(list.threads)) return list.threads
      if (heard === before) await Promise.race([once(said, "data"), tooEarly])
    }
  }
  /** How often it has said that it added something to a file. */
  const added = () => heard.match(/^.*: \d+ events added$/gm)?.length ?? 0
  return { added, end, until, heard: () => heard, stop: () => child.kill("SIGINT") }
}

describe("a folder of session files", () => {
  it("leads to the same log through a server as alone", async () => {
    const { data, home, projects } = homeOf()
    const served = join(home, "served")
    // Two files are enough: each is an upload of its own.
    for (const { file } of claudeFiles.slice(0, -2))
      rmSync(join(projects, "-home-dev-work", file.replace(/^\w+\//, "")))
    const server = await serveHere(served)
    const report = (directory: string) =>
      document(ImportReport, ["import", "claude", projects, "--data-dir", directory])
    expect(await report(served)).toEqual(await report(data))
    await server.stop()
    expect(await hashOf(served)).toBe(await hashOf(data))
  })

  it("is followed until a signal: what is added to a file, and files that are new", async () => {
    const { data, file, folder, lines, second } = growingFolder()
    const { end, stop, until } = following(folder, data)
    await until((threads) => threads.length === 1)
    appendFileSync(file, `${lines.slice(20).join("\n")}\n`)
    writeFileSync(join(folder, basename(second.path)), readFileSync(second.path))
    const threads = await until((all) => all.length === 2 && all.some(({ turns }) => turns === 6))
    expect(threads.map(({ status }) => status)).not.toContain("stopped")
    stop()
    const { code, stderr, stdout } = await end
    expect(code).toBe(0)
    expect(stderr).toContain("Following 1 file and 1 folder. Ctrl+C ends it.\n")
    expect(stderr).toMatch(new RegExp(`^${file}: \\d+ events added$`, "m"))
    expect(Schema.decodeUnknownSync(Schema.parseJson(ImportReport))(stdout).threads).toHaveLength(2)
    const again = await document(ImportReport, ["import", "codex-rollout", folder, "--leave-open", "--data-dir", data])
    expect(again.events).toBe(0)
  })

  it("is followed through a running server: a file that grows twice and is then replaced by that of another thread", async () => {
    const { data, file, first, folder, home, lines, second } = growingFolder()
    const server = await serve(data)
    const { added, end, stop, until } = following(folder, data)
    const [begun] = await until((threads) => threads.length === 1)
    const grownTo = async (piece: readonly string[]) => {
      const before = added()
      appendFileSync(file, piece.map((line) => `${line}\n`).join(""))
      await until(() => added() > before)
    }
    await grownTo(lines.slice(20, 40))
    await grownTo(lines.slice(40))
    await until((all) => all[0]?.turns === 6)
    // As an editor does it: written beside it, and moved to its place.
    const beside = join(home, "beside.jsonl")
    writeFileSync(beside, readFileSync(second.path))
    renameSync(beside, file)
    const threads = await until((all) => all.length === 2 && added() === 3)
    expect(threads.map(({ threadId }) => threadId)).toContain(begun?.threadId)
    stop()
    const { code, stdout } = await end
    expect([code, added()]).toEqual([0, 3])
    expect(Schema.decodeUnknownSync(Schema.parseJson(ImportReport))(stdout).unreadableFiles).toEqual([])
    // Nothing is missing and nothing is there twice: both files at once lead to the same.
    const whole = join(home, "whole")
    for (const [index, path] of [first.path, second.path].entries()) {
      const args = ["import", "codex-rollout", path, "--leave-open", "--data-dir"]
      expect([index, (await document(ImportReport, [...args, data])).events]).toEqual([index, 0])
      await document(ImportReport, [...args, whole])
    }
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect(await hashOf(data)).toBe(await hashOf(whole))
  })

  it("is followed without a server where a file is replaced, or is written anew and shorter", async () => {
    const { data, file, folder, home, lines, second } = growingFolder()
    const { end, heard, stop, until } = following(folder, data)
    await until((threads) => threads.length === 1)
    appendFileSync(file, `${lines.slice(20).join("\n")}\n`)
    await until((all) => all[0]?.turns === 6)
    const beside = join(home, "beside.jsonl")
    writeFileSync(beside, readFileSync(second.path))
    renameSync(beside, file)
    await until((all) => all.length === 2)
    // In place, and shorter: as of a second import, nothing comes of it until it has more than what was taken of it.
    writeFileSync(file, `${lines.slice(0, 30).join("\n")}\n`)
    await until(() => heard().split("it was replaced, and is read again from its beginning").length === 3)
    const before = heard().length
    appendFileSync(file, `${[...lines.slice(30), ...lines.slice(-1)].join("\n")}\n`)
    await until(() => heard().slice(before).includes(" added\n"))
    stop()
    const { code } = await end
    expect(code).toBe(0)
    const whole = join(home, "whole")
    for (const path of [file, second.path]) {
      const args = ["import", "codex-rollout", path, "--leave-open", "--data-dir"]
      expect((await document(ImportReport, [...args, data])).events).toBe(0)
      await document(ImportReport, [...args, whole])
    }
    expect(await hashOf(data)).toBe(await hashOf(whole))
  })

  it("waits for a server that goes away, and goes on with the next one", async () => {
    const { data, file, folder, lines } = growingFolder()
    const server = await serve(data)
    const { end, heard, stop, until } = following(folder, data)
    await until((threads) => threads.length === 1)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    appendFileSync(file, `${lines.slice(20, 40).join("\n")}\n`)
    await until(() => heard().includes("The server does not answer. Waiting for it"))
    const next = await serve(data)
    await until(() => heard().includes("The server answers again."))
    appendFileSync(file, `${lines.slice(40).join("\n")}\n`)
    await until((all) => all[0]?.turns === 6)
    stop()
    expect((await end).code).toBe(0)
    next.child.stdin?.end()
    expect(await next.ended).toBe(0)
  })

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
