/** What the configurations of all agents share, and what a driver has where the configuration says nothing. */
import type { AgentListName, ConfigurationChoice, ConfigurationChoices } from "@threadfold/contracts"
import type { Capabilities, PartCapabilities } from "../ProviderDriver.js"
import type { HeldSecrets } from "../redaction/Redactor.js"

/** Time limits, ms. */
export interface AgentLimits {
  /** How long the process may take to become ready. Default: 30 000. */
  readonly startMs?: number
  /** How long the agent may take to answer a call that we wait for. Default: 30 000, with ACP 60 000. */
  readonly answerMs?: number
  /** How long a process may take to end after it was asked to, before it is killed. Default: 2 000. */
  readonly graceMs?: number
}

export const defaultAgentLimits: Required<AgentLimits> = { startMs: 30_000, answerMs: 30_000, graceMs: 2_000 }

export interface AgentConfig {
  /** Variables to set for the agent, for example `CODEX_HOME` or `CLAUDE_CONFIG_DIR`. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of our environment that it may see, for example `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`. */
  readonly inherit?: readonly string[]
  /** Further secrets to redact, besides those of its environment and its arguments. */
  readonly secrets?: HeldSecrets
  readonly limits?: AgentLimits
}

/** A choice that the agent takes: of these values, or of any (null). */
export const taken = (...values: readonly string[]): ConfigurationChoice => ({
  taken: true,
  values: values.length === 0 ? null : values,
})

/** A choice that the agent does not let a client make. */
export const notTaken: ConfigurationChoice = { taken: false, values: [] }

/** An agent that lets a client choose nothing. */
export const noChoices: ConfigurationChoices = { model: notTaken, effort: notTaken, mode: notTaken, sandbox: notTaken }

/** An agent whose messages are text alone. */
export const textOnly: PartCapabilities = { images: false, mentions: false, skills: false, commands: false }

/** An agent that does nothing with a conversation as a whole. */
export const noneOfConversations = {
  rewind: false,
  restoreFiles: false,
  compact: false,
  review: false,
  stopTask: false,
  fork: false,
} as const

/** An agent that can do everything with turns, and takes no parts beside text. `sharesConnection`: its process serves several threads. */
export const allCapabilities = (
  sharesConnection: boolean,
  configuration: ConfigurationChoices,
  lists: readonly AgentListName[],
): Capabilities => ({
  "start-thread": true,
  "resume-thread": true,
  "send-turn": true,
  steer: true,
  interrupt: true,
  answer: true,
  configure: true,
  stop: true,
  ...noneOfConversations,
  unknown: [],
  sharesConnection,
  configuration,
  lists,
  ...textOnly,
})
