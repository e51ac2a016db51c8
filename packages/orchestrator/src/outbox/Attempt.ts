/** One attempt of an effect: its result, and what it may need. */
import type { Engine, WorkReads } from "@threadfold/engine"
import type { Projections } from "@threadfold/projections"
import type { Effect } from "effect"
import type { Agents } from "../Agents.js"
import type { Background } from "../Background.js"
import type { Connections } from "../connections/Connections.js"
import type { WorkError } from "../Errors.js"
import type { Incarnation } from "../Ids.js"
import type { Blobs } from "../messages/Blobs.js"
import type { VoiceRuns } from "../realtime/VoiceRuns.js"
import type { Wakeups } from "../Wakeups.js"
import type { SessionStarts } from "./SessionStarts.js"

export type Attempt =
  /** The effect has ended, or is under way: the lane goes on with the next one. */
  | "done"
  /** The effect waits for something that another wake-up tells of. */
  | "waits"

export const done: Attempt = "done"
export const waits: Attempt = "waits"

/** What some effect needs. */
export type AttemptNeeds =
  | Agents
  | Background
  | Blobs
  | Connections
  | Engine
  | Incarnation
  | Projections
  | SessionStarts
  | VoiceRuns
  | Wakeups
  | WorkReads

export type Attempted = Effect.Effect<Attempt, WorkError, AttemptNeeds>
