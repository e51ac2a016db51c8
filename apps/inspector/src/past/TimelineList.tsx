/** The content of a timeline as a list, for those who do not see it or do not point: every span and every finding is a button. */
import { useState } from "react"
import { clock, counted, duration, visible } from "../format/format.js"
import type { Lane } from "./laneLayout.js"
import type { TimelineMark } from "./paintTimeline.js"
import type { LaneName, LaneSpans } from "./pastMessages.js"
import classes from "./Timeline.module.css"

/** Entries of a part that are shown at a time. */
const entriesAtOnce = 50

/** Names of the lanes. */
export const laneTitles: Readonly<Record<LaneName, string>> = {
  sessions: "Sessions",
  turns: "Turns",
  inferences: "Model calls",
  items: "Items",
  requests: "Requests",
  realtimeRuns: "Voice",
  tasks: "Tasks",
}

/** When a span was, and for how long. */
export const timeText = ({ ends, starts }: LaneSpans, index: number): string => {
  const [start = 0, end = 0] = [starts[index], ends[index]]
  return end === Number.POSITIVE_INFINITY ? `since ${clock(start)}` : `${clock(start)}, ${duration(end - start)}`
}

const Part = ({
  count,
  entry,
  title,
}: {
  title: string
  count: number
  entry: (index: number) => { readonly text: string; readonly time: string; readonly run: () => void }
}) => {
  const [shown, setShown] = useState(entriesAtOnce)
  return (
    <section>
      <h3 className={classes.partTitle}>
        {title} <span className={classes.partCount}>{count.toLocaleString("en")}</span>
      </h3>
      <ul>
        {Array.from({ length: Math.min(shown, count) }, (_, index) => {
          const { run, text, time } = entry(index)
          return (
            <li key={String(index)}>
              <button className={classes.entry} onClick={run} type="button">
                <span className={classes.entryText}>{visible(text)}</span>
                <span className={classes.entryTime}>{time}</span>
              </button>
            </li>
          )
        })}
      </ul>
      {shown < count ? (
        <button className={classes.tool} onClick={() => setShown(shown + entriesAtOnce)} type="button">
          Show {Math.min(entriesAtOnce, count - shown)} more of {title.toLowerCase()}
        </button>
      ) : null}
    </section>
  )
}

export const TimelineList = ({
  lanes,
  marks,
  more,
  select,
  selectMark,
}: {
  lanes: readonly Lane[]
  marks: readonly TimelineMark[]
  /** Anomalies beyond those that are marked. */
  more: number
  select: (lane: number, index: number) => void
  selectMark: (sequence: number) => void
}) => {
  const [open, setOpen] = useState(false)
  return (
    <details
      className={classes.list}
      data-testid="timeline-list"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>The timeline as a list</summary>
      {open ? (
        <div className={classes.parts}>
          {marks.length === 0 ? null : (
            <Part
              count={marks.length}
              entry={(index) => {
                const mark = marks[index]
                return {
                  text: `${mark?.kind ?? ""}: ${mark?.label ?? ""}`,
                  time: `event #${(mark?.sequence ?? 0).toLocaleString("en")}`,
                  run: () => selectMark(mark?.sequence ?? 0),
                }
              }}
              title={more === 0 ? "Findings" : `Findings, and ${counted(more, "further anomaly", "further anomalies")}`}
            />
          )}
          {lanes.map(({ lane, spans }, at) => (
            <Part
              count={spans.starts.length}
              entry={(index) => ({
                text: spans.labels[index] ?? "",
                time: timeText(spans, index),
                run: () => select(at, index),
              })}
              key={lane}
              title={laneTitles[lane]}
            />
          ))}
        </div>
      ) : null}
    </details>
  )
}
