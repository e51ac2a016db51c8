/** What an agent says of itself: what it offers, who is signed in, and what it is connected to. */
import { Schema } from "effect"
import { field, flag, growing, int, json, listed, optInt, optText, optTime, shape, text, time } from "../fields.js"

/** `native` of every entry. */
const native = json("All that the agent says of it, in its own words; null: the list was too long with it.")

/** The lists of an agent. */
export const AgentListName = listed(
  "AgentListName",
  "A list that an agent may have.",
  "models",
  "commands",
  "skills",
  "account",
  "mcp",
  "limits",
)
export type AgentListName = typeof AgentListName.Type

/** A model. */
export const AgentModel = shape("AgentModel", "A model that an agent offers.", {
  model: text("What `model` of a thread, a message or a choice names it by."),
  title: optText("Its name for people; null: it has none."),
  description: optText("What it is for; null: the agent does not say."),
  isDefault: flag("True: the agent takes it where nothing names another."),
  hidden: flag("True: the agent does not show it by itself."),
  efforts: field(
    Schema.NullOr(Schema.Array(Schema.String)),
    "How much it can think, from little to much; none: it takes no effort; null: not known.",
  ),
  defaultEffort: optText("The effort where nothing names one; null: not known."),
  native,
})
export type AgentModel = typeof AgentModel.Type

/** A slash command. */
export const AgentCommand = shape("AgentCommand", "A slash command that an agent takes.", {
  name: text("Its name, without the slash."),
  description: optText("What it does; null: the agent does not say."),
  hint: optText("What may follow it, for people; null: nothing, or not known."),
  native,
})
export type AgentCommand = typeof AgentCommand.Type

/** A skill. */
export const AgentSkill = shape("AgentSkill", "A skill that an agent has.", {
  name: text("What a message names it by."),
  description: optText("What it is for; null: the agent does not say."),
  path: optText("Its file; null: not known."),
  scope: optText("Where it comes from, in the agent's words, for example `user`; null: not known."),
  enabled: flag("False: the agent has it, and does not use it."),
  native,
})
export type AgentSkill = typeof AgentSkill.Type

/** A way to sign in. */
export const AgentLoginWay = shape("AgentLoginWay", "A way to sign in to an agent.", {
  way: text("What `POST /v1/agents/{name}/login` names it by."),
  title: text("Its name for people."),
  description: optText("What a person does; null: the agent does not say."),
  driven: flag("True: it can be started here. False: a person does it in the agent's own program."),
})
export type AgentLoginWay = typeof AgentLoginWay.Type

/** Who is signed in. */
export const AgentAccount = shape("AgentAccount", "Who an agent is signed in as, and how one signs in.", {
  signedIn: field(
    Schema.NullOr(Schema.Boolean),
    "Whether its model can be called as far as the agent knows; null: it does not say.",
  ),
  kind: optText(
    "Kind of the account, in the agent's words, for example `chatgpt` or `apiKey`; null: none, or not known.",
  ),
  email: optText("E-mail address; null: none, or not known."),
  plan: optText("Plan, in the agent's words; null: none, or not known."),
  organization: optText("Organization; null: none, or not known."),
  ways: field(Schema.Array(AgentLoginWay), "How one signs in."),
  native,
})
export type AgentAccount = typeof AgentAccount.Type

/** What a tool server is doing. */
export const AgentMcpState = listed(
  "AgentMcpState",
  "What a tool server of an agent is doing. `signed-out`: a person has to sign in to it; `unknown`: the agent does not say.",
  "idle",
  "starting",
  "connected",
  "signed-out",
  "failed",
  "disabled",
  "unknown",
)
export type AgentMcpState = typeof AgentMcpState.Type

/** A tool server. */
export const AgentMcpServer = shape("AgentMcpServer", "A tool server (MCP) of an agent.", {
  name: text("Its name in the agent's configuration."),
  state: field(growing(AgentMcpState), "What it is doing."),
  nativeState: optText("The agent's word for it; null: it has none."),
  error: optText("Why it failed; null: it did not, or the agent does not say."),
  tools: field(Schema.Array(Schema.String), "Names of its tools, as far as they are known."),
  native,
})
export type AgentMcpServer = typeof AgentMcpServer.Type

/** A limit of use. */
export const AgentLimit = shape("AgentLimit", "A limit on how much an agent may be used.", {
  limit: text("Its name, in the agent's words."),
  usedPercent: field(Schema.NullOr(Schema.Number), "How much of it is used, 0 to 100; null: not known."),
  windowMs: optInt("The time that it is counted over, in ms; null: not known."),
  resetsAt: optTime("When it begins anew", "not known"),
  native,
})
export type AgentLimit = typeof AgentLimit.Type

/** Fields of every answer with a list. */
const seen = {
  agent: text("Name of the agent."),
  asOf: optTime("When the agent said it, by our clock", "the agent was not asked yet: `refresh=true` asks it"),
} as const

const listOf = <S extends Schema.Schema.Any>(identifier: string, what: string, item: S) =>
  shape(identifier, `${what} of an agent.`, {
    ...seen,
    items: field(Schema.Array(item), `${what}, in the order of the agent; none where it was not asked yet.`),
    omitted: int("Entries that are left out, because the agent's list is longer than a page."),
  })

export const AgentModels = listOf("AgentModels", "Models", AgentModel)
export const AgentCommands = listOf("AgentCommands", "Slash commands", AgentCommand)
export const AgentSkills = listOf("AgentSkills", "Skills", AgentSkill)
export const AgentMcpServers = listOf("AgentMcpServers", "Tool servers", AgentMcpServer)
export const AgentRateLimits = listOf("AgentRateLimits", "Limits of use", AgentLimit)

/** Who an agent is signed in as, and when it said so. */
export const AgentAccountState = shape("AgentAccountState", "Who an agent is signed in as, and when it said so.", {
  ...seen,
  account: field(Schema.NullOr(AgentAccount), "The account; null: the agent was not asked yet."),
})

/** What became of a login. */
export const AgentLoginStatus = listed(
  "AgentLoginStatus",
  "What became of a login. `pending`: it waits for the person; the others are ends.",
  "pending",
  "succeeded",
  "failed",
  "cancelled",
)

/** A login that was started here. */
export const AgentLogin = shape("AgentLogin", "A login to an agent that was started here. It ends after 15 minutes.", {
  agent: text("Name of the agent."),
  way: text("The way of it: `way` of the account's `ways`."),
  status: field(growing(AgentLoginStatus), "`pending`: it waits for the person; the others are ends."),
  url: optText("The address that the person opens; null: the agent opens what is needed by itself."),
  code: optText("The code that the person enters there; null: none is needed."),
  message: optText("Why it failed; null: it did not."),
  startedAt: time("When it was started, by our clock"),
  endedAt: optTime("When it ended, by our clock", "it is pending"),
})
export type AgentLogin = typeof AgentLogin.Type
