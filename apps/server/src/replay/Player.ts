/** Gives out the events of a recorded log at the times at which they happened, or as its controls say. */
import type { ReplayControl, ReplayState, ReplayView } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import type { EngineWriter, RestoredEvent, SubmitError } from "@threadfold/engine"
import { Clock, Deferred, Effect } from "effect"
import type { ReplaySource } from "./ReplaySource.js"

export interface PlayerOptions {
  /** What is replayed, as it was named. */
  readonly name: string
  /** How many times as fast as it was. */
  readonly speed: number
  /** The longest time between two events that is waited for, ms at speed 1. */
  readonly maxGapMs: number
  /** Whether it plays from the beginning on. */
  readonly play: boolean
}

/** Events that are read, or given out without a pause, at a time. */
const PAGE = 256

/** How long after a control it goes backward, ms: its answer is out by then. */
const ANSWER_MS = 50

interface Next {
  readonly event: RestoredEvent
  /** How long after the one before it, ms at speed 1, cut to the longest. */
  readonly gap: number
  /** What was cut. */
  readonly cut: number
}

export class Player {
  private position = 0
  private lastAt: number | null = null
  /** When the last event was due, by the clock: what comes next is counted from there, so that no lateness adds up. */
  private lastDue: number | null = null
  private playing: boolean
  private speed: number
  private cutMs = 0
  private restarts = 0
  /** Up to this place events are given out at once. */
  private target: number | null = null
  /** The log is to begin anew, and to go to this place at once. */
  private restart: number | null = null
  private page: readonly RestoredEvent[] = []
  private pageAt = 1
  private changed = Effect.unsafeMakeLatch(false)
  private waiting: { readonly place: number; readonly reached: Deferred.Deferred<void> }[] = []

  constructor(
    private readonly source: Pick<ReplaySource, "events" | "read">,
    private readonly options: PlayerOptions,
  ) {
    this.playing = options.play
    this.speed = options.speed
  }

  private get state(): ReplayState {
    if (this.position >= this.source.events && this.restart === null) return "ended"
    return this.playing ? "playing" : "paused"
  }

  /** The replay as it is now. */
  readonly view: Effect.Effect<ReplayView> = Effect.map(Clock.currentTimeMillis, (now) => {
    const next = this.playing && this.restart === null ? this.peek(1) : null
    const due = next === null ? null : this.dueOf(next, this.lastDue ?? now)
    return {
      source: this.options.name,
      state: this.state,
      speed: this.speed,
      position: this.position,
      events: this.source.events,
      at: this.lastAt,
      nextInMs: due === null ? null : Math.max(0, Math.round(due - now)),
      maxGapMs: this.options.maxGapMs,
      cutMs: Math.round(this.cutMs),
      restarts: this.restarts,
    }
  })

  /** Does what a caller asks; a step and a way forward are done when it answers. Fails with `invalid-request`. */
  control({ play, seek, speed, step }: ReplayControl): Effect.Effect<ReplayView, Problem> {
    return Effect.gen(this, function* () {
      const { events } = this.source
      if (step !== undefined && seek !== undefined) {
        return yield* new Problem({ slug: "invalid-request", detail: "body: step and seek name two places; send one." })
      }
      if (seek !== undefined && seek > events) {
        return yield* new Problem({
          slug: "invalid-request",
          detail: `body: seek is ${seek}; there are ${events} events.`,
        })
      }
      if (play !== undefined) this.playing = play
      if (speed !== undefined) this.speed = speed
      // What comes next is waited for anew, at the new speed.
      this.lastDue = yield* Clock.currentTimeMillis
      if (step !== undefined) this.playing = false
      const from = this.restart ?? this.position
      const place = seek ?? (step === undefined ? null : Math.min(events, from + step))
      if (place !== null && (place < this.position || this.restart !== null)) this.restart = place
      else if (place !== null && place > this.position) yield* this.reach(place)
      yield* this.changed.open
      return yield* this.view
    })
  }

