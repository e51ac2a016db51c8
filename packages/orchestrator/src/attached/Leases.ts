/**
 * Leases of attached sessions. What is known of a lease lives here and in the rows only: after a restart every open
 * session has its whole lease again, because its adapter could not reach a server that was not there. For the same reason
 * a pause of our own (the host slept, or the process was stopped) gives every lease its whole time again.
 */
import { Clock, Deferred, Effect, type Scope } from "effect"
import { MonotonicClock, SuspendDetector } from "../host/SuspendDetector.js"

interface Lease {
  readonly leaseMs: number
  expiresAt: number
  /** Calls under way that feed the session: while there is one, its adapter is not silent. */
  feeding: number
  /** Done when the lapse that is being recorded is recorded, or could not be; null: none is. */
  lapsing: Deferred.Deferred<void> | null
}

export interface Leases {
  /** Begins a lease, or renews the one that the session has, which keeps its length. */
  readonly hold: (sessionId: string, leaseMs: number) => Effect.Effect<void>
  /** Renews a lease that is held. Waits for a lapse that is being recorded: what is read afterwards is what became of it. */
  readonly touch: (sessionId: string) => Effect.Effect<void>
  /** Does work that feeds the session. The lease does not lapse meanwhile, and is renewed at the beginning and at the end. */
  readonly during: <A, E, R>(sessionId: string, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * Begins work that feeds the session, without a fiber; returns what ends it. Null: a lapse is being recorded, and the work has to
   * wait for that, see `during`.
   */
  readonly feedNow: (sessionId: string) => (() => void) | null
  readonly release: (sessionId: string) => Effect.Effect<void>
  /** When it runs out, ms since the epoch; null where none is held. */
  readonly expiresAt: (sessionId: string) => number | null
}

/** How long a lapse that could not be recorded waits for the next try, ms. */
const retryMs = 1_000
/** How often the clocks are looked at while a lease is held, ms: a pause of ours that is shorter may go unseen. */
const lookMs = 1_000
/** A look that comes later than this, ms, or clocks that drift apart by as much, mean that we paused. */
const lateMs = 500

/**
 * Leases for the life of the scope. `onLapse` is called for each one that ran out, once; it returns false where it could
 * not do its work and wants to be called again.
 */
export const makeLeases = (
  onLapse: (sessionId: string, leaseMs: number) => Effect.Effect<boolean>,
): Effect.Effect<Leases, never, Scope.Scope> =>
  Effect.gen(function* () {
    const leases = new Map<string, Lease>()
    const changed = yield* Effect.makeLatch(false)
    const clock = yield* Effect.clock
    const monotonic = yield* MonotonicClock
    const suspends = new SuspendDetector(lateMs)
    /** The last look: when it was, by the monotonic clock, and after which time the next one was due. */
    let last = { at: yield* monotonic.now, dueMs: 0 }

    /** Looks at the clocks. After a pause of ours every lease has its whole window again. */
    const look = Effect.gen(function* () {
      const [wall, at] = yield* Effect.all([Clock.currentTimeMillis, monotonic.now])
      const woke = suspends.since
      suspends.read({ wall, monotonic: at }, at - last.at - last.dueMs)
      last = { at, dueMs: 0 }
      if (suspends.since === woke) return
      for (const lease of leases.values()) lease.expiresAt = wall + lease.leaseMs
    })

    const lapse = (sessionId: string, lease: Lease, now: number) =>
      Effect.gen(function* () {
        const lapsing = yield* Deferred.make<void>()
        lease.lapsing = lapsing
        yield* onLapse(sessionId, lease.leaseMs).pipe(
          Effect.tap((done) =>
            Effect.sync(() => {
              // Opened again meanwhile: that lease is another one.
              if (done && leases.get(sessionId) === lease) leases.delete(sessionId)
              else lease.expiresAt = now + retryMs
            }),
          ),
          Effect.ensuring(
            Effect.suspend(() => {
              lease.lapsing = null
              return Deferred.succeed(lapsing, undefined)
            }),
          ),
        )
      })

    const touch = (sessionId: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        const lease = leases.get(sessionId)
        if (lease === undefined) return Effect.void
        if (lease.lapsing !== null) return Effect.zipRight(Deferred.await(lease.lapsing), touch(sessionId))
        return Effect.map(Clock.currentTimeMillis, (now) => {
          lease.expiresAt = now + lease.leaseMs
        })
      })

    const renew = (lease: Lease | undefined): void => {
      if (lease !== undefined && lease.lapsing === null)
        lease.expiresAt = clock.unsafeCurrentTimeMillis() + lease.leaseMs
    }

    /** The lease that is fed; undefined: the session has none. */
    const beginFeeding = (sessionId: string) =>
      Effect.sync(() => {
        const lease = leases.get(sessionId)
        if (lease !== undefined) lease.feeding += 1
        return lease
      })

    const round = Effect.gen(function* () {
      yield* look
      const now = yield* Clock.currentTimeMillis
      for (const [sessionId, lease] of [...leases]) {
        if (lease.feeding > 0) lease.expiresAt = Math.max(lease.expiresAt, now + lease.leaseMs)
        else if (lease.expiresAt <= now) yield* lapse(sessionId, lease, now)
      }
      yield* changed.close
      const next = Math.min(...[...leases.values()].map(({ expiresAt }) => expiresAt))
      const dueMs = Math.min(lookMs, Math.max(1, next - (yield* Clock.currentTimeMillis)))
      // Without a lease no time is counted, so a pause of any length is no news.
      last = { ...last, dueMs: leases.size > 0 ? dueMs : Number.POSITIVE_INFINITY }
      const pause = leases.size > 0 ? Effect.sleep(dueMs) : Effect.never
      yield* Effect.raceFirst(pause, changed.await)
    })
    yield* Effect.forkScoped(Effect.forever(round))

    return {
      hold: (sessionId, leaseMs) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const held = leases.get(sessionId)
          // A repeated registration keeps the calls that feed the session.
          if (held?.lapsing === null) held.expiresAt = now + held.leaseMs
          else leases.set(sessionId, { leaseMs, expiresAt: now + leaseMs, feeding: 0, lapsing: null })
          return changed.open
        }),
      touch,
      during: (sessionId, work) =>
        Effect.zipRight(
          touch(sessionId),
          Effect.acquireUseRelease(
            beginFeeding(sessionId),
            () => work,
            (lease) => {
              if (lease !== undefined) lease.feeding -= 1
              return touch(sessionId)
            },
          ),
        ),
      feedNow: (sessionId) => {
        const lease = leases.get(sessionId)
        if (lease !== undefined && lease.lapsing !== null) return null
        renew(lease)
        if (lease !== undefined) lease.feeding += 1
        return () => {
          if (lease !== undefined) lease.feeding -= 1
          // It may have been registered again meanwhile.
          renew(leases.get(sessionId))
        }
      },
      release: (sessionId) =>
        Effect.sync(() => {
          leases.delete(sessionId)
        }),
      expiresAt: (sessionId) => leases.get(sessionId)?.expiresAt ?? null,
    }
  })
