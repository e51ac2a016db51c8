/** The pages of `search` (where each hit is, and the words around what matched) and of `sql` (the rows as a table). */
import type { SearchText } from "@threadfold/contracts"
import type { SqlRows } from "@threadfold/contracts/api"
import type { SearchList } from "../../offline/Reader.js"
import { type Look, oneLine } from "../text/Look.js"
import { type Column, table } from "../text/table.js"
import { ago, counted, idLength } from "../text/words.js"

/** A text in one line, with its matches painted. */
const painted = (look: Look, { matches, text }: SearchText): string => {
  let shown = ""
  let at = 0
  for (const { from, to } of matches) {
    shown += oneLine(text.slice(at, from)) + look.bold(oneLine(text.slice(from, to)))
    at = to
  }
  return shown + oneLine(text.slice(at))
}

export const searchPage = (look: Look, { items, more, sequence, watermark }: SearchList): string => {
  const behind =
    watermark < sequence ? look.dim(`\nThe index is ${counted(sequence - watermark, "event")} behind the log.`) : ""
  if (items.length === 0) return `Nothing found.${behind}\n`
  const length = idLength(items.map(({ threadId }) => threadId))
  const hits = items.map((hit) => {
    const marks = `${hit.kind}, ${ago(hit.at, look.now)}${hit.rewound ? ", taken back" : ""}`
    const head = `${look.bold(hit.threadId.slice(0, length))}  ${oneLine(hit.threadTitle ?? "-")}  ${look.dim(marks)}`
    const lines = [hit.title, hit.text].flatMap((text) => (text === null ? [] : [`  ${painted(look, text)}`]))
    return [head, ...lines].join("\n")
  })
  const rest = more ? look.dim("\nThere are more with --limit.") : ""
  return `${hits.join("\n")}${rest}${behind}\n`
}

const shown = (value: unknown): string =>
  value === null ? "-" : oneLine(typeof value === "string" ? value : JSON.stringify(value))

export const sqlPage = (look: Look, { columns, rows }: SqlRows): string => {
  if (rows.length === 0) return "No rows.\n"
  const titled = columns.map((title, index): Column<readonly unknown[]> => {
    const isNumber = rows.every((row) => typeof row[index] === "number" || row[index] === null)
    return {
      title,
      text: (row) => shown(row[index]),
      ...(isNumber ? { align: "right" as const } : {}),
    }
  })
  return `${table(look, titled, rows)}\n`
}
