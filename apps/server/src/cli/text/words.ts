/** Figures in words: times, spans, counts, bytes, short ids; and names of threads. */
import type { ThreadView } from "@threadfold/contracts"
import { oneLine } from "./Look.js"

const units = [
  ["y", 365 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const

/** How long ago, roughly; what is absent is a dash. A clock that is ahead of ours counts as now. */
export const ago = (at: number | null, now: number): string => {
  if (at === null) return "-"
  const span = now - at
  for (const [unit, length] of units) if (span >= length) return `${Math.floor(span / length)} ${unit} ago`
  return "now"
}

/** How long something took. */
export const span = (from: number | null, to: number | null): string | null => {
  if (from === null || to === null || to < from) return null
  const ms = to - from
  if (ms < 1000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 60
    ? `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A whole number with its thousands apart. */
export const count = (value: number): string => value.toLocaleString("en-US")

/** A count and its noun. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Bytes in the unit that reads best. */
export const bytes = (value: number): string => {
  const scale = ["B", "KiB", "MiB", "GiB", "TiB"]
  const power = value <= 0 ? 0 : Math.min(scale.length - 1, Math.floor(Math.log2(value) / 10))
  const scaled = value / 2 ** (10 * power)
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${scale[power]}`
}

/** The clock time of a moment, to the millisecond, UTC. */
export const clock = (at: number): string => new Date(at).toISOString().slice(11, 23)

/** A moment to the second, UTC. */
export const moment = (at: number | null): string =>
  at === null ? "-" : new Date(at).toISOString().slice(0, 19).replace("T", " ")

/** What a thread is called: its title, else what was said first, else its folder. */
export const threadTitle = (thread: Pick<ThreadView, "title" | "firstWords" | "cwd">): string =>
  oneLine(thread.title ?? thread.firstWords ?? thread.cwd ?? "(no title)")

const shortest = 8
/** The time of a UUIDv7 and its first random digits. */
const beyondTime = 18

/**
 * How many characters of these ids tell them apart. Where there may be others (`more`), at least as many as hold the
 * time of an id and some of what is random in it.
 */
export const idLength = (ids: readonly string[], more = false): number => {
  const sorted = [...new Set(ids)].sort()
  let length = more ? beyondTime : shortest
  for (let index = 1; index < sorted.length; index++) {
    const [a, b] = [sorted[index - 1] ?? "", sorted[index] ?? ""]
    let same = 0
    while (same < a.length && a[same] === b[same]) same += 1
    length = Math.max(length, same + 1)
  }
  // A cut right after a hyphen looks like a mistake.
  return sorted[0]?.[length - 1] === "-" ? length + 1 : length
}
