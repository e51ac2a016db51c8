/** The pages of `adapter-check`. */
import type { AdapterCheckResult, AdapterFinding, AdapterReport } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { clock, counted, span } from "../text/words.js"

/**
 * How the adapter is to be started.
 *
 * @param forMs when the check ends by itself, ms from its start; null: it does not
 */
export const adapterCheckStart = (
  { tokenFile, url }: { readonly url: string; readonly tokenFile: string | null },
  forMs: number | null,
): string =>
  [
    "Let the adapter call this address:",
    `  url    ${url}`,
    `  token  ${tokenFile === null ? "that of the server" : `in ${tokenFile}`}`,
    "Run a conversation through it, with at least nine pushes.",
    `The check ends ${forMs === null ? "at Ctrl-C" : `after ${span(0, forMs)}, or at Ctrl-C,`} and prints the report.`,
  ].join("\n")

/** `seq 3`, `seq 3 to 7`; empty where no line has a number. */
const seqsOf = ({ firstSeq, lastSeq }: AdapterFinding): string =>
  firstSeq === null ? "" : firstSeq === lastSeq ? `seq ${firstSeq}` : `seq ${firstSeq} to ${lastSeq}`

/** `call 35, POST /v1/sessions/…/events, 14:03:22.120, line 2, seq 7`. */
const placeOf = (finding: AdapterFinding): string =>
  [
    finding.call === null ? "" : `call ${finding.call}`,
    finding.path === null ? "" : `${finding.method} ${oneLine(finding.path)}`,
    finding.at === null ? "" : `${clock(finding.at)} UTC`,
    finding.line === null ? "" : `line ${finding.line}`,
    seqsOf(finding),
    // A path names its session.
    finding.sessionId === null || finding.path !== null ? "" : `session ${finding.sessionId}`,
  ]
    .filter((text) => text !== "")
    .join(", ")

const checkLines = (look: Look, { check, findings, next, status, title }: AdapterCheckResult): readonly string[] => {
  const word =
    status === "passed" ? look.good("passed") : status === "failed" ? look.bad("failed") : look.dim("not exercised")
  const space = " ".repeat("not exercised".length - (status === "not-exercised" ? "not exercised" : status).length)
  return [
    `${word}${space}  ${title} ${look.dim(`(${check})`)}`,
    ...findings.map((finding) => {
      const place = placeOf(finding)
      return `    ${place === "" ? "" : `${place}: `}${oneLine(finding.seen)}`
    }),
    ...(next === null ? [] : [`    ${status === "failed" ? "next: " : "to check it: "}${next}`]),
  ]
}

export const adapterCheckPage = (look: Look, report: AdapterReport): string => {
  const failed = report.checks.filter(({ status }) => status === "failed").length
  return [
    failed === 0 ? look.good("No check failed.") : look.bad(`${counted(failed, "check")} failed.`),
    `  ${counted(report.calls, "call")} about ${counted(report.sessions, "session")}`,
    "",
    ...report.checks.flatMap((check) => checkLines(look, check)),
    "",
  ].join("\n")
}
