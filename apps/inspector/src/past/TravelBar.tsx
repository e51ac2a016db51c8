/** The past of a thread: where the reader is in it, and how to go on. */
import { Suspense, useState } from "react"
import { clock, counted, fullTime } from "../format/format.js"
import { useValue } from "../live/KeyedStore.js"
import { useCommands } from "../shell/commands.js"
import { Icon } from "../shell/Icon.js"
import { lazy } from "../shell/lazyView.js"
import { usePage } from "../shell/PageContext.js"
import { Changes } from "./Changes.js"
import { MarkStrip } from "./MarkStrip.js"
import { placeOf, type Speed, speeds } from "./scrubber.js"
import type { Travel } from "./Travel.js"
import classes from "./TravelBar.module.css"

const Timeline = lazy(() => import("./Timeline.js"))
const WhyPane = lazy(() => import("./WhyPane.js"))

/** What the pane below the scrubber shows. */
type Pane = "changes" | "why" | "timeline"

/** How far the events are read, where it is worth a word. */
const Progress = ({ travel }: { travel: Travel }) => {
  const { count, done, problem } = useValue(travel.reader.progress)
  const total = useValue(travel.total)
  if (problem !== null) {
    return (
      <span className={classes.problem} role="alert">
        {problem.message}{" "}
        <button className={classes.button} onClick={travel.reader.read} type="button">
          Try again
        </button>
      </span>
    )
  }
  if (done || total === null || count >= total) return null
  return (
    <span className={classes.progress}>
      <progress aria-label="Events read" max={total} value={count} />
      {`Reading events, ${Math.floor((count / total) * 100)}%`}
    </span>
  )
}

