import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { defaultLimits, defaultReaperPolicy } from "@threadfold/orchestrator"
import { acpPresets } from "@threadfold/providers"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { configuredAgents, environmentOf, namedAgents } from "./configuredAgents.js"
import { inheritedBy, isInstalled, knownAgents } from "./knownAgents.js"
import { configFileOf, readConfig } from "./readConfig.js"
import { ServerSecrets } from "./ServerSecrets.js"

const temporary = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "threadfold-config-")))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A data directory with this configuration. */
const directoryWith = (content: unknown): string => {
  const folder = temporary()
  writeFileSync(configFileOf(folder), typeof content === "string" ? content : JSON.stringify(content))
  return folder
}

const secret = "sk-very-secret"
const detailOf = (content: unknown) =>
  Effect.map(Effect.flip(readConfig(directoryWith(content), null)), ({ detail, slug }) => {
    expect(slug).toBe("invalid-configuration")
    expect(detail).not.toContain(secret)
    return detail
  })

describe("threadfold.json", () => {
  it.effect("is read from the data directory, or from the file that is named; none is no problem", () =>
    Effect.gen(function* () {
      const folder = directoryWith({ agents: { mine: { kind: "codex" } } })
      const found = yield* readConfig(folder, null)
      expect(found).toEqual({ file: configFileOf(folder), config: { agents: { mine: { kind: "codex" } } } })
      const other = temporary()
      expect((yield* readConfig(other, configFileOf(folder))).file).toBe(configFileOf(folder))
      expect(yield* readConfig(other, null)).toEqual({ file: null, config: {} })
      const missing = yield* Effect.flip(readConfig(other, join(other, "nowhere.json")))
      expect(missing.detail).toContain("ENOENT")
    }),
  )

  const wrong: readonly (readonly [unknown, string])[] = [
    ["", "it is no JSON"],
    [`{"agents": {"a": {"env": {"KEY": ${secret}}}}}`, "it is no JSON"],
    ['{\n  "agents": {},\n}', "(line 3, column 1)"],
    [[], "Expected"],
    [{ agent: {} }, "agent: is unexpected"],
    [{ agents: { "a b": { kind: "codex" } } }, "agents.a b: is unexpected, expected: a name of 1 to 100 letters"],
    [{ agents: { a: { kind: "cortex" } } }, 'agents.a.kind: Expected "codex"'],
    [{ agents: { a: { kind: "codex", comand: secret } } }, "agents.a.comand: is unexpected"],
    [{ agents: { a: { kind: "codex", env: { KEY: [secret] } } } }, "agents.a.env.KEY: Expected string"],
    [{ agents: { a: { kind: "codex", sdk: "/x" } } }, "agents.a.sdk: is unexpected"],
    [{ agents: { a: { kind: "claude", args: [] } } }, "agents.a.args: is unexpected"],
    [{ agents: { a: { kind: "acp" } } }, "agents.a: names neither a command nor a preset"],
    [{ agents: { a: { kind: "acp", preset: "other" } } }, "agents.a.preset: Expected"],
    [{ agents: { a: { kind: "codex", limits: { turnMs: -1 } } } }, "agents.a.limits.turnMs: must be from 0"],
    [{ agents: { a: { kind: "codex", limits: { turnMs: 1.5 } } } }, "agents.a.limits.turnMs: must be a whole number"],
    [{ agents: { a: { kind: "codex", model: "" } } }, "agents.a.model: must not be empty"],
    ['{"agents": {"__proto__": {"kind": "codex"}}}', 'the name "__proto__" is not taken'],
    [
      '{"agents": {"a": {"kind": "codex", "settings": {"b": [{"__proto__": 1}]}}}}',
      'the name "__proto__" is not taken',
    ],
    [{ reaper: { idleMs: 5, idle: 5 } }, "reaper.idle: is unexpected"],
    [{ reaper: { unattended: { action: "deny" } } }, "reaper.unattended.afterMs: is missing"],
    [{ reaper: { unattended: { action: "expire", afterMs: 0 } } }, "reaper.unattended.afterMs: Expected a positive"],
    [
      { agents: { a: { kind: "codex", inferenceGateway: { env: { URL: "x" } } } } },
      "inferenceGateway.env.URL: must be",
    ],
    [{ agents: { a: { kind: "codex", inferenceGateway: "yes" } } }, "agents.a.inferenceGateway: Expected boolean"],
    [{ reaper: { idleMs: -5 } }, "reaper.idleMs: Expected a non-negative number"],
  ]
  for (const [content, text] of wrong) {
    it.effect(`names what is wrong and no value: ${text}`, () =>
      Effect.map(detailOf(content), (detail) => expect(detail).toContain(text)),
    )
  }

  it.effect("holds the reaper's policy, with its defaults", () =>
    Effect.gen(function* () {
      const { config } = yield* readConfig(directoryWith({ reaper: { idleMs: 5 } }), null)
      expect(config.reaper).toEqual({ ...defaultReaperPolicy, idleMs: 5 })
    }),
  )

  it("knows every preset of the driver", () =>
    Effect.runPromise(
      Effect.forEach(Object.keys(acpPresets), (preset) =>
        readConfig(directoryWith({ agents: { a: { kind: "acp", preset } } }), null),
      ),
    ))
})

