/** What changed of a thread between two moments, and the sequence of a moment that is known by something else. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api, WhatIfBody } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import type { Moment } from "../../offline/moments.js"
import { HttpLimits } from "../HttpLimits.js"
import { pastReads } from "./pastReads.js"
import { readCommandBody, required } from "./requestBody.js"

/** The one moment that a query names. */
const momentOf = (params: {
  readonly event?: string | undefined
  readonly time?: number | undefined
  readonly turn?: string | undefined
}): Effect.Effect<Moment, Problem> => {
  const { event, time, turn } = params
  const named: readonly Moment[] = [
    ...(event === undefined ? [] : [{ kind: "event", event } as const]),
    ...(time === undefined ? [] : [{ kind: "time", at: time } as const]),
    ...(turn === undefined ? [] : [{ kind: "turn", turnId: turn } as const]),
  ]
  const [moment, ...others] = named
  return moment === undefined || others.length > 0
    ? Effect.fail(new Problem({ slug: "invalid-request", detail: "query: name one of event, time and turn." }))
    : Effect.succeed(moment)
}

export const momentRoutes = HttpApiBuilder.group(Api, "moments", (handlers) =>
  Effect.map(Effect.all([pastReads, HttpLimits]), ([past, { smallBodyBytes }]) =>
    handlers
      .handle("diff", ({ path: { threadId }, urlParams }) => {
        const { after, from, limit, to } = urlParams
        return past.answer(urlParams, { kind: "diff", threadId, from, to, after, limit })
      })
      .handle("find", ({ path: { threadId }, urlParams }) =>
        Effect.flatMap(momentOf(urlParams), (moment) => past.answer(urlParams, { kind: "find", threadId, moment })),
      )
      .handleRaw("whatIf", ({ path: { threadId }, request, urlParams }) =>
        Effect.flatMap(readCommandBody(request, required(WhatIfBody), smallBodyBytes), ({ value }) =>
          past.answer(urlParams, { kind: "whatif", threadId, edits: value.edits, sequence: value.sequence ?? null }),
        ),
      ),
  ),
)
