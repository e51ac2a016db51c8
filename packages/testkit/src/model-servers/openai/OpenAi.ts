import type { Effect, Scope } from "effect"
import { type ModelServer, type ModelServerOptions, modelServer } from "../ModelServer.js"
import { responsesProtocol } from "./responsesProtocol.js"

export * from "./openAiSteps.js"
export type { Output } from "./outputItems.js"

/** A mock of the OpenAI Responses API: give `baseUrl` to Codex as the `base_url` of a model provider. */
export const server = (options: ModelServerOptions = {}): Effect.Effect<ModelServer, never, Scope.Scope> =>
  modelServer(responsesProtocol, options)
