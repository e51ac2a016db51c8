/** Has a thread's session live, or ends it. */
import type { EffectRow } from "@threadfold/contracts"
import { isOursToSettle, startsBefore, startsSession, stopsSession, type ThreadWork } from "@threadfold/core"
import type { ResumeThread, StartThread, ThreadOpened } from "@threadfold/providers"
import { Effect, Either, Option, type Scope } from "effect"
import type { Agent } from "../Agents.js"
import { AgentFailed, type StartError, type WorkError } from "../Errors.js"
import { isRecord } from "../isRecord.js"
import { agentFailure } from "../live/Connections.js"
import type { LiveConnection, LiveThread } from "../live/LiveThreads.js"
import { upkeep } from "../upkeep.js"
import { type Attempt, done, waits } from "./Lanes.js"
import { end, endPending, lease, type Workshop } from "./Workshop.js"

/** Settings of a thread's sessions: its own ones win over the agent's. */
const orderOf = (agent: Agent, { thread }: ThreadWork): StartThread => {
  const model = thread.model ?? agent.model
  return {
    threadId: thread.threadId,
    settings: { ...agent.settings, ...(isRecord(thread.settings) ? thread.settings : {}) },
    ...(thread.cwd === null ? {} : { cwd: thread.cwd }),
    ...(model === null ? {} : { model }),
  }
}

/** A thread in which nothing was ever said has nothing to lose: some agents store it only with its first turn. */
const isBlank = ({ thread }: ThreadWork): boolean => thread.items === 0

/** What a failed start wants from the person who reads of it. */
const lostConversation = ({ agent, message }: AgentFailed): AgentFailed =>
  new AgentFailed({
    agent,
    // Agents end their sentences as they like.
    message: `${/[.!?]$/.test(message) ? message : `${message}.`} The conversation cannot be opened again; start the session with fresh: true to go on without it.`,
  })

/**
 * Opens the thread: again where the agent had it before, else anew. Anew also where it cannot be opened again, if nothing
 * was said in it or `fresh` wants that.
 */
const open = (
  shop: Workshop,
  agent: Agent,
  work: ThreadWork,
  fresh: boolean,
): Effect.Effect<LiveThread, StartError, Scope.Scope> =>
  Effect.gen(function* () {
    const order = orderOf(agent, work)
    const { nativeThreadId, threadId } = work.thread
    const connect = shop.connections.connect(agent, work.thread.cwd)
    const live = (on: LiveConnection, opened: ThreadOpened): LiveThread => ({ ...opened, threadId, on })
    const start = (on: LiveConnection) =>
      Effect.mapBoth(on.connection.startThread(order), {
        onFailure: (failure) => agentFailure(agent, failure),
        onSuccess: (opened) => live(on, opened),
      })
    const on = yield* connect
    if (nativeThreadId === null) return yield* start(on)
    const nativeSessionId = work.last?.nativeSessionId ?? null
    const again: ResumeThread = { ...order, nativeThreadId, ...(nativeSessionId === null ? {} : { nativeSessionId }) }
    const given = yield* Effect.either(on.connection.resumeThread(again))
    if (Either.isRight(given)) return live(on, given.right)
    const isLost = given.left._tag === "Refused" || given.left._tag === "Unsupported"
    // The refusal may have been the last word of its process: then this is another one.
    if (fresh || (isLost && isBlank(work))) return yield* Effect.flatMap(connect, start)
    const failure = agentFailure(agent, given.left)
    return yield* isLost ? lostConversation(failure) : failure
  })

/**
 * The thread's live session, started where there is none: the process, then the thread on it, new or opened again, within
 * the agent's time limit.
 */
