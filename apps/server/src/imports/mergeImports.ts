/** Reports of several imports as one, without the readers: a command that imports nothing loads none. */
import type { ImportReport } from "@threadfold/contracts"

const mergeBodies = (one: ImportReport["bodies"], other: ImportReport["bodies"]): Pick<ImportReport, "bodies"> => {
  if (one === undefined || other === undefined) {
    const bodies = one ?? other
    return bodies === undefined ? {} : { bodies }
  }
  const problems = [...one.problems, ...other.problems].slice(0, 100)
  return {
    bodies: {
      kept: one.kept + other.kept,
      bytes: one.bytes + other.bytes,
      missing: one.missing + other.missing,
      problems,
    },
  }
}

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
      ...mergeBodies(sum.bodies, one.bodies),
      unreadableFiles: [...(sum.unreadableFiles ?? []), ...(one.unreadableFiles ?? [])].slice(0, 100),
      notImported: (sum.notImported ?? 0) + (one.notImported ?? 0),
    }),
    first,
  )
}
