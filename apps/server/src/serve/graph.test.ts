import { describe, expect, it } from "@effect/vitest"
import { Command } from "@threadfold/contracts"
import { Engine, WorkReads } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { AgentFailed, Agents, Connections, CurrentReaperPolicy, Orchestrator } from "@threadfold/orchestrator"
import { Effect, Layer, Schema, Stream } from "effect"
import { testAgent } from "../../test/http/support/TestOrchestration.js"
import { sessionId, temporaryDirectory } from "../../test/http/support/TestServer.js"
import { orchestrationLive, readSide } from "./graph.js"

const decode = Schema.decodeUnknownSync(Command)

/** Connections as they are, but for agents that cannot be reached. */
const unreachable = Layer.effect(
  Connections,
  Effect.map(Connections, (real) => ({
    ...real,
    connect: ({ name }) => new AgentFailed({ agent: name, message: "It is out for repair." }),
  })),
).pipe(Layer.provide(Connections.layer))

/** The services that run agents over a new database. */
const orchestrationOf = (...swapped: Parameters<typeof orchestrationLive>) =>
  Layer.unwrapScoped(
    Effect.map(Effect.map(temporaryDirectory, databaseFile), (file) =>
      orchestrationLive(...swapped).pipe(
        Layer.provide(Layer.merge(Agents.layer([testAgent]), CurrentReaperPolicy.layer())),
        Layer.provide(WorkReads.layer),
        Layer.provide(readSide(file)),
        Layer.provideMerge(Engine.layerInProcess({ file })),
      ),
    ),
  )

/** Sends a message in a new thread, and gives the words with which its turn fails to start. */
const failureOfFirstTurn = Effect.gen(function* () {
  const { dispatch } = yield* Orchestrator
  const { log } = yield* Engine
  const threadId = sessionId(1)
  yield* dispatch({ command: decode({ type: "thread.create", threadId, agent: testAgent.name, provider: "test" }) })
  yield* dispatch({ command: decode({ type: "message.send", threadId, text: "hello" }) })
  const failed = log.subscribe({ after: 0, types: ["turn.start-failed"] })
  return yield* failed.pipe(
    Stream.take(1),
    Stream.runCollect,
    Effect.map(([event]) => event?.payload),
  )
})

describe("the services that run agents", () => {
  it.effect("start an agent for a message", () =>
    Effect.gen(function* () {
      expect(yield* failureOfFirstTurn).toContain("Agent tester: It is not there.")
    }).pipe(Effect.provide(orchestrationOf())),
  )

  it.effect("work with another layer in the place of one of them", () =>
    Effect.gen(function* () {
      expect(yield* failureOfFirstTurn).toContain("It is out for repair.")
    }).pipe(Effect.provide(orchestrationOf({ connections: unreachable }))),
  )
})
