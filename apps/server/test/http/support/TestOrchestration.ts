/**
 * Orchestration that takes commands and does nothing of its own: each command goes to the engine, and no effect is delivered. What an
 * agent would do, a test pushes itself.
 */
import { WorkReads } from "@threadfold/engine"
import {
  type Agent,
  Agents,
  CurrentReaperPolicy,
  defaultLimits,
  type OrchestrationParts,
  Outbox,
  orchestration,
  Reaper,
  type ReaperFinding,
  Recovery,
  Watchdog,
} from "@threadfold/orchestrator"
import { allCapabilities, ConnectionLost, notTaken, type ProviderDriver, taken } from "@threadfold/providers"
import { Effect, Layer } from "effect"

/** A driver whose agent never comes up. */
const absent: ProviderDriver = {
  provider: "test",
  capabilities: {
    ...allCapabilities(false, { model: taken(), effort: taken("low", "high"), mode: notTaken, sandbox: taken() }, [
      "models",
      "account",
    ]),
    "resume-thread": false,
    rewind: true,
    stopTask: true,
    images: true,
    mentions: true,
    commands: true,
  },
  settingsOf: ({ effort, sandbox }) => ({ ...(effort ? { effort } : {}), ...(sandbox ? { sandbox } : {}) }),
  connect: () => Effect.fail(new ConnectionLost({ provider: "test", message: "It is not there." })),
}

/** The one configured agent. */
export const testAgent: Agent = {
  name: "tester",
  driver: absent,
  model: "test-model",
  settings: { secret: "not to be told" },
  limits: defaultLimits,
}

/** What the reaper found. */
export const finding: ReaperFinding = {
  threadId: "01990000-0000-7000-8000-000000000aaa",
  sessionId: "01990000-0000-7000-8000-000000000bbb",
  decision: "keep",
  reason: "turn-active",
  idleMs: 12,
}

const reaper = Layer.succeed(Reaper, {
  lastSweep: Effect.succeed([finding]),
  sweep: Effect.succeed<readonly ReaperFinding[]>([finding, { ...finding, decision: "reap", reason: "idle" }]),
})

/**
 * Orchestration over an engine and its projections that starts no agent, ends nothing and settles nothing. `others`: in the place of
 * other services.
 */
export const testOrchestration = (others: OrchestrationParts = {}) =>
  orchestration({
    reaper,
    watchdog: Layer.succeed(Watchdog, { look: Effect.void }),
    outbox: Layer.succeed(Outbox, { callOffStart: () => Effect.void }),
    recovery: Layer.succeed(Recovery, { ended: 0, left: 0, sessions: 0, effects: 0 }),
    ...others,
  }).pipe(
    Layer.provideMerge(Agents.layer([testAgent])),
    Layer.provideMerge(Layer.merge(CurrentReaperPolicy.layer(), WorkReads.layer)),
  )