export const ensureSession = (
  shop: Workshop,
  work: ThreadWork,
  fresh = false,
): Effect.Effect<LiveThread, StartError> => {
  const { agents, connections } = shop
  const { thread, session } = work
  const known = connections.threads.of(thread.threadId)
  if (known !== null) return Effect.succeed(known)
  return Effect.gen(function* () {
    const agent = yield* agents.get(thread.agent ?? "")
    if (session !== null && isOursToSettle(session)) {
      // It is not one of ours that run, so its process is gone, whatever its row says.
      const { sessionId, threadId } = session
      const reason = "not-run-by-this-server"
      yield* upkeep(shop, { type: "session.reconcile", threadId, sessionId, liveness: "gone", reason })
    }
    const { startMs } = agent.limits
    const starting = Effect.scoped(
      Effect.gen(function* () {
        const live = yield* open(shop, agent, work, fresh)
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
}

const wantsFresh = ({ payload }: EffectRow): boolean => isRecord(payload) && payload.fresh === true

/** Ends the session that came up although its start had been called off. */
export const abandon = (shop: Workshop, threadId: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const live = shop.connections.threads.of(threadId)
    return live === null ? Effect.void : closeLive(shop, live)
  })

/** `session.start`. */
export const startSession = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    const work = yield* shop.projections.threadWork(effect.threadId)
    const eligibility = startsSession(work, yield* shop.reads.openEffects(effect.threadId))
    if (work === null || eligibility === "never") {
      yield* endPending(shop, effect, { status: "retired", message: "the thread is gone" })
      return done
    }
    if (eligibility === "later") return waits
    yield* Effect.matchEffect(shop.starts.run(effect.threadId, ensureSession(shop, work, wantsFresh(effect))), {
      onSuccess: Option.match({
        onNone: () =>
          Effect.zipRight(
            abandon(shop, effect.threadId),
            endPending(shop, effect, { status: "retired", message: "it was stopped" }),
          ),
        onSome: () => endPending(shop, effect, { status: "delivered" }),
      }),
      onFailure: ({ message }) =>
        endPending(shop, effect, {
          status: "failed",
          message,
          events: [{ type: "effect.failed", payload: { effect: effect.kind, effectId: effect.effectId, message } }],
        }),
    })
    return done
  })

/** How long an agent may take to let go of a thread, ms; after it the whole process is ended. */
const CLOSE_MS = 10_000

/** Ends a thread's live session, with its process when nobody else needs it. */
export const closeLive = ({ connections }: Pick<Workshop, "connections">, live: LiveThread): Effect.Effect<void> => {
  const { nativeThreadId, on } = live
  const { connection, connectionId } = on
  if (!on.agent.driver.capabilities.sharesConnection) return connections.disconnect(connectionId)
  const close = Effect.timeoutOption(Effect.either(connection.closeThread(nativeThreadId)), CLOSE_MS)
  return Effect.flatMap(close, (closed) => {
    // It does not even do that: nothing on it can be relied on.
    if (closed._tag === "None" || closed.value._tag === "Left") return connections.disconnect(connectionId)
    connections.threads.closed(live)
    return connections.disconnectIdle(connectionId)
  })
}

/** Retires the starts that were asked for before the stop and were not begun. */
const retireStarts = (shop: Workshop, stop: EffectRow): Effect.Effect<void, WorkError> =>
  Effect.gen(function* () {
    const open = yield* shop.reads.openEffects(stop.threadId)
    yield* Effect.forEach(
      startsBefore(stop, open),
      (start) => endPending(shop, start, { status: "retired", message: "it was stopped" }),
      { discard: true },
    )
  })

/** `session.stop`. */
export const stopSession = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> =>
  Effect.gen(function* () {
    yield* retireStarts(shop, effect)
    const live = shop.connections.threads.of(effect.threadId)
    const work = yield* shop.projections.threadWork(effect.threadId)
    if (live === null || stopsSession(effect, work?.session ?? null) === "never") {
      yield* endPending(shop, effect, { status: "retired", message: "the session is over" })
      return done
    }
    const held = yield* lease(shop, effect)
    if (held === null) return done
    yield* closeLive(shop, live)
    yield* end(shop, held, { status: "delivered" })
    // What is to start may have waited for it.
    yield* shop.poke(effect.threadId)
    return done
  })
