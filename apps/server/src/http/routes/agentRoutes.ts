/** The configured agents, and the reaper of their sessions. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { type AgentView, Api } from "@threadfold/contracts/api"
import { Engine } from "@threadfold/engine"
import { type Agent, Agents, Reaper } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { orProblem } from "../../problems/toProblem.js"

/** An agent without what its configuration holds of commands and environment. */
const agentView = ({ driver: { capabilities, provider }, model, name }: Agent): AgentView => ({
  name,
  kind: provider,
  model,
  capabilities,
})

export const agentRoutes = HttpApiBuilder.group(Api, "agents", (handlers) =>
  Effect.map(Agents, ({ all }) => handlers.handle("list", () => Effect.succeed({ items: all.map(agentView) }))),
)

export const reaperRoutes = HttpApiBuilder.group(Api, "reaper", (handlers) =>
  Effect.gen(function* () {
    const { lastSweep, sweep } = yield* Reaper
    const withProblems = orProblem(yield* Engine)
    return handlers.handle("findings", () => lastSweep).handle("sweep", () => withProblems(sweep))
  }),
)
