/** How the server is, in figures: read again every few seconds, with the course of the last minutes. */
import type { Stats } from "@threadfold/contracts"
import type { Readiness } from "@threadfold/contracts/api"
import { useEffect, useState } from "react"
import { problemOf } from "../../api/PageProblem.js"
import { useEvery, useRead } from "../../api/useRead.js"
import { bytes, counted, duration } from "../../format/format.js"
import { usePage } from "../../shell/PageContext.js"
import { Card, Chip } from "./Card.js"
import classes from "./FiguresCard.module.css"
import { type Figures, figure, readFigures, sumOf } from "./prometheus.js"

const pauseMs = 5_000
/** Points of a course. */
const mostPoints = 60

interface Point {
  readonly at: number
  readonly events: number
  readonly cpu: number
  readonly memory: number
  readonly lag: number
}

const pointOf = (figures: Figures): Point => ({
  at: Date.now(),
  events: figure(figures, "head_sequence") ?? 0,
  cpu: figure(figures, "cpu_seconds_total") ?? 0,
  memory: figure(figures, "resident_memory_bytes") ?? 0,
  lag: figure(figures, "event_loop_lag_seconds", { quantile: "0.99" }) ?? 0,
})

/** What grows, as growth a second. */
const ratesOf = (points: readonly Point[], of: (point: Point) => number): readonly number[] =>
  points.slice(1).map((point, index) => {
    const last = points[index] ?? point
    const seconds = (point.at - last.at) / 1_000
    // A server that began anew counts from 0 again.
    return seconds <= 0 ? 0 : Math.max(0, of(point) - of(last)) / seconds
  })

const Course = ({ values }: { values: readonly number[] }) => {
  const most = Math.max(...values, 1e-9)
  const step = 120 / (mostPoints - 1)
  const from = 120 - (values.length - 1) * step
  const line = values.map(
    (value, index) => `${(from + index * step).toFixed(1)},${(22 - (value / most) * 20).toFixed(1)}`,
  )
  return (
    <svg
      aria-hidden="true"
      className={classes.course}
      height={24}
      preserveAspectRatio="none"
      viewBox="0 0 120 24"
      width={120}
    >
      {values.length < 2 ? null : <polyline points={line.join(" ")} />}
    </svg>
  )
}

const Figure = ({
  name,
  note,
  value,
  values,
}: {
  name: string
  value: string
  note?: string
  values?: readonly number[]
}) => (
  <div className={classes.figure}>
    <dt>{name}</dt>
    <dd>
      <span className={classes.value}>{value}</span>
      {note === undefined ? null : <span className={classes.note}>{note}</span>}
      {values === undefined ? null : <Course values={values} />}
    </dd>
  </div>
)

const count = (value: number | null): string => (value === null ? "–" : value.toLocaleString("en"))

export const FiguresCard = () => {
  const { api } = usePage()
  const metrics = useRead("metrics", async (signal) => {
    const answer = await api.fetch("/metrics", { signal })
    if (!answer.ok) throw await problemOf(answer)
    return readFigures(await answer.text())
  })
  const stats = useRead("stats", (signal) => api.get<Stats>("/v1/stats", {}, { signal }))
  const ready = useRead("ready", (signal) => api.get<typeof Readiness.Type>("/readyz", {}, { signal }))
  const [points, setPoints] = useState<readonly Point[]>([])
  useEvery(pauseMs, metrics.again)
  useEvery(pauseMs * 3, stats.again)
  useEvery(pauseMs * 3, ready.again)
  const figures = metrics.value
  useEffect(() => {
    if (figures !== null) setPoints((known) => [...known, pointOf(figures)].slice(-mostPoints))
  }, [figures])
  const rates = ratesOf(points, ({ events }) => events)
  const cpu = ratesOf(points, (point) => point.cpu)
  const lag = figures === null ? null : figure(figures, "event_loop_lag_seconds", { quantile: "0.99" })
  const free = figures === null ? null : figure(figures, "storage_free_bytes")
  const isLow = figures !== null && figure(figures, "storage_low") === 1
  const isDown = ready.problem !== null
  return (
    <Card
      actions={<Chip tone={isDown ? "failed" : "done"}>{isDown ? "Not ready" : "Ready"}</Chip>}
      note={
        ready.value === null ? undefined : `Threadfold ${ready.value.version}, log ${ready.value.logId.slice(0, 8)}`
      }
      problem={ready.problem ?? metrics.problem ?? stats.problem}
      title="Server"
    >
      <dl className={classes.figures}>
        <Figure
          name="Events"
          note={rates.length === 0 ? "" : `${(rates.at(-1) ?? 0).toFixed(1)}/s`}
          value={count(figures === null ? null : figure(figures, "head_sequence"))}
          values={rates}
        />
        <Figure name="CPU" value={cpu.length === 0 ? "–" : `${Math.round((cpu.at(-1) ?? 0) * 100)} %`} values={cpu} />
        <Figure
          name="Memory"
          value={figures === null ? "–" : bytes(figure(figures, "resident_memory_bytes") ?? 0)}
          values={points.map(({ memory }) => memory)}
        />
        <Figure
          name="Event loop, 99 %"
          value={lag === null ? "–" : duration(lag * 1_000)}
          values={points.map((point) => point.lag)}
        />
        <Figure
          name="Database"
          note={stats.value === null ? "" : `+ ${bytes(stats.value.walBytes)} in its WAL`}
          value={stats.value === null ? "–" : bytes(stats.value.databaseBytes)}
        />
        <Figure name="Free storage" note={isLow ? "low" : ""} value={free === null ? "–" : bytes(free)} />
        <Figure name="Threads" value={count(stats.value?.threads ?? null)} />
        <Figure name="Anomalies" value={count(stats.value?.anomalies ?? null)} />
        <Figure
          name="Connections"
          note={figures === null ? "" : counted(figure(figures, "stream_connections") ?? 0, "stream")}
          value={count(figures === null ? null : figure(figures, "http_connections"))}
        />
        <Figure
          name="Calls answered"
          note={figures === null ? "" : `${count(sumOf(figures, "http_problems_total") ?? 0)} with a problem`}
          value={count(figures === null ? null : sumOf(figures, "http_answers_total"))}
        />
      </dl>
    </Card>
  )
}
