/** When what ran in a thread: sessions, turns, calls, items, questions, voice and tasks as lanes over time, and what went wrong where. */

import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import { counted } from "../format/format.js"
import { useValue } from "../live/KeyedStore.js"
import { countUpTo } from "../live/sorted.js"
import { useCommands } from "../shell/commands.js"
import { useCanvas } from "./canvas.js"
import { type Lane, laneOf, spanAt } from "./laneLayout.js"
import { axisHeight, laneHeight, marksHeight, paintTimeline, regionAt, type TimelineMark } from "./paintTimeline.js"
import type { PastTimeline } from "./pastMessages.js"
import classes from "./Timeline.module.css"
import { laneTitles, TimelineList, timeText } from "./TimelineList.js"
import type { Travel } from "./Travel.js"
import {
  type Axis,
  around,
  axisOf,
  orderedTimes,
  panned,
  placeOnAxis,
  timeOnAxis,
  type Window,
  wholeWindow,
  zoomed,
} from "./timelineAxis.js"
import WhyPane, { type WhyOf } from "./WhyPane.js"

/** While the thread grows, the lanes are made anew after so long, ms. */
const anewAfterMs = 1_000
/** A step of the keys: how much is shown then, and how far it moves. */
const zoomStep = 0.6
const panStep = 0.2
/** Pointers shake: a press that moved no further is a click, px. */
const clickPx = 4

/** A timeline with all that is drawn of it. */
interface Drawn {
  /** When each event happened, ms since the epoch: never earlier than the one before. */
  readonly times: Float64Array
  readonly axis: Axis
  readonly lanes: readonly Lane[]
  readonly marks: readonly TimelineMark[]
  readonly timeline: PastTimeline
}

const drawnOf = (travel: Travel, timeline: PastTimeline): Drawn => {
  const { line } = travel.reader
  const times = orderedTimes(line.times, line.count)
  const axis = axisOf(times, times.length)
  const place = (sequence: number) => placeOnAxis(axis, times[line.placeOf(sequence) - 1] ?? axis.start)
  const marks: TimelineMark[] = [
    ...timeline.anomalies.map(({ reason, sequence, subject }) => ({
      kind: "anomaly" as const,
      sequence,
      place: place(sequence),
      label: `${reason}, ${subject}`,
    })),
    ...timeline.violations.map(({ invariant, sequence, text }) => ({
      kind: "violation" as const,
      sequence: sequence ?? line.at(line.count)?.sequence ?? 0,
      place: sequence === null ? axis.length : place(sequence),
      label: `${invariant}: ${text}`,
    })),
  ]
  return {
    times,
    axis,
    lanes: timeline.lanes.filter(({ starts }) => starts.length > 0).map((spans) => laneOf(axis, spans)),
    marks: marks.sort((a, b) => a.place - b.place),
    timeline,
  }
}

/** The timeline of what is read, made anew while the thread grows. */
const useTimeline = (travel: Travel): { readonly drawn: Drawn | null; readonly problem: PageProblem | null } => {
  const { count } = useValue(travel.reader.progress)
  const [found, setFound] = useState<{ readonly drawn: Drawn | null; readonly problem: PageProblem | null }>({
    drawn: null,
    problem: null,
  })
  const asked = useRef(0)
  useEffect(() => {
    if (count === 0) return
    const reading = new AbortController()
    const timer = setTimeout(
      () => {
        asked.current = count
        travel.reader.timeline({ signal: reading.signal }).then(
          (timeline) => setFound({ drawn: drawnOf(travel, timeline), problem: null }),
          (error: unknown) => {
            if (!reading.signal.aborted) setFound({ drawn: null, problem: asProblem(error) })
          },
        )
      },
      asked.current === 0 ? 0 : anewAfterMs,
    )
    return () => clearTimeout(timer)
  }, [count, travel])
  return found
}

interface Selected {
  readonly lane: number
  readonly index: number
}

const Timeline = ({ travel }: { travel: Travel }) => {
  const { drawn, problem } = useTimeline(travel)
  if (problem !== null) {
    return (
      <p className={classes.note} role="alert">
        {problem.message}
      </p>
    )
  }
  return drawn === null ? (
    <p className={classes.note}>Its events are being read.</p>
  ) : (
    <Lanes drawn={drawn} travel={travel} />
  )
}

