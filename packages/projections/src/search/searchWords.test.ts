import Sqlite from "better-sqlite3"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { longestSearch, mostWords, searchWords } from "./searchWords.js"

const database = new Sqlite(":memory:")
database.exec("CREATE VIRTUAL TABLE texts USING fts5 (marks, title, body, tokenize = 'unicode61 remove_diacritics 2')")
const put = database.prepare("INSERT INTO texts (rowid, marks, title, body) VALUES (?, 'tx', ?, ?)")
put.run(1, "make all", "the quick brown fox")
put.run(2, null, "the brown, quick Füchse: read_file(path)")
put.run(3, "git status", "nothing AND everything OR not")
const matching = database
  .prepare<[string], number>("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid")
  .pluck()

const find = (typed: string): readonly number[] | string => {
  const words = searchWords(typed)
  if (words.kind !== "words") return words.kind
  return matching.all(`{title body} : (${words.match}) AND marks : ("tx")`)
}

describe("the words of a search", () => {
  it.each([
    ["quick brown", [1, 2]],
    ['"quick brown"', [1]],
    ['"quick brown', [1]],
    ["bro*", [1, 2]],
    ['"brown qui"*', [2]],
    ["fuchse", [2]],
    ["FOX OR status", [1, 3]],
    ["the fox OR read_file", [1, 2]],
    ["brown -fox", [2]],
    ['brown -"quick brown"', [2]],
    ["OR fox OR", [1]],
    ["and", [3]],
    ["NOT", [3]],
    ["NEAR(quick, fox)", []],
    ["read_file(path)", [2]],
    ["body:quick", []],
    ["marks:tx", []],
    ["tx", []],
    ["quick\u0000brown", [1, 2]],
    ["fox 🦊", [1]],
    ["🦊", "nothing"],
    ["", "nothing"],
    ['"" * ( ) ^ : - + {a', []],
    ["-fox", "refused"],
    ["x".repeat(longestSearch + 1), "refused"],
    ["a ".repeat(mostWords + 1), "refused"],
  ])("%j finds %j", (typed, found) => {
    expect(find(typed)).toEqual(found)
  })

  it("are never a fault of the index, whatever was typed", () => {
    const signs = fc.constantFrom(
      '"',
      "*",
      "-",
      "^",
      ":",
      "(",
      ")",
      "{",
      "}",
      "+",
      " OR ",
      " AND ",
      " NOT ",
      " NEAR(",
      "\0",
      "a",
      "é",
      "🦊",
      " ",
      ",",
      "\ud800",
      "'",
    )
    const typed = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(signs, { maxLength: 40 }).map((all) => all.join("")),
    )
    fc.assert(
      fc.property(typed, (text) => void find(text)),
      { numRuns: 60 },
    )
  })
})
