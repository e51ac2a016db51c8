/** What the handlers of one server share. */
import type { EngineService } from "@threadfold/engine"
import type { AgentsService, OrchestratorService, ReaperService } from "@threadfold/orchestrator"
import { Context } from "effect"
import type { AttachedSessions } from "./attached/AttachedSessions.js"
import type { Metrics } from "./Metrics.js"
import type { HttpLimits } from "./options.js"
import type { Hub } from "./stream/Hub.js"

export interface HttpServicesShape {
  readonly agents: AgentsService
  readonly engine: EngineService
  readonly hub: Hub
  readonly limits: HttpLimits
  readonly metrics: Metrics
  readonly orchestrator: OrchestratorService
  readonly reaper: ReaperService
  readonly sessions: AttachedSessions
  /** Version that the server tells of itself. */
  readonly version: string
}

export class HttpServices extends Context.Tag("@threadfold/server/HttpServices")<HttpServices, HttpServicesShape>() {}
