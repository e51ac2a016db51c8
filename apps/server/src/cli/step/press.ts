/** What a key does in `threadfold step`: a pure function of where one stands and of the steps. */
import type { Timeline, TimelineStep } from "@threadfold/core/model"

/** What is shown of a step. */
export type Pane = "changes" | "event" | "native" | "rows"

/** Where one stands. */
export interface StepView {
  /** Place of the step in the thread; the first is 1. */
  readonly place: number
  readonly pane: Pane
  /** The sequence that is being typed; null: none is. */
  readonly typed: string | null
  /** Why a key did nothing; null: it did something. */
  readonly note: string | null
  readonly isDone: boolean
}

/** A key: its name, as `@effect/platform` has it, and whether shift was held. */
export interface PressedKey {
  readonly name: string
  readonly shift: boolean
}

/** Keys and what they do, for the foot of the page. */
export const keyHelp: readonly string[] = [
  "n next",
  "p previous",
  "a next anomaly",
  "t next turn",
  "g first",
  "G last",
  "j jump",
  "c changes",
  "e event",
  "w native",
  "r rows",
  "q quit",
]

const panes: Readonly<Record<string, Pane>> = { c: "changes", e: "event", w: "native", r: "rows" }
const forward = new Set(["n", "right", "down", "space", "return", "enter"])
const back = new Set(["p", "left", "up", "backspace"])

const hasAnomaly = ({ anomalies }: TimelineStep): boolean => anomalies.length > 0
const beginsTurn = ({ rows }: TimelineStep): boolean =>
  rows.some(({ change, row }) => change === "added" && row.startsWith("turns/"))

const moved = (view: StepView, place: number | null, note: string): StepView =>
  place === null ? { ...view, note } : { ...view, place, note: null }

/** While a sequence is typed, keys are its digits. */
const typing = (timeline: Timeline, view: StepView, typed: string, { name }: PressedKey): StepView => {
  if (/^\d$/.test(name) && typed.length < 15) return { ...view, typed: typed + name }
  if (name === "backspace") return { ...view, typed: typed.slice(0, -1) }
  if (name === "escape" || typed === "") return { ...view, typed: null, note: null }
  if (name !== "return" && name !== "enter") return view
  const sequence = Number(typed)
  const place = timeline.after(0, ({ event }) => event.sequence >= sequence)
  return moved({ ...view, typed: null }, place, `The thread has no event at ${typed} or after it.`)
}

/** The view after a key. */
export const press = (timeline: Timeline, view: StepView, key: PressedKey): StepView => {
  if (view.typed !== null) return typing(timeline, view, view.typed, key)
  const { place } = view
  const name = key.shift && key.name === "g" ? "G" : key.name
  if (forward.has(name))
    return moved(view, timeline.at(place + 1) === null ? null : place + 1, "This is the last event.")
  if (back.has(name)) return moved(view, place > 1 ? place - 1 : null, "This is the first event.")
  const pane = panes[name]
  if (pane !== undefined) return { ...view, pane, note: null }
  switch (name) {
    case "a":
      return moved(view, timeline.after(place, hasAnomaly), "There is no anomaly after this event.")
    case "t":
      return moved(view, timeline.after(place, beginsTurn), "There is no turn after this event.")
    case "g":
      return moved(view, 1, "")
    case "G":
      return moved(view, timeline.end(), "")
    case "j":
      return { ...view, typed: "", note: null }
    case "q":
    case "escape":
      return { ...view, isDone: true }
    default:
      return { ...view, note: "There is no such key." }
  }
}
