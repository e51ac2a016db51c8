/** Agents that need no configuration where they are installed, and how to install those that are missing. */
import {
  acpPreset,
  childEnvironment,
  findProgram,
  locateSdk,
  type ProgramFound,
  sdkPackage,
  untrustedFolders,
} from "@threadfold/providers"
import type { AgentConfig } from "./ConfigFile.js"
import { wholeEnvironment } from "./Environment.js"

export interface KnownAgent {
  /** Its name, unless a configuration gives it another. */
  readonly name: string
  readonly config: AgentConfig
  /** How one gets it. */
  readonly install: string
}

const preset = (name: "claude-code-acp" | "gemini" | "opencode"): KnownAgent => ({
  name,
  config: { kind: "acp", preset: name },
  install: acpPreset(name)?.install ?? "",
})

/** In the order in which they are listed. */
export const knownAgents: readonly KnownAgent[] = [
  { name: "codex", config: { kind: "codex" }, install: "npm install --global @openai/codex" },
  { name: "claude", config: { kind: "claude" }, install: `npm install --global ${sdkPackage}` },
  preset("gemini"),
  preset("opencode"),
  preset("claude-code-acp"),
]

/** Variables of the server's own environment that an agent of a kind may always see: its account and its settings. */
const usualVariables: Readonly<Record<AgentConfig["kind"], readonly string[]>> = {
  codex: ["CODEX_HOME", "CODEX_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"],
  claude: [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
  ],
  acp: [],
}

/** Names of the variables of ours that an agent may see. */
export const inheritedBy = (config: AgentConfig): readonly string[] => {
  const byPreset = config.kind === "acp" && config.preset !== undefined ? acpPreset(config.preset)?.inherit : undefined
  return [...new Set([...usualVariables[config.kind], ...(byPreset ?? []), ...(config.inherit ?? [])])]
}

/** The program that an agent is; null where the SDK of its kind brings it. */
export const commandOf = (config: AgentConfig): string | null => {
  if (config.command !== undefined) return config.command
  if (config.kind === "codex") return "codex"
  return config.kind === "acp" && config.preset !== undefined ? (acpPreset(config.preset)?.command ?? null) : null
}

/** How an agent is installed; null: not known. */
export const installOf = (config: AgentConfig): string | null => {
  if (config.kind === "acp") return config.preset === undefined ? null : (acpPreset(config.preset)?.install ?? null)
  return knownAgents.find((known) => known.config.kind === config.kind)?.install ?? null
}

/** The program of a command as the agent's process would be started, but for the folder of a thread. */
export const programOf = (
  command: string,
  config: AgentConfig,
  env: Readonly<Record<string, string>> = config.env ?? {},
): ProgramFound =>
  findProgram(command, {
    env: childEnvironment(wholeEnvironment(), { env, inherit: inheritedBy(config) }),
    untrusted: untrustedFolders(),
  })

/** Whether what an agent needs is there. @param dataDirectory where the SDK of Claude may be installed, too */
export const isInstalled = (config: AgentConfig, dataDirectory: string): boolean => {
  const command = commandOf(config)
  if (command !== null && programOf(command, config).file === null) return false
  return config.kind !== "claude" || "module" in locateSdk({ sdk: config.sdk, dataDirectory })
}
