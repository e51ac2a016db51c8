/** What a browser finds: the front page, the documentation of the API, and its OpenAPI document. All without a token. */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@threadfold/contracts/api"
import { Context, Effect, Layer } from "effect"

const frontPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Threadfold</title></head>
<body>
<h1>Threadfold</h1>
<p>The service is running. Its API is described in <a href="/docs">/docs</a> and <a href="/openapi.json">/openapi.json</a>.</p>
<p>Every other call needs the token: the <code>token</code> file in the data directory.</p>
</body>
</html>
`

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

/** The pages. */
export const pages = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const api = yield* HttpApi.Api
    const docs = yield* Effect.cached(Effect.provideService(makeDocs, HttpApi.Api, api))
    yield* router.get("/", HttpServerResponse.html(frontPage))
    yield* router.get("/openapi.json", yield* Effect.cached(makeDocument))
    yield* router.get("/docs", Effect.flatten(docs))
  }),
)
