/** Where the spans of a lane are drawn, and which of them lies at a point: by search in sorted columns, whatever their number. */

import { countUpTo, countWhile } from "../live/sorted.js"
import type { LaneName, LaneSpans } from "./pastMessages.js"
import { type Axis, placeOnAxis, type Window } from "./timelineAxis.js"

/** Rows of spans beside each other at the same time; what needs more is drawn over the last one. */
export const mostTracks = 4

/** The spans of a lane on the axis. */
export interface Lane {
  readonly lane: LaneName
  readonly spans: LaneSpans
  /** On the axis, ms. */
  readonly starts: Float64Array
  readonly ends: Float64Array
  /** The latest end of the spans up to each one: it only grows, so that the first span of a window is found by search. */
  readonly latest: Float64Array
  readonly tracks: Uint8Array
  readonly trackCount: number
}

export const laneOf = (axis: Axis, spans: LaneSpans): Lane => {
  const starts = spans.starts.map((time) => placeOnAxis(axis, time))
  const ends = spans.ends.map((time, index) => Math.max(starts[index] ?? 0, placeOnAxis(axis, time)))
  const latest = new Float64Array(ends.length)
  const tracks = new Uint8Array(ends.length)
  const free: number[] = []
  for (let index = 0; index < ends.length; index += 1) {
    const [start = 0, end = 0] = [starts[index], ends[index]]
    latest[index] = Math.max(end, latest[index - 1] ?? Number.NEGATIVE_INFINITY)
    let track = free.findIndex((until) => until <= start)
    if (track === -1) track = Math.min(free.length, mostTracks - 1)
    free[track] = Math.max(end, free[track] ?? Number.NEGATIVE_INFINITY)
    tracks[index] = track
  }
  return { lane: spans.lane, spans, starts, ends, latest, tracks, trackCount: Math.max(1, free.length) }
}

/** A span that is wide enough to be drawn by itself. */
export interface Bar {
  readonly index: number
  readonly x: number
  readonly width: number
  readonly track: number
}

/** Spans that are narrower than a pixel, together. */
export interface Density {
  readonly x: number
  readonly track: number
  readonly count: number
  /** One of them: the one that stands out most. */
  readonly index: number
}

export interface LaneLayout {
  readonly bars: readonly Bar[]
  readonly densities: readonly Density[]
}

/** The spans that touch a window: the first index that may, and the one behind the last that does. */
const range = ({ latest, starts }: Lane, { from, to }: Window): readonly [number, number] => [
  countWhile(latest.length, (index) => (latest[index] ?? 0) < from),
  countUpTo(starts, to),
]

/** Narrower than this a span is merged with others, px. */
const narrow = 1

/** How much a tone stands out: what failed is seen though a thousand others lie beside it. */
const weight = ({ spans }: Lane, index: number): number => [1, 2, 5, 4, 3, 0][spans.tones[index] ?? 5] ?? 0

export const layoutLane = (lane: Lane, window: Window, width: number): LaneLayout => {
  const perMs = width / (window.to - window.from)
  const bars: Bar[] = []
  const densities: Density[] = []
  const open: (Density | undefined)[] = []
  const [first, last] = range(lane, window)
  for (let index = first; index < last; index += 1) {
    const [start = 0, end = 0, track = 0] = [lane.starts[index], lane.ends[index], lane.tracks[index]]
    if (end < window.from) continue
    const x = Math.max(0, (start - window.from) * perMs)
    const right = Math.min(width, (end - window.from) * perMs)
    if (right - x >= narrow) {
      bars.push({ index, x, width: right - x, track })
      continue
    }
    const column = Math.min(Math.max(0, Math.ceil(width) - 1), Math.floor(x))
    const known = open[track]
    if (known !== undefined && known.x === column) {
      const isMore = weight(lane, index) > weight(lane, known.index)
      open[track] = { ...known, count: known.count + 1, index: isMore ? index : known.index }
    } else {
      if (known !== undefined) densities.push(known)
      open[track] = { x: column, track, count: 1, index }
    }
  }
  for (const one of open) if (one !== undefined) densities.push(one)
  return { bars, densities }
}

/** How far beside a span a click still means it, px. */
const reach = 4

/** The span at a point of a lane; null: there is none near by. `track`: the row of spans that was pointed at. */
export const spanAt = (lane: Lane, window: Window, width: number, x: number, track: number): number | null => {
  const perPx = (window.to - window.from) / width
  const place = window.from + x * perPx
  const [first, last] = range(lane, { from: place - reach * perPx, to: place + reach * perPx })
  let best: number | null = null
  let least = Number.POSITIVE_INFINITY
  for (let index = first; index < last; index += 1) {
    if (lane.tracks[index] !== track) continue
    const [start = 0, end = 0] = [lane.starts[index], lane.ends[index]]
    const distance = Math.max(start - place, place - end, 0)
    if (distance > reach * perPx) continue
    // Of several at the point the shortest one is meant: the others are wide enough to be pointed at elsewhere.
    const cost = distance * 1e6 + (end - start)
    if (cost < least) {
      least = cost
      best = index
    }
  }
  return best
}
