/** A row as SQLite gives it, made into the row of the contract: its JSON columns are parsed in place. */
import type { Cells, Layout } from "@threadfold/core/model"

/** JSON text as its value; text that is no JSON (a damaged file) stays text, so that `verify` can show it. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Parses the JSON columns of a row that was just read and belongs to nobody else. */
export const parseJsonColumns = (of: Layout, row: Record<string, unknown>): Cells => {
  for (const { name, json } of of.columns) {
    if (!json) continue
    const value = row[name]
    if (typeof value === "string") row[name] = parseJson(value)
  }
  return row
}
