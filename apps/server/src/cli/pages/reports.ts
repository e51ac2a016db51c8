/** The pages of `check`, `verify`, `rebuild` and `import`. */
import type { CheckReport, ImportReport, LogReport, VerifyReport } from "@threadfold/contracts"
import type { RebuildReport } from "@threadfold/projections"
import { type Look, oneLine } from "../text/Look.js"
import { cut } from "../text/width.js"
import { count, counted, idLength } from "../text/words.js"

const json = (look: Look, value: unknown): string =>
  cut(oneLine(JSON.stringify(value) ?? "nothing"), Math.max(40, look.width - 14))

export const checkPage = (look: Look, { ok, violations }: CheckReport): string =>
  ok
    ? `${look.good("All invariants hold.")}\n`
    : [
        look.bad(`${counted(violations.length, "violation")}.`),
        ...violations.flatMap((one) => [
          "",
          `${look.bold(one.invariant)} ${look.dim(`(${one.kind})`)}`,
          `  thread ${one.threadId}`,
          `  event  ${one.eventId ?? "-"}${one.sequence === null ? "" : ` (sequence ${one.sequence})`}`,
          `  ${oneLine(one.detail)}`,
        ]),
        "",
      ].join("\n")

/** What the digests say of the log. */
const logLines = (look: Look, { blocks, bytes, events, eventsBefore, findings, ok }: LogReport): readonly string[] => [
  ok ? look.good("The log is what was written.") : look.bad("The log is not what was written."),
  `  ${counted(events, "event")} by ${counted(blocks, "digest")}${bytes ? ", every native message" : "; --bytes reads every native message, too"}`,
  ...(eventsBefore === 0 ? [] : [`  ${counted(eventsBefore, "event")} from before there were digests`]),
  ...findings.map((one) => {
    const [first, last] = [one.firstSequence ?? one.lastSequence, one.lastSequence]
    const at = first === null ? "" : last === null || first === last ? ` at ${first}` : ` in ${first} to ${last}`
    const event = one.eventId === null ? "" : ` (event ${one.eventId})`
    return `  ${look.bold(`${one.part}${at}`)}${event} of ${one.streamId ?? "an unknown stream"}: ${oneLine(one.detail)}`
  }),
]

export const verifyPage = (look: Look, report: VerifyReport): string => {
  const rows = Object.values(report.projections).reduce((sum, { rows }) => sum + rows, 0)
  const same = report.differences.length === 0
  const verdict = same
    ? look.good("The projections are what the log leads to.")
    : look.bad("The projections differ from what the log leads to.")
  return [
    ...logLines(look, report.log),
    verdict,
    `  ${counted(report.threads, "thread")}, ${counted(rows, "row")} compared`,
    `  hash ${report.hash}`,
    ...report.differences.flatMap((one) => [
      "",
      `${look.bold(`${one.table} ${oneLine(one.key)}`)} ${look.dim(`of ${one.threadId}`)}`,
      `  the log says ${json(look, one.expected)}`,
      `  stored is    ${json(look, one.actual)}`,
    ]),
    ...(report.stale.length === 0
      ? []
      : [
          "",
          look.busy(
            `${counted(report.stale.length, "stream")} folded by another version of the fold: not wrong, but to be rebuilt.`,
          ),
        ]),
    ...(report.log.ok ? [] : ["", "`threadfold salvage --db FILE OUT` copies what can be read into a new log."]),
    ...(same && report.stale.length === 0 ? [] : ["", "`threadfold rebuild` makes the rows anew from the log."]),
    "",
  ].join("\n")
}

export const rebuildPage = (look: Look, { events, refused, streams }: RebuildReport): string =>
  [
    refused.length === 0
      ? look.good("Rebuilt.")
      : look.bad(`Rebuilt, but ${counted(refused.length, "stream")} refused.`),
    `  ${counted(events, "event")} of ${counted(streams, "stream")} folded again`,
    ...refused.map(({ detail, streamId }) => `  ${streamId}: ${oneLine(detail)}`),
    "",
  ].join("\n")

export const importPage = (look: Look, report: ImportReport): string => {
  const length = idLength(report.threads.map(({ threadId }) => threadId))
  return [
    `${look.good(`${counted(report.events, "event")} added`)} from ${counted(report.lines, "line")}: ${count(report.mapped)} mapped, ${count(report.kept)} kept verbatim only, ${count(report.unreadable)} unreadable`,
    ...report.threads.map(
      (thread) =>
        `  ${look.bold(thread.threadId.slice(0, length))}  ${counted(thread.events, "event")}${thread.anomalies === 0 ? "" : `, ${counted(thread.anomalies, "anomaly", "anomalies")}`}  ${look.dim(oneLine(thread.nativeThreadId ?? ""))}`,
    ),
    ...report.unreadableLines.map(({ file, line, problem }) => look.busy(`  ${file}:${line}: ${oneLine(problem)}`)),
    ...(report.unreadable > report.unreadableLines.length
      ? [look.busy(`  and ${counted(report.unreadable - report.unreadableLines.length, "unreadable line")} more`)]
      : []),
    "",
  ].join("\n")
}
