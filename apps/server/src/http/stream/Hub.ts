/**
 * One tail of the log for all streams: it reads what is published, encodes each event once, keeps the newest in a ring
 * and wakes whoever waits. Nothing is queued per stream: a slow one reads on later, from the ring or from the log.
 */
import type { EventRow, LogReader } from "@threadfold/event-log"
import { Effect, Fiber, Schedule, type Scope, Stream } from "effect"
import type { Metrics } from "../Metrics.js"
import type { StreamLimits } from "../options.js"
import { eventFrame } from "./Frame.js"
import { type FrameFilter, Ring, takes } from "./Ring.js"

/** How soon a tail that broke off is tried again, ms. */
const retryMs = 1_000

/** Events that the tail takes from the log at a time. */
const tailPage = 64

/** One open stream as the hub sees it. */
export class Subscriber {
  /** Wakes the stream; null while it does not wait. */
  wake: (() => void) | null = null
  /** True from when the stream handed something to its socket until the socket took it. */
  writing = false
  /** What was published for it while it was writing. */
  pendingEvents = 0
  pendingBytes = 0
  /** True: it waited too long on its socket and ends. */
  overflowed = false
  /** When the stream last gave something out, or began; ms since the epoch. */
  gaveAt = 0
  /** True: nothing was given out for so long that a sign of life is due. */
  beat = false

  constructor(
    readonly filter: FrameFilter,
    /** Called once, when the bounds are passed. */
    readonly onOverflow: (subscriber: Subscriber) => void,
  ) {}

  /** The socket has taken what it was given. */
  drained(): void {
    this.writing = false
    this.pendingEvents = 0
    this.pendingBytes = 0
  }

  /** The stream has handed something to its socket. */
  gave(now: number): void {
    this.gaveAt = now
    this.beat = false
    this.writing = true
  }

  notify(): void {
    const wake = this.wake
    this.wake = null
    wake?.()
  }
}

export interface Hub {
  readonly ring: Ring
  /** Takes part for the life of the scope. */
  readonly join: (
    filter: FrameFilter,
    onOverflow: (subscriber: Subscriber) => void,
  ) => Effect.Effect<Subscriber, never, Scope.Scope>
  /** Waits until something after `cursor` may be there for the subscriber, its beat is due, or the server shuts down. */
  readonly wait: (subscriber: Subscriber, cursor: number) => Effect.Effect<void>
  /** True once the server shuts down: streams end. */
  readonly closing: () => boolean
}

/** A hub over a log, for the life of the scope. It tails the log only while somebody listens. */
export const makeHub = (
  log: LogReader,
  limits: StreamLimits,
  metrics: Metrics,
): Effect.Effect<Hub, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ring = new Ring(limits.ringEvents, limits.ringBytes)
    const subscribers = new Set<Subscriber>()
    const scope = yield* Effect.scope
    let closing = false
    let tail: Fiber.RuntimeFiber<void> | null = null

    const count = (subscriber: Subscriber, bytes: number): void => {
      subscriber.pendingEvents += 1
      subscriber.pendingBytes += bytes
      const over = subscriber.pendingEvents > limits.pendingEvents || subscriber.pendingBytes > limits.pendingBytes
      if (!over || subscriber.overflowed) return
      subscriber.overflowed = true
      metrics.overflows += 1
      subscriber.onOverflow(subscriber)
    }

    const publish = (row: EventRow): void => {
      const frame = eventFrame(log.logId, row)
      metrics.encoded += 1
      ring.push(frame)
      for (const subscriber of subscribers) {
        if (!takes(subscriber.filter, frame)) continue
        if (subscriber.writing) count(subscriber, frame.bytes.length)
        else subscriber.notify()
      }
    }

    const follow = Effect.suspend(() => {
      const after = log.published()
      ring.restart(after)
      for (const subscriber of subscribers) subscriber.notify()
      return log.subscribe({ after, pageSize: tailPage }).pipe(
        Stream.runForEachChunk((rows) =>
          Effect.sync(() => {
            for (const row of rows) publish(row)
          }),
        ),
      )
    }).pipe(
      // A read that failed (a busy disk) is tried again; streams read from the log meanwhile.
      Effect.tapErrorCause((cause) => Effect.logWarning("the tail of the log broke off", cause)),
      Effect.retry(Schedule.spaced(retryMs)),
      Effect.orDie,
    )

    const start = Effect.gen(function* () {
      // Joining is not to be interrupted, what it starts is.
      if (tail === null) tail = yield* Effect.forkIn(Effect.interruptible(follow), scope)
    })

    const stopWhenAlone = Effect.suspend(() => {
      if (subscribers.size > 0 || tail === null) return Effect.void
      const running = tail
      tail = null
      ring.stop()
      return Fiber.interruptFork(running)
    })

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closing = true
        for (const subscriber of subscribers) subscriber.notify()
      }),
    )

    return {
      ring,
      closing: () => closing,
      join: (filter, onOverflow) =>
        Effect.acquireRelease(
          Effect.gen(function* () {
            const subscriber = new Subscriber(filter, onOverflow)
            subscribers.add(subscriber)
            metrics.streams += 1
            yield* start
            return subscriber
          }),
          (subscriber) =>
            Effect.suspend(() => {
              subscribers.delete(subscriber)
              metrics.streams -= 1
              return stopWhenAlone
            }),
        ),
      wait: (subscriber, cursor) =>
        Effect.async<void>((resume) => {
          // Looked at in the same step as the registration, so that no event slips in between.
          const more = ring.covers(cursor) ? ring.head > cursor : log.published() > cursor
          if (closing || more || subscriber.beat) return resume(Effect.void)
          subscriber.wake = () => resume(Effect.void)
          return Effect.sync(() => {
            subscriber.wake = null
          })
        }),
    }
  })
