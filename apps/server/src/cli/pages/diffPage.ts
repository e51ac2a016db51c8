/** The page of `diff`: rows by turn, each with its fields, old → new. */
import type { FieldChange, RowChange } from "@threadfold/core/model"
import type { ThreadDiffReport } from "../../offline/moments.js"
import { type Look, oneLine } from "../text/Look.js"
import { cut } from "../text/table.js"
import { counted } from "../text/words.js"

/** Longest value that is shown, characters. */
const longestValue = 60

/** A value on one line, cut. */
export const shownValue = (value: unknown): string => {
  const text = typeof value === "string" ? oneLine(value) : JSON.stringify(value)
  return cut(text, longestValue)
}

const signs = { added: "+", removed: "-", changed: "~" } as const

const fieldLine = (look: Look, { after, before, field }: FieldChange): string =>
  `      ${look.dim(field)} ${shownValue(before)} → ${shownValue(after)}`

const rowText = (look: Look, { change, fields, row }: RowChange): string =>
  [`  ${signs[change]} ${row}`, ...(change === "changed" ? fields.map((one) => fieldLine(look, one)) : [])].join("\n")

/** Changes of a thread, those of each turn together, rows of no turn first. */
export const changesText = (look: Look, rows: readonly RowChange[]): string => {
  const turns = [...new Set(rows.map(({ turnId }) => turnId))].sort((a, b) => Number(a !== null) - Number(b !== null))
  return turns
    .map((turn) => {
      const title = turn === null ? "Thread" : `Turn ${turn}`
      return [title, ...rows.filter(({ turnId }) => turnId === turn).map((row) => rowText(look, row))].join("\n")
    })
    .join("\n\n")
}

export const diffPage = (look: Look, { from, rows, to }: ThreadDiffReport): string => {
  const head = look.bold(
    `From ${from} to ${to}: ${rows.length === 0 ? "nothing changed" : counted(rows.length, "row")}`,
  )
  return rows.length === 0 ? `${head}\n` : `${head}\n\n${changesText(look, rows)}\n`
}
