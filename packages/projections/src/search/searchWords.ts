/**
 * What a person types into a search as an expression of FTS5. Every word is quoted, so that no text is a fault: words must all be
 * there, `"some words"` stand side by side, `wor*` is a beginning, `-word` must not be there, `a OR b` is one of them.
 */

import { wellFormed } from "@threadfold/core/model"

/** Longest text of a search, characters … */
export const longestSearch = 1_000
/** … and words in it at most. */
export const mostWords = 32

/** A search that was read. */
export type SearchWords =
  /** `match`: the expression over title and text. */
  | { readonly kind: "words"; readonly match: string }
  /** Nothing in it is a letter or a digit: nothing is found. */
  | { readonly kind: "nothing" }
  /** What is wrong with it, as a sentence without its end. */
  | { readonly kind: "refused"; readonly why: string }

/** One of the words: a word, or several between quotation marks. */
const pattern = /(-?)(?:"([^"]*)"?|([^\s"]+))(\*?)/gu

/** What the tokenizer of the index takes for a part of a word. */
const isWord = /[\p{L}\p{N}\p{Co}]/u

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** Reads a search. */
export const searchWords = (typed: string): SearchWords => {
  if (typed.length > longestSearch) return { kind: "refused", why: `it has more than ${longestSearch} characters` }
  const text = wellFormed(typed).replace(/\p{Cc}/gu, " ")
  const groups: string[][] = []
  const without: string[] = []
  let words = 0
  let joins = false
  for (const [, minus, phrase, word = "", star] of text.matchAll(pattern)) {
    if (phrase === undefined && word === "OR" && minus === "") {
      joins = groups.length > 0
      continue
    }
    const said = phrase ?? word.replace(/\*+$/, "")
    const begins = star === "*" || (phrase === undefined && word.endsWith("*"))
    if (!isWord.test(said)) continue
    words += 1
    if (words > mostWords) return { kind: "refused", why: `it has more than ${mostWords} words` }
    // A single letter begins too many words: it stands for itself.
    const term = `${quoted(said)}${begins && said.length > 1 ? " *" : ""}`
    if (minus === "-") without.push(term)
    else if (joins) groups.at(-1)?.push(term)
    else groups.push([term])
    joins = false
  }
  if (groups.length === 0) {
    return without.length === 0
      ? { kind: "nothing" }
      : { kind: "refused", why: "it only says what must not be there; name a word to find" }
  }
  const all = groups.map((each) => `(${each.join(" OR ")})`).join(" AND ")
  return { kind: "words", match: without.length === 0 ? all : `(${all}) NOT (${without.join(" OR ")})` }
}
