/** Sends spans and metrics to a collector by OTLP over HTTP. Loaded only where an endpoint is set. */
import * as OtlpMetrics from "@effect/opentelemetry/OtlpMetrics"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { Effect, Fiber, Layer } from "effect"
import { version } from "../version.js"
import { chosenSpans } from "./chosenSpans.js"

export interface ExporterOptions {
  /** Base of the collector's addresses, for example `http://127.0.0.1:4318`. */
  readonly endpoint: URL
  /** Headers of each call to it. */
  readonly headers: Readonly<Record<string, string>>
}

/** How long an end waits for a batch that is on its way, and for the last one, each, ms. */
const flushMs = 3_000

/**
 * Sends a batch to its end. At its own end the exporter interrupts what is on its way: such a batch has been taken out of the
 * buffer, and would be lost.
 */
const finishing = <A, E, R>(send: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(restore(send)), (sending) =>
      restore(Fiber.join(sending)).pipe(
        Effect.onInterrupt(() =>
          Fiber.await(sending).pipe(
            Effect.interruptible,
            Effect.timeoutOption(flushMs),
            Effect.zipRight(Fiber.interruptFork(sending)),
          ),
        ),
      ),
    ),
  )

const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.transform(finishing)),
).pipe(Layer.provide(FetchHttpClient.layer))

/** Exports for the life of the layer; what is left is sent at its end. A collector that is gone disturbs nothing. */
export const exporterLayer = ({ endpoint, headers }: ExporterOptions): Layer.Layer<never> => {
  const base = endpoint.href.replace(/\/+$/, "")
  const common = { headers, shutdownTimeout: flushMs, resource: { serviceName: "threadfold", serviceVersion: version } }
  return Layer.mergeAll(
    Layer.unwrapScoped(
      Effect.map(OtlpTracer.make({ ...common, url: `${base}/v1/traces` }), (tracer) =>
        Layer.setTracer(chosenSpans(tracer)),
      ),
    ),
    OtlpMetrics.layer({ ...common, url: `${base}/v1/metrics` }),
  ).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(client))
}
