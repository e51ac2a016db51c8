/** The configured agents, and the reaper of their sessions. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { type AgentView, Api } from "@threadfold/contracts/api"
import type { Agent } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { orProblem } from "../orProblem.js"
import { HttpServices } from "../Services.js"

/** An agent without what its configuration holds of commands and environment. */
const agentView = ({ driver: { capabilities, provider }, model, name }: Agent): AgentView => ({
  name,
  kind: provider,
  model,
  capabilities,
})

export const agentRoutes = HttpApiBuilder.group(Api, "agents", (handlers) =>
  Effect.map(HttpServices, ({ agents }) =>
    handlers.handle("list", () => Effect.succeed({ items: agents.all.map(agentView) })),
  ),
)

export const reaperRoutes = HttpApiBuilder.group(Api, "reaper", (handlers) =>
  Effect.map(HttpServices, ({ engine, reaper }) =>
    handlers.handle("findings", () => reaper.lastSweep).handle("sweep", () => orProblem(engine)(reaper.sweep)),
  ),
)
