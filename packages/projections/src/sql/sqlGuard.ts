/**
 * What is refused of a statement before SQLite sees it: everything that does not read, and every name by which a statement would get
 * past the views. SQLite itself then says whether what is left reads, and is one statement.
 */

/** Longest statement, characters. */
const longestStatement = 100_000

/** A word, a name or a text of a statement; `.` and other signs stand for themselves. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|\[([^\]]*)\]|`((?:[^`]|``)*)`|([\p{L}_$][\p{L}\p{N}_$]*)|\S/gu

/** How a statement that reads begins. */
const beginnings: ReadonlySet<string> = new Set(["select", "with", "values"])

/** Tables that SQLite makes up, and functions that reach out of the database. */
const outside = /^(?:sqlite_\w*|pragma_\w*|dbstat|bytecode|tables_used|load_extension|fts3_tokenizer|fts[345]\w*)$/

/** Names of databases: what follows one would not be a view. */
const databases: ReadonlySet<string> = new Set(["main", "temp"])

/** Why a statement is refused, as a sentence without its end; null: it is not. */
export const refusalOf = (statement: string): string | null => {
  if (statement.length > longestStatement) return `it has more than ${longestStatement} characters`
  if (statement.includes("\0")) return "it holds a NUL"
  let first: string | null = null
  let last: string | null = null
  for (const [all, single, double, bracketed, ticked, bare] of statement.matchAll(token)) {
    if (all.startsWith("--") || all.startsWith("/*")) continue
    const name = (single ?? double ?? bracketed ?? ticked ?? bare)?.toLowerCase() ?? null
    first ??= bare?.toLowerCase() ?? all
    if (name !== null && outside.test(name)) return `${JSON.stringify(name)} is not for statements`
    if (all === "." && last !== null && databases.has(last))
      return `names of databases such as ${last} are not for statements`
    last = name
  }
  if (first === null) return "there is no statement"
  return beginnings.has(first)
    ? null
    : `it begins with ${JSON.stringify(first.slice(0, 20))}; a statement that reads begins with SELECT, WITH or VALUES`
}
