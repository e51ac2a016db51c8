/** What the handlers of one server share. */
import type { EngineService } from "@threadfold/engine"
import type { AgentsService, OrchestratorService, ReaperService } from "@threadfold/orchestrator"
import { Context } from "effect"
import type { Metrics } from "./Metrics.js"
import type { HttpLimits } from "./options.js"
import type { Feed } from "./stream/Feed.js"

export interface HttpServicesShape {
  readonly agents: AgentsService
  readonly engine: EngineService
  /** The streams of events, and of rows that change. */
  readonly events: Feed
  readonly changes: Feed
  readonly limits: HttpLimits
  readonly metrics: Metrics
  readonly orchestrator: OrchestratorService
  readonly reaper: ReaperService
  /** Version that the server tells of itself. */
  readonly version: string
}

export class HttpServices extends Context.Tag("@threadfold/server/HttpServices")<HttpServices, HttpServicesShape>() {}
