/** `threadfold requests`. */
import { Command } from "@effect/cli"
import type { RequestDetail } from "@threadfold/contracts"
import { Effect } from "effect"
import { asProblem, openServer } from "../live.js"
import { dataDir, json } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { requestsPage } from "../pages/requests.js"

/** Requests of one call. */
const pageLength = 500

export const requestsCommand = Command.make("requests", { dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const requests: RequestDetail[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const urlParams = { status: "open" as const, limit: pageLength, cursor }
      const page = yield* Effect.mapError(
        threadfold.call((api) => api.requests.list({ urlParams })),
        asProblem,
      )
      requests.push(...page.items)
      cursor = page.next
    }
    yield* options.json ? writeJson({ requests }) : write(requestsPage(yield* currentLook, requests))
  }),
).pipe(Command.withDescription("List what agents wait to be answered, newest first."))
