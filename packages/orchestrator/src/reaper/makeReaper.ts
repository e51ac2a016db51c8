/**
 * The sweep of the reaper: every session that lives is looked at, what nobody uses is stopped, what is gone without a word
 * is settled. It keeps nothing that a restart could lose: idle times come from the rows.
 */
import {
  childrenOf,
  decideSession,
  type KeepReason,
  type Liveness,
  type LivingSession,
  livenessOf,
  type Moment,
  type SessionVerdict,
} from "@threadfold/core"
import { Clock, Effect, type Scope } from "effect"
import type { WorkError } from "../Errors.js"
import type { Awake } from "../host/Awake.js"
import { MonotonicClock } from "../host/MonotonicClock.js"
import { closeLive } from "../lanes/session.js"
import type { Workshop } from "../lanes/Workshop.js"
import type { LiveThread } from "../live/LiveThreads.js"
import { endOrphans, type Orphans } from "../orphans.js"
import { eachPage, type Pages } from "../pages.js"
import { upkeep, upkeepAndWake } from "../upkeep.js"
import type { ReaperFinding, ReaperService } from "./Reaper.js"
import type { ReaperPolicy } from "./ReaperPolicy.js"

/** Sessions of one page. */
const PAGE = 100
/** Threads that one process opens by itself, as far as they are looked at. */
const OPENED = 1_000
/** Findings that are kept. */
const FINDINGS = 10_000
/** How long a stop may take before it is tried again, ms: an agent's close and the grace of its processes. */
const STOP_MS = 30_000

export interface ReaperOptions {
  readonly policy: ReaperPolicy
  readonly awake: Awake
  /** Ends processes of earlier runs; a test gives its own. */
  readonly orphans?: Effect.Effect<Orphans>
}

/** A session that was reaped, until its process is gone. */
interface Reaped {
  readonly sessionId: string
  readonly live: LiveThread
  readonly idleMs: number
  /** When, our clock. */
  readonly at: number
}

/** What it needs of the workshop. */
export type ReaperShop = Pick<
  Workshop,
  "engine" | "projections" | "connections" | "ids" | "incarnation" | "beside" | "poke"
>

/** Makes the reaper, which sweeps for the life of the scope. */
export const makeReaper = (
  shop: ReaperShop,
  { awake, orphans, policy }: ReaperOptions,
): Effect.Effect<ReaperService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const monotonic = yield* MonotonicClock
    const { projections } = shop
    const { threads } = shop.connections
    const ending = orphans ?? endOrphans({ logId: shop.engine.log.logId, incarnation: shop.incarnation })
    const one = yield* Effect.makeSemaphore(1)
    const stopping = new Map<string, Reaped>()
    let last: readonly ReaperFinding[] = []

    /** Looked for only when some session is not one of ours that run, and once per sweep. */
    const livenessWith =
      (served: Effect.Effect<Orphans>) =>
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

    const reap = (session: LivingSession, verdict: SessionVerdict): Effect.Effect<SessionVerdict, WorkError> =>
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
        const { results } = yield* upkeep(shop, command, "reaper")
        if (results.length === 0) return { decision: "keep", reason: "moved-on", idleMs }
        if (live !== null) stopping.set(threadId, { sessionId, live, idleMs, at: yield* Clock.currentTimeMillis })
        yield* shop.poke(threadId)
        return verdict
      })

    const repair = (
      { sessionId, threadId }: LivingSession,
      verdict: SessionVerdict,
    ): Effect.Effect<SessionVerdict, WorkError> => {
      const command = {
        type: "session.reconcile",
        threadId,
        sessionId,
        liveness: "gone",
        reason: verdict.reason,
      } as const
      return Effect.as(upkeepAndWake(shop, command, "reaper"), verdict)
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

    const look = (session: LivingSession, liveness: Liveness, moment: Moment): Effect.Effect<ReaperFinding> =>
      Effect.gen(function* () {
        const verdict = yield* verdictOf(session, liveness, moment)
        if (verdict.decision === "reap") return yield* reap(session, verdict)
        return verdict.decision === "repair" ? yield* repair(session, verdict) : verdict
      }).pipe(
        // One that refuses is no reason to leave the others alone.
        Effect.catchAll((error) => {
          const isMoved = error._tag === "CommandRefused" && error.reason === "precondition-failed"
          const reason: KeepReason = isMoved ? "moved-on" : "not-taken"
          const { idleMs } = decideSession({ session, liveness, children: [] }, moment, policy)
          const warning = `session ${session.sessionId} could not be settled: ${error.message}`
          return Effect.as(reason === "moved-on" ? Effect.void : Effect.logWarning(warning), {
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
          yield* shop.beside(Effect.asVoid(Effect.timeoutOption(Effect.disconnect(closeLive(shop, live)), STOP_MS)))
        }
      }
      return found
    })

    const living: Pages<LivingSession, string, WorkError> = {
      read: (after) => projections.livingFacts(after, PAGE),
      keyOf: ({ threadId }) => threadId,
    }

    const sweep: Effect.Effect<readonly ReaperFinding[], WorkError> = Effect.gen(function* () {
      yield* awake.look(monotonic)
      const liveness = livenessWith(yield* Effect.cached(ending))
      const found: ReaperFinding[] = [...(yield* leftBehind)]
      yield* eachPage(living, (sessions) =>
        Effect.gen(function* () {
          const moment = yield* awake.moment
          for (const session of sessions) {
            const finding = yield* look(session, yield* liveness(session), moment)
            if (found.length < FINDINGS) found.push(finding)
          }
        }),
      )
      last = found.sort((a, b) => (a.threadId < b.threadId ? -1 : 1))
      return last
    }).pipe(one.withPermits(1))

    const forever = sweep.pipe(
      Effect.catchAllCause((cause) => Effect.logWarning("a sweep of the reaper failed", cause)),
      Effect.zipRight(Effect.suspend(() => awake.pause(monotonic, policy.sweepMs))),
      Effect.forever,
    )
    yield* Effect.forkScoped(forever)
    return { lastSweep: Effect.sync(() => last), sweep }
  })
