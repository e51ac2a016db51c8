/** Whether the service works, and its figures. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { HttpServices } from "../Services.js"
import { answer } from "./answer.js"
import { unreadable } from "./eventPage.js"

export const healthRoutes = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.gen(function* () {
    const { engine, metrics, version } = yield* HttpServices
    return handlers
      .handle("livez", () => Effect.succeed({ status: "ok" as const, version }))
      .handle("readyz", () =>
        // The log's head is read from the database, not from memory.
        Effect.map(Effect.mapError(engine.log.head, unreadable), (sequence) =>
          answer({ status: "ok", version, logId: engine.log.logId, sequence }, sequence),
        ),
      )
      .handle("metrics", () => Effect.succeed(metrics.text(engine.log.published())))
  }),
)
