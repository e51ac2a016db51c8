/** What Codex says of itself: its models, skills, account, limits and tool servers. */
import type {
  AgentAccount,
  AgentLimit,
  AgentListName,
  AgentLoginWay,
  AgentMcpServer,
  AgentMcpState,
  AgentModel,
  AgentSkill,
} from "@threadfold/contracts"
import { Effect } from "effect"
import type { AgentLists } from "../../drive/AgentLists.js"
import { type ProviderFailure, Refused } from "../../ProviderDriver.js"
import { type Fields, hintArray, hintFields, hintNumber, hintText, isFields } from "../../runtime/readFields.js"

/** A call whose answer is not recorded. */
type Ask = (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>

/** Pages that are read of one list. */
const mostPages = 20

/** The lists that Codex has. */
export const codexListNames: readonly AgentListName[] = ["models", "skills", "account", "mcp", "limits"]

/** The notifications by which Codex says that a list is another. */
export const codexListChanges: ReadonlyMap<string, AgentListName> = new Map([
  ["account/updated", "account"],
  ["account/login/completed", "account"],
  ["account/rateLimits/updated", "limits"],
  ["mcpServer/startupStatus/updated", "mcp"],
  ["mcpServer/oauthLogin/completed", "mcp"],
  ["skills/changed", "skills"],
])

/** An answer of the form that the method has. Another one is no empty list: what the agent has is not known then. */
const formed = (ask: Ask, method: string, params: Fields, list?: string): Effect.Effect<Fields, ProviderFailure> =>
  Effect.flatMap(ask(method, params), (answer) =>
    isFields(answer) && (list === undefined || Array.isArray(answer[list]))
      ? Effect.succeed(answer)
      : new Refused({
          provider: "codex",
          operation: "list",
          message: `It answered ${method} in a form that is not known. Check that its version is 0.169 or near it.`,
        }),
  )

const entriesIn = (answer: unknown, name: string): readonly Fields[] =>
  isFields(answer) ? hintArray(answer, name).filter(isFields) : []

/** The entries of all pages of a list. */
const paged = (ask: Ask, method: string, params: Fields): Effect.Effect<readonly Fields[], ProviderFailure> =>
  Effect.gen(function* () {
    const entries: Fields[] = []
    let cursor: string | undefined
    for (let page = 0; page < mostPages; page += 1) {
      const answer = yield* formed(ask, method, { ...params, ...(cursor === undefined ? {} : { cursor }) }, "data")
      entries.push(...entriesIn(answer, "data"))
      cursor = hintText(answer, "nextCursor")
      if (cursor === undefined) break
    }
    return entries
  })

const modelOf = (native: Fields): AgentModel => ({
  model: hintText(native, "model") ?? hintText(native, "id") ?? "?",
  title: hintText(native, "displayName") ?? null,
  description: hintText(native, "description") ?? null,
  isDefault: native.isDefault === true,
  hidden: native.hidden === true,
  efforts: hintArray(native, "supportedReasoningEfforts")
    .filter(isFields)
    .flatMap((option) => hintText(option, "reasoningEffort") ?? []),
  defaultEffort: hintText(native, "defaultReasoningEffort") ?? null,
  native,
})

const skillOf = (native: Fields): AgentSkill => ({
  name: hintText(native, "name") ?? "?",
  description: hintText(native, "description") ?? null,
  path: hintText(native, "path") ?? null,
  scope: hintText(native, "scope") ?? null,
  enabled: native.enabled !== false,
  native,
})

const ways: readonly AgentLoginWay[] = [
  {
    way: "chatgpt",
    title: "ChatGPT, in a browser of this machine",
    description: "Open the address that the answer names; the browser comes back to this machine.",
    driven: true,
  },
  {
    way: "chatgptDeviceCode",
    title: "ChatGPT, with a code",
    description: "Open the address that the answer names, on any machine, and enter the code.",
    driven: true,
  },
  { way: "apiKey", title: "API key", description: "Run `codex login --with-api-key`.", driven: false },
]

const accountOf = (said: Fields): AgentAccount => {
  const account = hintFields(said, "account")
  const needsLogin = said.requiresOpenaiAuth
  return {
    signedIn: account !== undefined || (typeof needsLogin === "boolean" ? !needsLogin : null),
    kind: account === undefined ? null : (hintText(account, "type") ?? null),
    email: account === undefined ? null : (hintText(account, "email") ?? null),
    plan: account === undefined ? null : (hintText(account, "planType") ?? null),
    organization: account === undefined ? null : (hintText(account, "workspaceName") ?? null),
    ways,
    native: said,
  }
}

/** A window of a limit. Codex counts times in seconds, and lengths in minutes. */
const windowOf = (limit: string, native: Fields): AgentLimit => {
  const minutes = hintNumber(native, "windowDurationMins")
  const resetsAt = hintNumber(native, "resetsAt")
  return {
    limit,
    usedPercent: hintNumber(native, "usedPercent") ?? null,
    windowMs: minutes === undefined ? null : minutes * 60_000,
    resetsAt: resetsAt === undefined ? null : resetsAt * 1_000,
    native,
  }
}

const windowsOf = (limit: string, snapshot: Fields): readonly AgentLimit[] =>
  ["primary", "secondary"].flatMap((name) => {
    const window = hintFields(snapshot, name)
    return window === undefined ? [] : [windowOf(`${limit} ${name}`, window)]
  })

const limitsOf = (said: Fields): readonly AgentLimit[] => {
  const byName = Object.entries(hintFields(said, "rateLimitsByLimitId") ?? {}).flatMap(([name, snapshot]) =>
    isFields(snapshot) ? windowsOf(name, snapshot) : [],
  )
  return byName.length > 0 ? byName : windowsOf("codex", hintFields(said, "rateLimits") ?? {})
}

const states: ReadonlyMap<string, AgentMcpState> = new Map([
  ["notStarted", "idle"],
  ["starting", "starting"],
  ["connected", "connected"],
  ["authenticationRequired", "signed-out"],
  ["failed", "failed"],
  ["cancelled", "failed"],
  ["disabled", "disabled"],
])

const serverOf = (native: Fields): AgentMcpServer => {
  const nativeState = hintText(native, "runtimeStatus") ?? null
  return {
    name: hintText(native, "name") ?? "?",
    state: (nativeState === null ? undefined : states.get(nativeState)) ?? "unknown",
    nativeState,
    error: hintText(native, "toolsError") ?? null,
    tools: Object.keys(hintFields(native, "tools") ?? {}),
    native,
  }
}

export const codexLists = (ask: Ask): AgentLists => ({
  models: Effect.map(paged(ask, "model/list", { includeHidden: true }), (all) => all.map(modelOf)),
  skills: Effect.map(formed(ask, "skills/list", {}, "data"), (answer) =>
    entriesIn(answer, "data").flatMap((entry) => entriesIn(entry, "skills").map(skillOf)),
  ),
  account: Effect.map(formed(ask, "account/read", {}), accountOf),
  limits: Effect.map(formed(ask, "account/rateLimits/read", {}), limitsOf),
  mcp: Effect.map(paged(ask, "mcpServerStatus/list", { detail: "toolsAndAuthOnly" }), (all) => all.map(serverOf)),
})
