/** Room for so many events at a time. It is taken with and without a fiber: what comes often must not pay for one. */
import { Effect } from "effect"

interface Waiter {
  readonly size: number
  readonly enter: () => void
}

export class Room {
  /** In the order in which they came. */
  private readonly waiters = new Set<Waiter>()

  /** @param free events that fit */
  constructor(private free: number) {}

  /** Takes room where it is free now; false: nothing was taken. */
  takeNow(size: number): boolean {
    if (this.free < size) return false
    this.free -= size
    return true
  }

  /** Gives back what was taken. Those that wait longest and fit now are let in. */
  give(size: number): void {
    this.free += size
    for (const waiter of this.waiters) {
      if (!this.takeNow(waiter.size)) return
      this.waiters.delete(waiter)
      waiter.enter()
    }
  }

  /** Does work once there is room for it, which it has until its end. */
  within<A, E, R>(size: number, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(this.take(size)), () =>
        Effect.ensuring(
          restore(work),
          Effect.sync(() => this.give(size)),
        ),
      ),
    )
  }

  private take(size: number): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      if (this.takeNow(size)) {
        resume(Effect.void)
        return
      }
      const waiter: Waiter = { size, enter: () => resume(Effect.void) }
      this.waiters.add(waiter)
      // One that was let in and is interrupted before it goes on gives its room back.
      return Effect.sync(() => this.give(this.waiters.delete(waiter) ? 0 : size))
    })
  }
}
