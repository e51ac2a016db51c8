/** One item with what a reader asks about it: who allowed or declined it and why, and the pages that it names. */
import { Schema } from "effect"
import { field, int, meaningOf, optText, shape, text } from "../fields.js"
import { ItemDetail } from "./Item.js"
import { Request } from "./Request.js"

/** Who decided about an item, and why. */
export const ItemDecision = shape("ItemDecision", "Who decided about an item, and why.", {
  decision: optText("The decision, in the words of the request or of the review; null: it is open, or not known."),
  by: optText(
    "Who decided: `client`, `policy`, `elsewhere` or the provider's word, of a request; `review`: the agent's own review; `agent`: the agent by its rules. Null: not decided, or not known.",
  ),
  reason: optText("Why, in the words of who decided, at most 4,096 bytes; null: no reason is known."),
  risk: optText("How dangerous the agent's review found it, in its words; null: there was no such review."),
  requestId: optText(`${meaningOf(Request.fields.requestId)} Null: no person was asked.`),
})
export type ItemDecision = typeof ItemDecision.Type

/** A page on the web that an item names. */
export const ItemLink = shape("ItemLink", "A page on the web that an item names.", {
  url: text("Its address."),
  title: optText("Its title; null: not known."),
})
export type ItemLink = typeof ItemLink.Type

/** One item, by its id. */
export const ItemReport = shape(
  "ItemReport",
  "One item, by its id, with who decided about it and the pages that it names.",
  {
    sequence: int("Sequence of the log that this is true for."),
    item: field(ItemDetail, "The item."),
    decision: field(
      Schema.NullOr(ItemDecision),
      "Of an item that was declined, that a person was asked about, or that the agent reviewed itself; null of any other.",
    ),
    queries: field(Schema.Array(Schema.String), "What a web search looked for."),
    links: field(
      Schema.Array(ItemLink),
      "Pages that it names: what a web search found or opened, what a message cites. At most 100, each once, and none whose address has more than 512 characters.",
    ),
  },
)
export type ItemReport = typeof ItemReport.Type
