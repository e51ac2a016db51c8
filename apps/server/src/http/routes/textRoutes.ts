/** Texts by range: of items, of any row of the read model, and of events of the log. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { longestTextBytes, type TableName } from "@threadfold/contracts"
import { Api } from "@threadfold/contracts/api"
import { layout } from "@threadfold/core/model"
import { Projections, textRange } from "@threadfold/projections"
import { Effect, Option, Schema } from "effect"
import { DirectReads } from "../direct/DirectReads.js"
import { answer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

/** Values of several key columns. */
const decodeKey = Schema.decodeUnknownOption(Schema.parseJson(Schema.Array(Schema.Union(Schema.String, Schema.Number))))

const keyOf = (table: TableName, key: string): readonly (string | number)[] =>
  layout(table).key.length === 1 ? [key] : Option.getOrElse(decodeKey(key), () => [])

export const textRoutes = HttpApiBuilder.group(Api, "texts", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, eventAt, log, ready, withProblems } = yield* readRoute
    return yield* (yield* DirectReads).take(
      ["item", "row", "task", "event"],
      handlers
        .handle("item", ({ path: { itemId }, urlParams: { field = "text", limit = longestTextBytes, ...params } }) =>
          answerWith(params, projections.rowText("items", [itemId], field, { ...params, limit })),
        )
        .handle("row", ({ path: { key, table }, urlParams: { field, limit = longestTextBytes, ...params } }) =>
          answerWith(params, projections.rowText(table, keyOf(table, key), field, { ...params, limit })),
        )
        .handle("task", ({ path: { taskId }, urlParams: { limit = longestTextBytes, ...params } }) =>
          answerWith(params, projections.taskOutput(taskId, limit)),
        )
        .handle(
          "event",
          ({ path: { sequence }, urlParams: { field = "payload", limit = longestTextBytes, ...params } }) =>
            Effect.gen(function* () {
              yield* ready(params)
              const row = yield* eventAt(sequence)
              const text = field === "nativeBody" ? yield* log.native(sequence) : row[field]
              const mediaType = field === "nativeBody" ? "text/plain" : "application/json"
              const none = { offset: 0, bytes: 0, next: null, text: null }
              const range = text === null ? none : textRange(text, { ...params, limit })
              return answer({ sequence: log.published(), mediaType, ...range }, log.published())
            }).pipe(withProblems),
        ),
    )
  }),
)
