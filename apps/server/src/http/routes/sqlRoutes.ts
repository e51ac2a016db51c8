/** Statements over the views, where the server was started for them. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api, SqlBody } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { databaseFile } from "@threadfold/event-log"
import { Context, Effect } from "effect"
import { ImportSettings } from "../../imports/ImportSettings.js"
import { runSql } from "../../sql/runSql.js"
import { answer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"
import { readCommandBody, required } from "./requestBody.js"

/** Whether the server runs statements. */
export class SqlAllowed extends Context.Reference<SqlAllowed>()("@threadfold/server/SqlAllowed", {
  defaultValue: () => false,
}) {}

/** Longest body, bytes. */
const bodyBytes = 1024 * 1024

/** Statements that run at a time … */
const atATime = 2
/** … and that wait beside them. */
const mostWaiting = 16

export const sqlRoutes = HttpApiBuilder.group(Api, "sql", (handlers) =>
  Effect.gen(function* () {
    const isAllowed = yield* SqlAllowed
    const { directory } = yield* ImportSettings
    const { withProblems } = yield* readRoute
    const places = yield* Effect.makeSemaphore(atATime)
    let waiting = 0

    return handlers.handleRaw("run", ({ request }) =>
      Effect.gen(function* () {
        if (!isAllowed) return yield* new Problem({ slug: "sql-off", detail: "It was started without --sql." })
        const { value } = yield* readCommandBody(request, required(SqlBody), bodyBytes)
        if (waiting >= mostWaiting) {
          return yield* new Problem({ slug: "too-many-requests", detail: `${waiting} statements wait already.` })
        }
        waiting += 1
        const found = yield* Effect.ensuring(
          places.withPermits(1)(runSql(databaseFile(directory), value)),
          Effect.sync(() => {
            waiting -= 1
          }),
        )
        return answer(found, found.sequence)
      }).pipe(withProblems),
    )
  }),
)
