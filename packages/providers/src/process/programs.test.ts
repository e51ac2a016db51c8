import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { findProgram, notTrusted, withTrustedPath } from "./programs.js"
import { untrustedFolders, whyUntrusted } from "./untrustedFolders.js"

let root = ""
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "threadfold-programs-")))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const program = (folder: string, name = "agent", mode = 0o755): string => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, "")
  chmodSync(file, mode)
  return file
}

/** A machine whose server was started in `clone`, with the home directory elsewhere. */
const machine = (cwd: string, home = join(root, "home")) => ({ cwd, home, node: join(root, "system", "bin", "node") })

describe("a program on PATH", () => {
  it("is found as a shell finds it", () => {
    const bin = join(root, "bin")
    mkdirSync(join(bin, "folder"), { recursive: true })
    program(bin, "runs")
    program(bin, "text", 0o644)
    const env = { PATH: [join(root, "missing"), bin].join(delimiter) }
    const find = (name: string, among: Readonly<Record<string, string>> = env) =>
      findProgram(name, { env: among, untrusted: [], platform: "linux" }).file
    expect(find("runs")).toBe(join(bin, "runs"))
    expect(find("text")).toBeNull()
    expect(find("folder")).toBeNull()
    expect(find(join(bin, "runs"), {})).toBe(join(bin, "runs"))
    expect(find("runs", {})).toBeNull()
    program(bin, "tool.CMD")
    const windows = { Path: bin, PATHEXT: ".EXE;.CMD" }
    expect(findProgram("tool", { env: windows, untrusted: [], platform: "win32" }).file).toBe(join(bin, "tool.CMD"))
  })

  it.each([
    ["the current directory", "clone", "clone/bin"],
    ["the current directory itself", "clone", "clone"],
    ["the thread's folder", "elsewhere", "thread/tools/bin"],
    ["packages of the current directory", "clone", "clone/node_modules/.bin"],
    ["packages above the current directory", "clone/a/b", "clone/node_modules/.bin"],
    ["packages above the thread's folder", "elsewhere", "node_modules/.bin"],
  ])("is not one of %s", (_, cwd, folder) => {
    const untrusted = untrustedFolders(join(root, "thread"), machine(join(root, cwd)))
    const foreign = program(join(root, folder))
    const ours = program(join(root, "system", "bin"))
    const path = [join(root, folder), join(root, "system", "bin")].join(delimiter)
    const found = findProgram("agent", { env: { PATH: path }, untrusted })
    expect(found.file).toBe(ours)
    expect(found.passedOver).toEqual([
      { path: foreign, why: expect.stringMatching(/current directory|thread's folder/) },
    ])
    const only = findProgram("agent", { env: { PATH: join(root, folder) }, untrusted })
    expect(only.file).toBeNull()
    expect(notTrusted("agent", only.passedOver)).toContain(foreign)
    expect(withTrustedPath({ PATH: path }, untrusted)).toEqual({ PATH: join(root, "system", "bin") })
  })

  it("is not one that a link leads to, or that is reached by one", () => {
    const clone = join(root, "clone")
    const untrusted = untrustedFolders(undefined, machine(clone))
    program(join(clone, "bin"))
    symlinkSync(join(clone, "bin"), join(root, "alias"))
    mkdirSync(join(root, "bin"))
    symlinkSync(join(clone, "bin", "agent"), join(root, "bin", "agent"))
    // A link of the clone to a program of the system is the clone's choice, too.
    program(join(root, "system", "bin"))
    mkdirSync(join(clone, "links"))
    symlinkSync(join(root, "system", "bin", "agent"), join(clone, "links", "agent"))
    for (const folder of [join(root, "alias"), join(root, "bin"), join(clone, "links")]) {
      const { file, passedOver } = findProgram("agent", { env: { PATH: folder }, untrusted })
      expect(file).toBeNull()
      expect(passedOver).toHaveLength(1)
    }
  })

  it("is not one of a relative or an empty entry", () => {
    const name = "threadfold-relative-entry"
    const here = program(process.cwd(), name)
    try {
      const folders = ["", ".", "./", `..${"/"}${process.cwd().split("/").at(-1)}`]
      for (const PATH of [...folders, folders.join(delimiter)]) {
        const { file, passedOver } = findProgram(name, { env: { PATH }, untrusted: [] })
        expect(file).toBeNull()
        expect(passedOver[0]?.why).toContain("relative")
        const { PATH: trusted = "" } = withTrustedPath({ PATH }, [])
        expect(trusted.split(delimiter).every((folder) => folder.startsWith("/"))).toBe(true)
      }
    } finally {
      rmSync(here)
    }
  })

  it("is trusted where the user or the system keeps programs, though the server was started above", () => {
    const home = join(root, "home")
    const tool = program(join(home, ".local", "bin"))
    for (const cwd of [home, root]) {
      const untrusted = untrustedFolders(home, machine(cwd, home))
      expect(whyUntrusted(tool, untrusted)).toBeNull()
      // npm puts these on PATH, and they belong to no installation for all.
      expect(whyUntrusted(join(cwd, "node_modules", ".bin", "agent"), untrusted)).toContain("packages")
    }
    const system = untrustedFolders(join(root, "system"), machine(join(root, "clone")))
    expect(whyUntrusted(join(root, "system", "bin", "agent"), system)).toBeNull()
  })
})
