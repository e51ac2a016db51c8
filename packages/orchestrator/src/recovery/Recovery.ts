/**
 * What an earlier run of the server left behind, settled by events before anything new is done: its processes are ended,
 * what it was delivering in its last moment is uncertain, its sessions are over. Every session counts, whatever its
 * thread looks like in a list: archived and deleted ones too.
 */
import type { EffectRow, SessionRow } from "@threadfold/contracts"
import { endingsAtRecovery, isSettledAtStart, settledVoiceRun } from "@threadfold/core"
import { Engine, WorkReads } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Clock, Context, Effect, identity, Layer } from "effect"
import { Connections } from "../connections/Connections.js"
import type { WorkError } from "../Errors.js"
import { eachPage } from "../eachPage.js"
import { Ids } from "../Ids.js"
import { conclusion, type Ending, uncertain } from "../outbox/conclude.js"
import { type OwnEvent, ownDraft, upkeep } from "../ownWrites.js"
import { runDraft } from "../realtime/voiceDrafts.js"
import { Orphans } from "./Orphans.js"

/** Rows of one page. */
const PAGE = 200

export interface Recovered {
  /** Processes of an earlier run that were ended. */
  readonly ended: number
  /** Processes that could not be ended: their sessions are left as they are. */
  readonly left: number
  readonly sessions: number
  readonly effects: number
}

/** What becomes of an effect that was being attempted when the server ended. */
const endingOf = (effect: EffectRow): Ending => {
  const message = "the server ended while it was handed over"
  const status = endingsAtRecovery[effect.kind]
  return status === "uncertain" ? uncertain(effect, message) : { status, message }
}

const settleEffect = (effect: EffectRow): Effect.Effect<void, WorkError, Engine> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const at = yield* Clock.currentTimeMillis
    yield* engine.submit(yield* conclusion(effect, { from: "attempting" }, endingOf(effect), at))
  })

const settleEffects: Effect.Effect<number, WorkError, Engine | WorkReads> = Effect.gen(function* () {
  const reads = yield* WorkReads
  let settled = 0
  const settleThread = (threadId: string) =>
    Effect.gen(function* () {
      const open = yield* reads.openEffects(threadId)
      const attempting = open.filter(({ status }) => status === "attempting")
      yield* Effect.forEach(attempting, settleEffect, { discard: true })
      settled += attempting.length
    })
  yield* eachPage({ read: reads.threadsWithEffects, keyOf: identity }, (threadIds) =>
    Effect.forEach(threadIds, settleThread, { discard: true }),
  )
  return settled
})

/** The model calls that an earlier run carried have failed: its gateway ended with it. The end of the session alone would not say so. */
const failCalls = (
  session: Pick<SessionRow, "sessionId" | "threadId">,
): Effect.Effect<void, WorkError, Engine | Projections> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const projections = yield* Projections
    const running = yield* projections.runningInferences(session)
    if (running.length === 0) return
    const at = yield* Clock.currentTimeMillis
    const payload = { error: "The server that carried the call has ended." }
    const drafts = yield* Effect.forEach(running, ({ inferenceId }) =>
      ownDraft({ streamId: session.threadId }, { type: "inference.failed", payload, inferenceId }, at),
    )
    yield* engine.submit({ drafts })
  })

const settleSessions = (processesLeft: number): Effect.Effect<number, WorkError, Connections | Engine | Projections> =>
  Effect.gen(function* () {
    const { threads } = yield* Connections
    const projections = yield* Projections
    let settled = 0
    const settle = ({ mode, sessionId, threadId }: SessionRow) =>
      Effect.gen(function* () {
        if (!isSettledAtStart({ mode }, { isServed: threads.hasSession(sessionId), processesLeft })) return
        const reason = "server-restarted"
        const settling = Effect.zipRight(
          mode === "managed" ? failCalls({ sessionId, threadId }) : Effect.void,
          upkeep({ type: "session.reconcile", threadId, sessionId, liveness: "gone", reason }),
        )
        // A thread whose import was stopped takes nothing before the import is done, which settles it.
        yield* Effect.catchTag(settling, "ThreadIncomplete", () => Effect.void)
        settled += 1
      })
    const read = (after: string | null) => projections.livingSessions(after, PAGE)
    yield* eachPage({ read, keyOf: ({ threadId }) => threadId }, (sessions) =>
      Effect.forEach(sessions, settle, { discard: true }),
    )
    return settled
  })

const closed: OwnEvent = {
  type: "connection.closed",
  payload: { reason: "transport-closed", message: "The server that ran it has ended." },
}

const settleConnections = (processesLeft: number): Effect.Effect<void, WorkError, Engine | Projections> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const projections = yield* Projections
    const read = (after: string | null) => projections.openConnections(after, PAGE)
    yield* eachPage({ read, keyOf: ({ connectionId }) => connectionId }, (connections) =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        // This process has opened none yet.
        const over = connections.filter((row) => isSettledAtStart(row, { isServed: false, processesLeft }))
        const drafts = yield* Effect.forEach(over, ({ connectionId }) =>
          ownDraft({ streamId: connectionId }, closed, at),
        )
        if (drafts.length > 0) yield* engine.submit({ drafts })
      }),
    )
  })

/** Voice runs that no session carries had their transport in the server that has ended. Those of a session end with it. */
const settleVoice: Effect.Effect<void, WorkError, Engine | Projections> = Effect.gen(function* () {
  const engine = yield* Engine
  const projections = yield* Projections
  const read = (after: string | null) => projections.openVoiceRuns(after, PAGE)
  yield* eachPage({ read, keyOf: ({ threadId }) => threadId }, (runs) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const drafts = yield* Effect.forEach(
        runs.flatMap((run) => settledVoiceRun(run) ?? []),
        ({ realtimeId, threadId, type, ...payload }) =>
          Effect.map(Ids, ({ next }) =>
            runDraft({ realtimeId, threadId }, { type, payload }, "orchestrator", at, next(at)),
          ),
      )
      // Each thread by itself: one whose import was stopped takes nothing before the import is done.
      yield* Effect.forEach(
        drafts,
        (draft) => Effect.catchTag(engine.submit({ drafts: [draft] }), "ThreadIncomplete", () => Effect.void),
        { discard: true },
      )
    }),
  )
})

/**
 * Settles what is left. What was under way is settled before its session is: a turn that may have reached the agent must
 * not look as if it never had.
 */
const recover = Effect.gen(function* () {
  const orphans = yield* Orphans
  const { ended, left } = yield* orphans.end
  const effects = yield* settleEffects
  const sessions = yield* settleSessions(left)
  yield* settleVoice
  yield* settleConnections(left)
  const recovered: Recovered = { ended, left, sessions, effects }
  yield* Effect.logDebug("recovered", recovered)
  return recovered
})

/** What an earlier run left, settled. What needs it begins afterwards. */
export class Recovery extends Context.Tag("@threadfold/orchestrator/Recovery")<Recovery, Recovered>() {
  static readonly layer: Layer.Layer<Recovery, WorkError, Connections | Engine | Orphans | Projections | WorkReads> =
    Layer.effect(Recovery, recover)
}
