/** The page of `bisect`: the first event, what the expression said before it, and what the event changed. */
import type { BisectReport } from "../../offline/bisectLog.js"
import { type Look, oneLine } from "../text/Look.js"
import { counted, moment } from "../text/words.js"
import { changesText } from "./diffPage.js"

const previousText = ({ previous }: NonNullable<BisectReport["found"]>): string => {
  if (previous === null) return "there was no thread"
  if (previous.error !== null) return `could not be evaluated: ${oneLine(previous.error)}`
  return previous.value === true ? "true: it became so before the range" : "false"
}

const errorLines = (look: Look, { errors }: BisectReport): readonly string[] =>
  errors.count === 0
    ? []
    : [
        look.busy(
          `${counted(errors.count, "evaluation")} failed and counted as not true; the first at ${errors.sequence}: ${oneLine(errors.error ?? "")}`,
        ),
      ]

export const bisectPage = (look: Look, report: BisectReport): string => {
  const { evaluations, events, found } = report
  const figures = look.dim(`${counted(events, "event")} folded, ${counted(evaluations, "evaluation")}`)
  if (found === null) {
    return [look.bad("The expression is true after no event."), ...errorLines(look, report), figures, ""].join("\n")
  }
  return [
    look.bold(`First true after event ${found.sequence}: ${oneLine(found.type)}`),
    `  event  ${found.eventId}`,
    `  time   ${moment(found.at)} UTC`,
    `  before ${previousText(found)}`,
    ...errorLines(look, report),
    "",
    look.bold("What it changed"),
    "",
    changesText(look, found.rows),
    "",
    figures,
    "",
  ].join("\n")
}
