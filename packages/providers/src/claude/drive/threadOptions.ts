/** What a conversation is started with. The caller's settings are the SDK's own options; some are ours to set. */
import { type Fields, hintText } from "../../runtime/readFields.js"

/** Options that this driver sets, whatever the settings say. */
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
  "sessionId",
  "spawnClaudeCodeProcess",
  "stderr",
])

/** Settings that a single turn may have; they stay for the turns after it. */
const ofTurn: ReadonlySet<string> = new Set(["model", "permissionMode"])

/** Those of the settings that nobody may set, or that a turn cannot have. */
export const refusedSettings = (settings: Fields, where: "thread" | "turn"): readonly string[] =>
  Object.keys(settings).filter((name) => (where === "turn" ? !ofTurn.has(name) : ours.has(name)))

export interface OptionsInput {
  readonly settings: Fields
  readonly model: string | undefined
}

/**
 * Options for a thread. Without settings it is the coding agent as people know it, and it asks before it does anything that
 * its rules do not allow. Tool servers go over the pipe: a command line can be read by everybody on the machine.
 */
export const threadOptions = ({ model, settings }: OptionsInput): Fields => ({
  systemPrompt: { type: "preset", preset: "claude_code" },
  permissionMode: "default",
  forwardSubagentText: true,
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
