/** The configured agents: what each can be asked to do, and what it says of itself. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { AgentListName } from "@threadfold/contracts"
import { type AgentInstallation, type AgentView, Api } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { type Agent, AgentListings, AgentLogins, Agents } from "@threadfold/orchestrator"
import { Effect } from "effect"
import type { AgentCheck } from "../../doctor/Report.js"
import { orProblem } from "../../problems/toProblem.js"
import { AgentChecks } from "../HttpOptions.js"

/** An agent without what its configuration holds of commands and environment. */
const agentView = ({ driver: { capabilities, provider }, model, name }: Agent): AgentView => ({
  name,
  kind: provider,
  model,
  capabilities,
})

const installationOf = ({ configured, detail, next, path, status, version }: AgentCheck): AgentInstallation => ({
  status,
  configured,
  version,
  path,
  detail,
  next,
})

interface ListCall {
  readonly path: { readonly agent: string }
  readonly urlParams: { readonly refresh?: boolean | undefined }
}

export const agentRoutes = HttpApiBuilder.group(Api, "agents", (handlers) =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const { all } = agents
    const checks = yield* AgentChecks
    const listings = yield* AgentListings
    const logins = yield* AgentLogins
    const withProblems = orProblem(yield* Engine)

    const read = <N extends AgentListName>(list: N, { path: { agent }, urlParams: { refresh = false } }: ListCall) =>
      withProblems(listings.read(agent, list, refresh))
    /** What it last said of its account. It is not started for that, and one that does not answer says nothing. */
    const signedIn = ({ driver, name }: Agent) =>
      driver.capabilities.lists.includes("account")
        ? Effect.match(listings.read(name, "account", false), {
            onFailure: () => null,
            onSuccess: ({ value }) => value?.signedIn ?? null,
          })
        : Effect.succeed(null)

    type ItemList = Exclude<AgentListName, "account">
    const items =
      <N extends ItemList>(list: N) =>
      (call: ListCall) =>
        Effect.map(read(list, call), ({ asOf, omitted, value }) => ({
          agent: call.path.agent,
          asOf,
          items: value ?? [],
          omitted,
        }))

    return handlers
      .handle("list", () => Effect.succeed({ items: all.map(agentView) }))
      .handle("get", ({ path: { agent: name } }) =>
        Effect.gen(function* () {
          const check = yield* checks.check(name)
          const agent = all.find((one) => one.name === name)
          // Nothing is known of it: the failure names those that there are.
          if (check === null && agent === undefined) yield* agents.get(name)
          return {
            name,
            kind: agent?.driver.provider ?? check?.kind ?? "",
            model: agent?.model ?? null,
            capabilities: agent?.driver.capabilities ?? null,
            running: listings.isRunning(name),
            installation: check === null ? null : installationOf(check),
            signedIn: agent === undefined ? null : yield* signedIn(agent),
          }
        }).pipe(withProblems),
      )
      .handle("startLogin", ({ path, payload: { way } }) => withProblems(logins.start(path.agent, way)))
      .handle("login", ({ path }) => withProblems(logins.get(path.agent)))
      .handle("cancelLogin", ({ path }) => withProblems(logins.cancel(path.agent)))
      .handle("models", items("models"))
      .handle("commands", items("commands"))
      .handle("skills", items("skills"))
      .handle("mcp", items("mcp"))
      .handle("limits", items("limits"))
      .handle("account", (call) =>
        Effect.map(read("account", call), ({ asOf, value }) => ({ agent: call.path.agent, asOf, account: value })),
      )
  }),
)