const Lanes = ({ drawn, travel }: { drawn: Drawn; travel: Travel }) => {
  const { axis, lanes, marks, timeline, times } = drawn
  const { at, to } = useValue(travel.state)
  const { line } = travel.reader
  const canvas = useRef<HTMLCanvasElement>(null)
  const [chosen, setChosen] = useState<Window | null>(null)
  const [selected, setSelected] = useState<Selected | null>(null)
  const [why, setWhy] = useState<WhyOf | null>(null)
  const [under, setUnder] = useState<string | null>(null)
  const pressed = useRef<{ readonly x: number; readonly window: Window; moved: boolean } | null>(null)
  const whole = useMemo(() => wholeWindow(axis), [axis])
  const window = chosen ?? whole
  const placeAt = (sequence: number | null) =>
    sequence === null ? null : placeOnAxis(axis, times[line.placeOf(sequence) - 1] ?? axis.start)
  const cursor = placeAt(at)

  const draw = useCanvas(canvas, (drawing) =>
    paintTimeline(drawing, { axis, window, lanes, marks, cursor, other: placeAt(to), selected }),
  )
  useEffect(draw, [draw, axis, lanes, marks, window, cursor, to, selected])

  const height = axisHeight + marksHeight + lanes.reduce((sum, lane) => sum + laneHeight(lane), 0) + 18
  const middle = (window.from + window.to) / 2
  const zoom = (factor: number, place: number) => setChosen(zoomed(axis, window, factor, place))

  const select = useCallback(
    (lane: number, index: number) => {
      const spans = lanes[lane]?.spans
      const sequence = spans?.sequences[index]
      const row = spans?.rows[index]
      if (sequence === undefined || row === undefined) return
      setSelected({ lane, index })
      // Of sessions the document has the current one alone.
      setWhy(row === "session" ? { kind: "event", sequence } : { kind: "row", row, at: sequence })
      travel.act({ kind: "sequence", at: sequence })
    },
    [lanes, travel],
  )
  const selectMark = useCallback(
    (sequence: number) => {
      setSelected(null)
      setWhy({ kind: "event", sequence })
      travel.act({ kind: "sequence", at: sequence })
    },
    [travel],
  )

  const fit = () => {
    const spans = selected === null ? undefined : lanes[selected.lane]
    if (spans === undefined || selected === null || chosen !== null) setChosen(null)
    else setChosen(around(axis, spans.starts[selected.index] ?? 0, spans.ends[selected.index] ?? 0))
  }

  useCommands([
    {
      id: "timeline.in",
      title: "Zoom in",
      group: "Timeline",
      keys: ["w"],
      run: () => zoom(zoomStep, cursor ?? middle),
    },
    {
      id: "timeline.out",
      title: "Zoom out",
      group: "Timeline",
      keys: ["s"],
      run: () => zoom(1 / zoomStep, cursor ?? middle),
    },
    {
      id: "timeline.left",
      title: "Earlier",
      group: "Timeline",
      keys: ["a"],
      run: () => setChosen(panned(axis, window, -panStep)),
    },
    {
      id: "timeline.right",
      title: "Later",
      group: "Timeline",
      keys: ["d"],
      run: () => setChosen(panned(axis, window, panStep)),
    },
    { id: "timeline.fit", title: "Show all, or what is selected", group: "Timeline", keys: ["f"], run: fit },
  ])

  const pointOf = (event: { readonly clientX: number; readonly clientY: number }) => {
    const box = canvas.current?.getBoundingClientRect()
    if (box === undefined) return null
    const x = event.clientX - box.left
    return {
      x,
      y: event.clientY - box.top,
      width: box.width,
      place: window.from + (x / box.width) * (window.to - window.from),
    }
  }

  const spanUnder = (point: NonNullable<ReturnType<typeof pointOf>>): Selected | null => {
    const region = regionAt(lanes, point.y)
    const lane = region?.kind === "lane" ? lanes[region.lane] : undefined
    if (region?.kind !== "lane" || lane === undefined) return null
    const index = spanAt(lane, window, point.width, point.x, region.track)
    return index === null ? null : { lane: region.lane, index }
  }

  const markUnder = ({ place, width, y }: NonNullable<ReturnType<typeof pointOf>>): TimelineMark | null => {
    if (regionAt(lanes, y)?.kind !== "marks") return null
    const near = (6 / width) * (window.to - window.from)
    let best: TimelineMark | null = null
    for (const mark of marks) {
      const distance = Math.abs(mark.place - place)
      if (distance <= near && (best === null || distance < Math.abs(best.place - place))) best = mark
    }
    return best
  }

  const click = (event: PointerEvent) => {
    const point = pointOf(event)
    if (point === null) return
    const mark = markUnder(point)
    if (mark !== null) return selectMark(mark.sequence)
    const span = spanUnder(point)
    if (span !== null) return select(span.lane, span.index)
    travel.act({ kind: "place", place: countUpTo(times, timeOnAxis(axis, point.place)) })
  }

  const move = (event: PointerEvent) => {
    const point = pointOf(event)
    if (point === null) return
    const press = pressed.current
    if (press !== null) {
      if (Math.abs(point.x - press.x) > clickPx) press.moved = true
      if (press.moved) {
        const { from, to } = press.window
        setChosen(panned(axis, { from, to }, (press.x - point.x) / point.width))
      }
      return
    }
    const span = spanUnder(point)
    const lane = span === null ? undefined : lanes[span.lane]
    const mark = markUnder(point)
    setUnder(
      mark !== null
        ? mark.label
        : span === null || lane === undefined
          ? null
          : `${lane.spans.labels[span.index]}, ${timeText(lane.spans, span.index)}`,
    )
  }

  // React listens to the wheel passively: the page would scroll with it.
  const wheel = useRef((_: globalThis.WheelEvent) => {})
  wheel.current = (event) => {
    const point = pointOf(event)
    if (point === null) return
    event.preventDefault()
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)
    const by = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY
    if (isSideways) setChosen(panned(axis, window, by / point.width))
    else zoom(Math.exp(Math.max(-1, Math.min(1, by / 400))), point.place)
  }
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const listen = (event: globalThis.WheelEvent) => wheel.current(event)
    element.addEventListener("wheel", listen, { passive: false })
    return () => element.removeEventListener("wheel", listen)
  }, [])

  const summary = lanes.map(({ lane, spans }) => `${laneTitles[lane]}: ${spans.starts.length}`).join(", ")
  return (
    <div className={classes.timeline} data-testid="timeline">
      <div className={classes.lanes}>
        <div aria-hidden="true" className={classes.names} style={{ paddingTop: axisHeight + marksHeight }}>
          {lanes.map((lane) => (
            <div className={classes.name} key={lane.lane} style={{ height: laneHeight(lane) }}>
              {laneTitles[lane.lane]}
            </div>
          ))}
        </div>
        <canvas
          aria-label={`Timeline. ${summary}. ${counted(marks.length, "finding")}. The list below has the same content.`}
          className={classes.canvas}
          onPointerDown={(event) => {
            const point = pointOf(event)
            if (point === null || event.button !== 0) return
            event.currentTarget.setPointerCapture(event.pointerId)
            pressed.current = { x: point.x, window, moved: false }
          }}
          onPointerLeave={() => setUnder(null)}
          onPointerMove={move}
          onPointerUp={(event) => {
            const wasClick = pressed.current?.moved === false
            pressed.current = null
            if (wasClick) click(event)
          }}
          ref={canvas}
          role="img"
          style={{ height }}
          title={under ?? undefined}
        />
      </div>
      <div className={classes.tools}>
        <span className={classes.under}>
          {under ?? (axis.folds.length === 0 ? "" : `${counted(axis.folds.length, "idle time")} folded`)}
        </span>
        <button
          className={classes.tool}
          onClick={() => zoom(zoomStep, cursor ?? middle)}
          title="Zoom in (w)"
          type="button"
        >
          Zoom in
        </button>
        <button
          className={classes.tool}
          onClick={() => zoom(1 / zoomStep, cursor ?? middle)}
          title="Zoom out (s)"
          type="button"
        >
          Zoom out
        </button>
        <button className={classes.tool} onClick={fit} title="Show all, or what is selected (f)" type="button">
          Fit
        </button>
      </div>
      {timeline.violations.length === 0 ? null : (
        <p className={classes.broken} role="alert">
          {counted(timeline.violations.length, "invariant is", "invariants are")} broken: {timeline.violations[0]?.text}
        </p>
      )}
      {why === null ? null : <WhyPane of={why} threadId={travel.threadId} />}
      <TimelineList lanes={lanes} marks={marks} more={timeline.moreAnomalies} select={select} selectMark={selectMark} />
    </div>
  )
}

export default Timeline
