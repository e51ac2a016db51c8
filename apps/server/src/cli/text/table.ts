/** Aligned columns. */
import type { Look } from "./Look.js"
import { columns, cut } from "./width.js"

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
