/** The route of calls to agents: what was asked of them, and what became of it. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { EffectStatus } from "../Effects.js"
import { EffectView } from "../entities/Effect.js"
import { optional } from "../fields.js"
import { fieldsParam, someNames, someOf } from "./Filters.js"
import { described, listRead } from "./operation.js"
import { listCall } from "./problemSets.js"
import { pageParams } from "./Query.js"
import { pageOf } from "./Shapes.js"

/** Calls to agents of all threads. */
export class EffectsGroup extends HttpApiGroup.make("effects")
  .add(
    HttpApiEndpoint.get("list", "/v1/effects")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          status: optional(someOf(...EffectStatus.literals), "Only effects of these states, separated by commas."),
          threadId: optional(someNames, "Only of these threads, separated by commas."),
          ...fieldsParam(EffectView),
        }),
      )
      .addSuccess(pageOf(EffectView))
      .annotateContext(
        described(
          "Calls to agents that follow from commands, of all threads, the newest first: what is on its way, and what became of the " +
            "others. Those that ended more than 7 days ago are gone. Filters apply together. Each call looks at 2,000 effects at most: with " +
            "filters a page may hold fewer entries than `limit`, even none, and still have a `next`. Go on until `next` is null.",
          listRead(listCall),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Effects" })) {}
