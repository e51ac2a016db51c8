/** The rules of the fold in words, as docs/rules.md has them. Loaded where one is to be read. */
import rules from "../../../../docs/rules.md"

/** The section of a document that has this number. */
export const sectionOf = (document: string, number: number): string | null => {
  const lines = document.split("\n")
  const first = lines.findIndex((line) => line.startsWith(`## ${number}. `))
  if (first === -1) return null
  const length = lines.slice(first + 1).findIndex((line) => line.startsWith("## "))
  return lines
    .slice(first + 1, length === -1 ? undefined : first + 1 + length)
    .join("\n")
    .trim()
}

/** The text of a rule; null: there is none of this number. */
export const ruleText = (number: number): string | null => sectionOf(rules, number)
