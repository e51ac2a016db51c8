import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type AgentName, installedAgent } from "./installedAgent.js"

const names: readonly AgentName[] = ["codex", "claude", "acp"]

afterEach(() => {
  vi.unstubAllEnvs()
})

describe("installed agents", () => {
  it.each(names)("%s: a program and a module that exist, or a reason to skip", (name) => {
    const agent = installedAgent(name)
    if (agent.installed) {
      expect([agent.command, agent.module, ...agent.args].filter((path) => !existsSync(path))).toEqual([])
      expect(agent.version).toMatch(/^\d+\.\d+\.\d+/)
    } else {
      expect(agent.reason).toMatch(/\.$/)
    }
  })

  it("an agent that the environment leaves out is missing, and the reason says so", () => {
    vi.stubEnv("THREADFOLD_AGENTS", "codex, acp")
    expect(installedAgent("claude")).toEqual({
      installed: false,
      name: "claude",
      reason: "The Claude Agent SDK is left out by THREADFOLD_AGENTS; unset it to run these tests.",
    })
    vi.stubEnv("THREADFOLD_AGENTS", "none")
    for (const name of names) expect(installedAgent(name).installed).toBe(false)
  })

  it("the program found for Codex is the version that its package tells", ({ skip }) => {
    const codex = installedAgent("codex")
    if (!codex.installed) return skip(codex.reason)
    const said = execFileSync(codex.command, [...codex.args, "--version"], { encoding: "utf8" })
    expect(said.trim()).toBe(`codex-cli ${codex.version}`)
  })
})
