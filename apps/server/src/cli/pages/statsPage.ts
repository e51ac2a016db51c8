/** The page of `stats`. */
import type { LogStats, Stats } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { bytes as byteText, count, counted } from "../text/words.js"

const seconds = (ms: number | null): string => (ms === null ? "-" : `${(ms / 1000).toFixed(3)} s`)

const typeLines = (look: Look, types: NonNullable<LogStats["types"]>): readonly string[] => [
  "",
  look.bold("Sizes"),
  `  payloads ${byteText(types.payloadBytes)}, native messages ${byteText(types.nativeBytes)}`,
  `  ${types.perMinute.toFixed(1)} events a minute${types.busiestMinute === null ? "" : `; at most ${count(types.busiestMinute.events)}, from ${new Date(types.busiestMinute.at).toISOString()}`}`,
  ...Object.entries(types.byType)
    .sort(([, a], [, b]) => b.payloadBytes + b.nativeBytes - a.payloadBytes - a.nativeBytes)
    .map(
      ([type, { events, nativeBytes, payloadBytes }]) =>
        `  ${byteText(payloadBytes).padStart(9)} ${byteText(nativeBytes).padStart(9)}  ${oneLine(type)}, ${counted(events, "event")}`,
    ),
]

const threadLines = (look: Look, threads: NonNullable<LogStats["threads"]>): readonly string[] => [
  "",
  look.bold("Largest threads"),
  ...threads.map(
    ({ events, nativeBytes, payloadBytes, streamId }) =>
      `  ${byteText(payloadBytes).padStart(9)} ${byteText(nativeBytes).padStart(9)}  ${streamId}, ${counted(events, "event")}`,
  ),
]

const gapLines = (look: Look, gaps: NonNullable<LogStats["gaps"]>): readonly string[] => [
  "",
  look.bold("Numbers of sources"),
  `  ${counted(gaps.total, "channel")}; ${count(gaps.withGaps)} with gaps, ${counted(gaps.missing, "number")} missing; ${counted(gaps.conflicts, "conflict")}`,
  ...Object.entries(gaps.duplicates).map(([reason, times]) => `  ${oneLine(reason)}: ${count(times)}`),
  ...gaps.channels.map(({ channel, lastSeq, missing, source }) =>
    look.busy(`  ${count(missing)} of ${count(lastSeq)} missing: ${oneLine(channel)} of ${source}`),
  ),
]

const skewLines = (look: Look, skew: NonNullable<LogStats["skew"]>): readonly string[] => [
  "",
  look.bold("Clocks"),
  `  recorded ${seconds(skew.leastMs)} to ${seconds(skew.mostMs)} after the time of the source, ${seconds(skew.meanMs)} on average`,
  `  the source was ahead in ${count(skew.ahead)} of ${counted(skew.events, "event")}`,
  ...skew.sessions.map(
    ({ leastMs, mostMs, sessionId }) => `  session ${sessionId}: ${seconds(leastMs)} to ${seconds(mostMs)}`,
  ),
]

const logLines = (look: Look, { gaps, skew, threads, types }: LogStats): readonly string[] => [
  ...(types === null ? [] : typeLines(look, types)),
  ...(threads === null ? [] : threadLines(look, threads)),
  ...(gaps === null ? [] : gapLines(look, gaps)),
  ...(skew === null ? [] : skewLines(look, skew)),
]

export const statsPage = (look: Look, stats: Stats): string => {
  const figures: readonly (readonly [string, string])[] = [
    ["events", count(stats.events)],
    ["threads", count(stats.threads)],
    ["anomalies", count(stats.anomalies)],
    ["last sequence", count(stats.lastSequence)],
    ["database", byteText(stats.databaseBytes)],
    ["write-ahead log", byteText(stats.walBytes)],
  ]
  const types = Object.entries(stats.byType ?? {}).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const widest = Math.max(0, ...types.map(([, value]) => count(value).length))
  return [
    ...figures.map(([name, text]) => `${look.dim(name.padEnd(17))}${text}`),
    ...(types.length === 0 ? [] : ["", look.bold("Events by type")]),
    ...types.map(([type, value]) => `  ${count(value).padStart(widest)}  ${oneLine(type)}`),
    ...(stats.log === null ? [] : logLines(look, stats.log)),
    "",
  ].join("\n")
}
