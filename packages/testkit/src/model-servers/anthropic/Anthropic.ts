import type { Effect, Scope } from "effect"
import { type ModelServer, type ModelServerOptions, modelServer } from "../ModelServer.js"
import { messagesProtocol } from "./messagesProtocol.js"

export * from "./anthropicSteps.js"
export type { Block } from "./contentBlocks.js"
export type { StopReason } from "./messageFrames.js"

/** A mock of the Anthropic Messages API: give `baseUrl` to Claude agents as `ANTHROPIC_BASE_URL`. */
export const server = (options: ModelServerOptions = {}): Effect.Effect<ModelServer, never, Scope.Scope> =>
  modelServer(messagesProtocol, options)
