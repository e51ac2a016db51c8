/** Routes about what runs: turns and questions of all threads, the configured agents, the reaper. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AgentList } from "../entities/Agent.js"
import { ReaperFindings } from "../entities/ReaperFinding.js"
import { RequestDetail } from "../entities/Request.js"
import { TurnDetail } from "../entities/Turn.js"
import { optional } from "../fields.js"
import { requestPath, turnPath } from "./Endpoint.js"
import { described, read, resourceRead } from "./operation.js"
import { listCall, memoryCall, readCall, writeCall } from "./problemSets.js"
import { pageParams, readParams, WaitSeconds } from "./Query.js"
import { pageOf } from "./Shapes.js"

/** Turns by their ids. */
export class TurnsGroup extends HttpApiGroup.make("turns")
  .add(
    HttpApiEndpoint.get("get", "/v1/turns/:turnId")
      .setPath(turnPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          wait: optional(WaitSeconds, "Wait up to so many seconds, 60 at most, for the end."),
        }),
      )
      .addSuccess(TurnDetail)
      .annotateContext(
        described(
          "One turn. With `wait` it answers as soon as the end is final (`settled`), and else after so many seconds with " +
            "the turn as it is then: ask again. 429 while too many wait.",
          resourceRead([...readCall, "turn-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Turns" })) {}

/** Questions of the agents of all threads. */
export class RequestsGroup extends HttpApiGroup.make("requests")
  .add(
    HttpApiEndpoint.get("list", "/v1/requests")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          status: optional(
            Schema.Literal("open", "answering"),
            "Only those that wait for an answer, or whose answer is on its way.",
          ),
        }),
      )
      .addSuccess(pageOf(RequestDetail))
      .annotateContext(
        described(
          "Approvals and questions of all threads, newest first; with `status=open` what waits for an answer.",
          read(listCall),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/requests/:requestId")
      .setPath(requestPath)
      .setUrlParams(Schema.Struct(readParams))
      .addSuccess(RequestDetail)
      .annotateContext(described("One approval or question.", resourceRead([...readCall, "request-not-found"]))),
  )
  .annotateContext(OpenApi.annotations({ title: "Requests" })) {}

/** The agents that threads can be made with. */
export class AgentsGroup extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/v1/agents")
      .addSuccess(AgentList)
      .annotateContext(described("The configured agents, and what each can be asked to do.", { problems: memoryCall })),
  )
  .annotateContext(OpenApi.annotations({ title: "Agents" })) {}

/** The reaper, which stops sessions that are not used. */
export class ReaperGroup extends HttpApiGroup.make("reaper")
  .add(
    HttpApiEndpoint.get("findings", "/v1/reaper")
      .addSuccess(ReaperFindings)
      .annotateContext(
        described("What the last sweep found: why each session that lived stays or goes.", { problems: memoryCall }),
      ),
  )
  .add(
    HttpApiEndpoint.post("sweep", "/v1/reaper/sweep")
      .addSuccess(ReaperFindings)
      .annotateContext(described("Sweeps now, and answers with what was found and done.", { problems: writeCall })),
  )
  .annotateContext(OpenApi.annotations({ title: "Reaper" })) {}
