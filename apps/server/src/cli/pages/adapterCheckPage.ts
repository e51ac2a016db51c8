/** The pages of `adapter-check`. */
import type { AdapterCheckResult, AdapterFinding, AdapterReport } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { counted } from "../text/words.js"

/** How the adapter is to be started. */
export const adapterCheckStart = ({
  tokenFile,
  url,
}: {
  readonly url: string
  readonly tokenFile: string | null
}): string =>
  [
    "Let the adapter call this address:",
    `  url    ${url}`,
    `  token  ${tokenFile === null ? "that of the server" : `in ${tokenFile}`}`,
    "Run a conversation through it, with at least nine pushes. Ctrl-C ends the check and prints the report.",
  ].join("\n")

const placeOf = ({ call, line, sessionId }: AdapterFinding): string =>
  [
    call === null ? "" : `call ${call}`,
    line === null ? "" : `line ${line}`,
    sessionId === null ? "" : `session ${sessionId}`,
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
