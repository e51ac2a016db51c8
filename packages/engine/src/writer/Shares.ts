/** The share of each stream in the writer's queue: a stream that uses up its share does not block the others. */
import { Effect, Option } from "effect"
import { type Submission, sizeOf } from "../Submission.js"
import { streamsOfSubmission } from "./fairBatch.js"

interface Share {
  readonly room: Effect.Semaphore
  /** Submissions that use the share or wait for it. */
  users: number
}

export class Shares {
  private readonly shares = new Map<string, Share>()

  /** `capacity`: events of one stream that may be queued or under way at a time. */
  constructor(private readonly capacity: number) {}

  /** Runs the effect once its stream's share allows it. A submission to several streams uses the share of the first one. */
  within<A, E>(submission: Submission, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.using(submission, (room, size) => room.withPermits(size)(effect))
  }

  /** Runs the effect if the share allows it now; else none at once. */
  withinIfAvailable<A, E>(
    submission: Submission,
    effect: Effect.Effect<Option.Option<A>, E>,
  ): Effect.Effect<Option.Option<A>, E> {
    return this.using(submission, (room, size) => Effect.map(room.withPermitsIfAvailable(size)(effect), Option.flatten))
  }

  private using<A, E>(
    submission: Submission,
    run: (room: Effect.Semaphore, size: number) => Effect.Effect<A, E>,
  ): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const [stream] = streamsOfSubmission(submission)
      const size = Math.min(this.capacity, sizeOf(submission))
      if (stream === undefined) return run(Effect.unsafeMakeSemaphore(size), size)
      const share = this.shares.get(stream) ?? { room: Effect.unsafeMakeSemaphore(this.capacity), users: 0 }
      this.shares.set(stream, share)
      share.users += 1
      const leave = Effect.sync(() => {
        share.users -= 1
        if (share.users === 0) this.shares.delete(stream)
      })
      return Effect.ensuring(run(share.room, size), leave)
    })
  }
}
