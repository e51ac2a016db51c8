/** The services that are observed: the same ones, whose work is measured and becomes spans. */
import { Engine, type EngineService, type Submission } from "@threadfold/engine"
import { type Agent, Orchestrator, type OrchestratorService } from "@threadfold/orchestrator"
import type { ProviderConnection, ProviderDriver } from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import { observed } from "./durations.js"

const sizeOf = ({ command, drafts }: Submission) => ({
  events: drafts.length,
  ...(command === undefined ? {} : { command: command.command.type }),
})

/** An engine whose submissions are observed, each as a whole. */
export const observedEngine = (engine: EngineService): EngineService => ({
  ...engine,
  submit: (submission) => observed("submit", {}, sizeOf(submission))(engine.submit(submission)),
  trySubmit: (submission) => observed("submit", {}, sizeOf(submission))(engine.trySubmit(submission)),
})

/** An orchestrator whose commands are observed. */
export const observedOrchestrator = (orchestrator: OrchestratorService): OrchestratorService => ({
  ...orchestrator,
  dispatch: (request) =>
    observed(
      "command",
      { type: request.command.type },
      { threadId: request.command.threadId },
    )(orchestrator.dispatch(request)),
})

/** A connection whose operations are observed: what effects ask of an agent. */
const observedConnection = (provider: string, connection: ProviderConnection): ProviderConnection => {
  const effect = (operation: string, attributes: Readonly<Record<string, string>> = {}) =>
    observed("effect", { provider, operation }, attributes)
  return {
    events: connection.events,
    reference: (nativeThreadId) => connection.reference(nativeThreadId),
    startThread: (thread) => effect("start-thread", { threadId: thread.threadId })(connection.startThread(thread)),
    resumeThread: (thread) => effect("resume-thread", { threadId: thread.threadId })(connection.resumeThread(thread)),
    sendTurn: (turn) => effect("send-turn", { turnId: turn.turnId })(connection.sendTurn(turn)),
    steer: (message) => effect("steer")(connection.steer(message)),
    interrupt: (turn) => effect("interrupt")(connection.interrupt(turn)),
    answer: (answer) => effect("answer")(connection.answer(answer)),
    closeThread: (nativeThreadId) => effect("stop")(connection.closeThread(nativeThreadId)),
    stop: connection.stop,
  }
}

/** A driver whose connecting is observed, and what is asked of its connections. */
export const observedDriver = (driver: ProviderDriver): ProviderDriver => ({
  provider: driver.provider,
  capabilities: driver.capabilities,
  connect: (options) =>
    driver.connect(options).pipe(
      observed("connect", { provider: driver.provider }, { connectionId: options.connectionId }),
      Effect.map((connection) => observedConnection(driver.provider, connection)),
    ),
})

/** Agents whose drivers are observed. */
export const observedAgents = (agents: readonly Agent[]): readonly Agent[] =>
  agents.map((agent) => ({ ...agent, driver: observedDriver(agent.driver) }))

/** A layer with its engine observed. */
export const withObservedEngine = <E, R>(layer: Layer.Layer<Engine, E, R>): Layer.Layer<Engine, E, R> =>
  Layer.map(layer, (context) => Context.add(context, Engine, observedEngine(Context.get(context, Engine))))

/** A layer with its orchestrator observed. */
export const withObservedOrchestrator = <A, E, R>(
  layer: Layer.Layer<A | Orchestrator, E, R>,
): Layer.Layer<A | Orchestrator, E, R> =>
  Layer.map(layer, (context) =>
    Context.add(context, Orchestrator, observedOrchestrator(Context.get(context, Orchestrator))),
  )
