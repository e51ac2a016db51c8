/** The reaper as a service: stops sessions that nobody uses, and says of every session why it stays or goes. */
import type { KeepReason, ReapReason, RepairReason } from "@threadfold/core"
import { Context, type Effect } from "effect"
import type { WorkError } from "../Errors.js"

/** What the reaper thinks of one session that lives. */
export interface ReaperFinding {
  readonly threadId: string
  readonly sessionId: string
  /** `repair`: its process is gone and nobody said so; it is settled. */
  readonly decision: "keep" | "reap" | "repair"
  /** Why, for example `turn-active`, `request-open`, `keep-alive`, `idle`: docs/how-to/reaper.md has them all. */
  readonly reason: KeepReason | ReapReason | RepairReason
  /** For how long it has been idle, by our clock, ms; what was before the host last woke is left out. */
  readonly idleMs: number
}

export interface ReaperService {
  /** The findings of the last sweep, in the order of the threads' ids; 10,000 at most. */
  readonly lastSweep: Effect.Effect<readonly ReaperFinding[]>
  /** Sweeps now, and gives what was found and done. */
  readonly sweep: Effect.Effect<readonly ReaperFinding[], WorkError>
}

export class Reaper extends Context.Tag("@threadfold/orchestrator/Reaper")<Reaper, ReaperService>() {}
