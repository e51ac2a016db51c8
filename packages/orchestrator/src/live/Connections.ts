/** Opens connections to agents, keeps them for as long as somebody needs them, and ends them with the server. */
import type { EngineService } from "@threadfold/engine"
import type { ProviderFailure } from "@threadfold/providers"
import { Clock, Effect, Exit, FiberSet, Scope } from "effect"
import type { Agent } from "../Agents.js"
import { AgentFailed } from "../Errors.js"
import type { IdsService } from "../Ids.js"
import { type Ingested, pump } from "./ingest.js"
import { type LiveConnection, LiveThreads } from "./LiveThreads.js"
import { Retries } from "./Retries.js"

/** Names of the marks that every process of ours carries. */
export const logMark = "THREADFOLD_LOG"
export const serverMark = "THREADFOLD_SERVER"
export const connectionMark = "THREADFOLD_CONNECTION"

export interface ConnectionsOptions {
  readonly engine: EngineService
  readonly ids: IdsService
  /** Id of this run of the server. */
  readonly incarnation: string
  /** Told of everything that came from an agent and is durable, in order per connection. */
  readonly onCommitted: (events: readonly Ingested[]) => Effect.Effect<void>
  /** Told of threads whose connection is over. */
  readonly onLost: (threadIds: readonly string[]) => Effect.Effect<void>
}

export interface Connections {
  readonly threads: LiveThreads
  /** Which of them only retry. */
  readonly retries: Retries
  /**
   * A connection that can take a thread of this agent: one that is open, where it shares, else a new one. It is claimed
   * for the scope, so that it does not end before the thread is open.
   */
  readonly connect: (agent: Agent, cwd: string | null) => Effect.Effect<LiveConnection, AgentFailed, Scope.Scope>
  /** Ends a connection, its whole process tree, and waits until its last words are in the log. */
  readonly disconnect: (connectionId: string) => Effect.Effect<void>
  /** Ends a connection that nobody needs any more. */
  readonly disconnectIdle: (connectionId: string) => Effect.Effect<void>
}

/** What went wrong with an agent. */
export const agentFailure = (agent: Agent, failure: ProviderFailure): AgentFailed => {
  const said = ((): string => {
    switch (failure._tag) {
      case "Unsupported":
        return `cannot do ${failure.operation}.`
      case "TimedOut":
        return `did not answer ${failure.operation} within ${failure.afterMs} ms.`
      default:
        return failure.message
    }
  })()
  return new AgentFailed({ agent: agent.name, message: `Agent ${agent.name}: ${said}` })
}

export const makeConnections = (options: ConnectionsOptions): Effect.Effect<Connections, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { engine, ids, incarnation, onCommitted, onLost } = options
    const threads = new LiveThreads()
    const retries = new Retries()
    const ends = new Map<string, Effect.Effect<void>>()
    const pumps = yield* FiberSet.make()
    const starts = new Map<string, Effect.Semaphore>()

    /** Starts of an agent that shares its process go one after the other: the second one then finds the first one's. */
    const inTurn = (agent: Agent): (<A, E, R>(start: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
      if (!agent.driver.capabilities.sharesConnection) return (start) => start
      const known = starts.get(agent.name) ?? Effect.unsafeMakeSemaphore(1)
      starts.set(agent.name, known)
      return known.withPermits(1)
    }

    const open = (agent: Agent, cwd: string | null): Effect.Effect<LiveConnection, AgentFailed> =>
      Effect.gen(function* () {
        const connectionId = ids.next(yield* Clock.currentTimeMillis)
        const scope = yield* Scope.make()
        const marks = { [logMark]: engine.log.logId, [serverMark]: incarnation, [connectionMark]: connectionId }
        const connecting = agent.driver.connect({ connectionId, marks, ...(cwd === null ? {} : { cwd }) })
        const connection = yield* Effect.interruptible(connecting).pipe(
          Scope.extend(scope),
          Effect.mapError((failure) => agentFailure(agent, failure)),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        )
        const live: LiveConnection = { connectionId, agent, connection }
        threads.connected(live)
        const over = Effect.gen(function* () {
          const lost = threads.disconnected(connectionId)
          ends.delete(connectionId)
          yield* Scope.close(scope, Exit.void)
          yield* onLost(lost)
        })
        const fiber = yield* FiberSet.run(
          pumps,
          Effect.ensuring(Effect.interruptible(pump({ live, threads, retries, engine, ids, onCommitted })), over),
        )
        ends.set(connectionId, Effect.zipRight(connection.stop, Effect.asVoid(fiber.await)))
        return live
      })

    const disconnect = (connectionId: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        threads.leave(connectionId)
        return ends.get(connectionId) ?? Effect.void
      })

    /** A connection that was opened for a thread and did not get it is ended, beside whoever gave it up. */
    const release = (connectionId: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        threads.release(connectionId)
        return threads.isIdle(connectionId) ? FiberSet.run(pumps, disconnect(connectionId)) : Effect.void
      })

    // Before the fibers of the pumps are interrupted: what the agents say while they end belongs into the log.
    yield* Effect.addFinalizer(() =>
      Effect.forEach([...ends.keys()], disconnect, { concurrency: "unbounded", discard: true }),
    )

    return {
      threads,
      retries,
      connect: (agent, cwd) =>
        inTurn(agent)(
          Effect.suspend(() => {
            const shared = threads.shared(agent)
            return shared === null ? open(agent, cwd) : Effect.succeed(shared)
          }).pipe(
            Effect.tap(({ connectionId }) => {
              threads.claim(connectionId)
              return Effect.addFinalizer(() => release(connectionId))
            }),
            // What was opened is claimed, also when nobody waits for it any more; only the wait for the agent ends.
            Effect.uninterruptible,
          ),
        ),
      disconnect,
      disconnectIdle: (connectionId) =>
        Effect.suspend(() => (threads.isIdle(connectionId) ? disconnect(connectionId) : Effect.void)),
    }
  })
