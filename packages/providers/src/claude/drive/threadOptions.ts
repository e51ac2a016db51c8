/** The options of a conversation. The settings of a caller are options of the SDK; some of these only the driver may set. */
import type { Configuration, ConfigurationChoices } from "@threadfold/contracts"
import { notTaken, taken } from "../../drive/AgentConfig.js"
import { type Fields, hintText } from "../../runtime/readFields.js"

/** Options that only this driver sets. */
const ours: ReadonlySet<string> = new Set([
  "abortController",
  "canUseTool",
  "continue",
  "cwd",
  "env",
  "executable",
  "executableArgs",
  "forkSession",
  "hooks",
  "includePartialMessages",
  "onElicitation",
  "onUserDialog",
  "pathToClaudeCodeExecutable",
  "permissionPromptToolName",
  "resume",
  "resumeDropsTurn",
  "resumeSessionAt",
  "sessionId",
  "spawnClaudeCodeProcess",
  "stderr",
])

/** What a client may choose for threads of Claude. Which models there are, and which efforts each has, its account decides. */
export const claudeChoices: ConfigurationChoices = {
  model: taken(),
  effort: taken("low", "medium", "high", "xhigh", "max"),
  mode: taken("default", "acceptEdits", "plan", "dontAsk", "auto", "bypassPermissions"),
  sandbox: notTaken,
}

/** Choices as options of the SDK. */
export const claudeSettings = ({ effort, mode }: Configuration): Fields => ({
  ...(typeof effort === "string" ? { effort } : {}),
  ...(typeof mode === "string" ? { permissionMode: mode } : {}),
})

/** Settings that a turn may change. They also apply to the turns after it. */
const ofTurn: ReadonlySet<string> = new Set(["model", "permissionMode"])

/** The settings that a thread, or a turn, must not have. */
export const refusedSettings = (settings: Fields, where: "thread" | "turn"): readonly string[] =>
  Object.keys(settings).filter((name) => (where === "turn" ? !ofTurn.has(name) : ours.has(name)))

export interface OptionsInput {
  readonly settings: Fields
  readonly model: string | undefined
}

/**
 * Options for a thread. The defaults are the usual coding agent, which asks before it does what its rules do not allow. Tool
 * servers are sent over the pipe, because other users of the machine can read a command line.
 */
export const threadOptions = ({ model, settings }: OptionsInput): Fields => ({
  systemPrompt: { type: "preset", preset: "claude_code" },
  permissionMode: "default",
  forwardSubagentText: true,
  // What a rewind restores.
  enableFileCheckpointing: true,
  ...(settings.mcpServers === undefined ? {} : { mcpServersDelivery: "initialize" }),
  ...settings,
  ...(model === undefined ? {} : { model }),
  includePartialMessages: true,
})

/** The model and the permission mode that settings name. */
export const turnSettings = (settings: Fields) => ({
  model: hintText(settings, "model"),
  permissionMode: hintText(settings, "permissionMode"),
})
