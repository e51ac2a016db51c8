/** Draws the lanes of a timeline. What is drawn and where it is found again are told by the same layout. */
import { duration } from "../format/format.js"
import type { Colours, Drawing } from "./canvas.js"
import { type Lane, layoutLane } from "./laneLayout.js"
import { type SpanTone, spanTones } from "./pastMessages.js"
import { type Axis, placeOnAxis, ticksOf, type Window } from "./timelineAxis.js"

/** Heights, px. */
export const axisHeight = 20
export const marksHeight = 14
const trackHeight = 10
const lanePadding = 6

export const laneHeight = (lane: Lane): number => Math.max(20, lane.trackCount * trackHeight + lanePadding)

/** Something that happened at one event. */
export interface TimelineMark {
  readonly kind: "anomaly" | "violation"
  readonly sequence: number
  /** On the axis, ms. */
  readonly place: number
  readonly label: string
}

export interface Scene {
  readonly axis: Axis
  readonly window: Window
  readonly lanes: readonly Lane[]
  readonly marks: readonly TimelineMark[]
  /** The moment that is shown, on the axis; null: the present. */
  readonly cursor: number | null
  /** The one that it is compared with; null: none. */
  readonly other: number | null
  readonly selected: { readonly lane: number; readonly index: number } | null
}

const toneColour = (colours: Colours, tone: SpanTone): string =>
  ({
    done: colours.done,
    running: colours.working,
    failed: colours.failed,
    interrupted: colours.stalled,
    waiting: colours.waiting,
    quiet: colours.quiet,
  })[tone]

const day = 86_400_000

const dayText = (time: number): string => new Intl.DateTimeFormat("en", { month: "short", day: "numeric" }).format(time)

/** A time of the axis; with its day, where that is not the day of the one before it. */
const tickText = (time: number, step: number, before: number | undefined): string => {
  if (before !== undefined && dayText(before) !== dayText(time)) return dayText(time)
  if (step >= day) return dayText(time)
  const part: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
  if (step < 60_000) part.second = "2-digit"
  if (step < 1_000) part.fractionalSecondDigits = 3
  return new Intl.DateTimeFormat("en", part).format(time)
}

const paintAxis = ({ colours, context, height, width }: Drawing, { axis, window }: Scene): void => {
  const x = (place: number) => ((place - window.from) / (window.to - window.from)) * width
  context.font = "10px system-ui, sans-serif"
  context.textBaseline = "middle"
  context.textAlign = "center"
  for (const fold of axis.folds) {
    const [from, to] = [x(fold.at), x(fold.at + fold.length)]
    if (to < 0 || from > width) continue
    context.fillStyle = colours.line
    context.globalAlpha = 0.55
    context.fillRect(from, axisHeight, Math.max(1, to - from), height - axisHeight)
    context.globalAlpha = 1
    if (to - from < 34) continue
    context.fillStyle = colours.textFaint
    context.fillText(`${duration(fold.to - fold.from)} idle`, (from + to) / 2, height - 8, to - from)
  }
  const ticks = ticksOf(axis, window, width)
  const [first = 0, second = first + 60_000] = ticks
  for (const [index, time] of ticks.entries()) {
    const at = Math.round(x(placeOnAxis(axis, time))) + 0.5
    context.fillStyle = colours.line
    context.fillRect(at, axisHeight - 4, 1, height)
    context.fillStyle = colours.textFaint
    const text = tickText(time, second - first, ticks[index - 1])
    const half = context.measureText(text).width / 2 + 2
    // At the edges a text is moved in, so that none is cut.
    context.fillText(text, Math.min(width - half, Math.max(half, at)), axisHeight / 2)
  }
}

