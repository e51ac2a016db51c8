/**
 * How long what the service does takes, as histograms by result: a submission to the writer, a command, an effect, the connecting
 * of an agent, a call. Never an event: the path of an event has no measuring in it.
 */
import { Cause, type Clock, Effect, Exit, Metric, MetricBoundaries, MetricLabel, MetricState } from "effect"

const boundaries = MetricBoundaries.fromIterable([0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120])

const meanings = {
  submit: "Time until the writer has acknowledged a submission, by result.",
  command: "Time until a command has its receipt, by type and result.",
  effect: "Time until an agent has taken what an effect asks of it, by operation, provider and result.",
  connect: "Time until an agent is connected, by provider and result.",
  http_request: "Time until a call is answered, event streams excepted.",
} as const

/** What is measured. */
export type Measured = keyof typeof meanings

const prefix = "threadfold_"

const histogramOf = (what: Measured) => Metric.histogram(`${prefix}${what}_seconds`, boundaries, meanings[what])

const histograms: { readonly [What in Measured]: ReturnType<typeof histogramOf> } = {
  submit: histogramOf("submit"),
  command: histogramOf("command"),
  effect: histogramOf("effect"),
  connect: histogramOf("connect"),
  http_request: histogramOf("http_request"),
}

/** Labels of a measurement. A small closed set of values each: every combination is a series. */
export type Labels = Readonly<Record<string, string>>

/** Labels by their text. The library finds a series fastest by a list that it has seen. */
const known = new Map<string, readonly MetricLabel.MetricLabel[]>()
const none: readonly MetricLabel.MetricLabel[] = []

const labelsOf = (labels: Labels | undefined): readonly MetricLabel.MetricLabel[] => {
  if (labels === undefined) return none
  const key = JSON.stringify(labels)
  const found = known.get(key)
  if (found !== undefined) return found
  const made = Object.entries(labels).map(([name, value]) => MetricLabel.make(name, value))
  known.set(key, made)
  return made
}

/** Adds a measurement. */
export const recordDuration = (what: Measured, seconds: number, labels?: Labels): void =>
  histograms[what].unsafeUpdate(seconds, labelsOf(labels))

/** How something ended, as a label: `ok`, `interrupted`, `defect`, or the tag of its error. */
const resultOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Cause.isInterrupted(exit.cause)) return "interrupted"
  const failure = Cause.failureOption(exit.cause)
  return failure._tag === "Some" ? failure.value._tag : "defect"
}

/** Measures an effect, and makes it a span where spans are exported. */
export const observed =
  (what: Measured, labels: Labels, attributes: Readonly<Record<string, unknown>> = {}) =>
  <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.clockWith((clock: Clock.Clock) => {
      const begun = clock.unsafeCurrentTimeNanos()
      return Effect.onExit(effect, (exit) =>
        Effect.sync(() => {
          const seconds = Number(clock.unsafeCurrentTimeNanos() - begun) / 1e9
          recordDuration(what, seconds, { ...labels, result: resultOf(exit) })
        }),
      )
    }).pipe(
      Effect.withSpan(`threadfold.${what}`, { attributes: { ...labels, ...attributes }, captureStackTrace: false }),
    )

const bound = (value: number): string => (value === Number.POSITIVE_INFINITY ? "+Inf" : String(value))

/** The measurements of this process in the Prometheus text format. */
export const durationsText = (): string => {
  const series = new Map<string, string[]>()
  for (const { metricKey, metricState } of Metric.unsafeSnapshot()) {
    if (!metricKey.name.startsWith(prefix) || !MetricState.isHistogramState(metricState)) continue
    const lines = series.get(metricKey.name) ?? []
    const labels = metricKey.tags.map(({ key, value }) => `${key}=${JSON.stringify(value)}`)
    const line = (suffix: string, value: number, ...more: readonly string[]) => {
      const all = [...labels, ...more]
      lines.push(`${metricKey.name}${suffix}${all.length === 0 ? "" : `{${all.join(",")}}`} ${value}`)
    }
    for (const [limit, count] of metricState.buckets) line("_bucket", count, `le="${bound(limit)}"`)
    line("_sum", metricState.sum)
    line("_count", metricState.count)
    series.set(metricKey.name, lines)
  }
  return Object.entries(meanings)
    .map(([what, meaning]) => [`${prefix}${what}_seconds`, meaning] as const)
    .flatMap(([name, meaning]) => [
      `# HELP ${name} ${meaning}`,
      `# TYPE ${name} histogram`,
      ...(series.get(name) ?? []),
    ])
    .map((line) => `${line}\n`)
    .join("")
}
