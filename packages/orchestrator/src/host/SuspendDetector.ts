/**
 * Notices that the host slept, or that this process was stopped. A laptop that wakes has a wall clock hours ahead, and every agent
 * looks unused since yesterday; nothing of that time counts as idle.
 *
 * There are two signs, because systems differ: the wall clock runs ahead of the monotonic one (Linux), or both run on and
 * a short pause of ours takes hours (macOS, virtual machines, a stopped process).
 */
import type { Moment, Span } from "@threadfold/core"
import { Clock, Context, Effect, Layer } from "effect"
import { CurrentReaperPolicy } from "../reaper/ReaperPolicy.js"

export interface MonotonicClockService {
  /** Milliseconds since some moment; only differences mean anything. */
  readonly now: Effect.Effect<number>
}

/**
 * A clock that is never set and that, on most systems, stands still while the host sleeps. Effect's own clocks both follow
 * the wall. The system's own, unless a test provides another.
 */
export class MonotonicClock extends Context.Reference<MonotonicClock>()("@threadfold/orchestrator/MonotonicClock", {
  defaultValue: (): MonotonicClockService => ({ now: Effect.sync(() => performance.now()) }),
}) {}

/** Both clocks at one moment, ms. */
export interface Reading {
  readonly wall: number
  readonly monotonic: number
}

/** Sleeps that are remembered; the older ones are forgotten first. */
const SLEEPS = 1_000

export class SuspendDetector {
  private anchor: Reading | null = null
  private readonly remembered: Span[] = []
  private woke: number | null = null

  /** @param toleranceMs how far the clocks may drift apart, and a pause may take longer, before it is a sleep */
  constructor(private readonly toleranceMs: number) {}

  /** When the host last woke, by the wall clock, ms; null: it has not slept since we look. */
  get since(): number | null {
    return this.woke
  }

  /** The present. A row must be read before it: what happens later is none of it. */
  get moment(): Effect.Effect<Moment> {
    return Effect.map(Clock.currentTimeMillis, (now) => ({
      now,
      awakeSince: this.woke,
      toleranceMs: this.toleranceMs,
    }))
  }

  /** The sleeps, oldest first; the last 1,000. */
  get sleeps(): readonly Span[] {
    return this.remembered
  }

  /**
   * Takes a reading.
   *
   * @param lateMs by how much a pause that ends now took longer than it was to take
   */
  read(reading: Reading, lateMs = 0): void {
    const anchor = this.anchor ?? reading
    this.anchor = anchor
    const drift = reading.wall - anchor.wall - (reading.monotonic - anchor.monotonic)
    if (Math.abs(drift) <= this.toleranceMs && lateMs <= this.toleranceMs) return
    this.anchor = reading
    this.woke = reading.wall
    // A clock that was set back shows no sleep, but ages that were taken before mean nothing any more.
    const slept = Math.max(0, drift, lateMs > this.toleranceMs ? lateMs : 0)
    if (slept > 0) this.remembered.push({ from: reading.wall - slept, until: reading.wall })
    if (this.remembered.length > SLEEPS) this.remembered.shift()
  }

  /** Reads the clocks now. */
  get look(): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      const { now } = yield* MonotonicClock
      this.read({ wall: yield* Clock.currentTimeMillis, monotonic: yield* now })
    })
  }

  /** Pauses, and notices when that takes far longer than it should. */
  pause(ms: number): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      const { now } = yield* MonotonicClock
      const before = yield* now
      yield* Effect.sleep(ms)
      const [wall, monotonic] = yield* Effect.all([Clock.currentTimeMillis, now])
      this.read({ wall, monotonic }, monotonic - before - ms)
    })
  }
}

/** The detector that the reaper and the watchdog share. It tolerates what goes by between two sweeps of the reaper. */
export class HostSuspends extends Context.Tag("@threadfold/orchestrator/HostSuspends")<
  HostSuspends,
  SuspendDetector
>() {
  static readonly layer: Layer.Layer<HostSuspends, never, CurrentReaperPolicy> = Layer.effect(
    HostSuspends,
    Effect.gen(function* () {
      const { sweepMs } = yield* CurrentReaperPolicy
      const detector = new SuspendDetector(sweepMs)
      yield* detector.look
      return detector
    }),
  )
}
