/** The share of each stream in the writer's queue: a stream that uses up its share does not block the others. */
import { Effect } from "effect"
import { type Submission, sizeOf } from "../Submission.js"
import { streamsOfSubmission } from "./fairBatch.js"
import { Room } from "./Room.js"

interface Share {
  readonly room: Room
  /** Submissions that use the share or wait for it. */
  users: number
}

/** For a submission to no stream: it has no share to use up. */
const nothing = (): void => undefined

export class Shares {
  private readonly shares = new Map<string, Share>()

  /** `capacity`: events of one stream that may be queued or under way at a time. */
  constructor(private readonly capacity: number) {}

  /** Runs the effect once its stream's share allows it. A submission to several streams uses the share of the first one. */
  within<A, E>(submission: Submission, effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const [stream] = streamsOfSubmission(submission)
      if (stream === undefined) return effect
      const { room } = this.enter(stream)
      return Effect.ensuring(
        room.within(this.sizeOf(submission), effect),
        Effect.sync(() => this.leave(stream)),
      )
    })
  }

  /** Takes of its stream's share what a submission needs, where the share allows it now: gives it back. Null: it does not. */
  takeNow(submission: Submission): (() => void) | null {
    const [stream] = streamsOfSubmission(submission)
    if (stream === undefined) return nothing
    const { room } = this.enter(stream)
    const size = this.sizeOf(submission)
    if (!room.takeNow(size)) {
      this.leave(stream)
      return null
    }
    return () => {
      room.give(size)
      this.leave(stream)
    }
  }

  private sizeOf(submission: Submission): number {
    return Math.min(this.capacity, sizeOf(submission))
  }

  private enter(stream: string): Share {
    const share = this.shares.get(stream) ?? { room: new Room(this.capacity), users: 0 }
    this.shares.set(stream, share)
    share.users += 1
    return share
  }

  private leave(stream: string): void {
    const share = this.shares.get(stream)
    if (share === undefined) return
    share.users -= 1
    if (share.users === 0) this.shares.delete(stream)
  }
}
