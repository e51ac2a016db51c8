/**
 * The reaper looks at every session that lives: it stops what is not used, settles what is gone without a word, and says of each why it
 * stays or goes. It keeps nothing that a restart could lose: idle times come from the rows.
 */
import {
  childrenOf,
  decideSession,
  type KeepReason,
  type Liveness,
  type LivingSession,
  livenessOf,
  type Moment,
  type ReapReason,
  type RepairReason,
  refusalReasons,
  type SessionVerdict,
} from "@threadfold/core"
import type { Engine } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Clock, Context, Effect, Layer } from "effect"
import { Background } from "../Background.js"
import { Connections } from "../connections/Connections.js"
import type { LiveThread } from "../connections/LiveThreads.js"
import type { WorkError } from "../Errors.js"
import { eachPage, type Pages } from "../eachPage.js"
import { HostSuspends } from "../host/SuspendDetector.js"
import { upkeep, upkeepAndWake } from "../ownWrites.js"
import { type EndedOrphans, Orphans } from "../recovery/Orphans.js"
import { Recovery } from "../recovery/Recovery.js"
import { Wakeups } from "../Wakeups.js"
import { CurrentReaperPolicy } from "./ReaperPolicy.js"

/** Sessions of one page. */
const PAGE = 100
/** Threads that one process opens by itself, as far as they are looked at. */
const OPENED = 1_000
/** Findings that are kept. */
const FINDINGS = 10_000
/** How long a stop may take before it is tried again, ms: an agent's close and the grace of its processes. */
const STOP_MS = 30_000

/** What the reaper thinks of one session that lives. */
export interface ReaperFinding {
  readonly threadId: string
  readonly sessionId: string
  /** `repair`: its process is gone and no event tells of it; it is settled. */
  readonly decision: "keep" | "reap" | "repair"
  /** Why, for example `turn-active`, `request-open`, `keep-alive`, `idle`: docs/how-to/reaper.md has them all. */
  readonly reason: KeepReason | ReapReason | RepairReason
  /** For how long it has been idle, by our clock, ms; what was before the host last woke is left out. */
  readonly idleMs: number
}

export interface ReaperService {
  /** The findings of the last sweep, in the order of the threads' ids; 10,000 at most. */
  readonly lastSweep: Effect.Effect<readonly ReaperFinding[]>
  /** Sweeps now, and returns what was found and done. */
  readonly sweep: Effect.Effect<readonly ReaperFinding[], WorkError>
}

/** A session that was reaped, until its process is gone. */
interface Reaped {
  readonly sessionId: string
  readonly live: LiveThread
  readonly idleMs: number
  /** When, our clock. */
  readonly at: number
}

