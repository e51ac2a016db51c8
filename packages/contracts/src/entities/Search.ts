import { Schema } from "effect"
import { field, flag, int, optText, optTime, shape, text } from "../fields.js"

/** Where a match stands in a text. */
const SearchMatch = shape("SearchMatch", "Where a match stands in a text.", {
  from: int("First UTF-16 unit of the match."),
  to: int("The unit behind its last one."),
})

/** A piece of a text with what matched in it. */
export const SearchText = shape("SearchText", "A piece of a text with what matched in it.", {
  text: text("The piece, cut at words; `…` stands where something is left out."),
  matches: field(Schema.Array(SearchMatch), "The matches in it, in their order; empty: what matched stands elsewhere."),
})
export type SearchText = typeof SearchText.Type

/** One thing that a search found. */
export const SearchHit = shape("SearchHit", "One thing that a search found.", {
  threadId: text("Our id of its thread."),
  threadTitle: optText("Title or first words of the thread; null: it has neither."),
  turnId: optText("Our id of its turn; null: it belongs to none."),
  itemId: optText("Our id of the item; null: it is no item."),
  requestId: optText("Our id of the request; null: it is no request."),
  kind: text("The kind of the item, or `turn` (a message that no item repeats), `thread` (its title), `request`."),
  at: optTime("When it ended or came, by the clock of the source", "not known"),
  rewound: flag("True: the provider took its turn back."),
  title: field(Schema.NullOr(SearchText), "Of its title: the command, the file, the question; null: it has none."),
  text: field(Schema.NullOr(SearchText), "Of its text; null: it has none."),
})
export type SearchHit = typeof SearchHit.Type
