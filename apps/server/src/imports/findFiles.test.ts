/** Folders of session files that hold more than files: what is found, what is told, and that nothing is opened that would wait. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { Effect } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { filesBelow } from "./findFiles.js"

const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "threadfold-find-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const found = async (folder: string) => {
  const { files, skipped } = await Effect.runPromise(filesBelow(folder, "claude"))
  return {
    files: files.map(({ file }) => relative(folder, file)).sort(),
    skipped: skipped.map(({ problem }) => problem.replace(`${folder}/`, "")).sort(),
  }
}

describe("a folder", () => {
  it("with a pipe, a socket, a device and broken links tells of each, and takes the files", async () => {
    const folder = folderOf()
    const below = join(folder, "project")
    mkdirSync(below)
    writeFileSync(join(below, "one.jsonl"), "")
    writeFileSync(join(below, "README.md"), "")
    expect(spawnSync("mkfifo", [join(below, "pipe.jsonl")]).status).toBe(0)
    const server = createServer().listen(join(folder, "talk.sock"))
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once("listening", resolve))
    symlinkSync("/dev/null", join(folder, "null.jsonl"))
    symlinkSync(join(folder, "nothing"), join(folder, "gone.jsonl"))
    symlinkSync("self.jsonl", join(folder, "self.jsonl"))
    expect(await found(folder)).toEqual({
      files: ["project/one.jsonl"],
      skipped: [
        "gone.jsonl: it is a link that leads nowhere",
        "null.jsonl: it is a device",
        "project/pipe.jsonl: it is a pipe",
        "self.jsonl: it is a link that leads in a circle",
        "talk.sock: it is a socket",
      ],
    })
  })

  it("with links takes what they lead to, each folder once", async () => {
    const [folder, other] = [folderOf(), folderOf()]
    writeFileSync(join(other, "two.jsonl"), "")
    writeFileSync(join(other, "notes.txt"), "")
    symlinkSync(other, join(folder, "elsewhere"))
    symlinkSync(folder, join(other, "back"))
    symlinkSync(folder, join(folder, "loop"))
    symlinkSync(join(other, "notes.txt"), join(folder, "notes.txt"))
    expect(await found(folder)).toEqual({ files: ["elsewhere/two.jsonl"], skipped: [] })
  })

  it("that is very deep is walked so far, and that is told", async () => {
    const folder = folderOf()
    const deep = join(folder, ...Array.from({ length: 20 }, () => "d"))
    mkdirSync(deep, { recursive: true })
    writeFileSync(join(deep, "far.jsonl"), "")
    const { files, skipped } = await found(folder)
    expect([files, skipped]).toEqual([[], [expect.stringContaining("more than 16 folders deep")]])
  })

  it("that is not there holds nothing", async () => {
    expect(await found(join(folderOf(), "none"))).toEqual({ files: [], skipped: [] })
  })
})
