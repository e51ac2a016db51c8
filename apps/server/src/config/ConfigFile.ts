/** `threadfold.json`: the agents that threads can be made with, and when their sessions are stopped (docs/how-to/agents.md). */
import { DiskLimits } from "@threadfold/event-log"
import { MessagesConfig, ReaperPolicy } from "@threadfold/orchestrator"
import { Schema } from "effect"
import { ImportsConfig } from "../imports/ImportSettings.js"
import { PricesConfig } from "./Prices.js"

const Text = Schema.String.pipe(Schema.minLength(1, { message: () => "must not be empty" }), Schema.maxLength(4_096))
const Milliseconds = Schema.Number.pipe(
  Schema.int({ message: () => "must be a whole number of milliseconds" }),
  Schema.between(0, 7 * 86_400_000, { message: () => "must be from 0 to 604,800,000 ms (7 days)" }),
)

/** Names that a variable of an environment may have. */
const VariableName = Schema.String.pipe(
  Schema.pattern(/^[^=\0]+$/),
  Schema.annotations({ description: "the name of an environment variable" }),
)

/** Time limits, ms; 0: none. */
const Limits = Schema.Struct({
  /** A session's start, from the spawn of the process to the open thread. */
  startMs: Schema.optional(Milliseconds),
  /** The agent's acknowledgement of a call. */
  answerMs: Schema.optional(Milliseconds),
  /** From the acceptance of a turn to its start; then the turn has failed. */
  turnStartMs: Schema.optional(Milliseconds),
  /** From an interrupt to the end of the turn; then the session is stopped. */
  interruptMs: Schema.optional(Milliseconds),
  /** A turn, waiting for a person not counted; then it is interrupted. */
  turnMs: Schema.optional(Milliseconds),
  /** A turn that only retries; then it is interrupted. */
  retryMs: Schema.optional(Milliseconds),
})

/** Base URL of an endpoint that speaks HTTP. */
const BaseUrl = Text.pipe(
  Schema.filter((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), {
    message: () => "must be the URL of an HTTP endpoint",
  }),
)

/** Where the model calls go that the gateway records. */
const AgentInference = Schema.Struct({
  /** Base URL of the model endpoint; absent: the one that the agent would call by itself. */
  upstream: Schema.optional(BaseUrl),
  /** Variables of the agent's environment that take a base URL → the base URL that each stands for. */
  env: Schema.optional(Schema.Record({ key: VariableName, value: BaseUrl })),
})

const common = {
  /** The program. A path with a slash in it is relative to the file; a bare name is looked for on `PATH`. */
  command: Schema.optional(Text),
  /** Variables of its environment. `${NAME}` in a value stands for a variable of the server's own. */
  env: Schema.optional(Schema.Record({ key: VariableName, value: Schema.String })),
  /** Names of variables of the server's own environment that it may see, besides those that its kind always may. */
  inherit: Schema.optional(Schema.Array(VariableName)),
  /** Model of its threads, unless a thread or a message says another. */
  model: Schema.optional(Text),
  /** Settings of its sessions, in its own words. */
  settings: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  limits: Schema.optional(Limits),
  /** Whether its model calls go through the inference gateway, and where they go on to. */
  inferenceGateway: Schema.optional(Schema.Union(Schema.Boolean, AgentInference)),
} as const

/** Arguments of the program; by default those of its kind. */
const args = Schema.optional(Schema.Array(Schema.String))

/** Codex, through `codex app-server`. */
const CodexAgent = Schema.Struct({ kind: Schema.Literal("codex"), ...common, args })

/** Claude, through the Claude Agent SDK. */
const ClaudeAgent = Schema.Struct({
  kind: Schema.Literal("claude"),
  ...common,
  /** Folder or entry module of the SDK; where npm puts it by default. */
  sdk: Schema.optional(Text),
})

/** Any agent that speaks the Agent Client Protocol. */
const AcpAgent = Schema.Struct({
  kind: Schema.Literal("acp"),
  ...common,
  args,
  /** An agent that is known by name: its command, arguments and variables. */
  preset: Schema.optional(Schema.Literal("claude-code-acp", "claude-agent-acp", "gemini", "opencode")),
  /** Mode of its sessions, in its own words. */
  mode: Schema.optional(Text),
  /** Which of its ways to sign in is used: the id of one of its `authMethods`. */
  authMethod: Schema.optional(Text),
}).pipe(
  Schema.filter((agent) => agent.command !== undefined || agent.preset !== undefined, {
    message: () => "names neither a command nor a preset",
  }),
)

/** One agent of the file. */
export const AgentConfig = Schema.Union(CodexAgent, ClaudeAgent, AcpAgent)
export type AgentConfig = typeof AgentConfig.Type

const AgentName = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9._-]{1,100}$/),
  Schema.annotations({ description: "a name of 1 to 100 letters, digits, dots, dashes and underscores" }),
)

/** A realtime model for voice conversations of threads of any agent (docs/how-to/voice.md). */
const RealtimeConfig = Schema.Struct({
  /** Where its API is; `https://api.openai.com/v1` by default. */
  baseUrl: Schema.optional(
    Text.pipe(
      Schema.filter((url) => /^(https?|wss?):\/\//.test(url) && URL.canParse(url), {
        message: () => "must be an address that begins with https://, http://, wss:// or ws://",
      }),
    ),
  ),
  /** Name of the variable of the server's environment that holds its key; `OPENAI_API_KEY` by default. */
  apiKeyEnv: Schema.optional(VariableName),
  /** Model of conversations that name none. */
  model: Schema.optional(Text),
  /** Models that a conversation may name; any where this is absent. */
  models: Schema.optional(Schema.Array(Text)),
  /** Voice of conversations that name none. */
  voice: Schema.optional(Text),
  /** Voices that a conversation may name; those of OpenAI by default. */
  voices: Schema.optional(Schema.Array(Text)),
})
export type RealtimeConfig = typeof RealtimeConfig.Type

/** The file. */
export const ConfigFile = Schema.Struct({
  /** Name → agent. Absent: those that are found on this machine under their usual names. */
  agents: Schema.optional(Schema.Record({ key: AgentName, value: AgentConfig })),
  /** When sessions that are idle and turns that say nothing are stopped. */
  reaper: Schema.optional(ReaperPolicy),
  /** At how much free space the server warns, and at how much it writes nothing any more. */
  storage: Schema.optional(DiskLimits),
  /** What models cost, for the traces of threads. */
  prices: Schema.optional(PricesConfig),
  /** What is allowed of imports while the server runs. */
  imports: Schema.optional(ImportsConfig),
  /** How large messages and their images and files may be. */
  messages: Schema.optional(MessagesConfig),
  /** The realtime model that voice conversations can use directly. */
  realtime: Schema.optional(RealtimeConfig),
})
export type ConfigFile = typeof ConfigFile.Type
