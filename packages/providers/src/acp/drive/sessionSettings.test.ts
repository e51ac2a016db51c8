import { describe, expect, it } from "vitest"
import { acpPreset } from "./acpPresets.js"
import { readOffer, readSettings, setCalls } from "./sessionSettings.js"

const calls = (answer: Record<string, unknown>, settings: Record<string, unknown>) =>
  setCalls("s", readOffer(answer), readSettings(settings))

const option = (id: string, currentValue: string, category?: string) => ({ id, currentValue, category })

describe("the calls that bring a session to its settings", () => {
  it("use what the agent offers: an option, by category or name, before a list of models", () => {
    const models = { currentModelId: "a", availableModels: [] }
    const configOptions = [option("model", "x", "other"), option("llm", "a", "model")]
    const set = (configId: string) => [
      { method: "session/set_config_option", params: { sessionId: "s", configId, value: "b" } },
    ]
    expect(calls({ configOptions, models }, { model: "b" })).toEqual(set("llm"))
    expect(calls({ configOptions: [option("model", "a")], models }, { model: "b" })).toEqual(set("model"))
    expect(calls({ models }, { model: "b" })).toEqual([
      { method: "session/set_model", params: { sessionId: "s", modelId: "b" } },
    ])
  })

  it("set the mode by its own call, else by an option", () => {
    const configOptions = [option("mode", "ask", "mode")]
    const modes = { currentModeId: "ask", availableModes: [] }
    expect(calls({ configOptions, modes }, { mode: "plan" })).toEqual([
      { method: "session/set_mode", params: { sessionId: "s", modeId: "plan" } },
    ])
    expect(calls({ configOptions }, { mode: "plan" })).toEqual([
      { method: "session/set_config_option", params: { sessionId: "s", configId: "mode", value: "plan" } },
    ])
  })

  it("are none for what the session has already, and one for each other option", () => {
    const answer = { modes: { currentModeId: "ask" }, models: { currentModelId: "a" } }
    expect(calls(answer, { mode: "ask", model: "a" })).toEqual([])
    expect(calls({}, { options: { effort: "high", verbose: true } })).toEqual([
      { method: "session/set_config_option", params: { sessionId: "s", configId: "effort", value: "high" } },
      {
        method: "session/set_config_option",
        params: { sessionId: "s", configId: "verbose", type: "boolean", value: true },
      },
    ])
  })

  it("do not exist for what the agent offers no choice of", () => {
    expect(calls({}, { model: "b" })).toMatch(/^The agent offers no choice of a model\./)
    expect(calls({}, { mode: "plan" })).toMatch(/^The agent offers no choice of a mode\./)
  })

  it("leave the rest of the settings to the call that opens the session", () => {
    const settings = readSettings({ model: "a", mode: "m", options: {}, mcpServers: [1], _meta: { a: 1 } })
    expect(settings.rest).toEqual({ mcpServers: [1], _meta: { a: 1 } })
  })
})

describe("agents known by name", () => {
  it("are started as their own documentation says", () => {
    expect(acpPreset("gemini")).toMatchObject({ command: "gemini", args: ["--acp"] })
    expect(acpPreset("opencode")).toMatchObject({ command: "opencode", args: ["acp"] })
    expect(acpPreset("claude-code-acp")).toMatchObject({ command: "claude-code-acp", args: [] })
    expect(acpPreset("unknown")).toBeUndefined()
  })
})
