/**
 * A thread at any of its events, in the worker of the page. The events are folded once as they come, by the fold of the server; from then
 * on a moment is the nearest checkpoint and at most 500 events.
 */

import type { EventEnvelope } from "@threadfold/contracts"
import { type FoldState, fold, foldPage, initialState, LogChecker, type Violation } from "@threadfold/core"
import { changedRows, ForkedStore, type RowMove } from "@threadfold/core/model"
import { countUpTo } from "../live/sorted.js"
import { Checkpoints, checkpointEvery } from "./Checkpoints.js"
import { decodePage, EventPages, PageMissing } from "./EventPages.js"
import {
  type Added,
  type EventColumns,
  EventMark,
  type Missing,
  type PastStep,
  type WholePayload,
} from "./pastMessages.js"

/** A thread after so many of its events, to be gone on from. */
interface Standing {
  place: number
  state: FoldState
  readonly store: ForkedStore
}

/** Something the fold refused, and where. */
export interface SeenAnomaly {
  readonly sequence: number
  readonly reason: string
  readonly subject: string
}

/** Events between two copies on the way to where the reader is. */
const rungEvery = 32

/** Anomalies that are listed; of more there is the number. */
const mostAnomalies = 5_000

const start = (threadId: string): Standing => ({ place: 0, state: initialState(threadId), store: new ForkedStore() })

const copyOf = ({ place, state, store }: Standing): Standing => ({ place, state, store: store.fork() })

/** Columns that grow: room for twice as many events is made when they are full. */
class Growing {
  sequences = new Float64Array(512)
  times = new Float64Array(512)
  types = new Uint16Array(512)
  marks = new Uint8Array(512)
  count = 0
  readonly typeNames: string[] = []
  readonly #numbers = new Map<string, number>()

  add({ at, sequence, type }: EventEnvelope, mark: number): void {
    if (this.count === this.sequences.length) this.#grow()
    let number = this.#numbers.get(type)
    if (number === undefined) {
      number = this.typeNames.push(type) - 1
      this.#numbers.set(type, number)
    }
    this.sequences[this.count] = sequence
    this.times[this.count] = at
    this.types[this.count] = number
    this.marks[this.count] = mark
    this.count += 1
  }

  /** A copy of the events from a place on, and of the names of types from a number on. */
  from(place: number, names: number): EventColumns {
    return {
      sequences: this.sequences.slice(place, this.count),
      times: this.times.slice(place, this.count),
      types: this.types.slice(place, this.count),
      marks: this.marks.slice(place, this.count),
      typeNames: this.typeNames.slice(names),
    }
  }

  /** How many events are not later than a sequence. */
  upTo(sequence: number): number {
    return countUpTo(this.sequences, sequence, this.count)
  }

  #grow(): void {
    const copy = <A extends Float64Array | Uint16Array | Uint8Array>(into: A, from: A): A => {
      into.set(from)
      return into
    }
    const room = this.sequences.length * 2
    this.sequences = copy(new Float64Array(room), this.sequences)
    this.times = copy(new Float64Array(room), this.times)
    this.types = copy(new Uint16Array(room), this.types)
    this.marks = copy(new Uint8Array(room), this.marks)
  }
}

/** A page whose long texts are being read. */
interface Pending {
  readonly after: number
  readonly bytes: Uint8Array
  readonly items: ReturnType<typeof decodePage>["items"]
}

export class Past {
  readonly anomalies: SeenAnomaly[] = []
  moreAnomalies = 0
  readonly #pages: EventPages
  readonly #checkpoints: Checkpoints
  readonly #columns = new Growing()
  readonly #checker: LogChecker
  #pending: Pending | null = null
  /** The furthest moment that was folded. */
  readonly #head: Standing
  /** Where the last look was: the next one is most often beside it. */
  #here: Standing | null = null
  /** Copies on the way from the checkpoint before it: a step back begins at the nearest of them. */
  #rungs: Standing[] = []
  #step: PastStep | null = null
  #sinceCheckpoint = { events: 0, bytes: 0 }

