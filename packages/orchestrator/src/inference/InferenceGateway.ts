/**
 * The port to the inference gateway: where an agent's calls of its model go instead of straight to the model, so that they are recorded.
 * Off, unless the server provides one.
 */
import type { ModelRoute } from "@threadfold/providers"
import { Context, Effect } from "effect"
import type { Agent } from "../Agents.js"

/** The way of the model calls of one thread's session, while it is open. */
export interface OpenRoute {
  /** What the driver points the agent at. */
  readonly route: ModelRoute
  /** The connection is known on which the thread is opened: only its sessions are those of the route. */
  readonly bind: (connectionId: string) => void
}

export interface InferenceGatewayService {
  /** Opens a way for a thread, in the place of the one that it had. Null: the calls of this agent are not recorded. */
  readonly open: (agent: Pick<Agent, "name">, threadId: string) => Effect.Effect<OpenRoute | null>
  /** The thread is closed: its way is, too. */
  readonly close: (threadId: string) => Effect.Effect<void>
  /** The connection is over, and with it the ways of its threads. */
  readonly closeConnection: (connectionId: string) => Effect.Effect<void>
}

export class InferenceGateway extends Context.Reference<InferenceGateway>()(
  "@threadfold/orchestrator/InferenceGateway",
  {
    defaultValue: (): InferenceGatewayService => ({
      open: () => Effect.succeed(null),
      close: () => Effect.void,
      closeConnection: () => Effect.void,
    }),
  },
) {}
