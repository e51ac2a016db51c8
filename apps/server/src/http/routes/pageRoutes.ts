/** What a browser finds: the front page, the documentation of the API, and its OpenAPI document. All without a token. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@threadfold/contracts/api"
import { Effect, Layer } from "effect"

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

const documents = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const document = HttpServerResponse.text(JSON.stringify(OpenApi.fromApi(Api)), { contentType: "application/json" })
    yield* router.get("/", HttpServerResponse.html(frontPage))
    yield* router.get("/openapi.json", Effect.succeed(document))
  }),
)

/** The pages; the documentation's script and style are inlined, so that it works without a network. */
export const pages = Layer.merge(documents, HttpApiSwagger.layer({ path: "/docs" }))
