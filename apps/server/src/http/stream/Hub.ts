/**
 * One source of frames for all streams of a kind: each frame is encoded once, the newest is kept in a ring, and streams that
 * wait are woken. Nothing is queued per stream: a slow one reads on later, from the ring or from what lies behind it.
 */
import { Effect, Fiber, Schedule, type Scope } from "effect"
import type { StreamLimits } from "../HttpLimits.js"
import type { MetricCounters } from "../Metrics.js"
import type { Frame } from "./Frame.js"
import { type FrameFilter, Ring, takes } from "./Ring.js"

/** How soon a source that broke off is tried again, ms. */
const retryMs = 1_000

/** Where a source puts its frames. */
export interface HubIntake {
  /** Begins again after a sequence: streams that are behind it find what they miss elsewhere. */
  readonly restart: (after: number) => void
  readonly publish: (frame: Frame) => void
  /** Nothing more comes up to this sequence. */
  readonly reach: (sequence: number) => void
}

/** What a hub's frames come from. */
export interface HubSource {
  /** Publishes frames, in order, until it is interrupted. Tried again where it fails. */
  readonly follow: (intake: HubIntake) => Effect.Effect<unknown, unknown>
  /** Everything up to here is committed. */
  readonly published: () => number
  /** For how long it goes on when the last stream has ended, ms: so long can a stream that broke off be resumed. */
  readonly lingerMs: number
}

/** One open stream as the hub sees it. */
export class Subscriber {
  /** Open when there may be something for the stream. */
  readonly latch = Effect.unsafeMakeLatch(false)
  /** True from when the stream wrote something to its socket until the socket took it. */
  writing = false
  /** What was published for it while it was writing. */
  pendingEvents = 0
  pendingBytes = 0
  /** True: it waited too long on its socket and ends. */
  overflowed = false
  /** When the stream last sent something, or began; ms since the epoch. */
  gaveAt = 0
  /** True: nothing was sent for so long that a sign of life is due. */
  beat = false

  /** Everything up to here that it takes was sent. */
  cursor = 0
  /** True: it has sent all that there is, and waits for more. */
  waits = false

  /** Whether there is something for it beside the events of the feed. */
  hasMore: () => boolean = () => false

  constructor(
    readonly filter: FrameFilter,
    /** Called once, when the bounds are passed. */
    readonly onOverflow: (subscriber: Subscriber) => void,
  ) {}

  /** The socket has taken what was written to it. */
  drained(): void {
    this.writing = false
    this.pendingEvents = 0
    this.pendingBytes = 0
  }

  /** The stream has written something to its socket. */
  gave(now: number): void {
    this.gaveAt = now
    this.beat = false
    this.writing = true
  }

  /** Wakes the stream where it waits. */
  notify(): void {
    this.latch.unsafeOpen()
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

/** A hub, for the life of the scope. It follows its source only while streams are open, and for a while after. */
export const makeHub = (
  source: HubSource,
  limits: StreamLimits,
  metrics: MetricCounters,
): Effect.Effect<Hub, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ring = new Ring(limits.ringEvents, limits.ringBytes)
    const subscribers = new Set<Subscriber>()
    const scope = yield* Effect.scope
    let closing = false
    let tail: Fiber.RuntimeFiber<unknown> | null = null
    let lingering: Fiber.RuntimeFiber<void> | null = null

    const count = (subscriber: Subscriber, bytes: number): void => {
      subscriber.pendingEvents += 1
      subscriber.pendingBytes += bytes
      const over = subscriber.pendingEvents > limits.pendingEvents || subscriber.pendingBytes > limits.pendingBytes
      if (!over || subscriber.overflowed) return
      subscriber.overflowed = true
      metrics.overflows += 1
      subscriber.onOverflow(subscriber)
    }

    const publish = (frame: Frame): void => {
      metrics.encoded += 1
      ring.push(frame)
      for (const subscriber of subscribers) {
        if (!takes(subscriber.filter, frame)) continue
        if (subscriber.writing) count(subscriber, frame.bytes.length)
        else subscriber.notify()
      }
    }

    const notifyAll = (): void => {
      for (const subscriber of subscribers) subscriber.notify()
    }

    const intake: HubIntake = {
      publish,
      restart: (after) => {
        ring.restart(after)
        notifyAll()
      },
      reach: (sequence) => {
        if (sequence <= ring.head) return
        ring.reach(sequence)
        notifyAll()
      },
    }

    const follow = Effect.suspend(() => source.follow(intake)).pipe(
      // A read that failed (a busy disk) is tried again; streams read what lies behind the ring meanwhile.
      Effect.tapErrorCause((cause) => Effect.logWarning("the source of streams broke off", cause)),
      Effect.retry(Schedule.spaced(retryMs)),
      Effect.orDie,
    )

    const start = Effect.gen(function* () {
      if (lingering !== null) yield* Fiber.interruptFork(lingering)
      lingering = null
      // Joining is not to be interrupted, what it starts is.
      if (tail === null) tail = yield* Effect.forkIn(Effect.interruptible(follow), scope)
    })

    const stop = Effect.suspend(() => {
      if (subscribers.size > 0 || tail === null) return Effect.void
      const running = tail
      tail = null
      ring.stop()
      return Fiber.interruptFork(running)
    })

    const stopWhenAlone = Effect.gen(function* () {
      if (subscribers.size > 0 || source.lingerMs === 0) return yield* stop
      lingering = yield* Effect.forkIn(Effect.interruptible(Effect.delay(stop, source.lingerMs)), scope)
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
            metrics.readers.add(subscriber)
            yield* start
            return subscriber
          }),
          (subscriber) =>
            Effect.suspend(() => {
              subscribers.delete(subscriber)
              metrics.readers.delete(subscriber)
              metrics.streams -= 1
              return stopWhenAlone
            }),
        ),
      wait: (subscriber, cursor) =>
        Effect.suspend(() => {
          // Closed before the look: an event that comes after it opens the latch again.
          subscriber.latch.unsafeClose()
          const more = ring.covers(cursor) ? ring.head > cursor : source.published() > cursor
          if (closing || more || subscriber.beat || subscriber.hasMore()) return Effect.void
          subscriber.waits = true
          return Effect.ensuring(
            subscriber.latch.await,
            Effect.sync(() => {
              subscriber.waits = false
            }),
          )
        }),
    }
  })
