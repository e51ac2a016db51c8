/** The pages of `verify`, `rebuild`, `salvage`, `import` and `doctor`. */
import type { ImportReport, LogReport, RebuildReport, SalvageReport, VerifyReport } from "@threadfold/contracts"
import type { AgentCheck, DoctorReport } from "../../doctor/Report.js"
import { type Look, oneLine } from "../text/Look.js"
import { cut } from "../text/table.js"
import { bytes, count, counted, idLength } from "../text/words.js"

const json = (look: Look, value: unknown): string =>
  cut(oneLine(JSON.stringify(value) ?? "nothing"), Math.max(40, look.width - 14))

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

export const rebuildPage = (look: Look, { changed, events, hash, refused, rows, streams }: RebuildReport): string =>
  [
    refused.length === 0
      ? look.good("Rebuilt.")
      : look.bad(`Rebuilt, but ${counted(refused.length, "stream")} refused.`),
    `  ${counted(events, "event")} of ${counted(streams, "stream")} folded again`,
    ...(changed === null
      ? []
      : [
          changed === 0
            ? "  every row was what the log leads to"
            : `  ${counted(rows ?? 0, "row")} of ${counted(changed, "stream")} replaced`,
        ]),
    ...(hash === null ? [] : [`  hash ${hash}`]),
    ...refused.map(({ detail, streamId }) => `  ${streamId}: ${oneLine(detail)}`),
    "",
  ].join("\n")

/** What became of the bodies of traces. */
const bodyLines = (look: Look, { bytes: size, kept, missing, problems }: NonNullable<ImportReport["bodies"]>) => [
  `  ${counted(kept, "body", "bodies")} kept, ${bytes(size)}${missing === 0 ? "" : `, ${count(missing)} missing`}`,
  ...problems.map(({ path, problem }) => look.busy(`  ${oneLine(path)}: ${oneLine(problem)}`)),
]

export const importPage = (look: Look, report: ImportReport): string => {
  const { notImported = 0, unreadableFiles = [] } = report
  const length = idLength(report.threads.map(({ threadId }) => threadId))
  const ofConnections = report.events - report.threads.reduce((sum, { events }) => sum + events, 0)
  return [
    `${look.good(`${counted(report.events, "event")} added`)} from ${counted(report.lines, "line")}: ${count(report.mapped)} mapped, ${count(report.kept)} kept verbatim only, ${count(report.unreadable)} unreadable`,
    ...report.threads.map(
      (thread) =>
        `  ${look.bold(thread.threadId.slice(0, length))}  ${counted(thread.events, "event")}${thread.anomalies === 0 ? "" : `, ${counted(thread.anomalies, "anomaly", "anomalies")}`}  ${look.dim(thread.nativeThreadId === null ? "" : `native ${oneLine(thread.nativeThreadId)}`)}`,
    ),
    ...(ofConnections === 0 ? [] : [`  ${counted(ofConnections, "event")} of connections, which belong to no thread`]),
    ...(report.bodies === undefined ? [] : bodyLines(look, report.bodies)),
    ...report.unreadableLines.map(({ file, line, problem }) => look.busy(`  ${file}:${line}: ${oneLine(problem)}`)),
    ...(report.unreadable > report.unreadableLines.length
      ? [look.busy(`  and ${counted(report.unreadable - report.unreadableLines.length, "unreadable line")} more`)]
      : []),
    ...unreadableFiles.map(({ problem }) => look.busy(`  not imported: ${oneLine(problem)}`)),
    ...(notImported > unreadableFiles.length
      ? [look.busy(`  and ${counted(notImported - unreadableFiles.length, "file")} more that were not imported`)]
      : []),
    "",
  ].join("\n")
}

const range = (first: number, last: number): string => (first === last ? `${first}` : `${first} to ${last}`)

export const salvagePage = (look: Look, report: SalvageReport): string => {
  const { blobs, bodies, digests, missing, missingOfStreams, pages, refused } = report
  return [
    report.ok ? look.good("Everything was copied.") : look.bad("Some of it is lost."),
    `  ${counted(report.events, "event")} of ${counted(report.streams, "stream")}, ${counted(bodies.copied, "native message")}, into ${report.to}`,
    `  ${counted(pages.read, "page")} read${pages.damaged.length === 0 ? "" : `, damaged: ${pages.damaged.join(", ")}`}`,
    ...(report.purged === 0 ? [] : [`  ${counted(report.purged, "thread")} that had been purged: only tombstones`]),
    ...missing.map((one) => `  lost: events at ${range(one.firstSequence, one.lastSequence)}`),
    ...missingOfStreams.map(
      (one) => `  lost: versions ${range(one.firstVersion, one.lastVersion)} of stream ${one.streamId}`,
    ),
    ...bodies.lost.map(
      (one) => `  lost: native messages at ${range(one.firstSequence, one.lastSequence)}: ${oneLine(one.detail)}`,
    ),
    ...(blobs.copied === 0
      ? []
      : [`  ${counted(blobs.copied, "image or file", "images and files")} of messages, ${bytes(blobs.bytes)}`]),
    ...blobs.missing.map((hash) => `  not there: the image or file ${hash} of a message`),
    ...blobs.damaged.map((hash) => `  lost: the image or file ${hash} of a message: its bytes are others`),
    ...refused.map((one) => `  not copied: the event at ${one.sequence}: ${oneLine(one.detail)}`),
    `  ${counted(digests.checked, "block")} compared with the digests${digests.unchecked === 0 ? "" : `, ${digests.unchecked} could not be`}`,
    ...digests.mismatched.map(
      (one) => `  copied, but not what was written: ${one.part} at ${range(one.firstSequence, one.lastSequence)}`,
    ),
    "  Not copied: receipts, effects and how far imports came. Sequences are new: readers of streams begin anew.",
    "",
  ].join("\n")
}

/** Where an agent's program lies and why it was taken from there, then what was passed over. */
const placesOf = ({ passedOver, path, why }: AgentCheck): readonly string[] => [
  ...(path === null ? [] : [why === null ? path : `${path}: ${why}`]),
  ...passedOver.map((other) => `not ${other.path}: ${other.why}`),
]

export const doctorPage = (look: Look, { agents, checks, ok }: DoctorReport): string => {
  const marks = { ok: look.good("ok      "), missing: look.dim("missing "), problem: look.bad("problem ") }
  const lines = [
    ...checks.map((check) => ({ ...check, name: check.subject, places: [] })),
    ...agents.map((agent) => ({ ...agent, name: `agent ${agent.name}`, places: placesOf(agent) })),
  ]
  const widest = Math.max(...lines.map(({ name }) => name.length))
  return [
    ...lines.flatMap(({ detail, name, next, places, status }) => [
      `${marks[status]} ${name.padEnd(widest)}  ${oneLine(detail)}`,
      ...places.map((place) => `${" ".repeat(widest + 11)}${look.dim(oneLine(place))}`),
      ...(next === null ? [] : [`${" ".repeat(widest + 11)}${look.bold(oneLine(next))}`]),
    ]),
    "",
    ok ? look.good("Nothing has to be corrected.") : look.bad("Something has to be corrected."),
    "",
  ].join("\n")
}
