/** What the Claude agent says of itself: its models, commands, account, limits and tool servers. */
import type {
  AgentAccount,
  AgentCommand,
  AgentLimit,
  AgentListName,
  AgentMcpServer,
  AgentMcpState,
  AgentModel,
} from "@threadfold/contracts"
import { Effect } from "effect"
import { type AgentLists, type ListChanges, makeListChanges } from "../../drive/AgentLists.js"
import { type ProviderFailure, Refused, Unsupported } from "../../ProviderDriver.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  isFields,
} from "../../runtime/readFields.js"
import { call, type OpenThread } from "./claudeOperations.js"

/** The lists that the agent has. Its skills are among its commands. */
export const claudeListNames: readonly AgentListName[] = ["models", "commands", "account", "mcp", "limits"]

const provider = "claude"

const fieldsIn = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

const modelOf = (native: Fields): AgentModel => ({
  model: hintText(native, "value") ?? "?",
  title: hintText(native, "displayName") ?? null,
  description: hintText(native, "description") ?? null,
  isDefault: native.value === "default",
  hidden: false,
  efforts: hintTexts(native, "supportedEffortLevels"),
  defaultEffort: null,
  native,
})

const commandOf = (native: Fields): AgentCommand => ({
  name: hintText(native, "name") ?? "?",
  description: hintText(native, "description") ?? null,
  hint: hintText(native, "argumentHint") || null,
  native,
})

const signIn = { way: "claude", title: "Claude", description: "Run `claude`, then `/login` in it.", driven: false }

/** What tells that calls of the model carry a key or a token. */
const credentials = ["email", "subscriptionType", "tokenSource", "apiKeySource"] as const

const accountOf = (answer: unknown): AgentAccount => {
  const native = isFields(answer) ? answer : {}
  const provider = hintText(native, "apiProvider")
  const isElsewhere = provider !== undefined && provider !== "firstParty"
  const said = credentials.some((name) => hintText(native, name) !== undefined && native[name] !== "none")
  return {
    signedIn: said ? true : isElsewhere ? null : false,
    kind: hintText(native, "apiKeySource") ?? hintText(native, "tokenSource") ?? provider ?? null,
    email: hintText(native, "email") ?? null,
    plan: hintText(native, "subscriptionType") ?? null,
    organization: hintText(native, "organization") ?? null,
    ways: [signIn],
    native,
  }
}

const states: ReadonlyMap<string, AgentMcpState> = new Map([
  ["connected", "connected"],
  ["failed", "failed"],
  ["needs-auth", "signed-out"],
  ["pending", "starting"],
  ["disabled", "disabled"],
])

/** A tool server, without its configuration: that holds its environment and its headers, which may be secret. */
const serverOf = ({ config: _, ...native }: Fields): AgentMcpServer => {
  const nativeState = hintText(native, "status") ?? null
  return {
    name: hintText(native, "name") ?? "?",
    state: (nativeState === null ? undefined : states.get(nativeState)) ?? "unknown",
    nativeState,
    error: hintText(native, "error") ?? null,
    tools: hintArray(native, "tools")
      .filter(isFields)
      .flatMap((tool) => hintText(tool, "name") ?? []),
    native,
  }
}

/** A limit as the agent tells it while it works. Times are seconds, the use is a part of 1. */
const limitOf = (native: Fields): AgentLimit => {
  const used = hintNumber(native, "utilization")
  const resetsAt = hintNumber(native, "resetsAt")
  return {
    limit: hintText(native, "rateLimitType") ?? "unknown",
    usedPercent: used === undefined ? null : used * 100,
    windowMs: null,
    resetsAt: resetsAt === undefined ? null : resetsAt * 1_000,
    native,
  }
}

/** What the agent says of its lists by itself. */
export interface ClaudeNews {
  readonly changes: ListChanges
  readonly limits: () => readonly AgentLimit[]
  readonly observe: (message: Fields) => void
}

/** Kinds of limits that are remembered. */
const mostLimits = 32

export const makeClaudeNews = (): ClaudeNews => {
  const changes = makeListChanges()
  const limits = new Map<string, AgentLimit>()
  return {
    changes,
    limits: () => [...limits.values()],
    observe: (message) => {
      if (message.type === "system" && message.subtype === "commands_changed") return changes.count("commands")
      const info = message.type === "rate_limit_event" ? hintFields(message, "rate_limit_info") : undefined
      if (info === undefined) return
      const limit = limitOf(info)
      if (limits.size < mostLimits || limits.has(limit.limit)) limits.set(limit.limit, limit)
      changes.count("limits")
    },
  }
}

type Asked = "supportedModels" | "supportedCommands" | "accountInfo" | "mcpServerStatus"

/** The lists of the agent whose thread is open. */
export const claudeLists = (open: () => OpenThread | null, news: ClaudeNews): Required<Omit<AgentLists, "skills">> => {
  /** A function of the SDK, which older versions do not have. */
  const asked = (name: Asked): Effect.Effect<unknown, ProviderFailure> =>
    Effect.suspend((): Effect.Effect<unknown, ProviderFailure> => {
      const thread = open()
      if (thread === null) {
        return new Refused({ provider, operation: "list", message: "No thread is open on this connection yet." })
      }
      const { query } = thread
      const run = query[name]
      return run === undefined
        ? new Unsupported({ provider, operation: "list" })
        : call(thread, "list", () => run.call(query))
    })
  return {
    models: Effect.map(asked("supportedModels"), (all) => fieldsIn(all).map(modelOf)),
    commands: Effect.map(asked("supportedCommands"), (all) => fieldsIn(all).map(commandOf)),
    account: Effect.map(asked("accountInfo"), accountOf),
    mcp: Effect.map(asked("mcpServerStatus"), (all) => fieldsIn(all).map(serverOf)),
    limits: Effect.sync(news.limits),
  }
}