  private reach(place: number): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      const reached = yield* Deferred.make<void>()
      this.waiting.push({ place, reached })
      this.target = Math.max(place, this.target ?? 0)
      yield* this.changed.open
      yield* Deferred.await(reached)
    })
  }

  /**
   * Gives the events out to a log that is empty. Ends when the log is to begin anew: call it again with the next one. Fails as the
   * writer fails.
   */
  run(engine: Pick<EngineWriter, "submit">): Effect.Effect<void, SubmitError> {
    return Effect.gen(this, function* () {
      this.position = 0
      this.lastAt = null
      this.page = []
      // A control may come before this: then there is a place to go to already.
      if (this.restart !== null) this.target = this.restart
      this.restart = null
      this.lastDue = yield* Clock.currentTimeMillis
      for (;;) {
        yield* this.changed.close
        if (this.restart !== null) {
          this.restarts += 1
          this.target = null
          yield* this.release(Number.POSITIVE_INFINITY)
          return yield* Effect.sleep(ANSWER_MS)
        }
        const due = this.due(yield* Clock.currentTimeMillis)
        if (due.length > 0) yield* this.giveOut(engine, due)
        else yield* this.wait
      }
    })
  }

  /** Until the next event is due, or a control has changed something. */
  private readonly wait: Effect.Effect<void> = Effect.suspend(() =>
    Effect.flatMap(this.view, ({ nextInMs }) =>
      nextInMs === null
        ? this.changed.await
        : Effect.raceFirst(Effect.sleep(Math.max(1, nextInMs)), this.changed.await),
    ),
  )

  /** The events that are to be given out now. */
  private due(now: number): readonly Next[] {
    const found: Next[] = []
    if (this.target !== null && this.target <= this.position) this.target = null
    const { target } = this
    if (target === null && !this.playing) return found
    for (let lastDue = this.lastDue ?? now; found.length < PAGE; ) {
      if (target !== null && this.position + found.length >= target) break
      const next = this.peek(found.length + 1, found.at(-1)?.event.row.at)
      if (next === null) break
      const due = target === null ? this.dueOf(next, lastDue) : now
      if (due > now) break
      lastDue = due
      found.push(next)
    }
    return found
  }

  private dueOf({ gap }: Next, lastDue: number): number {
    return lastDue + gap / this.speed
  }

  /** The event so many places ahead; null: there is none. @param before when the one before it happened */
  private peek(ahead: number, before: number | null = this.lastAt): Next | null {
    const place = this.position + ahead
    if (place > this.source.events) return null
    const event = this.at(place)
    if (event === undefined) return null
    // Clocks of sources differ: an event that seems earlier follows at once.
    const gap = before === null ? 0 : Math.max(0, event.row.at - before)
    const waited = Math.min(gap, this.options.maxGapMs)
    return { event, gap: waited, cut: gap - waited }
  }

  private at(place: number): RestoredEvent | undefined {
    const index = place - this.pageAt
    if (index >= 0 && index < this.page.length) return this.page[index]
    // Also what is peeked at behind the page is read with what is not out yet.
    const from = Math.min(place, this.position + 1)
    this.page = this.source.read(from, PAGE * 2)
    this.pageAt = from
    return this.page[place - from]
  }

  /** Appends events, those of one stream that follow each other together, and tells who waits for a place. */
  private giveOut(engine: Pick<EngineWriter, "submit">, events: readonly Next[]): Effect.Effect<void, SubmitError> {
    return Effect.gen(this, function* () {
      for (let from = 0; from < events.length; ) {
        const run = runFrom(events, from)
        const [first] = run
        if (first === undefined) return
        const { streamId } = first.event.row
        yield* engine.submit({
          drafts: [],
          restored: run.map(({ event }) => event),
          importing: { streamId, importId: "replay", done: true },
        })
        for (const next of run) this.isOut(next)
        from += run.length
      }
      yield* this.release(this.position)
    })
  }

  /** Tells those who wait for a place up to this one. */
  private release(until: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const reached = this.waiting.filter(({ place }) => place <= until)
      this.waiting = this.waiting.filter(({ place }) => place > until)
      return Effect.forEach(reached, (one) => Deferred.succeed(one.reached, undefined), { discard: true })
    })
  }

  private isOut({ cut, event, gap }: Next): void {
    this.position += 1
    this.lastAt = event.row.at
    this.cutMs += cut
    if (this.target === null && this.lastDue !== null) this.lastDue += gap / this.speed
  }
}

/** The events from a place on that are of one stream. */
const runFrom = (events: readonly Next[], from: number): readonly Next[] => {
  const streamId = events[from]?.event.row.streamId
  const end = events.findIndex(({ event }, index) => index > from && event.row.streamId !== streamId)
  return events.slice(from, end === -1 ? events.length : end)
}
