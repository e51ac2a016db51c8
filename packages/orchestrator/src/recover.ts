/**
 * What an earlier run of the server left behind, settled by events before anything new is done: its processes are ended,
 * what it was handing over in its last moment is uncertain, its sessions are over. Every session counts, whatever its
 * thread looks like in a list: archived and deleted ones too.
 */
import type { EffectRow, SessionRow } from "@threadfold/contracts"
import { endingsAtRecovery, isOursToSettle } from "@threadfold/core"
import { Clock, Effect, identity } from "effect"
import type { WorkError } from "./Errors.js"
import { outcome } from "./lanes/handOver.js"
import { conclusion, draft, type Ending, type Told, type Workshop } from "./lanes/Workshop.js"
import { endOrphans } from "./orphans.js"
import { eachPage } from "./pages.js"
import { upkeep } from "./upkeep.js"

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
  return status === "uncertain"
    ? { status, message, events: [outcome("effect.uncertain", effect, message)] }
    : { status, message }
}

const settleEffect = (shop: Workshop, effect: EffectRow): Effect.Effect<void, WorkError> =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    shop.engine.submit(conclusion(shop, effect, { from: "attempting" }, endingOf(effect), at)),
  )

const settleEffects = (shop: Workshop): Effect.Effect<number, WorkError> =>
  Effect.gen(function* () {
    let settled = 0
    const settleThread = (threadId: string) =>
      Effect.gen(function* () {
        const open = yield* shop.reads.openEffects(threadId)
        const attempting = open.filter(({ status }) => status === "attempting")
        yield* Effect.forEach(attempting, (effect) => settleEffect(shop, effect), { discard: true })
        settled += attempting.length
      })
    yield* eachPage({ read: shop.reads.threadsWithEffects, keyOf: identity }, (threadIds) =>
      Effect.forEach(threadIds, settleThread, { discard: true }),
    )
    return settled
  })

const settleSessions = (shop: Workshop): Effect.Effect<number, WorkError> =>
  Effect.gen(function* () {
    let settled = 0
    const settle = ({ mode, sessionId, threadId }: SessionRow) =>
      Effect.gen(function* () {
        if (!isOursToSettle({ mode }) || shop.connections.threads.hasSession(sessionId)) return
        const reason = "server-restarted"
        yield* upkeep(shop, { type: "session.reconcile", threadId, sessionId, liveness: "gone", reason })
        settled += 1
      })
    const read = (after: string | null) => shop.projections.livingSessions(after, PAGE)
    yield* eachPage({ read, keyOf: ({ threadId }) => threadId }, (sessions) =>
      Effect.forEach(sessions, settle, { discard: true }),
    )
    return settled
  })

const closed: Told = {
  type: "connection.closed",
  payload: { reason: "transport-closed", message: "The server that ran it has ended." },
}

const settleConnections = (shop: Workshop): Effect.Effect<void, WorkError> => {
  const read = (after: string | null) => shop.projections.openConnections(after, PAGE)
  return eachPage({ read, keyOf: ({ connectionId }) => connectionId }, (connections) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const drafts = connections
        .filter(isOursToSettle)
        .map(({ connectionId }) => draft(shop, { streamId: connectionId }, at, closed))
      if (drafts.length > 0) yield* shop.engine.submit({ drafts })
    }),
  )
}

/**
 * Settles what is left. What was under way is settled before its session is: a turn that may have reached the agent must
 * not look as if it never had.
 */
export const recover = (shop: Workshop): Effect.Effect<Recovered, WorkError> =>
  Effect.gen(function* () {
    const { ended, left } = yield* endOrphans({ logId: shop.engine.log.logId, incarnation: shop.incarnation })
    const effects = yield* settleEffects(shop)
    // What still runs is not gone: its session is left alone, and every later sweep of the reaper looks again.
    const sessions = left > 0 ? 0 : yield* settleSessions(shop)
    if (left === 0) yield* settleConnections(shop)
    return { ended, left, sessions, effects }
  })
