/** Connections to agents: opened on demand, kept for as long as a thread needs them, and ended with the server. */
import type { ThreadRow } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import type { ModelRoute, ProviderFailure } from "@threadfold/providers"
import { Context, Effect, Exit, FiberSet, Layer, Scope } from "effect"
import { type Agent, oneOfEachAgent } from "../Agents.js"
import { Background } from "../Background.js"
import { AgentFailed } from "../Errors.js"
import { Ids, Incarnation } from "../Ids.js"
import { InferenceGateway } from "../inference/InferenceGateway.js"
import { Wakeups } from "../Wakeups.js"
import { LiveAudio } from "./LiveAudio.js"
import { type LiveConnection, type LiveThread, LiveThreads } from "./LiveThreads.js"
import { pump } from "./pump.js"
import { RecordedWords } from "./RecordedWords.js"
import { Retries } from "./Retries.js"

/** Names of the marks that every process of ours carries. */
export const logMark = "THREADFOLD_LOG"
export const serverMark = "THREADFOLD_SERVER"
export const connectionMark = "THREADFOLD_CONNECTION"

export interface ConnectionsService {
  /** What runs on them. */
  readonly threads: LiveThreads
  /** Which of them only retry. */
  readonly retries: Retries
  /** What the log has just taken of the voice conversations on them. */
  readonly words: RecordedWords
  /** What the voices on them say, as audio. */
  readonly audio: LiveAudio
  /**
   * A connection that can take a thread of this agent: one that is open, where it shares, else a new one. It is claimed
   * for the scope, so that it does not end before the thread is open. `route`: of the model calls, where it serves this thread alone.
   */
  readonly connect: (
    agent: Agent,
    thread: Pick<ThreadRow, "threadId" | "cwd">,
    route?: ModelRoute,
  ) => Effect.Effect<LiveConnection, AgentFailed, Scope.Scope>
  /** The marks of the processes of a connection. */
  readonly marks: (connectionId: string) => Readonly<Record<string, string>>
  /** Ends a connection, its whole process tree, and waits until its last words are in the log. */
  readonly disconnect: (connectionId: string) => Effect.Effect<void>
  /** Ends a thread's live session, and its process where it serves no other thread. */
  readonly closeThread: (live: LiveThread) => Effect.Effect<void>
  /** Ends in the background what an agent has open for a start of the thread that was given up; nothing where there is none. */
  readonly closeStray: (threadId: string) => Effect.Effect<void>
}

/** What went wrong with an agent. */
export const agentFailure = (agent: Agent, failure: ProviderFailure): AgentFailed => {
  const detail = ((): string => {
    switch (failure._tag) {
      case "Unsupported":
        return `cannot do ${failure.operation}.`
      case "TimedOut":
        return `did not answer ${failure.operation} within ${failure.afterMs} ms.`
      default:
        return failure.message
    }
  })()
  return new AgentFailed({ agent: agent.name, message: `Agent ${agent.name}: ${detail}` })
}

/** How long an agent may take to let go of a thread, ms; after it the whole process is ended. */
const CLOSE_MS = 10_000

