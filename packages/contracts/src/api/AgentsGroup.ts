/** Routes of the configured agents: what each can be asked to do, and what it says of itself. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AgentDetail, AgentList } from "../entities/Agent.js"
import {
  AgentAccountState,
  AgentCommands,
  type AgentListName,
  AgentLogin,
  AgentMcpServers,
  AgentModels,
  AgentRateLimits,
  AgentSkills,
} from "../entities/AgentListing.js"
import { field, optional, shape } from "../fields.js"
import { described, type OperationFacts } from "./operation.js"
import { memoryCall } from "./problemSets.js"
import { Flag } from "./Query.js"

const agentPath = Schema.Struct({ agent: Schema.String.annotations({ description: "Name of the agent." }) })

const listParams = Schema.Struct({
  refresh: optional(
    Flag,
    "`true`: ask the agent now, and start it for that where it does not run. Else what it last said is answered.",
  ),
})

/** Body of `POST /v1/agents/{name}/login`. */
export const LoginBody = shape("LoginBody", "How a person signs in to an agent.", {
  way: field(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200)), "`way` of the account's `ways`."),
})

const bodyRefusals = ["unsupported-media-type", "payload-too-large"] as const

const list: OperationFacts = { problems: [...memoryCall, "agent-not-found", "agent-failed", "unsupported"] }

const remembered =
  "It is asked where it runs and has changed it since; else what it last said is answered, with `asOf`. 409 `unsupported` for an " +
  "agent that has no such list: `capabilities.lists` has those that there are."

/** What an agent says of itself, of one kind. */
const listing = <const Name extends AgentListName, A, I>(
  name: Name,
  answer: Schema.Schema<A, I>,
  description: string,
) =>
  HttpApiEndpoint.get(name, `/v1/agents/:agent/${name}`)
    .setPath(agentPath)
    .setUrlParams(listParams)
    .addSuccess(answer)
    .annotateContext(described(`${description} ${remembered}`, list))

/** The agents that threads can be made with. */
export class AgentsGroup extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/v1/agents")
      .addSuccess(AgentList)
      .annotateContext(described("The configured agents, and what each can be asked to do.", { problems: memoryCall })),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/agents/:agent")
      .setPath(agentPath)
      .addSuccess(AgentDetail)
      .annotateContext(
        described(
          "One agent: what it can be asked to do, whether it is installed and in which version, whether it is signed in, and how to " +
            "get what is missing. Also of agents that are known by name and not there.",
          { problems: [...memoryCall, "agent-not-found"] },
        ),
      ),
  )
  .add(listing("models", AgentModels, "The models that an agent offers."))
  .add(listing("commands", AgentCommands, "The slash commands that an agent takes."))
  .add(listing("skills", AgentSkills, "The skills that an agent has."))
  .add(listing("account", AgentAccountState, "Who an agent is signed in as, and how one signs in."))
  .add(listing("mcp", AgentMcpServers, "The tool servers of an agent, with their states and errors."))
  .add(listing("limits", AgentRateLimits, "How much an agent may still be used."))
  .add(
    HttpApiEndpoint.post("startLogin", "/v1/agents/:agent/login")
      .setPath(agentPath)
      .setPayload(LoginBody)
      .addSuccess(AgentLogin)
      .annotateContext(
        described(
          "Starts a login to an agent: the person opens the address of the answer, and enters its code. The agent is started for that. A login " +
            "that waits is cancelled. 409 `unsupported` for a way that cannot be started here.",
          { problems: [...memoryCall, "agent-not-found", "agent-failed", "unsupported", ...bodyRefusals] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("login", "/v1/agents/:agent/login")
      .setPath(agentPath)
      .addSuccess(AgentLogin)
      .annotateContext(
        described("The last login that was started here. 404 `resource-not-found` where none was.", {
          problems: [...memoryCall, "agent-not-found", "resource-not-found"],
        }),
      ),
  )
  .add(
    HttpApiEndpoint.del("cancelLogin", "/v1/agents/:agent/login")
      .setPath(agentPath)
      .addSuccess(AgentLogin)
      .annotateContext(
        described("Cancels a login that waits. One that has ended: no change.", {
          problems: [...memoryCall, "agent-not-found", "resource-not-found"],
        }),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Agents" })) {}
