/** Where a reader is in the past of a thread: a state machine without clock and without the page, so that every way through it is tested. */
import { type EventLine, findingMarks, turnMarks } from "./EventLine.js"

/** Events a second. */
export const speeds = [2, 10, 50, 250] as const
export type Speed = (typeof speeds)[number]

export interface Scrub {
  /** The moment that is shown, a sequence of the log; null: the thread is live. */
  readonly at: number | null
  /** The moment that it is compared with; null: with none. */
  readonly to: number | null
  /** Null: it does not play. */
  readonly playing: Speed | null
  /** What it plays with, once it plays. */
  readonly speed: Speed
}

export const live: Scrub = { at: null, to: null, playing: null, speed: 10 }

export type ScrubAction =
  /** To a place in the thread; one behind the last event is the last one. */
  | { readonly kind: "place"; readonly place: number }
  /** To a sequence of the log, such as the one of an address. */
  | { readonly kind: "sequence"; readonly at: number }
  | { readonly kind: "step"; readonly by: 1 | -1; readonly unit: "event" | "turn" | "finding" }
  | { readonly kind: "first" }
  | { readonly kind: "last" }
  | { readonly kind: "live" }
  | { readonly kind: "play" }
  | { readonly kind: "pause" }
  | { readonly kind: "speed"; readonly speed: Speed }
  /** So many events have passed by while it plays. */
  | { readonly kind: "tick"; readonly events: number }
  /** The moment that is shown becomes the one that others are compared with; again: the comparison ends. */
  | { readonly kind: "compare" }
  /** The two moments change places. */
  | { readonly kind: "swap" }
  /** Another address: of a link, or of going back. */
  | { readonly kind: "address"; readonly at: number | null; readonly to: number | null }

type Line = Pick<EventLine, "at" | "count" | "next" | "placeOf">

const marksOf = { event: 0xff, turn: turnMarks, finding: findingMarks } as const

/** The place that is shown. Live is the end. */
export const placeOf = (line: Line, { at }: Scrub): number => (at === null ? line.count : line.placeOf(at))

const toPlace = (line: Line, scrub: Scrub, place: number): Scrub => {
  const point = line.at(Math.min(line.count, Math.max(1, Math.round(place))))
  return point === null || point.sequence === scrub.at ? scrub : { ...scrub, at: point.sequence }
}

/** The state after an action. */
export const scrub = (line: Line, state: Scrub, action: ScrubAction): Scrub => {
  const still: Scrub = state.playing === null ? state : { ...state, playing: null }
  switch (action.kind) {
    case "place":
      return toPlace(line, still, action.place)
    case "sequence":
      return { ...still, at: action.at }
    case "first":
      return toPlace(line, still, 1)
    case "last":
      return toPlace(line, still, line.count)
    case "step": {
      const place = placeOf(line, still)
      const next = action.unit === "event" ? place + action.by : line.next(place, action.by, marksOf[action.unit])
      if (next === null) return still
      return toPlace(line, still, next)
    }
    case "live":
      return { ...live, speed: state.speed }
    case "play": {
      if (line.count === 0) return state
      const isAtEnd = placeOf(line, state) >= line.count
      const from = isAtEnd ? toPlace(line, state, 1) : toPlace(line, state, placeOf(line, state))
      return { ...from, playing: state.speed }
    }
    case "pause":
      return still
    case "speed":
      return { ...state, speed: action.speed, playing: state.playing === null ? null : action.speed }
    case "tick": {
      if (state.playing === null) return state
      const next = toPlace(line, state, placeOf(line, state) + action.events)
      return placeOf(line, next) >= line.count ? { ...next, playing: null } : next
    }
    case "compare":
      if (state.to !== null) return { ...still, to: null }
      return { ...toPlace(line, still, placeOf(line, still)), to: line.at(placeOf(line, still))?.sequence ?? null }
    case "swap":
      return state.to === null || state.at === null ? state : { ...still, at: state.to, to: state.at }
    case "address":
      return { ...still, at: action.at, to: action.at === null ? null : action.to }
  }
}

const sequence = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null

/** The moments that an address says. */
export const momentsOf = (params: URLSearchParams): Pick<Scrub, "at" | "to"> => {
  const at = sequence(params.get("at"))
  return { at, to: at === null ? null : sequence(params.get("to")) }
}

/** An address with these moments, and what else it says. */
export const withMoments = (params: URLSearchParams, { at, to }: Pick<Scrub, "at" | "to">): URLSearchParams => {
  const next = new URLSearchParams(params)
  next.delete("at")
  next.delete("to")
  if (at !== null) next.set("at", String(at))
  if (at !== null && to !== null) next.set("to", String(to))
  return next
}
