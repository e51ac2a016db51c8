/** What the exporter sends at its end, over real sockets. */
import { createServer } from "node:http"
import { expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { exporterLayer } from "./exporter.js"

const Traces = Schema.parseJson(
  Schema.Struct({
    resourceSpans: Schema.Array(
      Schema.Struct({
        scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Schema.Struct({ name: Schema.String })) })),
      }),
    ),
  }),
)

/** A collector on a loopback port, and the names of the spans that it was sent. */
const collector = Effect.acquireRelease(
  Effect.promise(
    () =>
      new Promise<{ readonly endpoint: URL; readonly names: string[]; readonly close: () => void }>((resolve) => {
        const names: string[] = []
        const server = createServer((request, response) => {
          let body = ""
          request.setEncoding("utf8").on("data", (text: string) => {
            body += text
          })
          request.on("end", () => {
            if (request.url === "/v1/traces") {
              const { resourceSpans } = Schema.decodeUnknownSync(Traces)(body)
              for (const { scopeSpans } of resourceSpans) {
                for (const { spans } of scopeSpans) names.push(...spans.map(({ name }) => name))
              }
            }
            response.end("{}")
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          if (address === null || typeof address === "string") throw new Error("no port")
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          resolve({ endpoint: new URL(`http://127.0.0.1:${address.port}`), names, close })
        })
      }),
  ),
  ({ close }) => Effect.sync(close),
)

/** Spans of which a batch is full. */
const fullBatch = 1_000

it.scopedLive("an exporter that ends sends the batch that is on its way, and what it holds", () =>
  Effect.gen(function* () {
    const { endpoint, names } = yield* collector
    const span = (name: string) => Effect.withSpan(Effect.void, name)
    yield* Effect.gen(function* () {
      yield* Effect.replicateEffect(span("threadfold.batch"), fullBatch)
      yield* span("threadfold.last")
    }).pipe(Effect.provide(exporterLayer({ endpoint, headers: {} })))
    expect(names.filter((name) => name === "threadfold.batch")).toHaveLength(fullBatch)
    expect(names.filter((name) => name === "threadfold.last")).toHaveLength(1)
  }),
)
