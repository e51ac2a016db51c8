/** Reports of several imports as one, without the readers: a command that imports nothing loads none. */
import type { ImportReport } from "@threadfold/contracts"

/** @returns null: there is none */
export const mergeImports = (reports: readonly ImportReport[]): ImportReport | null => {
  const [first, ...others] = reports
  if (first === undefined) return null
  return others.reduce(
    (sum, one) => ({
      threads: [...sum.threads, ...one.threads],
      lines: sum.lines + one.lines,
      mapped: sum.mapped + one.mapped,
      kept: sum.kept + one.kept,
      unreadable: sum.unreadable + one.unreadable,
      unreadableLines: [...sum.unreadableLines, ...one.unreadableLines].slice(0, 100),
      events: sum.events + one.events,
      unreadableFiles: [...(sum.unreadableFiles ?? []), ...(one.unreadableFiles ?? [])].slice(0, 100),
    }),
    first,
  )
}
