/** The events of a thread by their place, on the side of the page: what a scrubber shows of each, and where the next of a kind is. */
import { countUpTo } from "../live/sorted.js"
import { type EventColumns, EventMark } from "./pastMessages.js"

/** One event, as far as its columns tell. */
export interface EventPoint {
  /** Its place in the thread, from 1. */
  readonly place: number
  readonly sequence: number
  readonly type: string
  /** ms since the epoch. */
  readonly time: number
  readonly mark: number
}

const longer = <A extends Float64Array | Uint16Array | Uint8Array>(from: A, into: A): A => {
  into.set(from)
  return into
}

export class EventLine {
  sequences = new Float64Array(1024)
  times = new Float64Array(1024)
  marks = new Uint8Array(1024)
  #types = new Uint16Array(1024)
  readonly #typeNames: string[] = []
  count = 0

  /** Takes the columns of the events that come next. */
  take({ marks, sequences, times, typeNames, types }: EventColumns): void {
    const wanted = this.count + sequences.length
    if (wanted > this.sequences.length) {
      const room = Math.max(wanted, this.sequences.length * 2)
      this.sequences = longer(this.sequences, new Float64Array(room))
      this.times = longer(this.times, new Float64Array(room))
      this.marks = longer(this.marks, new Uint8Array(room))
      this.#types = longer(this.#types, new Uint16Array(room))
    }
    this.sequences.set(sequences, this.count)
    this.times.set(times, this.count)
    this.marks.set(marks, this.count)
    this.#types.set(types, this.count)
    this.#typeNames.push(...typeNames)
    this.count = wanted
  }

  /** Forgets all events. */
  clear(): void {
    this.count = 0
    this.#typeNames.length = 0
  }

  /** How many events are not later than a sequence of the log: the place of that moment. */
  placeOf(sequence: number): number {
    return countUpTo(this.sequences, sequence, this.count)
  }

  at(place: number): EventPoint | null {
    if (place < 1 || place > this.count) return null
    const index = place - 1
    return {
      place,
      sequence: this.sequences[index] ?? 0,
      type: this.#typeNames[this.#types[index] ?? 0] ?? "",
      time: this.times[index] ?? 0,
      mark: this.marks[index] ?? 0,
    }
  }

  /** The place of the next event with one of these marks; null: there is none. */
  next(place: number, by: 1 | -1, marks: number): number | null {
    for (let at = place + by; at >= 1 && at <= this.count; at += by) {
      if (((this.marks[at - 1] ?? 0) & marks) !== 0) return at
    }
    return null
  }

  /** How many events have one of these marks. */
  countOf(marks: number): number {
    let count = 0
    for (let index = 0; index < this.count; index += 1) if (((this.marks[index] ?? 0) & marks) !== 0) count += 1
    return count
  }
}

/** Marks at which a step by turns stops. */
export const turnMarks = EventMark.turnStart | EventMark.turnEnd

/** Marks at which a step by findings stops. */
export const findingMarks = EventMark.anomaly | EventMark.violation
