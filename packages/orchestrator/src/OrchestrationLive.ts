/** The orchestrator with all that looks after it: the reaper and the watchdog, over one workshop. */
import type { Engine, WorkReads } from "@threadfold/engine"
import type { Projections } from "@threadfold/projections"
import { Context, Effect, Layer } from "effect"
import type { Agents } from "./Agents.js"
import type { WorkError } from "./Errors.js"
import { Awake } from "./host/Awake.js"
import { MonotonicClock } from "./host/MonotonicClock.js"
import { Orchestrator } from "./Orchestrator.js"
import { make } from "./OrchestratorLive.js"
import { makeReaper } from "./reaper/makeReaper.js"
import { Reaper } from "./reaper/Reaper.js"
import { defaultReaperPolicy, type ReaperPolicy } from "./reaper/ReaperPolicy.js"
import { makeWatchdog } from "./watchdog/makeWatchdog.js"

/** Recovers what an earlier run left, then serves, sweeps and watches, for the life of the scope. */
export const orchestrationLive = (
  policy: ReaperPolicy = defaultReaperPolicy,
): Layer.Layer<Orchestrator | Reaper, WorkError, Engine | Projections | WorkReads | Agents> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const { service, shop } = yield* make
      const awake = new Awake(policy.sweepMs)
      yield* awake.look(yield* MonotonicClock)
      const reaper = yield* makeReaper(shop, { policy, awake })
      yield* makeWatchdog(shop, { policy, awake })
      return Context.make(Orchestrator, service).pipe(Context.add(Reaper, reaper))
    }),
  )
