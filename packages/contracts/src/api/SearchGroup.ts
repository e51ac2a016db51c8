/** Routes that find words, and that add tokens up. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { SearchHit } from "../entities/Search.js"
import { UsageSums } from "../entities/Usage.js"
import { searchKinds } from "../events/ItemEvents.js"
import { field, int, optional, optText, shape } from "../fields.js"
import { fieldsParam, ofThreads, someNames, someOf } from "./Filters.js"
import { described, listRead, read } from "./operation.js"
import { listCall, readCall } from "./problemSets.js"
import { Flag, limitTo, pageParams, TimeParam, written } from "./Query.js"

/** A page of what a search found. */
export const SearchPage = shape("SearchPage", "A page of what a search found, newest first.", {
  sequence: int("Sequence of the log when it was searched."),
  watermark: int("Sequence up to which the index has the log: what came after it is not found yet."),
  items: field(Schema.Array(SearchHit), "What was found."),
  next: optText("Cursor of what follows; null at the end."),
  previous: field(Schema.Null, "Always null: a search goes on in one direction."),
})
export type SearchPage = typeof SearchPage.Type

/** What `GET /v1/search` takes. */
export const searchParams = Schema.Struct({
  q: field(
    Schema.String,
    'Words that must all be there; `"some words"` side by side, `wor*` a beginning, `-word` must not be there, `a OR b` one of them. 1,000 characters and 32 words at most.',
  ),
  threadId: optional(someNames, "Only in these threads, separated by commas; then also in mirrors."),
  kind: optional(
    someOf(...searchKinds),
    "Only items of these kinds, or `turn`, `thread`, `request`; separated by commas.",
  ),
  ...ofThreads,
  deleted: optional(Flag, "`true`: also in deleted threads."),
  from: optional(TimeParam, "Only what ended or came at this time or later, ms since the epoch."),
  to: optional(TimeParam, "Only what ended or came before this time, ms since the epoch."),
  "min-sequence": pageParams["min-sequence"],
  limit: pageParams.limit,
  cursor: optional(Schema.String, "`next` of an earlier page of the same search, unchanged."),
  ...fieldsParam(SearchHit),
})

/** What tokens can be added up by. */
const UsageKey = Schema.Literal("day", "agent", "model", "folder", "provider", "thread")

/** Sums that are given at most. */
export const mostSums = 1_000

/** Hours between a day and UTC are no more. */
const offset = 14 * 60

/** What `GET /v1/usage` takes. */
export const usageParams = Schema.Struct({
  by: optional(someOf(...UsageKey.literals), "What is added up by, separated by commas; absent: the total alone."),
  utcOffset: optional(
    written(/^-?[0-9]+$/, () => "expected whole minutes").pipe(
      Schema.between(-offset, offset, { message: () => `expected minutes from -${offset} to ${offset}` }),
      Schema.annotations({ jsonSchema: { type: "integer", minimum: -offset, maximum: offset, default: 0 } }),
    ),
    "Minutes that the days of the caller are ahead of UTC; 0 by default.",
  ),
  ...ofThreads,
  threadId: optional(someNames, "Only of these threads, separated by commas."),
  from: optional(
    TimeParam,
    "Only turns that began at this time or later, ms since the epoch, by the time in their ids.",
  ),
  to: optional(TimeParam, "Only turns that began before this time, ms since the epoch, by the time in their ids."),
  limit: optional(limitTo(mostSums, 200), "Sums at most, 1 to 1,000. Default: 200."),
  "min-sequence": pageParams["min-sequence"],
})

/** Searches, and sums. */
export class SearchGroup extends HttpApiGroup.make("search")
  .add(
    HttpApiEndpoint.get("find", "/v1/search")
      .setUrlParams(searchParams)
      .addSuccess(SearchPage)
      .annotateContext(
        described(
          "What was said and done, found by words, newest first. An index of its own is fed beside the log: `watermark` says how far it is, and `min-sequence` waits for it. " +
            "Items are found once they have ended; of each the first 32,768 characters. A page looks at 2,000 matches at most: with filters it may hold fewer entries than `limit`, even none, and still have a `next`.",
          listRead(listCall),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("usage", "/v1/usage")
      .setUrlParams(usageParams)
      .addSuccess(UsageSums)
      .annotateContext(
        described(
          "Tokens of all threads, added up by day, agent, model, folder, provider or thread. Turns that were taken back and deleted threads count; mirrors do not. Purged threads are gone.",
          read(readCall),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Search and sums" })) {}
