/**
 * The built server is started in a cloned repository, or serves a thread in it, and the clone wants its own code to be run:
 * packages, programs, configuration. Whatever of it runs leaves a mark.
 */
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fakeAgent } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { DoctorReport } from "../../src/doctor/Report.js"
import { built, temporary, threadfold } from "./program.js"
import { serve } from "./server.js"

/** Packages that we or our dependencies import, some of them only where they are there. */
const packages = [
  "@anthropic-ai/claude-agent-sdk",
  "@anthropic-ai/claude-agent-sdk-linux-x64",
  "@effect/platform-node",
  "@threadfold/client",
  "better-sqlite3",
  "bindings",
  "bufferutil",
  "effect",
  "utf-8-validate",
]

/** Programs that we, our agents and npm start by name. */
const programs = ["claude", "claude-code-acp", "codex", "gemini", "git", "node", "npm", "npx", "opencode", "ps", "sh"]

const put = (file: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { mode })
}

/** A clone, what it left marks of, and an environment in which all points to it. */
const clone = () => {
  const root = realpathSync(temporary())
  const folder = join(root, "clone")
  const marks = join(root, "marks")
  mkdirSync(marks)
  const leaves = (what: string) => `require("node:fs").writeFileSync(${JSON.stringify(join(marks, what))}, "")`
  const plantPackages = (modules: string, where: string) => {
    for (const name of packages) {
      const place = join(modules, ...name.split("/"))
      put(join(place, "package.json"), JSON.stringify({ name, version: "9.9.9", main: "index.cjs" }))
      put(join(place, "index.cjs"), `${leaves(`package ${where} ${name.replace("/", " ")}`)}\nexports.query = () => {}`)
    }
  }
  const plantPrograms = (bin: string, where: string) => {
    for (const name of programs)
      put(join(bin, name), `#!/bin/sh\n: > '${join(marks, `program ${where} ${name}`)}'\n`, 0o755)
  }
  plantPackages(join(folder, "node_modules"), "here")
  plantPackages(join(root, "node_modules"), "above")
  plantPackages(join(folder, "prefix", "lib", "node_modules"), "prefix")
  plantPrograms(folder, "here")
  plantPrograms(join(folder, "bin"), "bin")
  plantPrograms(join(folder, "node_modules", ".bin"), "modules")
  plantPrograms(join(root, "node_modules", ".bin"), "above")
  const agents = { foreign: { kind: "acp", command: join(folder, "codex") } }
  for (const place of ["", ".threadfold", join(".local", "share", "threadfold")]) {
    put(join(folder, place, "threadfold.json"), JSON.stringify({ agents }))
  }
  put(join(folder, "hook.cjs"), leaves("hook"))
  put(join(folder, "package.json"), JSON.stringify({ name: "clone", type: "module", main: "hook.cjs" }))
  put(join(folder, ".npmrc"), "prefix=./prefix\nnode-options=--require ./hook.cjs\nscript-shell=./sh\n")
  put(join(folder, ".env"), "NODE_OPTIONS=--require ./hook.cjs\nTHREADFOLD_DATA_DIR=.threadfold\n")
  put(join(folder, "build", "Release", "better_sqlite3.node"), "no module")

  const tools = join(root, "tools")
  mkdirSync(tools)
  symlinkSync(process.execPath, join(tools, "node"))
  const system = ["/usr/local/bin", "/usr/bin", "/bin"]
  const foreign = [
    "",
    ".",
    "./bin",
    folder,
    join(folder, "bin"),
    join(folder, "node_modules", ".bin"),
    join(root, "node_modules", ".bin"),
  ]
  const env = {
    PATH: [...foreign, tools, ...system].join(delimiter),
    NODE_PATH: [".", "node_modules", join(folder, "node_modules")].join(delimiter),
    npm_config_prefix: join(folder, "prefix"),
    INIT_CWD: folder,
    PWD: folder,
    HOME: join(root, "home"),
    XDG_DATA_HOME: "",
  }
  return { root, folder, tools, env, ran: () => readdirSync(marks) }
}

const Agents = Schema.Struct({ items: Schema.Array(Schema.Struct({ name: Schema.String })) })

/** A server's data directory outside of the clone, with these agents. */
const dataDirectory = (root: string, agents?: object): string => {
  const directory = join(root, "data")
  mkdirSync(directory, { mode: 0o700 })
  if (agents !== undefined) writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents }))
  return directory
}

describe.skipIf(process.platform === "win32")("in a hostile directory", () => {
  it("nothing of it runs, and doctor says what was passed over", async () => {
    const { env, folder, ran, root } = clone()
    const directory = dataDirectory(root)
    const report = await built(["doctor", "--json", "--data-dir", directory], { cwd: folder, env })
    const { agents } = Schema.decodeUnknownSync(Schema.parseJson(DoctorReport))(report.stdout)
    for (const { name, passedOver, path } of agents) {
      expect([name, path?.startsWith(root) ?? false]).toEqual([name, false])
      expect([name, passedOver.length > 0]).toEqual([name, true])
    }
    const page = await built(["doctor", "--data-dir", directory], { cwd: folder, env })
    expect(page.stdout).toContain(`not ${join(folder, "codex")}: it is inside the current directory`)
    expect(page.stdout).toContain("not codex: it is relative")

    // The default data directory is not the clone's either, with and without a home.
    for (const HOME of [env.HOME, ""]) {
      const { stdout } = await built(["doctor", "--json"], { cwd: folder, env: { ...env, HOME } })
      expect(
        Schema.decodeUnknownSync(Schema.parseJson(DoctorReport))(stdout).agents.map(({ name }) => name),
      ).not.toContain("foreign")
    }

    const server = await serve(directory, [], env, folder)
    const listed = Schema.decodeUnknownSync(Agents)(await (await server.call("/v1/agents")).json())
    expect(listed.items.map(({ name }) => name)).not.toContain("foreign")
    const sent = await built(["send", "--agent", "codex", "--wait", "x", "--data-dir", directory, "--json"], {
      cwd: folder,
      env,
    })
    expect(sent.code).not.toBe(0)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    expect(ran()).toEqual([])
  })

  it("configured agents are looked for elsewhere, and what they start is, too", async () => {
    const { env, folder, ran, root, tools } = clone()
    const { args } = fakeAgent({ turns: [[{ say: "ours" }]] })
    const directory = dataDirectory(root, {
      codex: { kind: "codex", args },
      claude: { kind: "claude" },
      gemini: { kind: "acp", preset: "gemini" },
    })
    // What comes with an agent finds its interpreter by PATH, from the folder of the thread.
    put(join(tools, "codex"), `#!/usr/bin/env sh\nexec node "$@"\n`, 0o755)
    for (const started of [folder, process.cwd()]) {
      // An absolute entry of NODE_PATH that is outside of where the server was started was put there by the user.
      const mine = started === folder ? env : { ...env, NODE_PATH: "." }
      const server = await serve(directory, [], mine, started)
      // What the command itself would run there is the other test's: this one is of the server.
      const send = (agent: string) =>
        threadfold(["send", "--agent", agent, "--cwd", folder, "--wait", "x", "--data-dir", directory])
      expect(await send("codex")).toMatchObject({ code: 0, stdout: "ours\n", stderr: expect.any(String) })
      for (const agent of ["claude", "gemini"]) {
        const { code, stderr } = await send(agent)
        expect([agent, code]).toEqual([agent, 1])
        expect(stderr).toMatch(/is not installed|no program is run from/)
      }
      server.child.stdin?.end()
      expect(await server.ended).toBe(0)
    }
    expect(ran()).toEqual([])
  })
})
