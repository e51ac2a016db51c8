/** Agents that are known by name: how each is started and installed. */

export interface AcpPreset {
  /** Name for a person. */
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
  /** Variables of our environment that the agent needs to find its account and settings. It may see them. */
  readonly inherit: readonly string[]
  /** Command that installs it. */
  readonly install: string
}

const claudeVariables = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_BASE_URL",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_EXECUTABLE",
  "CLAUDE_CONFIG_DIR",
]

export const acpPresets = {
  "claude-code-acp": {
    title: "Claude Code",
    command: "claude-code-acp",
    args: [],
    inherit: claudeVariables,
    install: "npm install --global @zed-industries/claude-code-acp",
  },
  "claude-agent-acp": {
    title: "Claude Agent",
    command: "claude-agent-acp",
    args: [],
    inherit: claudeVariables,
    install: "npm install --global @agentclientprotocol/claude-agent-acp",
  },
  gemini: {
    title: "Gemini CLI",
    command: "gemini",
    args: ["--acp"],
    inherit: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"],
    install: "npm install --global @google/gemini-cli",
  },
  opencode: {
    title: "OpenCode",
    command: "opencode",
    args: ["acp"],
    inherit: ["OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR"],
    install: "npm install --global opencode-ai",
  },
} as const satisfies Record<string, AcpPreset>

const presets: ReadonlyMap<string, AcpPreset> = new Map(Object.entries(acpPresets))

/** The known agent of this name. */
export const acpPreset = (name: string): AcpPreset | undefined => presets.get(name)
