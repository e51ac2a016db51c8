/**
 * How far the log is published, and the subscriptions that wait for more. A waiter holds no events: it is woken, reads the mark
 * and gets its events from the log, so that a slow one costs nothing.
 */
import { Effect } from "effect"

/** Highest published sequence of a log. */
export interface Watermark {
  /** The mark now. */
  readonly current: () => number
  /**
   * Raises the mark after a commit; a lower one changes nothing. `streamIds`: the streams that got events; waiters for other
   * streams sleep on. Absent: all waiters wake.
   */
  readonly publish: (head: number, streamIds?: Iterable<string>) => void
  /**
   * Waits while the mark is not above a sequence; the next rise ends the wait, however high it goes. For a stream: the
   * next rise that the stream had a part in.
   */
  readonly above: (sequence: number, streamId?: string) => Effect.Effect<void>
}

type Waiter = () => void

/** A mark that starts at `head`. */
export const makeWatermark = (head: number): Watermark => {
  let mark = head
  /** By stream; the key null holds the waiters for any stream. */
  const waiters = new Map<string | null, Set<Waiter>>()

  const wake = (key: string | null): void => {
    const waiting = waiters.get(key)
    waiters.delete(key)
    for (const waiter of waiting ?? []) waiter()
  }

  return {
    current: () => mark,
    publish: (published, streamIds) => {
      if (published <= mark) return
      mark = published
      wake(null)
      for (const key of streamIds ?? [...waiters.keys()]) wake(key)
    },
    above: (sequence, streamId) =>
      Effect.async<void>((resume) => {
        if (mark > sequence) {
          resume(Effect.void)
          return
        }
        const key = streamId ?? null
        const waiter = () => resume(Effect.void)
        const waiting = waiters.get(key) ?? new Set()
        waiters.set(key, waiting.add(waiter))
        return Effect.sync(() => {
          waiting.delete(waiter)
          if (waiting.size === 0 && waiters.get(key) === waiting) waiters.delete(key)
        })
      }),
  }
}
