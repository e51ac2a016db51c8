/** What an import led to, and how the reports of several recordings become one. */
import type { ImportReport } from "@threadfold/contracts"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { namedBodyProblems } from "./trace/TraceBodies.js"

/** A thread of a recording. */
export interface ImportedThread {
  readonly threadId: string
  readonly nativeThreadId: string | null
  /** Events that were added to it. */
  readonly events: number
}

/** What an import led to, without the anomalies of its threads, which are in the projections. */
export interface ImportOutcome extends Omit<ImportReport, "threads"> {
  readonly threads: readonly ImportedThread[]
}

/** Lines that are none, as a report names them. */
export type UnreadableLines = ImportReport["unreadableLines"][number][]

/** How many unreadable lines a report names. */
export const namedLines = 100

/** The threads of several reports; of a thread in several reports, the last entry, with the events of all. */
const mergeThreads = <T extends ImportedThread>(
  reports: readonly { readonly threads: readonly T[] }[],
): readonly T[] => {
  const threads = new Map<string, T>()
  for (const thread of reports.flatMap((report) => report.threads)) {
    const events = (threads.get(thread.threadId)?.events ?? 0) + thread.events
    threads.set(thread.threadId, { ...thread, events })
  }
  return [...threads.values()]
}

/** The bodies of several reports. */
const sumOfBodies = (all: readonly NonNullable<ImportReport["bodies"]>[]): NonNullable<ImportReport["bodies"]> => ({
  kept: all.reduce((total, { kept }) => total + kept, 0),
  bytes: all.reduce((total, { bytes }) => total + bytes, 0),
  missing: all.reduce((total, { missing }) => total + missing, 0),
  problems: all.flatMap(({ problems }) => problems).slice(0, namedBodyProblems),
})

/** One report of several recordings, in the order in which they were imported. */
export const mergeReports = <T extends ImportedThread>(
  reports: readonly (Omit<ImportOutcome, "threads"> & { readonly threads: readonly T[] })[],
) => {
  const bodies = reports.flatMap((report) => report.bodies ?? [])
  const sum = (field: "lines" | "mapped" | "kept" | "unreadable" | "events") =>
    reports.reduce((total, report) => total + report[field], 0)
  return {
    threads: mergeThreads(reports),
    lines: sum("lines"),
    mapped: sum("mapped"),
    kept: sum("kept"),
    unreadable: sum("unreadable"),
    unreadableLines: reports.flatMap((report) => report.unreadableLines).slice(0, namedLines),
    events: sum("events"),
    ...(bodies.length === 0 ? {} : { bodies: sumOfBodies(bodies) }),
  }
}

/** The whole report: with the anomalies of each thread as they are now. */
export const reportOf = (outcome: ImportOutcome) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const anomalies = yield* projections.anomalyCounts(outcome.threads.map(({ threadId }) => threadId))
    return {
      ...outcome,
      threads: outcome.threads.map((thread) => ({ ...thread, anomalies: anomalies.get(thread.threadId) ?? 0 })),
    } satisfies ImportReport
  })
