/** Has a thread's session live: the process of its agent, and the thread open on it. */
import {
  afterFailedResume,
  conversationToResume,
  forksConversation,
  isOursToSettle,
  type ThreadWork,
} from "@threadfold/core"
import type { Engine } from "@threadfold/engine"
import { type ForkPlace, Projections } from "@threadfold/projections"
import {
  type ModelRoute,
  type ProviderFailure,
  type ResumeThread,
  type StartThread,
  type ThreadOpened,
  Unsupported,
} from "@threadfold/providers"
import { Effect, Either, Exit, Predicate, type Scope } from "effect"
import { type Agent, Agents } from "../Agents.js"
import { agentFailure, Connections } from "../connections/Connections.js"
import type { LiveConnection, LiveThread } from "../connections/LiveThreads.js"
import { AgentFailed, type StartError } from "../Errors.js"
import { InferenceGateway } from "../inference/InferenceGateway.js"
import { upkeep } from "../ownWrites.js"

/** What a thread's sessions are started with. Its own settings win over the agent's. */
const startOf = (agent: Agent, { thread }: ThreadWork, route: ModelRoute | undefined): StartThread => {
  const model = thread.model ?? agent.model
  return {
    threadId: thread.threadId,
    settings: { ...agent.settings, ...(Predicate.isRecord(thread.settings) ? thread.settings : {}) },
    ...(thread.cwd === null ? {} : { cwd: thread.cwd }),
    ...(model === null ? {} : { model }),
    ...(route === undefined ? {} : { route }),
  }
}

/** How a session is opened, where it is not as usual. */
export interface Opening {
  /** The conversation is given up where it cannot be opened again. */
  readonly fresh?: boolean
  /** Our id of the first turn that is taken back with this start. */
  readonly rewind?: string
}

/** What a failed start wants from the person who reads of it. */
const lostConversation = ({ agent, message }: AgentFailed): AgentFailed =>
  new AgentFailed({
    agent,
    // Agents end their sentences as they like.
    message: `${/[.!?]$/.test(message) ? message : `${message}.`} The conversation cannot be opened again; start the session with fresh: true to go on without it.`,
  })

/** The first session of an agent that goes on in a fork: it forks the conversation of the origin. */
const forkThread = (
  { agent, connection }: LiveConnection,
  thread: ResumeThread,
  place: ForkPlace | null,
): Effect.Effect<ThreadOpened, ProviderFailure> => {
  const { fork } = connection
  if (place === null) return connection.startThread(thread)
  return fork === undefined
    ? new Unsupported({ provider: agent.driver.provider, operation: "fork" })
    : fork({ ...thread, ...place })
}

/** Opens the thread as core says (`conversationToResume`, `afterFailedResume`): its conversation is resumed, or a new one is started. */
const open = (
  agent: Agent,
  work: ThreadWork,
  { fresh = false, rewind }: Opening,
): Effect.Effect<LiveThread, StartError, Connections | Projections | Scope.Scope> =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const { threadId } = work.thread
    const opened = yield* (yield* InferenceGateway).open(agent, threadId)
    const route = opened?.route
    const first = startOf(agent, work, route)
    const connect = Effect.tap(connections.connect(agent, work.thread, route), ({ connectionId }) =>
      Effect.sync(() => opened?.bind(connectionId)),
    )
    const live = (on: LiveConnection, thread: ThreadOpened): LiveThread => ({ ...thread, threadId, on })
    const start = (on: LiveConnection) =>
      Effect.mapBoth(on.connection.startThread(first), {
        onFailure: (failure) => agentFailure(agent, failure),
        onSuccess: (thread) => live(on, thread),
      })
    const on = yield* connect
    const conversation = conversationToResume(work)
    if (conversation === null) return yield* start(on)
    const { nativeSessionId, nativeThreadId } = conversation
    // A rewind that the log knows holds for every resume until a turn runs after it.
    const rewoundFrom = rewind ?? (yield* (yield* Projections).rewoundFrom(threadId))
    const again: ResumeThread = {
      ...first,
      nativeThreadId,
      ...(nativeSessionId === null ? {} : { nativeSessionId }),
      ...(rewoundFrom === null ? {} : { rewind: { turnId: rewoundFrom, isRecorded: rewind === undefined } }),
    }
    const resumed = yield* Effect.either(
      forksConversation(work)
        ? forkThread(on, again, yield* (yield* Projections).forkPlace(threadId))
        : on.connection.resumeThread(again),
    )
    if (Either.isRight(resumed)) return live(on, resumed.right)
    const isLost = resumed.left._tag === "Refused" || resumed.left._tag === "Unsupported"
    const failure = agentFailure(agent, resumed.left)
    switch (afterFailedResume({ thread: work.thread, isLost, fresh })) {
      case "start":
        // The agent's process may have ended with its refusal: then this is another one.
        return yield* Effect.flatMap(connect, start)
      case "lost":
        return yield* lostConversation(failure)
      case "failed":
        return yield* failure
    }
  })

/**
 * The thread's live session, started where there is none: the process, then the thread on it, new or opened again, within
 * the agent's time limit.
 */
export const ensureSession = (
  work: ThreadWork,
  opening: Opening = {},
): Effect.Effect<LiveThread, StartError, Agents | Connections | Engine | Projections> =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const connections = yield* Connections
    const { thread, session } = work
    const known = connections.threads.of(thread.threadId)
    if (known !== null) return known
    const agent = yield* agents.get(thread.agent ?? "")
    if (session !== null && isOursToSettle(session)) {
      // It is not one of ours that run, so its process is gone, whatever its row says.
      const { sessionId, threadId } = session
      const reason = "not-run-by-this-server"
      yield* upkeep({ type: "session.reconcile", threadId, sessionId, liveness: "gone", reason })
    }
    const { startMs } = agent.limits
    const starting = Effect.scoped(
      Effect.gen(function* () {
        const live = yield* open(agent, work, opening)
        if (connections.threads.opened(live)) return live
        return yield* new AgentFailed({ agent: agent.name, message: `Agent ${agent.name} ended while it started.` })
      }),
    )
    const inTime =
      startMs === 0
        ? starting
        : Effect.timeoutFail(starting, {
            duration: startMs,
            onTimeout: () =>
              new AgentFailed({
                agent: agent.name,
                message: `Agent ${agent.name} did not start within ${startMs} ms.`,
              }),
          })
    // An agent that shares its process may have the call still: what comes up for it later is closed where it is heard of.
    connections.threads.startBegins(thread.threadId)
    return yield* Effect.onExit(inTime, (exit) => {
      connections.threads.startOver(thread.threadId)
      return Exit.isSuccess(exit) ? Effect.void : connections.closeStray(thread.threadId)
    })
  })
