/** Sends spans and metrics to a collector by OTLP over HTTP. Loaded only where an endpoint is set. */
import * as OtlpMetrics from "@effect/opentelemetry/OtlpMetrics"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { Effect, Layer } from "effect"
import { version } from "../version.js"
import { chosenSpans } from "./chosenSpans.js"

export interface ExporterOptions {
  /** Base of the collector's addresses, for example `http://127.0.0.1:4318`. */
  readonly endpoint: URL
  /** Headers of each call to it. */
  readonly headers: Readonly<Record<string, string>>
}

/** Exports for the life of the layer; what is left is sent at its end. A collector that is gone disturbs nothing. */
export const exporterLayer = ({ endpoint, headers }: ExporterOptions): Layer.Layer<never> => {
  const base = endpoint.href.replace(/\/+$/, "")
  const common = { headers, resource: { serviceName: "threadfold", serviceVersion: version } }
  return Layer.mergeAll(
    Layer.unwrapScoped(
      Effect.map(OtlpTracer.make({ ...common, url: `${base}/v1/traces` }), (tracer) =>
        Layer.setTracer(chosenSpans(tracer)),
      ),
    ),
    OtlpMetrics.layer({ ...common, url: `${base}/v1/metrics` }),
  ).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(FetchHttpClient.layer))
}
