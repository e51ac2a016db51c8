/** The pages of `why` and `whatif`. */
import type {
  Cause,
  EventHead,
  FieldSet,
  Refused,
  RuleName,
  SetBy,
  WhyEvent,
  WhyReport,
  WhyRow,
} from "@threadfold/contracts"
import type { Divergence } from "@threadfold/core/model"
import type { WhatIfReport } from "../../offline/whatIfReport.js"
import { harmless, type Look, oneLine } from "../text/Look.js"
import { cut } from "../text/table.js"
import { counted, moment } from "../text/words.js"
import { changesText, shownValue } from "./diffPage.js"

const eventText = ({ at, actor, sequence, type }: EventHead): string =>
  `${sequence}  ${oneLine(type)}  by ${actor} at ${moment(at)} UTC`

/** `rule 5, The item (reached through 1, 2)`. */
const ruleText = (rule: RuleName, through: readonly RuleName[]): string => {
  const before = through.slice(0, -1).map(({ number }) => number)
  return `rule ${rule.number}, ${rule.name}${before.length === 0 ? "" : ` (reached through ${before.join(", ")})`}`
}

const fieldLine = (look: Look, { after, before, field, rule, through }: FieldSet): string =>
  `  ${look.bold(field)} ${shownValue(before)} → ${shownValue(after)}   ${look.dim(ruleText(rule, through))}`

const earlierLine = (look: Look, { change, event, fields }: SetBy, field: string | null): string => {
  const set = fields.find((one) => one.field === field)
  const what = set === undefined ? change : `${shownValue(set.before)} → ${shownValue(set.after)}`
  return `  ${String(event.sequence).padStart(8)}  ${oneLine(event.type).padEnd(26)} ${what} ${look.dim(set === undefined ? "" : `rule ${set.rule.number}`)}`.trimEnd()
}

/** Native lines that a page shows; `--json` has them whole. */
const nativeLines = 20

const nativeText = (look: Look, text: string): readonly string[] => {
  const lines = harmless(text).split("\n")
  const rest = lines.length > nativeLines ? [`    … ${counted(lines.length - nativeLines, "more line")} (--json)`] : []
  return [...lines.slice(0, nativeLines).map((line) => look.dim(`    ${line}`)), ...rest]
}

const causeText = (look: Look, { effect, events, id, kind, sequence, status, text }: Cause): readonly string[] => {
  const from = sequence === null ? "" : ` (event ${sequence})`
  switch (kind) {
    case "native":
      return ["  ← the agent's own lines:", ...nativeText(look, text ?? "")]
    case "effect":
      return [`  ← effect ${effect} ${id}: ${status}`]
    case "message":
      return [`  ← message ${id}${from}: ${cut(oneLine(text ?? ""), 100)}`]
    default:
      return [`  ← command ${id}${from}${events.length === 0 ? "" : `: ${events.join(", ")}`}`]
  }
}

const causesText = (look: Look, causes: readonly Cause[]): readonly string[] =>
  causes.length === 0 ? [] : ["", look.bold("What led to it"), ...causes.flatMap((one) => causeText(look, one))]

const rowText = (look: Look, row: WhyRow): readonly string[] => {
  const { derivedFrom, earlier, exists, hasMore, path, setBy, value } = row
  const field = path.includes("#") ? path.slice(path.indexOf("#") + 1) : null
  const now = exists ? (field === null ? "is there" : `is ${shownValue(value)}`) : "is not in the document any more"
  return [
    look.bold(`${path} ${now}`),
    ...(derivedFrom.length === 0 ? [] : [look.dim(`It is derived from ${derivedFrom.join(", ")}.`)]),
    "",
    `${setBy.change === "changed" ? "Set by" : setBy.change === "added" ? "Made by" : "Removed by"} event ${eventText(setBy.event)}`,
    look.dim(`  ${setBy.event.eventId}`),
    ...setBy.fields.map((one) => fieldLine(look, one)),
    ...(setBy.alsoChanged.length === 0 ? [] : [look.dim(`  also changed: ${setBy.alsoChanged.join(", ")}`)]),
    ...(earlier.length === 0 ? [] : ["", look.bold("Before that")]),
    ...earlier.map((one) => earlierLine(look, one, field)),
    ...(hasMore ? [look.dim("  … and earlier ones")] : []),
  ]
}

const refusedText = (look: Look, { detail, reason, rule, subject, through }: Refused): string =>
  `  ${look.bad(reason)} ${oneLine(subject)}${detail === null ? "" : `: ${oneLine(detail)}`}   ${look.dim(ruleText(rule, through))}`

const eventPageText = (look: Look, { anomalies, changed, event, rule }: WhyEvent): readonly string[] => {
  const goesBy =
    rule === null ? "it was refused before any rule of its type" : `its type goes by rule ${rule.number}, ${rule.name}`
  const verdict =
    changed.length > 0
      ? `It changed ${counted(changed.length, "row")}; ${goesBy}.`
      : anomalies.length > 0
        ? `It changed nothing, and this is why; ${goesBy}.`
        : `It changed nothing, as its rule says: ${goesBy}.`
  return [
    look.bold(`Event ${eventText(event)}`),
    verdict,
    ...(anomalies.length === 0 ? [] : ["", look.bold("Refused"), ...anomalies.map((one) => refusedText(look, one))]),
    ...(changed.length === 0 ? [] : ["", look.bold("Changed")]),
    ...changed.flatMap(({ change, fields, row }) => [
      `  ${change} ${row}`,
      ...fields
        .filter(({ after, before }) => before !== null || after !== null)
        .map((one) => `  ${fieldLine(look, one)}`),
    ]),
  ]
}

/** Why a row, a field or an event is as it is. */
export const whyPage = (look: Look, { causes, event, row }: WhyReport): string => {
  const said = row === null ? (event === null ? [] : eventPageText(look, event)) : rowText(look, row)
  return `${[...said, ...causesText(look, causes)].join("\n")}\n`
}

const divergenceText = (look: Look, { edited, recorded, rows, sequence }: Divergence): string =>
  [
    look.bold(`They differ first at ${sequence}`),
    `  as recorded: ${recorded === null ? "no event" : eventText(recorded)}`,
    `  as edited:   ${edited === null ? "no event" : eventText(edited)}`,
    changesText(look, rows),
  ].join("\n")

/** How a thread would be. */
export const whatIfPage = (look: Look, { first, foldVersion, otherFoldVersion, rows, until }: WhatIfReport): string => {
  const folds =
    foldVersion === otherFoldVersion ? [] : [`Folded by version ${otherFoldVersion} instead of ${foldVersion}.`]
  if (first === null && rows.length === 0) return `${[...folds, look.bold("Nothing would be different.")].join("\n")}\n`
  const end = look.bold(
    `At the end (${until}): ${rows.length === 0 ? "the same" : `${counted(rows.length, "row")} would differ`}`,
  )
  const parts = [...folds, ...(first === null ? [] : [divergenceText(look, first)]), end]
  return `${[...parts, ...(rows.length === 0 ? [] : [changesText(look, rows)])].join("\n\n")}\n`
}
