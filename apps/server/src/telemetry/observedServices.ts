/** The services that are observed: the same ones, whose work is measured and becomes spans. */
import { Engine, type EngineService, type Submission } from "@threadfold/engine"
import { type Agent, Orchestrator, type OrchestratorService } from "@threadfold/orchestrator"
import type {
  CompactThread,
  ForkThread,
  ProviderConnection,
  ProviderDriver,
  RewindThread,
  StartReview,
  StopTask,
} from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import { observed, recordDuration } from "./durations.js"

const sizeOf = ({ command, drafts }: Submission) => ({
  events: drafts.length,
  ...(command === undefined ? {} : { command: command.command.type }),
})

/** The labels of a success: made once, because they are looked up by their text. */
const okResult = { result: "ok" }

/** An engine whose submissions are observed, each as a whole. */
export const observedEngine = (engine: EngineService): EngineService => ({
  ...engine,
  submit: (submission) => observed("submit", {}, sizeOf(submission))(engine.submit(submission)),
  trySubmit: (submission) => observed("submit", {}, sizeOf(submission))(engine.trySubmit(submission)),
  // Without a span: where spans are exported, every call has a fiber.
  offer: (submission, done) => {
    const begun = performance.now()
    return engine.offer(submission, (outcome) => {
      recordDuration(
        "submit",
        (performance.now() - begun) / 1e3,
        outcome.ok ? okResult : { result: outcome.error._tag },
      )
      done(outcome)
    })
  },
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
  const { compact, fork, review, rewind, stopTask } = connection
  return {
    // What is not observed stays as it is, also what only some connections have.
    ...connection,
    ...(rewind === undefined
      ? {}
      : { rewind: (turns: RewindThread) => effect("rewind", { turnId: turns.turnId })(rewind(turns)) }),
    ...(compact === undefined
      ? {}
      : { compact: (turn: CompactThread) => effect("compact", { turnId: turn.turnId })(compact(turn)) }),
    ...(fork === undefined
      ? {}
      : { fork: (thread: ForkThread) => effect("fork", { threadId: thread.threadId })(fork(thread)) }),
    ...(stopTask === undefined ? {} : { stopTask: (task: StopTask) => effect("stopTask")(stopTask(task)) }),
    ...(review === undefined
      ? {}
      : { review: (turn: StartReview) => effect("review", { turnId: turn.turnId })(review(turn)) }),
    startThread: (thread) => effect("start-thread", { threadId: thread.threadId })(connection.startThread(thread)),
    resumeThread: (thread) => effect("resume-thread", { threadId: thread.threadId })(connection.resumeThread(thread)),
    sendTurn: (turn) => effect("send-turn", { turnId: turn.turnId })(connection.sendTurn(turn)),
    steer: (message) => effect("steer")(connection.steer(message)),
    interrupt: (turn) => effect("interrupt")(connection.interrupt(turn)),
    answer: (answer) => effect("answer")(connection.answer(answer)),
    configure: (change) => effect("configure")(connection.configure(change)),
    closeThread: (nativeThreadId) => effect("stop")(connection.closeThread(nativeThreadId)),
  }
}

/** A driver whose connecting is observed, and what is asked of its connections. */
export const observedDriver = (driver: ProviderDriver): ProviderDriver => ({
  ...driver,
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
