/**
 * Which of the submissions that wait make the next batch. Each thread that waits gets an equal share of it, and the rest of the
 * batch then goes to the submissions that wait longest: one busy thread never keeps another waiting for more than a batch,
 * however large its submissions are. The submissions of a thread stay in their order.
 */
import type { Submission } from "../Submission.js"

/** A submission that waits. */
export interface Sized {
  /** Names of the streams that it writes to. */
  readonly streams: readonly string[]
  /** Its events; a command leads to an event or two, a step of an effect to a write of its own: one at least. */
  readonly size: number
}

/** Names of the streams that a submission writes to. */
export const streamsOfSubmission = ({ command, drafts, importing }: Submission): readonly string[] => {
  const streams = command === undefined ? [] : [command.to.key ?? command.to.streamId]
  if (importing !== undefined) streams.push(importing.streamId)
  let last = streams[0]
  for (const { to } of drafts) {
    const stream = to.key ?? to.streamId
    if (stream === last) continue
    last = stream
    if (!streams.includes(stream)) streams.push(stream)
  }
  return streams
}

class Pick {
  readonly taken = new Set<Sized>()
  private events = 0
  private readonly used = new Map<string, number>()

  constructor(private readonly limit: number) {}

  /** Walks through what waits, oldest first; the submissions of a stream stay in their order. */
  walk(waiting: readonly Sized[], share: number): void {
    const left = new Set<string>()
    for (const one of waiting) {
      if (this.taken.has(one)) continue
      if (this.fits(one, share) && !one.streams.some((stream) => left.has(stream))) this.take(one)
      else for (const stream of one.streams) left.add(stream)
    }
  }

  private fits({ size, streams }: Sized, share: number): boolean {
    if (this.events + size > this.limit) return false
    return streams.every((stream) => (this.used.get(stream) ?? 0) + size <= share)
  }

  take(one: Sized): void {
    this.taken.add(one)
    this.events += one.size
    for (const stream of one.streams) this.used.set(stream, (this.used.get(stream) ?? 0) + one.size)
  }
}

/**
 * The next batch of about `limit` events, in the order in which its submissions came. The submission that waits longest is always
 * in it, whatever its size, in addition to the shares of the others.
 */
export const fairBatch = <S extends Sized>(waiting: readonly S[], limit: number): ReadonlySet<Sized> => {
  const threads = new Set<string>()
  for (const { streams } of waiting) for (const stream of streams) threads.add(stream)
  const pick = new Pick(limit)
  pick.walk(waiting, Math.max(1, Math.floor(limit / Math.max(1, threads.size))))
  const [oldest] = waiting
  if (oldest !== undefined && !pick.taken.has(oldest)) pick.take(oldest)
  pick.walk(waiting, limit)
  return pick.taken
}
