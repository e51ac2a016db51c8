/** What lies where in a thread's events, below the scrubber: turns, anomalies, how much is read, the moment that is compared with. */
import { useEffect, useRef } from "react"
import { useCanvas } from "./canvas.js"
import { type EventLine, findingMarks } from "./EventLine.js"
import { EventMark } from "./pastMessages.js"
import classes from "./TravelBar.module.css"

/** Half of the thumb of the scrubber, px: its first and its last place are so far from the ends. */
const inset = 7

interface Props {
  readonly line: EventLine
  /** Events of the thread, those that are not read included. */
  readonly total: number
  /** Sequence of the moment that is compared with; null: none. */
  readonly to: number | null
}

export const MarkStrip = ({ line, to, total }: Props) => {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { count } = line
  const draw = useCanvas(canvas, ({ colours, context, height, width }) => {
    const x = (place: number) => inset + ((place - 1) / Math.max(1, total - 1)) * (width - 2 * inset)
    context.fillStyle = colours.line
    context.fillRect(inset, height / 2 - 2, width - 2 * inset, 4)
    context.fillStyle = colours.lineStrong
    if (count > 0) context.fillRect(inset, height / 2 - 2, x(count) - inset, 4)
    // One mark for each pixel: a thread has more events than that.
    let lastTurn = -1
    let lastFinding = -1
    for (let index = 0; index < count; index += 1) {
      const mark = line.marks[index] ?? 0
      if (mark === 0) continue
      const at = Math.round(x(index + 1))
      if ((mark & EventMark.turnStart) !== 0 && at > lastTurn + 1) {
        context.fillStyle = colours.quiet
        context.fillRect(at, height / 2 - 5, 1, 10)
        lastTurn = at
      }
      if ((mark & findingMarks) !== 0 && at > lastFinding) {
        context.fillStyle = colours.failed
        context.fillRect(at - 1, 0, 3, 5)
        lastFinding = at
      }
    }
    if (to !== null) {
      context.fillStyle = colours.accent
      context.fillRect(Math.round(x(line.placeOf(to))) - 1, 0, 2, height)
    }
  })
  useEffect(draw, [draw, count, to, total])
  return (
    <div aria-hidden="true">
      <canvas className={classes.marks} ref={canvas} />
    </div>
  )
}
