/** The page of `doctor`. */
import type { DoctorReport } from "../../doctor/Report.js"
import { type Look, oneLine } from "../text/Look.js"

export const doctorPage = (look: Look, { agents, checks, ok }: DoctorReport): string => {
  const marks = { ok: look.good("ok      "), missing: look.dim("missing "), problem: look.bad("problem ") }
  const lines = [
    ...checks.map((check) => ({ ...check, name: check.subject })),
    ...agents.map((agent) => ({ ...agent, name: `agent ${agent.name}` })),
  ]
  const widest = Math.max(...lines.map(({ name }) => name.length))
  return [
    ...lines.flatMap(({ detail, name, next, status }) => [
      `${marks[status]} ${name.padEnd(widest)}  ${oneLine(detail)}`,
      ...(next === null ? [] : [`${" ".repeat(widest + 11)}${look.bold(oneLine(next))}`]),
    ]),
    "",
    ok ? look.good("Nothing has to be corrected.") : look.bad("Something has to be corrected."),
    "",
  ].join("\n")
}
