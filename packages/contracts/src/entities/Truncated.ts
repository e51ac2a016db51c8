/** What stands beside an entry of which a text is cut, because it is longer than what rides along. */
import { Schema } from "effect"
import { field, int, optional, optText, shape, text } from "../fields.js"

/** A text that is cut: how long the whole is, and where to read it. */
export const Cut = shape("Cut", "A text that is cut: how long the whole is, and where to read it.", {
  bytes: int(
    "Length of the whole, bytes of UTF-8; of a field that holds JSON, of its JSON. While a text streams: its length so far, UTF-16 units.",
  ),
  href: text("Path that reads the whole by range, as it is now."),
})
export type Cut = typeof Cut.Type

/** Field → what is cut of it. */
export const Truncated = Schema.Record({ key: Schema.String, value: Cut })
export type Truncated = typeof Truncated.Type

/** Beside the fields of an entry; what is written about fields of rows is written about the entry without it. */
export const truncated = optional(
  Truncated,
  "Field → its whole length, and where it is read: such a field holds its beginning alone, or JSON with its texts cut, or null. Absent: nothing is cut.",
)

/** A part of a text. */
export const TextRange = shape("TextRange", "A part of a text, which begins and ends with a whole character.", {
  sequence: int("Sequence of the log that this is true for."),
  offset: int(
    "Where it begins, bytes of UTF-8 from the start of the text: as asked for, or the beginning of the character that this lies in.",
  ),
  bytes: int("Length of the whole text, bytes of UTF-8."),
  next: field(Schema.NullOr(Schema.Number), "`offset` of what follows, bytes; null: the text ends here."),
  mediaType: text("`text/plain`, or `application/json` for the JSON of a field that holds it."),
  text: optText("The text from there on; null: there is none, as the field is null."),
})
export type TextRange = typeof TextRange.Type
