/** Sends spans and metrics to a collector by OTLP over HTTP. Loaded only where an endpoint is set. */
import * as OtlpMetrics from "@effect/opentelemetry/OtlpMetrics"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { Effect, Fiber, Layer, Option, Tracer } from "effect"
import { version } from "../installed.js"

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

const isChosen = (name: string): boolean => name.startsWith("threadfold.") || name.startsWith("http.server")

/**
 * A tracer that passes on the spans which show what the service does: calls, commands, submissions, effects, connections. The libraries
 * make one of every SQL statement as well; those are neither kept nor sent.
 */
export const chosenSpans = (exporting: Tracer.Tracer): Tracer.Tracer => {
  const left = new WeakSet<Tracer.AnySpan>()
  /** The nearest span above that is exported, so that a trace holds together without what was left out. */
  const exported = (parent: Option.Option<Tracer.AnySpan>): Option.Option<Tracer.AnySpan> => {
    let above = parent
    while (Option.isSome(above) && above.value._tag === "Span" && left.has(above.value)) above = above.value.parent
    return above
  }
  return Tracer.make({
    context: exporting.context,
    span: (name, parent, context, links, startTime, kind, options) => {
      if (isChosen(name)) return exporting.span(name, exported(parent), context, links, startTime, kind, options)
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: "",
        traceId: "",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        links,
        sampled: false,
        kind,
        end: () => undefined,
        attribute: () => undefined,
        event: () => undefined,
        addLinks: () => undefined,
      }
      left.add(span)
      return span
    },
  })
}

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
