/** The documentation of the API, and its OpenAPI document: both without a token. */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@threadfold/contracts/api"
import { Context, Effect, Layer } from "effect"

/**
 * The application that answers `/docs`, made at the first call: the script of the page is 1.9 MB, and no other call needs it. It is
 * inlined, with the style, so that the page works without a network.
 */
const makeDocs = Effect.gen(function* () {
  const { layer } = yield* Effect.promise(() => import("@effect/platform/HttpApiSwagger"))
  const routes = Layer.provideMerge(layer({ path: "/docs" }), HttpApiBuilder.Router.Live)
  const { router } = Context.get(yield* Layer.build(routes), HttpApiBuilder.Router)
  return yield* HttpRouter.toHttpApp(yield* router)
}).pipe(Effect.scoped)

/** The OpenAPI document, made at the first call as well. */
const makeDocument = Effect.sync(() =>
  HttpServerResponse.text(JSON.stringify(OpenApi.fromApi(Api)), { contentType: "application/json" }),
)

/** Their routes. */
export const docsRoutes = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const api = yield* HttpApi.Api
    const docs = yield* Effect.cached(Effect.provideService(makeDocs, HttpApi.Api, api))
    yield* router.get("/openapi.json", yield* Effect.cached(makeDocument))
    yield* router.get("/docs", Effect.flatten(docs))
  }),
)
