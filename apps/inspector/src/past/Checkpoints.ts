/** States of a thread from which it is folded on: bounded in number and bytes. */

import type { FoldState } from "@threadfold/core"
import type { ForkedStore } from "@threadfold/core/model"
import { countWhile } from "../live/sorted.js"

/** A thread after so many of its events. The store is not changed any more: who goes on from it takes a copy. */
export interface Checkpoint {
  /** How many events are folded in. */
  readonly place: number
  readonly state: FoldState
  readonly store: ForkedStore
  /** About how many bytes it alone holds: what came since the one before it. */
  readonly weight: number
}

/** Between two checkpoints there are no more events than this, and no more bytes. */
export const checkpointEvery = { events: 250, bytes: 2 * 1024 * 1024 } as const

const usualMost = { count: 512, bytes: 96 * 1024 * 1024 } as const

export class Checkpoints {
  #all: Checkpoint[] = []
  #bytes = 0

  constructor(private readonly most: { readonly count: number; readonly bytes: number } = usualMost) {}

  get count(): number {
    return this.#all.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The last one that is not behind a place. */
  before(place: number): Checkpoint | null {
    return this.#all[this.#upTo(place) - 1] ?? null
  }

  /** Whether one is at this place. */
  has(place: number): boolean {
    return this.before(place)?.place === place
  }

  /** Keeps one. `reader`: the place that is looked at. */
  add(checkpoint: Checkpoint, reader: number): void {
    const at = this.#upTo(checkpoint.place)
    if (this.#all[at - 1]?.place === checkpoint.place) return
    this.#all.splice(at, 0, checkpoint)
    this.#bytes += checkpoint.weight
    while (this.#all.length > this.most.count || (this.#bytes > this.most.bytes && this.#all.length > 1)) {
      this.#drop(reader)
    }
  }

  /**
   * Drops the one that is missed least: far from the reader, and with neighbours near by. So the distances between those that are left
   * grow with how far they are from the reader, and none of them is left alone.
   */
  #drop(reader: number): void {
    let worst = -1
    let least = Number.POSITIVE_INFINITY
    for (let at = 0; at < this.#all.length; at += 1) {
      const one = this.#all[at]
      if (one === undefined) continue
      const before = this.#all[at - 1]?.place ?? 0
      const after = this.#all[at + 1]?.place ?? one.place + checkpointEvery.events
      const cost = (after - before) / (Math.abs(one.place - reader) + checkpointEvery.events)
      if (cost < least) {
        least = cost
        worst = at
      }
    }
    for (const one of this.#all.splice(worst, 1)) this.#bytes -= one.weight
  }

  /** How many are at a place or before it. */
  #upTo(place: number): number {
    return countWhile(this.#all.length, (index) => (this.#all[index]?.place ?? 0) <= place)
  }
}