/** A reference as it stands in the file. */
const ref = (name: string): string => `\${${name}}`

describe("agents", () => {
  it.effect("are made as they are configured, with the defaults of what is left out", () =>
    Effect.gen(function* () {
      const folder = directoryWith({
        agents: {
          one: { kind: "codex", model: "m", settings: { approvalPolicy: "never" }, limits: { turnMs: 0 } },
          two: { kind: "claude" },
          three: { kind: "acp", preset: "gemini" },
          four: { kind: "acp", command: "my-agent" },
        },
      })
      const agents = yield* configuredAgents(
        yield* readConfig(folder, null),
        folder,
        new ServerSecrets("", {}),
        new Map(),
        {},
      )
      expect(agents.map(({ driver, name }) => [name, driver.provider])).toEqual([
        ["one", "codex"],
        ["two", "claude"],
        ["three", "gemini"],
        ["four", "acp"],
      ])
      expect(agents[0]).toMatchObject({
        model: "m",
        settings: { approvalPolicy: "never" },
        limits: { ...defaultLimits, turnMs: 0 },
      })
      expect(agents[1]).toMatchObject({ model: null, settings: {}, limits: defaultLimits })
    }),
  )

  it.effect("find paths from where the file lies, and bare names on PATH", () =>
    Effect.gen(function* () {
      const folder = directoryWith({
        agents: { a: { kind: "codex", command: "./bin/codex" }, b: { kind: "codex", command: "codex" } },
      })
      const named = namedAgents(yield* readConfig(folder, null), folder)
      expect(named.map(({ config }) => config.command)).toEqual([join(folder, "bin", "codex"), "codex"])
    }),
  )

  it.effect("take values of the environment where a reference names one, and say which is missing", () =>
    Effect.gen(function* () {
      const agent = {
        name: "a",
        config: {
          kind: "codex",
          env: { KEY: ref("TOKEN"), URL: `http://${ref("HOST")}:${ref("PORT")}/`, PLAIN: "$HOME {x}" },
        },
      } as const
      const env = { TOKEN: secret, HOST: "h", PORT: "1" }
      expect(yield* environmentOf(agent, env)).toEqual({ KEY: secret, URL: "http://h:1/", PLAIN: "$HOME {x}" })
      const missing = yield* Effect.flip(environmentOf(agent, { TOKEN: secret, HOST: "h" }))
      expect(missing.detail).toBe("agents.a.env.URL: the variable PORT is not set.")
    }),
  )

  it("may see what their kind needs and what the file names, once", () => {
    expect(inheritedBy({ kind: "codex", inherit: ["MINE", "OPENAI_API_KEY"] })).toEqual([
      "CODEX_HOME",
      "CODEX_API_KEY",
      "OPENAI_API_KEY",
      "OPENAI_BASE_URL",
      "MINE",
    ])
    expect(inheritedBy({ kind: "acp", preset: "gemini" })).toContain("GEMINI_API_KEY")
    expect(inheritedBy({ kind: "acp", command: "x" })).toEqual([])
  })

  it("that no configuration names are the known ones that are there", () => {
    const folder = temporary()
    for (const { config, install } of knownAgents) {
      expect(install).toMatch(/^npm install/)
      const missing = config.kind === "claude" ? { ...config, sdk: join(folder, "sdk") } : { ...config, command: "/x" }
      expect(isInstalled(missing, folder)).toBe(false)
    }
    const found = namedAgents({ file: null, config: {} }, folder)
    expect(found.every(({ configured }) => !configured)).toBe(true)
    expect(namedAgents({ file: join(folder, "f"), config: { agents: {} } }, folder)).toEqual([])
  })
})
