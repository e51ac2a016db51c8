/** Turns: from the message that asks for one to its end. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { gate } from "../test/FakeDriver.js"
import {
  completes,
  id,
  nativeOf,
  OrchestratorFixture,
  openFixture,
  quiet,
  runningTurn,
  textsTaken,
  turnsOf,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

describe("a turn", () => {
  it.scoped("is asked for, delivered, accepted, and ends", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const receipt = yield* fixture.send("hello")
      yield* runningTurn(fixture)
      expect(fixture.agent.texts).toEqual(["hello"])
      completes(fixture, "turn-1")
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId: receipt.turnId, nativeTurnId: "turn-1", outcome: "completed" })
      const types = (yield* fixture.log()).map(({ type }) => type)
      // When the agent answers at once, its answer and our event of the delivery come in either order.
      expect(types.filter((type) => type !== "effect.delivered")).toEqual([
        "thread.created",
        "turn.requested",
        "session.started",
        "thread.started",
        "turn.accepted",
        "turn.started",
        "turn.completed",
      ])
      expect(types).toContain("effect.delivered")
      expect(yield* fixture.violations()).toEqual([])
      expect(yield* fixture.orchestrator.effectsOf(receipt.commandId)).toMatchObject([{ status: "delivered" }])
    }),
  )

  it.scoped("fails when the agent cannot be started, and says why; the next one tries again", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      fixture.agent.behaviour["start-thread"] = "refuse"
      yield* fixture.open()
      yield* fixture.createThread()
      const { commandId } = yield* fixture.send("hello")
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "failed", cause: "start-failed" })
      const [effect] = yield* fixture.orchestrator.effectsOf(commandId)
      expect(effect).toMatchObject({ status: "failed", message: "Agent fake: No more threads today." })
      // The process that could not open the thread is not kept.
      yield* until(
        Effect.sync(() => fixture.agent.last.isOver),
        Boolean,
      )
      // The connection says what it was opened for: no session of the thread names it.
      const [opened] = yield* fixture.log(fixture.agent.last.options.connectionId)
      expect(opened).toMatchObject({ type: "connection.opened", payload: { threadId: id("thread") } })
      fixture.agent.behaviour["start-thread"] = "answer"
      yield* fixture.send("again")
      yield* runningTurn(fixture)
      expect(fixture.agent.texts).toEqual(["again"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("is uncertain when the agent does not answer, is never sent again, and its later word counts", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture({ limits: { answerMs: 5_000 } })
      fixture.agent.behaviour["send-turn"] = "silence"
      yield* fixture.open()
      yield* fixture.createThread()
      const { commandId, turnId } = yield* fixture.send("hello")
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
      yield* TestClock.adjust("5 seconds")
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "uncertain")
      expect((yield* fixture.work()).turns).toMatchObject([{ turnId, status: "requested", uncertain: 1 }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(fixture.agent.taken).toEqual(["send-turn"])
      fixture.agent.last.begins(nativeOf(fixture), turnId ?? "")
      expect(yield* runningTurn(fixture)).toMatchObject({ turnId })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("goes to the next process when the one it was meant for is found to be gone", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      yield* fixture.dispatch({ type: "session.start" })
      yield* until(fixture.work(), ({ session }) => session?.status === "ready")
      fixture.agent.behaviour["send-turn"] = "lost"
      const held = gate()
      fixture.agent.atSend = held.pass
      yield* fixture.send("hello")
      yield* quiet
      fixture.agent.atSend = Effect.sync(() => {
        fixture.agent.behaviour["send-turn"] = "answer"
      })
      yield* held.open
      yield* runningTurn(fixture)
      expect(fixture.agent.texts).toEqual(["hello"])
      expect(fixture.agent.connections).toHaveLength(2)
      expect((yield* fixture.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that was cancelled while its session started is never sent, and leaves no process", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      const connecting = gate()
      fixture.agent.atConnect = connecting.pass
      yield* fixture.open()
      yield* fixture.createThread()
      const { turnId } = yield* fixture.send("hello")
      yield* quiet
      yield* fixture.dispatch({ type: "turn.interrupt", turnId })
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId, outcome: "cancelled" })
      yield* connecting.open
      yield* quiet
      expect(fixture.agent.texts).toEqual([])
      yield* until(
        Effect.sync(() => fixture.agent.connections),
        (connections) => connections.every(({ isOver }) => isOver),
      )
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that is cancelled in the moment of its delivery is interrupted by its agent", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      const sending = gate()
      fixture.agent.atSend = sending.pass
      yield* fixture.open()
      yield* fixture.createThread()
      const { commandId, turnId } = yield* fixture.send("hello")
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
      yield* fixture.dispatch({ type: "turn.interrupt" })
      yield* sending.open
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId, outcome: "interrupted", evidence: "observed" })
      expect(fixture.agent.taken).toEqual(["send-turn", "interrupt"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that goes on after its interrupt ends with its session", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture({ limits: { interruptMs: 10_000 } })
      fixture.agent.behaviour.interrupt = "silence"
      yield* fixture.open()
      yield* fixture.createThread()
      yield* fixture.send("hello")
      yield* runningTurn(fixture)
      yield* fixture.dispatch({ type: "turn.interrupt" })
      yield* until(
        Effect.sync(() => fixture.agent.taken),
        (taken) => taken.includes("interrupt"),
      )
      yield* quiet
      yield* TestClock.adjust("10 seconds")
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      expect((yield* fixture.work()).session).toBeNull()
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("whose end is only inferred is settled a second later, and the queue waits for it", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      yield* fixture.send("two")
      fixture.agent.last.say(nativeOf(fixture), "session.state.changed", { state: "ready" })
      yield* until(turnsOf(fixture), ([turn]) => turn?.status === "ended")
      yield* quiet
      expect(fixture.agent.texts).toEqual(["one"])
      yield* TestClock.adjust("1 second")
      yield* textsTaken(fixture, 2)
      expect(fixture.agent.texts).toEqual(["one", "two"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
