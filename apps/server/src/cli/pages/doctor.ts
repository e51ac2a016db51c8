/** The page of `doctor`. */
import type { AgentCheck, DoctorReport } from "../../doctor/Report.js"
import { type Look, oneLine } from "../text/Look.js"

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
