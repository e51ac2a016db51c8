/** Whether spans and metrics leave the process: where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, and only then. */
import { Effect, Layer, Option } from "effect"
import { type EnvironmentInvalid, readVariable, variables } from "../config/Environment.js"

/**
 * Exports spans and metrics for the life of the layer, where the environment asks for it. Elsewhere no span is made and nothing of
 * the exporter is loaded. Fails where the environment has a value that it does not take.
 */
export const telemetryLayer: Layer.Layer<never, EnvironmentInvalid> = Layer.unwrapEffect(
  Effect.gen(function* () {
    const endpoint = yield* readVariable(variables.otlpEndpoint)
    const headers = yield* readVariable(variables.otlpHeaders)
    if (Option.isNone(endpoint)) return Layer.setTracerEnabled(false)
    const { exporterLayer } = yield* Effect.promise(() => import("./exporter.js"))
    return exporterLayer({ endpoint: endpoint.value, headers: Option.getOrElse(headers, () => ({})) })
  }),
)