  constructor(
    readonly threadId: string,
    { checkpoints = new Checkpoints(), pages = new EventPages() } = {},
  ) {
    this.#checkpoints = checkpoints
    this.#pages = pages
    this.#head = start(threadId)
    this.#checker = new LogChecker(threadId)
  }

  /** How many events are folded. */
  get count(): number {
    return this.#head.place
  }

  /** Breaches of the invariants of the log, so far. */
  get violations(): readonly Violation[] {
    return this.#checker.violations
  }

  /** All rows after the last event that is known. Not to be changed. */
  get rows(): ForkedStore {
    return this.#head.store
  }

  /** How much memory is held, as far as it grows with the thread. */
  get held(): { readonly events: number; readonly checkpoints: number; readonly checkpointBytes: number } {
    return {
      events: this.#pages.bytes,
      checkpoints: this.#checkpoints.count,
      checkpointBytes: this.#checkpoints.bytes,
    }
  }

  /** Takes a page of events: the one behind what is known, or one that was let go. */
  add(bytes: Uint8Array): Added {
    const { items } = decodePage(bytes)
    const first = items[0]
    if (first === undefined) return { kind: "added", columns: this.#columns.from(this.count, 0), cut: [], last: null }
    const known = this.#columns.upTo(first.sequence - 1)
    const after = known === 0 ? 0 : (this.#columns.sequences[known - 1] ?? 0)
    if (known === this.count && first.streamVersion !== this.count + 1) {
      throw new Error(`Event ${first.streamVersion} of the thread came where event ${this.count + 1} was due.`)
    }
    this.#pending = { after, bytes, items }
    const cut = items.flatMap(({ sequence, truncated }) =>
      truncated?.payload === undefined ? [] : [{ sequence, href: truncated.payload.href }],
    )
    if (cut.length > 0) {
      return { kind: "added", columns: this.#columns.from(this.count, this.#columns.typeNames.length), cut, last: null }
    }
    return this.payloads([])
  }

  /** Takes the long texts of the page that was added last, and folds it. */
  payloads(payloads: readonly WholePayload[]): Added {
    const { after = 0, bytes = new Uint8Array(), items = [] } = this.#pending ?? {}
    this.#pending = null
    const names = this.#columns.typeNames.length
    const place = this.count
    const isNew = !this.#pages.knows(after)
    // What was let go comes with as many events as it had; the server's log is only ever added to.
    const count = isNew ? items.length : this.#pages.countBehind(after)
    this.#pages.take(after, bytes, count, new Map(payloads.map(({ payload, sequence }) => [sequence, payload])))
    if (isNew) this.#fold()
    this.#pages.shrink(this.#here?.place ?? this.count)
    return {
      kind: "added",
      columns: this.#columns.from(place, names),
      cut: [],
      last: items[count - 1]?.sequence ?? null,
    }
  }

  /** How many events are in the moment of a sequence; 0: it lies before the first one. */
  placeOf(sequence: number): number {
    return Math.min(this.#columns.upTo(sequence), this.count)
  }

  /** When the last event that is not later than a sequence happened, ms since the epoch; 0: there is none. */
  timeOf(sequence: number): number {
    return this.#columns.times[this.#columns.upTo(sequence) - 1] ?? 0
  }

  /** The rows after so many events. Good until the next look. */
  at(place: number): ForkedStore {
    if (place === this.count) return this.rows
    return this.#goTo(place).store
  }

  /** A copy of them, which stays. */
  copyAt(place: number): ForkedStore {
    return this.at(place).fork()
  }

  /** The event at a place, and what it changed; null: there is none. */
  step(place: number): PastStep | null {
    if (place < 1 || place > this.count) return null
    const event = this.#pages.at(place)
    if (event === undefined) return null
    if (this.#step?.event.eventId === event.eventId) return this.#step
    const here = this.#goTo(place - 1)
    const moves: RowMove[] = []
    here.store.onMove = (move) => void moves.push(move)
    const { changes, state } = fold(here.state, event, here.store)
    here.store.apply(changes)
    here.store.onMove = null
    here.state = state
    here.place = place
    this.#step = {
      kind: "step",
      event,
      rows: changedRows(this.threadId, { event, moves, store: here.store }),
      anomalies: changes.flatMap((change) =>
        change.op === "anomaly" ? [{ reason: change.reason, subject: change.subject, detail: change.detail }] : [],
      ),
    }
    return this.#step
  }

  /** Folds what came behind the head. */
  #fold(): void {
    const head = this.#head
    for (const { events, weight } of this.#pages.between(head.place + 1, this.#pages.count)) {
      for (const event of events) {
        let mark = event.type === "turn.started" ? EventMark.turnStart : 0
        if (event.type === "turn.completed" || event.type === "turn.aborted") mark |= EventMark.turnEnd
        const broken = this.#checker.violations.length
        this.#checker.take(event)
        if (this.#checker.violations.length > broken) mark |= EventMark.violation
        const { changes, state } = fold(head.state, event, head.store)
        head.store.apply(changes)
        head.state = state
        head.place += 1
        for (const change of changes) {
          if (change.op !== "anomaly") continue
          mark |= EventMark.anomaly
          const { reason, subject } = change
          if (this.anomalies.length < mostAnomalies) {
            this.anomalies.push({ sequence: event.sequence, reason, subject })
          } else this.moreAnomalies += 1
        }
        this.#columns.add(event, mark)
        this.#checkpoint(head, weight, this.#sinceCheckpoint)
      }
    }
  }

  /** Keeps a checkpoint where enough has come since the last one. */
  #checkpoint(of: Standing, weight: number, since: { events: number; bytes: number }, events = 1): void {
    since.events += events
    since.bytes += weight * events
    if (since.events < checkpointEvery.events && since.bytes < checkpointEvery.bytes) return
    const { place, state, store } = of
    if (!this.#checkpoints.has(place)) {
      this.#checkpoints.add({ place, state, store: store.fork(), weight: since.bytes }, this.#here?.place ?? place)
    }
    since.events = 0
    since.bytes = 0
  }

  #goTo(place: number): Standing {
    const near = this.#checkpoints.before(place)
    const from = near?.place ?? 0
    this.#rungs = this.#rungs.filter((rung) => rung.place > from && rung.place <= place)
    const rung = this.#rungs.at(-1)
    const here = this.#here
    const best: Standing =
      here !== null && here.place <= place && here.place >= (rung?.place ?? from)
        ? here
        : rung !== undefined
          ? copyOf(rung)
          : near === null
            ? start(this.threadId)
            : copyOf(near)
    this.#here = best
    const since = { events: best.place - from, bytes: 0 }
    for (const { events, weight } of this.#pages.between(best.place + 1, place)) {
      for (let at = 0; at < events.length; ) {
        // A run of deltas is one step: it must not pass over the place of a checkpoint, or of a rung.
        const toCheckpoint = Math.max(1, checkpointEvery.events - since.events)
        const run = events.slice(at, at + Math.min(toCheckpoint, rungEvery - (best.place % rungEvery)))
        best.state = foldPage(best.state, run, best.store, best.store.apply)
        best.place += run.length
        at += run.length
        if (best.place % rungEvery === 0 && best.place < place) this.#rungs.push(copyOf(best))
        this.#checkpoint(best, weight, since, run.length)
      }
    }
    return best
  }
}

/** Does something that may need events that were let go. */
export const unlessMissing = <A>(body: () => A): A | Missing => {
  try {
    return body()
  } catch (error) {
    if (error instanceof PageMissing) return { kind: "missing", after: error.after }
    throw error
  }
}