const TravelBar = ({ travel }: { travel: Travel }) => {
  const state = useValue(travel.state)
  const { step } = useValue(travel.moment)
  useValue(travel.reader.progress)
  const total = useValue(travel.total)
  const [pane, setPane] = useState<Pane | null>("changes")
  const { line } = travel.reader
  const follows = usePage().bundle === null
  const isLive = state.at === null
  const place = placeOf(line, state)
  // A moment that lies behind what is read yet is shown by the server; which event it is, is not known here.
  const isRead = state.at === null || travel.reader.knows(state.at)
  const point = isRead ? line.at(place) : null
  const last = Math.max(line.count, 1)
  const type = step?.event.type ?? point?.type ?? ""
  const said =
    point === null
      ? isRead
        ? "no event yet"
        : `event ${state.at} of the log`
      : `event ${point.place} of ${total ?? line.count}, ${type}, ${clock(point.time)}`
  const { act } = travel

  useCommands([
    {
      id: "past.back",
      title: "One event back",
      group: "Time travel",
      keys: ["ArrowLeft"],
      run: () => act({ kind: "step", by: -1, unit: "event" }),
    },
    {
      id: "past.on",
      title: "One event on",
      group: "Time travel",
      keys: ["ArrowRight"],
      run: () => act({ kind: "step", by: 1, unit: "event" }),
    },
    {
      id: "past.turnBack",
      title: "To the turn's start or end before",
      group: "Time travel",
      keys: ["shift+ArrowLeft"],
      run: () => act({ kind: "step", by: -1, unit: "turn" }),
    },
    {
      id: "past.turnOn",
      title: "To the next turn's start or end",
      group: "Time travel",
      keys: ["shift+ArrowRight"],
      run: () => act({ kind: "step", by: 1, unit: "turn" }),
    },
    {
      id: "past.findingBack",
      title: "To the anomaly before",
      group: "Time travel",
      keys: ["["],
      run: () => act({ kind: "step", by: -1, unit: "finding" }),
    },
    {
      id: "past.findingOn",
      title: "To the next anomaly",
      group: "Time travel",
      keys: ["]"],
      run: () => act({ kind: "step", by: 1, unit: "finding" }),
    },
    {
      id: "past.play",
      title: state.playing === null ? "Play" : "Pause",
      group: "Time travel",
      keys: ["p"],
      run: () => act({ kind: state.playing === null ? "play" : "pause" }),
    },
    {
      id: "past.live",
      title: "Show the thread live",
      group: "Time travel",
      keys: ["l"],
      run: () => act({ kind: "live" }),
    },
    {
      id: "past.compare",
      title: "Compare with this moment",
      group: "Time travel",
      keys: ["x"],
      run: () => act({ kind: "compare" }),
    },
    {
      id: "past.why",
      title: "Why the event did what it did",
      group: "Time travel",
      keys: ["y"],
      run: () => setPane(pane === "why" ? null : "why"),
    },
    {
      id: "past.timeline",
      title: "Show the timeline",
      group: "Time travel",
      keys: ["v"],
      run: () => setPane(pane === "timeline" ? null : "timeline"),
    },
  ])

  const tab = (of: Pane, title: string) => (
    <button
      aria-expanded={pane === of}
      className={classes.tab}
      data-open={pane === of}
      onClick={() => setPane(pane === of ? null : of)}
      type="button"
    >
      {title}
    </button>
  )
  const button = (label: string, sign: "left" | "right", keys: string, run: () => void) => (
    <button aria-label={label} className={classes.icon} onClick={run} title={`${label} (${keys})`} type="button">
      <Icon name={sign} size={14} />
    </button>
  )

  return (
    <section aria-label="Time travel" className={classes.bar} data-live={isLive} data-testid="travel">
      <div className={classes.line}>
        <div className={classes.steps}>
          {button("One event back", "left", "←", () => act({ kind: "step", by: -1, unit: "event" }))}
          <button
            aria-label={state.playing === null ? "Play" : "Pause"}
            className={classes.icon}
            data-testid="travel-play"
            onClick={() => act({ kind: state.playing === null ? "play" : "pause" })}
            title={`${state.playing === null ? "Play" : "Pause"} (p)`}
            type="button"
          >
            <Icon name={state.playing === null ? "play" : "pause"} size={14} />
          </button>
          {button("One event on", "right", "→", () => act({ kind: "step", by: 1, unit: "event" }))}
          <select
            aria-label="Speed, events a second"
            className={classes.speed}
            onChange={(event) => {
              const speed = speeds.find((one) => String(one) === event.target.value)
              if (speed !== undefined) act({ kind: "speed", speed: speed satisfies Speed })
            }}
            value={state.speed}
          >
            {speeds.map((speed) => (
              <option key={speed} value={speed}>
                {speed}/s
              </option>
            ))}
          </select>
        </div>
        <div className={classes.track}>
          <MarkStrip line={line} to={state.to} total={Math.max(last, total ?? 0)} />
          <input
            aria-label="Event of the thread"
            aria-valuetext={said}
            className={classes.range}
            data-testid="travel-range"
            max={Math.max(last, total ?? 0)}
            min={1}
            onChange={(event) => act({ kind: "place", place: event.target.valueAsNumber })}
            step={1}
            type="range"
            value={place === 0 ? 1 : place}
          />
        </div>
        <button
          aria-pressed={isLive}
          className={classes.live}
          data-live={isLive}
          onClick={() => act({ kind: "live" })}
          title={follows ? "Show the thread live (l)" : "Show the thread as it is now (l)"}
          type="button"
        >
          {follows ? "Live" : "Now"}
        </button>
        <button
          aria-label="Close time travel"
          className={classes.icon}
          onClick={travel.hide}
          title="Close (t)"
          type="button"
        >
          <Icon name="close" size={14} />
        </button>
      </div>
      <div className={classes.line}>
        <p className={classes.event} data-testid="travel-event">
          {point === null ? (
            isRead ? (
              <span>No event yet</span>
            ) : (
              <strong className={classes.number}>Event #{state.at?.toLocaleString("en")} of the log</strong>
            )
          ) : (
            <>
              <strong className={classes.number}>
                Event {point.place.toLocaleString("en")}
                <span className={classes.of}> of {(total ?? line.count).toLocaleString("en")}</span>
              </strong>
              <code className={classes.type}>{type}</code>
              <time dateTime={new Date(point.time).toISOString()} title={fullTime(point.time)}>
                {clock(point.time)}
              </time>
              <span className={classes.sequence} title="Its place in the whole log">
                #{point.sequence.toLocaleString("en")}
              </span>
              {step !== null && step.anomalies.length > 0 ? (
                <span className={classes.finding}>
                  <Icon name="alert" size={12} />
                  {counted(step.anomalies.length, "anomaly", "anomalies")}
                </span>
              ) : null}
            </>
          )}
        </p>
        <Progress travel={travel} />
        <div className={classes.tabs}>
          {tab("changes", state.to === null ? "Changes" : "Differences")}
          {tab("why", "Why")}
          {tab("timeline", "Timeline")}
          <button
            aria-pressed={state.to !== null}
            className={classes.tab}
            data-open={state.to !== null}
            onClick={() => act({ kind: "compare" })}
            title="Compare other moments with this one (x)"
            type="button"
          >
            Compare
          </button>
        </div>
      </div>
      {pane === "changes" && !isLive ? <Changes travel={travel} /> : null}
      {pane === "why" && point !== null ? (
        <Suspense fallback={<p className={classes.wait}>Loading</p>}>
          <WhyPane of={{ kind: "event", sequence: point.sequence }} threadId={travel.threadId} />
        </Suspense>
      ) : null}
      {pane === "timeline" ? (
        <Suspense fallback={<p className={classes.wait}>Loading</p>}>
          <Timeline travel={travel} />
        </Suspense>
      ) : null}
    </section>
  )
}

export default TravelBar
