/** The orchestrator over a database and the configured agents. */

import { canonicalJson, commandNews, newsOf } from "@threadfold/core"
import { Engine, EngineFailed, sha256, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Cause, Clock, Effect, FiberSet, identity, Layer, Schedule } from "effect"
import { Agents } from "./Agents.js"
import { CommandUnknown, type WorkError } from "./Errors.js"
import { makeFollowUp } from "./followups/followUp.js"
import { Ids } from "./Ids.js"
import { attempt } from "./lanes/attempt.js"
import { type Lanes, makeLanes } from "./lanes/Lanes.js"
import { Starts } from "./lanes/Starts.js"
import type { Workshop } from "./lanes/Workshop.js"
import { makeConnections } from "./live/Connections.js"
import type { Ingested } from "./live/ingest.js"
import { Orchestrator, type OrchestratorService, type Order } from "./Orchestrator.js"
import { eachPage } from "./pages.js"
import { recover } from "./recover.js"

/** How often everything that may have something to do is looked at, whether or not somebody said so, ms. */
const SWEEP_MS = 1_000
/** Threads of one page. */
const PAGE = 500

/** SHA-256 of what a command said, hex. */
const contentOf = (said: unknown): string => Buffer.from(sha256(canonicalJson(said))).toString("hex")

export const make = Effect.gen(function* () {
  const engine = yield* Engine
  const projections = yield* Projections
  const reads = yield* WorkReads
  const agents = yield* Agents
  const ids = yield* Ids
  const incarnation = ids.next(yield* Clock.currentTimeMillis)
  const tasks = yield* FiberSet.make()

  const beside: Workshop["beside"] = (task) =>
    Effect.asVoid(
      FiberSet.run(
        tasks,
        Effect.catchAllCause(Effect.interruptible(task), (cause) =>
          Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logWarning("what follows an effect failed", cause),
        ),
      ),
    )

  // The lanes need the connections and the connections tell the lanes: the one knot of the graph.
  let lanes: Lanes = { poke: () => Effect.void }
  const poke = (threadId: string): Effect.Effect<void> => Effect.suspend(() => lanes.poke(threadId))
  const pokeAll = (threadIds: Iterable<string>) => Effect.forEach(new Set(threadIds), poke, { discard: true })
  const onCommitted = (events: readonly Ingested[]): Effect.Effect<void> =>
    pokeAll(events.filter(({ type }) => newsOf(type).wakes).map(({ threadId }) => threadId))

  const connections = yield* makeConnections({ engine, ids, incarnation, onCommitted, onLost: pokeAll })
  const starts = new Starts()
  const shop: Workshop = { starts, engine, projections, reads, connections, agents, ids, incarnation, beside, poke }
  const recovered = yield* recover(shop)
  yield* Effect.logDebug("recovered", recovered)
  lanes = yield* makeLanes({
    openEffects: reads.openEffects,
    attempt: (effect) => attempt(shop, effect),
    followUp: makeFollowUp(shop),
  })

  const followUps = (after: string | null) => projections.threadsToFollowUp(after, PAGE)
  const sweep = Effect.gen(function* () {
    yield* eachPage({ read: reads.threadsWithEffects, keyOf: identity }, pokeAll)
    yield* eachPage({ read: followUps, keyOf: identity }, pokeAll)
  }).pipe(Effect.catchAllCause((cause) => Effect.logWarning("a sweep of the outbox failed", cause)))
  yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(SWEEP_MS)))

  const give = ({ command, idempotencyKey, ifSequence, said }: Order) =>
    Effect.gen(function* () {
      if (command.type === "thread.create") yield* agents.get(command.agent)
      const at = yield* Clock.currentTimeMillis
      const commandId = ids.next(at)
      const { receipt } = yield* engine.submit({
        drafts: [],
        command: {
          commandId,
          to: { streamId: command.threadId },
          command,
          at,
          ...(ifSequence === undefined ? {} : { ifSequence }),
          receipt: { key: idempotencyKey ?? commandId, content: contentOf(said ?? command) },
        },
      })
      if (receipt === null) return yield* new EngineFailed({ message: "The command left no receipt." })
      const { callsOffStart, wakes } = commandNews[command.type]
      if (callsOffStart) yield* starts.called(receipt.threadId)
      if (wakes) yield* poke(receipt.threadId)
      return receipt
    })

  const service: OrchestratorService = {
    give,
    effectsOf: (commandId) =>
      Effect.gen(function* () {
        const effects = yield* reads.effectsOf(commandId)
        if (effects.length > 0 || (yield* reads.isAccepted(commandId))) return effects
        return yield* new CommandUnknown({ commandId })
      }),
    isRemembered: reads.hasReceipt,
    liveness: (sessionId) => (connections.threads.hasSession(sessionId) ? "alive" : "gone"),
  }
  return { service, shop }
})

/** The orchestrator; recovers what an earlier run left, then serves, for the life of the scope. */
export const orchestratorLive: Layer.Layer<Orchestrator, WorkError, Engine | Projections | WorkReads | Agents> =
  Layer.scoped(
    Orchestrator,
    Effect.map(make, ({ service }) => service),
  )