const make = Effect.gen(function* () {
  // What an earlier run left is settled by then: what is found afterwards is news.
  yield* Recovery
  const context = yield* Effect.context<Background | Engine | Wakeups>()
  const background = yield* Background
  const connections = yield* Connections
  const orphans = yield* Orphans
  const policy = yield* CurrentReaperPolicy
  const projections = yield* Projections
  const suspends = yield* HostSuspends
  const wakeups = yield* Wakeups
  const { threads } = connections
  const one = yield* Effect.makeSemaphore(1)
  const stopping = new Map<string, Reaped>()
  let last: readonly ReaperFinding[] = []

  /** Looked for only when some session is not one of ours that run, and once per sweep. */
  const livenessWith =
    (served: Effect.Effect<EndedOrphans>) =>
    ({ connectionId, mode, sessionId }: LivingSession): Effect.Effect<Liveness> => {
      const known = {
        hasSession: threads.hasSession(sessionId),
        isConnected: connectionId !== null && threads.isOpen(connectionId),
      }
      const alone = livenessOf({ connectionId, mode }, { ...known, isServedElsewhere: false })
      if (alone !== "gone" || connectionId === null) return Effect.succeed(alone)
      return Effect.map(served, ({ connectionIds }) =>
        livenessOf({ connectionId, mode }, { ...known, isServedElsewhere: connectionIds.has(connectionId) }),
      )
    }

  const reap = (session: LivingSession, verdict: SessionVerdict): Effect.Effect<SessionVerdict, WorkError, Engine> =>
    Effect.gen(function* () {
      const { sessionId, threadId, threadSequence } = session
      const { idleMs, reason } = verdict
      const command = {
        type: "session.reap",
        threadId,
        sessionId,
        ifSequence: threadSequence,
        idleMs,
        reason,
      } as const
      const live = threads.of(threadId)
      const { results } = yield* upkeep(command, "reaper")
      if (results.length === 0) return { decision: "keep", reason: "moved-on", idleMs }
      if (live !== null) stopping.set(threadId, { sessionId, live, idleMs, at: yield* Clock.currentTimeMillis })
      yield* wakeups.wake(threadId)
      return verdict
    })

  const repair = (
    { sessionId, threadId }: LivingSession,
    verdict: SessionVerdict,
  ): Effect.Effect<SessionVerdict, WorkError, Engine | Wakeups> => {
    const command = {
      type: "session.reconcile",
      threadId,
      sessionId,
      liveness: "gone",
      reason: verdict.reason,
    } as const
    return Effect.as(upkeepAndWake(command, "reaper"), verdict)
  }

  const verdictOf = (
    session: LivingSession,
    liveness: Liveness,
    moment: Moment,
  ): Effect.Effect<SessionVerdict, WorkError> =>
    Effect.gen(function* () {
      const alone = decideSession({ session, liveness, children: [] }, moment, policy)
      if (alone.decision !== "reap" || session.connectionId === null) return alone
      const opened = yield* projections.agentOpened(session.connectionId, OPENED)
      const children = childrenOf(session.threadId, opened, (threadId) => threads.of(threadId) !== null)
      return decideSession({ session, liveness, children }, moment, policy)
    })

  const look = (
    session: LivingSession,
    liveness: Liveness,
    moment: Moment,
  ): Effect.Effect<ReaperFinding, never, Engine | Wakeups> =>
    Effect.gen(function* () {
      const verdict = yield* verdictOf(session, liveness, moment)
      if (verdict.decision === "reap") return yield* reap(session, verdict)
      return verdict.decision === "repair" ? yield* repair(session, verdict) : verdict
    }).pipe(
      // A session that cannot be settled does not keep the sweep from the others.
      Effect.catchAll((error) => {
        const hasMovedOn = error._tag === "CommandRefused" && refusalReasons[error.reason].isOutdated === true
        const reason: KeepReason = hasMovedOn ? "moved-on" : "not-taken"
        const { idleMs } = decideSession({ session, liveness, children: [] }, moment, policy)
        const warning = `session ${session.sessionId} could not be settled: ${error.message}`
        return Effect.as(hasMovedOn ? Effect.void : Effect.logWarning(warning), {
          decision: "keep" as const,
          reason,
          idleMs,
        })
      }),
      Effect.map(({ decision, idleMs, reason }) => {
        const { sessionId, threadId } = session
        return { threadId, sessionId, decision, reason, idleMs }
      }),
    )

  /** Sessions that were reaped, whose processes should be gone and are not: their stop is tried again. */
  const leftBehind: Effect.Effect<readonly ReaperFinding[]> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const found: ReaperFinding[] = []
    for (const [threadId, { at, idleMs, live, sessionId }] of stopping) {
      if (threads.of(threadId) !== live) stopping.delete(threadId)
      else if (now - at >= STOP_MS) {
        found.push({ threadId, sessionId, decision: "reap", reason: "process-left", idleMs: idleMs + now - at })
        yield* background.run(
          Effect.asVoid(Effect.timeoutOption(Effect.disconnect(connections.closeThread(live)), STOP_MS)),
        )
      }
    }
    return found
  })

  const living: Pages<LivingSession, string, WorkError> = {
    read: (after) => projections.livingFacts(after, PAGE),
    keyOf: ({ threadId }) => threadId,
  }

  const sweep: ReaperService["sweep"] = Effect.gen(function* () {
    yield* suspends.look
    const liveness = livenessWith(yield* Effect.cached(orphans.end))
    const found: ReaperFinding[] = [...(yield* leftBehind)]
    yield* eachPage(living, (sessions) =>
      Effect.gen(function* () {
        const moment = yield* suspends.moment
        for (const session of sessions) {
          const finding = yield* look(session, yield* liveness(session), moment)
          if (found.length < FINDINGS) found.push(finding)
        }
      }),
    )
    last = found.sort((a, b) => (a.threadId < b.threadId ? -1 : 1))
    return last
  }).pipe(one.withPermits(1), Effect.provide(context))

  const forever = sweep.pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("a sweep of the reaper failed", cause)),
    Effect.zipRight(Effect.suspend(() => suspends.pause(policy.sweepMs))),
    Effect.forever,
  )
  yield* Effect.forkScoped(forever)
  return Reaper.of({ lastSweep: Effect.sync(() => last), sweep })
})

export class Reaper extends Context.Tag("@threadfold/orchestrator/Reaper")<Reaper, ReaperService>() {
  /** Sweeps for the life of the layer, by the current policy. */
  static readonly layer: Layer.Layer<
    Reaper,
    never,
    Background | Connections | CurrentReaperPolicy | Engine | HostSuspends | Orphans | Projections | Recovery | Wakeups
  > = Layer.scoped(Reaper, make)
}
