/** The page of `step`: one event of a thread, what it changed, and what was refused. */
import type { TimelineStep } from "@threadfold/core/model"
import type { ListedStep } from "../../offline/threadSteps.js"
import { keyHelp, type StepView } from "../step/press.js"
import { harmless, type Look, oneLine } from "../text/Look.js"
import { cut, wrapped } from "../text/table.js"
import { moment } from "../text/words.js"
import { changesText } from "./diffPage.js"

const head = (look: Look, { event }: ListedStep): string =>
  `${look.bold(`${event.sequence}`)}  ${look.dim(moment(event.at))}  ${look.bold(oneLine(event.type))}  ${look.dim(event.eventId)}`

const anomalyLines = (look: Look, { anomalies }: ListedStep): readonly string[] =>
  anomalies.map(
    ({ detail, reason, subject }) =>
      `  ${look.bad("refused")} ${reason} · ${oneLine(subject)}${detail === null ? "" : ` · ${oneLine(detail)}`}`,
  )

/** One step of the list. */
export const stepText = (look: Look, step: ListedStep): string =>
  [head(look, step), ...anomalyLines(look, step), changesText(look, step.rows), ""].join("\n")

const jsonText = (value: unknown): string => JSON.stringify(value, null, 2)

const rowsText = ({ moves }: TimelineStep): string =>
  moves
    .map(({ after, before, table }) => `${table}${after === null ? " (removed)" : ""}\n${jsonText(after ?? before)}`)
    .join("\n\n")

const paneText = (look: Look, step: TimelineStep, view: StepView, native: string | null): string => {
  switch (view.pane) {
    case "changes":
      return [...anomalyLines(look, step), changesText(look, step.rows)].join("\n")
    case "event":
      return harmless(jsonText(step.event))
    case "native":
      return harmless(native ?? "The event has no native message.")
    case "rows":
      return harmless(rowsText(step))
  }
}

/** Size of a terminal that does not tell its own. */
const usual = { columns: 100, lines: 24 }

/** The whole screen of `lines` lines; what does not fit is cut, and the page says so. */
export const stepScreen = (
  look: Look,
  step: TimelineStep,
  view: StepView,
  native: string | null,
  lines: number,
): string => {
  const width = look.width > 0 ? look.width : usual.columns
  const body = paneText(look, step, view, native)
    .split("\n")
    .map((line) => cut(line.replace(/\t/g, "  "), width))
  const keys = wrapped(keyHelp, " · ", width)
  const room = Math.max(3, (lines > 0 ? lines : usual.lines) - 4 - keys.length)
  const shown =
    body.length <= room ? body : [...body.slice(0, room - 1), look.dim(`… ${body.length - room + 1} more lines`)]
  const foot = view.typed === null ? (view.note ?? "") : `Jump to sequence: ${view.typed}`
  return [head(look, step), "", ...shown, "", look.busy(foot), ...keys.map(look.dim)].join("\n")
}
