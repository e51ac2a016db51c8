/** The queue of a thread, and commands that are repeated or refused. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import {
  completes,
  OrchestratorFixture,
  openFixture,
  quiet,
  runningTurn,
  textsTaken,
  turnsOf,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

describe("the queue", () => {
  it.scoped("runs in order, each message after the former turn's end", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      for (const text of ["one", "two", "three"]) yield* fixture.send(text)
      for (const [index, text] of ["one", "two", "three"].entries()) {
        yield* textsTaken(fixture, index + 1)
        expect(fixture.agent.texts.at(-1)).toBe(text)
        yield* runningTurn(fixture)
        completes(fixture, `turn-${index + 1}`)
      }
      yield* until(turnsOf(fixture), (turns) => turns.filter(({ status }) => status === "ended").length === 3)
      expect((yield* fixture.work()).thread).toMatchObject({ queued: 0, queueHeld: 0 })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("is held after an interrupt until it is resumed", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      const { messageId } = yield* fixture.send("two")
      expect(messageId).not.toBeNull()
      yield* fixture.dispatch({ type: "turn.interrupt" })
      yield* until(turnsOf(fixture), ([turn]) => turn?.status === "ended")
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(fixture.agent.texts).toEqual(["one"])
      expect((yield* fixture.work()).thread).toMatchObject({ queued: 1, queueHeld: 1 })
      yield* fixture.dispatch({ type: "queue.resume" })
      yield* textsTaken(fixture, 2)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("runs a message as it was written again, and takes a promoted one into the running turn", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      const two = yield* fixture.send("two")
      const three = yield* fixture.send("three")
      yield* fixture.dispatch({ type: "message.edit", messageId: two.messageId, text: "two, written again" })
      const promoted = yield* fixture.dispatch({ type: "message.promote", messageId: three.messageId, to: "turn" })
      expect(promoted.turnId).not.toBeNull()
      yield* until(fixture.work(), ({ thread }) => thread.queued === 1)
      expect(fixture.agent.texts).toEqual(["one", "steered: three"])
      completes(fixture, "turn-1")
      yield* textsTaken(fixture, 3)
      expect(fixture.agent.texts.at(-1)).toBe("two, written again")
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("keeps a promoted message first that the agent refused in its turn", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      fixture.agent.behaviour.steer = "refuse"
      yield* fixture.send("two")
      const three = yield* fixture.send("three")
      const promoted = yield* fixture.dispatch({ type: "message.promote", messageId: three.messageId, to: "turn" })
      yield* until(fixture.orchestrator.effectsOf(promoted.commandId), ([one]) => one?.status === "failed")
      yield* fixture.dispatch({ type: "message.promote", messageId: three.messageId })
      completes(fixture, "turn-1")
      yield* textsTaken(fixture, 2)
      expect(fixture.agent.texts).toEqual(["one", "three"])
    }),
  )

  it.scoped("keeps a message that the agent refused to be steered by, and runs it next", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      const taken = yield* fixture.send("left", { mode: "steer" })
      yield* until(fixture.work(), ({ thread }) => thread.queued === 0)
      expect(fixture.agent.texts).toEqual(["one", "steered: left"])
      fixture.agent.behaviour.steer = "refuse"
      const refused = yield* fixture.send("right", { mode: "steer" })
      yield* until(fixture.orchestrator.effectsOf(refused.commandId), ([one]) => one?.status === "failed")
      expect(taken.turnId).toBe(refused.turnId)
      completes(fixture, "turn-1")
      yield* textsTaken(fixture, 3)
      expect(fixture.agent.texts.at(-1)).toBe("right")
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("lets a message that interrupts run before those that wait", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      yield* fixture.send("waits")
      const { turnId } = yield* fixture.send("now", { mode: "interrupt" })
      yield* textsTaken(fixture, 2)
      expect(fixture.agent.texts).toEqual(["one", "now"])
      expect(yield* runningTurn(fixture)).toMatchObject({ turnId })
      completes(fixture, "turn-2")
      yield* textsTaken(fixture, 3)
      expect(fixture.agent.texts.at(-1)).toBe("waits")
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})

describe("a command", () => {
  it.scoped("that is dispatched again with its key gets its first answer and does nothing", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const first = yield* fixture.dispatch({ type: "message.send", text: "one" }, { key: "k1" })
      yield* runningTurn(fixture)
      expect(yield* fixture.dispatch({ type: "message.send", text: "one" }, { key: "k1" })).toEqual(first)
      const other = yield* Effect.either(fixture.dispatch({ type: "message.send", text: "two" }, { key: "k1" }))
      expect(Either.isLeft(other) && other.left).toMatchObject({ _tag: "CommandConflict" })
      expect(fixture.agent.texts).toEqual(["one"])
    }),
  )

  it.scoped("for an agent that is not configured is refused before anything happens", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      yield* fixture.open()
      const refused = yield* Effect.either(fixture.dispatch({ type: "thread.create", agent: "unknown", provider: "x" }))
      expect(Either.isLeft(refused) && refused.left).toMatchObject({ _tag: "AgentUnknown" })
      expect(yield* fixture.log()).toEqual([])
    }),
  )
})
