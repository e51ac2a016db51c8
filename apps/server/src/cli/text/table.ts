/** Aligned columns: how many columns a text takes in a terminal, cutting and wrapping to so many, tables. */
import type { Look } from "./Look.js"

const segments = new Intl.Segmenter("en", { granularity: "grapheme" })
// East Asian wide and full-width blocks, and what is shown as a picture.
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const nothing = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

const columnsOf = (grapheme: string): number => (nothing.test(grapheme) ? 0 : wide.test(grapheme) ? 2 : 1)

/** Columns of a text without escape sequences. */
export const columns = (text: string): number => {
  let sum = 0
  for (const { segment } of segments.segment(text)) sum += columnsOf(segment)
  return sum
}

/** The text, or its beginning and an ellipsis, in at most `limit` columns. */
export const cut = (text: string, limit: number): string => {
  let sum = 0
  let kept = ""
  let fits = ""
  for (const { segment } of segments.segment(text)) {
    sum += columnsOf(segment)
    if (sum > limit) return limit <= 0 ? "" : `${fits}…`
    kept += segment
    if (sum <= limit - 1) fits = kept
  }
  return text
}

/** Parts in lines of at most `width` columns: `separator` stands between those of one line. A part is never broken. */
export const wrapped = (parts: readonly string[], separator: string, width: number): readonly string[] => {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    const joined = `${last ?? ""}${separator}${part}`
    if (last !== undefined && columns(joined) <= width) lines[lines.length - 1] = joined
    else lines.push(part)
  }
  return lines
}

export interface Column<Row> {
  readonly title: string
  /** What stands in the column, on one line and without colours. */
  readonly text: (row: Row) => string
  /** Colours it. */
  readonly paint?: (text: string, row: Row) => string
  readonly align?: "right"
}

const gap = "  "

/** A line of titles and one line per row. The last column takes what room is left and is cut to it. */
export const table = <Row>(look: Look, list: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = rows.map((row) => list.map((column) => column.text(row)))
  const widths = list.map((column, index) =>
    Math.max(columns(column.title), ...cells.map((line) => columns(line[index] ?? ""))),
  )
  const last = list.length - 1
  const used = widths.slice(0, last).reduce((sum, width) => sum + width + gap.length, 0)
  const room = Math.max(20, look.width - used)
  const line = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const shown = index === last ? cut(text, room) : text
        const space = " ".repeat(Math.max(0, (widths[index] ?? 0) - columns(shown)))
        const painted = paint(shown, index)
        if (list[index]?.align === "right") return space + painted
        return index === last ? painted : painted + space
      })
      .join(gap)
      .trimEnd()
  return [
    line(
      list.map(({ title }) => title),
      (text) => look.dim(text),
    ),
    ...rows.map((row, at) => line(cells[at] ?? [], (text, index) => list[index]?.paint?.(text, row) ?? text)),
  ].join("\n")
}