const paintMarks = ({ colours, context, width }: Drawing, { marks, window }: Scene): void => {
  let last = Number.NEGATIVE_INFINITY
  for (const { kind, place } of marks) {
    const at = ((place - window.from) / (window.to - window.from)) * width
    if (at < -4 || at > width + 4 || at - last < 1) continue
    last = at
    context.fillStyle = kind === "violation" ? colours.stalled : colours.failed
    context.beginPath()
    context.moveTo(at - 4, axisHeight + 2)
    context.lineTo(at + 4, axisHeight + 2)
    context.lineTo(at, axisHeight + marksHeight - 3)
    context.fill()
  }
}

const paintLane = (
  { colours, context, width }: Drawing,
  { selected, window }: Scene,
  lane: Lane,
  at: number,
  top: number,
) => {
  const { bars, densities } = layoutLane(lane, window, width)
  const y = (track: number) => top + lanePadding / 2 + track * trackHeight
  const colourOf = (index: number) => toneColour(colours, spanTones[lane.spans.tones[index] ?? 5] ?? "quiet")
  context.textAlign = "left"
  for (const { index, track, width: wide, x } of bars) {
    const isSelected = selected?.lane === at && selected.index === index
    context.fillStyle = colourOf(index)
    context.globalAlpha = isSelected ? 1 : 0.72
    context.fillRect(x, y(track) + 1, Math.max(1, wide - 1), trackHeight - 2)
    context.globalAlpha = 1
    if (isSelected) {
      context.strokeStyle = colours.text
      context.lineWidth = 1.5
      context.strokeRect(x - 0.5, y(track), wide, trackHeight)
    }
    if (wide < 44 || lane.trackCount > 1) continue
    context.fillStyle = colours.surface
    context.save()
    context.beginPath()
    context.rect(x, y(track), wide - 4, trackHeight)
    context.clip()
    context.font = "9px system-ui, sans-serif"
    context.fillText(lane.spans.labels[index] ?? "", x + 4, y(track) + trackHeight / 2 + 0.5)
    context.restore()
  }
  for (const { count, index, track, x } of densities) {
    context.fillStyle = colourOf(index)
    // Two spans in a pixel are half seen, twenty are seen whole.
    context.globalAlpha = Math.min(1, 0.45 + Math.log2(count) * 0.13)
    context.fillRect(x, y(track) + 1, 1, trackHeight - 2)
  }
  context.globalAlpha = 1
}

export const paintTimeline = (drawing: Drawing, scene: Scene): void => {
  const { colours, context, height, width } = drawing
  const { lanes, window } = scene
  paintAxis(drawing, scene)
  paintMarks(drawing, scene)
  let top = axisHeight + marksHeight
  for (const [at, lane] of lanes.entries()) {
    context.fillStyle = colours.line
    context.globalAlpha = 0.6
    context.fillRect(0, top, width, 1)
    context.globalAlpha = 1
    paintLane(drawing, scene, lane, at, top)
    top += laneHeight(lane)
  }
  const line = (place: number | null, colour: string) => {
    if (place === null) return
    const at = Math.round(((place - window.from) / (window.to - window.from)) * width)
    context.fillStyle = colour
    context.fillRect(at - 1, 0, 2, height)
  }
  line(scene.other, colours.textFaint)
  line(scene.cursor, colours.accent)
}

/** What is at a point of the canvas: a lane by its number and a row of spans in it, the marks, or the axis. */
export const regionAt = (
  lanes: readonly Lane[],
  y: number,
):
  | { readonly kind: "axis" }
  | { readonly kind: "marks" }
  | { readonly kind: "lane"; readonly lane: number; readonly track: number }
  | null => {
  if (y < axisHeight) return { kind: "axis" }
  let top = axisHeight + marksHeight
  if (y < top) return { kind: "marks" }
  for (const [at, lane] of lanes.entries()) {
    const height = laneHeight(lane)
    if (y < top + height) {
      const track = Math.floor((y - top - lanePadding / 2) / trackHeight)
      return { kind: "lane", lane: at, track: Math.min(lane.trackCount - 1, Math.max(0, track)) }
    }
    top += height
  }
  return null
}
