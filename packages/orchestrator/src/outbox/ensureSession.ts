/** Has a thread's session live: the process of its agent, and the thread open on it. */
import { afterFailedResume, conversationToResume, isOursToSettle, type ThreadWork } from "@threadfold/core"
import type { Engine } from "@threadfold/engine"
import type { ResumeThread, StartThread, ThreadOpened } from "@threadfold/providers"
import { Effect, Either, Predicate, type Scope } from "effect"
import { type Agent, Agents } from "../Agents.js"
import { agentFailure, Connections } from "../connections/Connections.js"
import type { LiveConnection, LiveThread } from "../connections/LiveThreads.js"
import { AgentFailed, type StartError } from "../Errors.js"
import { upkeep } from "../ownWrites.js"

/** What a thread's sessions are started with. Its own settings win over the agent's. */
const startOf = (agent: Agent, { thread }: ThreadWork): StartThread => {
  const model = thread.model ?? agent.model
  return {
    threadId: thread.threadId,
    settings: { ...agent.settings, ...(Predicate.isRecord(thread.settings) ? thread.settings : {}) },
    ...(thread.cwd === null ? {} : { cwd: thread.cwd }),
    ...(model === null ? {} : { model }),
  }
}

/** What a failed start wants from the person who reads of it. */
const lostConversation = ({ agent, message }: AgentFailed): AgentFailed =>
  new AgentFailed({
    agent,
    // Agents end their sentences as they like.
    message: `${/[.!?]$/.test(message) ? message : `${message}.`} The conversation cannot be opened again; start the session with fresh: true to go on without it.`,
  })

/** Opens the thread as core says (`conversationToResume`, `afterFailedResume`): its conversation is resumed, or a new one is started. */
const open = (
  agent: Agent,
  work: ThreadWork,
  fresh: boolean,
): Effect.Effect<LiveThread, StartError, Connections | Scope.Scope> =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const first = startOf(agent, work)
    const { threadId } = work.thread
    const connect = connections.connect(agent, work.thread.cwd)
    const live = (on: LiveConnection, opened: ThreadOpened): LiveThread => ({ ...opened, threadId, on })
    const start = (on: LiveConnection) =>
      Effect.mapBoth(on.connection.startThread(first), {
        onFailure: (failure) => agentFailure(agent, failure),
        onSuccess: (opened) => live(on, opened),
      })
    const on = yield* connect
    const conversation = conversationToResume(work)
    if (conversation === null) return yield* start(on)
    const { nativeSessionId, nativeThreadId } = conversation
    const again: ResumeThread = { ...first, nativeThreadId, ...(nativeSessionId === null ? {} : { nativeSessionId }) }
    const resumed = yield* Effect.either(on.connection.resumeThread(again))
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
  fresh = false,
): Effect.Effect<LiveThread, StartError, Agents | Connections | Engine> =>
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
        const live = yield* open(agent, work, fresh)
        if (connections.threads.opened(live)) return live
        return yield* new AgentFailed({ agent: agent.name, message: `Agent ${agent.name} ended while it started.` })
      }),
    )
    return yield* startMs === 0
      ? starting
      : Effect.timeoutFail(starting, {
          duration: startMs,
          onTimeout: () =>
            new AgentFailed({ agent: agent.name, message: `Agent ${agent.name} did not start within ${startMs} ms.` }),
        })
  })