const make = Effect.gen(function* () {
  const context = yield* Effect.context<Background | Engine | Wakeups>()
  const { log } = Context.get(context, Engine)
  const wakeups = Context.get(context, Wakeups)
  const background = Context.get(context, Background)
  const incarnation = yield* Incarnation
  const gateway = yield* InferenceGateway
  const threads = new LiveThreads()
  const retries = new Retries()
  const words = new RecordedWords()
  const audio = new LiveAudio()
  const ends = new Map<string, Effect.Effect<void>>()
  const pumps = yield* FiberSet.make()
  /** Starts of an agent that shares its process go one after the other: the second one then finds the first one's. */
  const inTurn = oneOfEachAgent()

  const marks = (connectionId: string) => ({
    [logMark]: log.logId,
    [serverMark]: incarnation,
    [connectionMark]: connectionId,
  })

  const open = (
    agent: Agent,
    { cwd, threadId }: Pick<ThreadRow, "threadId" | "cwd">,
    route: ModelRoute | undefined,
  ): Effect.Effect<LiveConnection, AgentFailed> =>
    Effect.gen(function* () {
      const connectionId = yield* Effect.provide(Ids.nextNow, context)
      const scope = yield* Scope.make()
      const connecting = agent.driver.connect({
        connectionId,
        marks: marks(connectionId),
        ...(cwd === null ? {} : { cwd }),
        ...(route === undefined ? {} : { route }),
      })
      const connection = yield* Effect.interruptible(connecting).pipe(
        Scope.extend(scope),
        Effect.mapError((failure) => agentFailure(agent, failure)),
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
      )
      const live: LiveConnection = { connectionId, openedFor: threadId, agent, connection }
      threads.connected(live)
      const over = Effect.gen(function* () {
        const lost = threads.disconnected(connectionId)
        ends.delete(connectionId)
        yield* gateway.closeConnection(connectionId)
        yield* Scope.close(scope, Exit.void)
        yield* wakeups.wakeAll(lost)
      })
      const fiber = yield* FiberSet.run(
        pumps,
        Effect.ensuring(
          Effect.interruptible(Effect.provide(pump(live, { threads, retries, words, audio, closeStray }), context)),
          over,
        ),
      )
      ends.set(connectionId, Effect.zipRight(connection.stop, Effect.asVoid(fiber.await)))
      return live
    })

  const disconnect = (connectionId: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      threads.leave(connectionId)
      return ends.get(connectionId) ?? Effect.void
    })

  /** A connection that was opened for a thread and did not get it is ended in the background. */
  const release = (connectionId: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      threads.release(connectionId)
      return threads.isIdle(connectionId) ? background.run(disconnect(connectionId)) : Effect.void
    })

  // Before the fibers of the pumps are interrupted: what the agents say while they end belongs into the log.
  yield* Effect.addFinalizer(() =>
    Effect.forEach([...ends.keys()], disconnect, { concurrency: "unbounded", discard: true }),
  )

  const disconnectIdle = (connectionId: string): Effect.Effect<void> =>
    Effect.suspend(() => (threads.isIdle(connectionId) ? disconnect(connectionId) : Effect.void))

  const closeThread = (live: LiveThread): Effect.Effect<void> => {
    const { agent, connection, connectionId } = live.on
    if (!agent.driver.capabilities.sharesConnection) return disconnect(connectionId)
    const close = Effect.timeoutOption(Effect.either(connection.closeThread(live.nativeThreadId)), CLOSE_MS)
    return Effect.flatMap(close, (closed) => {
      // It does not even do that: nothing on it can be relied on.
      if (closed._tag === "None" || closed.value._tag === "Left") return disconnect(connectionId)
      threads.closed(live)
      return Effect.zipRight(gateway.close(live.threadId), disconnectIdle(connectionId))
    })
  }

  const closeStray = (threadId: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const stray = threads.strayOf(threadId)
      return stray === null ? Effect.void : background.run(closeThread(stray))
    })

  return Connections.of({
    threads,
    retries,
    words,
    audio,
    connect: (agent, thread, route) => {
      const connecting = Effect.suspend(() => {
        const shared = threads.shared(agent)
        return shared === null ? open(agent, thread, route) : Effect.succeed(shared)
      }).pipe(
        Effect.tap(({ connectionId }) => {
          threads.claim(connectionId)
          return Effect.addFinalizer(() => release(connectionId))
        }),
        // What was opened is claimed, also when its caller was interrupted; only the wait for the agent ends.
        Effect.uninterruptible,
      )
      return agent.driver.capabilities.sharesConnection ? inTurn(agent, connecting) : connecting
    },
    marks,
    disconnect,
    closeThread,
    closeStray,
  })
})

export class Connections extends Context.Tag("@threadfold/orchestrator/Connections")<
  Connections,
  ConnectionsService
>() {
  static readonly layer: Layer.Layer<Connections, never, Background | Engine | Incarnation | Wakeups> = Layer.scoped(
    Connections,
    make,
  )
}
