/** The page of `stats`. */
import type { Stats } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { bytes, count } from "../text/words.js"

export const statsPage = (look: Look, stats: Stats): string => {
  const figures: readonly (readonly [string, string])[] = [
    ["events", count(stats.events)],
    ["threads", count(stats.threads)],
    ["anomalies", count(stats.anomalies)],
    ["last sequence", count(stats.lastSequence)],
    ["database", bytes(stats.databaseBytes)],
    ["write-ahead log", bytes(stats.walBytes)],
  ]
  const types = Object.entries(stats.byType ?? {}).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const widest = Math.max(0, ...types.map(([, value]) => count(value).length))
  return [
    ...figures.map(([name, text]) => `${look.dim(name.padEnd(17))}${text}`),
    ...(types.length === 0 ? [] : ["", look.bold("Events by type")]),
    ...types.map(([type, value]) => `  ${count(value).padStart(widest)}  ${oneLine(type)}`),
    "",
  ].join("\n")
}
