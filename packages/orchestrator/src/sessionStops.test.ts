/** Sessions of agents: their start, their stop, and threads that share a process. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import {
  completes,
  id,
  OrchestratorFixture,
  openFixture,
  quiet,
  running,
  textsTaken,
  turnsOf,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

describe("a session", () => {
  it.scoped("is stopped by a command, with its process, and resumed by the next message", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      completes(fixture, "turn-1")
      yield* until(fixture.work(), ({ session }) => session?.status === "ready")
      yield* fixture.dispatch({ type: "session.stop" })
      yield* until(fixture.work(), ({ session }) => session === null)
      yield* until(
        Effect.sync(() => fixture.agent.last.isOver),
        Boolean,
      )
      yield* fixture.send("two")
      yield* running(fixture)
      expect((yield* fixture.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("of another thread on the same process goes on", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      yield* fixture.open()
      const other = id("other thread")
      yield* fixture.createThread()
      yield* fixture.createThread(other)
      yield* fixture.send("one")
      yield* fixture.dispatch({ type: "message.send", threadId: other, text: "two" })
      yield* textsTaken(fixture, 2)
      expect(fixture.agent.connections).toHaveLength(1)
      yield* running(fixture, other)
      yield* fixture.dispatch({ type: "session.stop" })
      yield* until(fixture.work(), ({ session }) => session === null)
      expect((yield* fixture.work(other)).session).toMatchObject({ status: "running" })
      expect(fixture.agent.last.isOver).toBe(false)
    }),
  )

  it.scoped("that is stopped before its start was begun does not come up", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      fixture.agent.behaviour["start-thread"] = "hang"
      yield* fixture.send("first")
      yield* until(
        Effect.sync(() => fixture.agent.connections.length),
        (length) => length === 1,
      )
      // It waits behind the start that hangs.
      const { commandId } = yield* fixture.dispatch({ type: "session.start" })
      yield* fixture.dispatch({ type: "session.stop" })
      fixture.agent.behaviour["start-thread"] = "answer"
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "retired")
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect((yield* fixture.work()).session).toBeNull()
      expect(fixture.agent.connections.every(({ isOver }) => isOver)).toBe(true)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that hangs in its start delays no other thread, and a stop ends the wait", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture({ sharesConnection: false })
      yield* fixture.open()
      const other = id("other thread")
      yield* fixture.createThread()
      yield* fixture.createThread(other)
      fixture.agent.behaviour["start-thread"] = "hang"
      yield* fixture.send("never")
      yield* until(
        Effect.sync(() => fixture.agent.connections.length),
        (length) => length === 1,
      )
      yield* quiet
      fixture.agent.behaviour["start-thread"] = "answer"
      yield* fixture.dispatch({ type: "message.send", threadId: other, text: "two" })
      yield* textsTaken(fixture, 1)
      for (let stops = 0; stops < 6; stops += 1) yield* fixture.dispatch({ type: "session.stop" })
      const [turn] = yield* until(turnsOf(fixture), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "cancelled" })
      yield* until(
        Effect.sync(() => fixture.agent.connections[0]?.isOver),
        Boolean,
      )
      yield* TestClock.adjust("10 minutes")
      yield* quiet
      expect(fixture.agent.texts).toEqual(["two"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that comes up after its start was given up is closed again; another thread on the process goes on", () =>
    Effect.gen(function* () {
      for (const given of ["stop", "time"] as const) {
        const fixture = new OrchestratorFixture({ limits: { startMs: 60_000 } })
        yield* fixture.open()
        const other = id("other thread")
        yield* fixture.createThread()
        yield* fixture.createThread(other)
        yield* fixture.dispatch({ type: "message.send", threadId: other, text: "beside" })
        yield* textsTaken(fixture, 1)
        fixture.agent.behaviour["start-thread"] = "hang"
        const { commandId } = yield* fixture.dispatch({ type: "session.start" })
        yield* until(
          Effect.sync(() => fixture.agent.starts.length),
          (length) => length === 2,
        )
        if (given === "stop") yield* fixture.dispatch({ type: "session.stop" })
        else yield* TestClock.adjust("1 minute")
        const isOver = (status: string | undefined) => status === "retired" || status === "failed"
        yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => isOver(one?.status))
        fixture.agent.comesUp()
        const session = Effect.map(fixture.snapshot(), ({ snapshot }) => snapshot.session)
        expect(yield* until(session, (one) => one?.status === "stopped")).toMatchObject({ epoch: 1 })
        yield* TestClock.adjust("1 minute")
        yield* quiet
        expect((yield* fixture.work()).session).toBeNull()
        expect(fixture.agent.last.threads).toHaveLength(1)
        expect((yield* fixture.work(other)).session).toMatchObject({ status: "running" })
        // The next start finds nothing in its way.
        fixture.agent.behaviour["start-thread"] = "answer"
        yield* fixture.send("again")
        yield* running(fixture)
        expect(fixture.agent.texts).toEqual(["beside", "again"])
        expect(yield* fixture.violations()).toEqual([])
      }
    }),
  )

  it.scoped("that says it is there while its start hangs is closed by a stop", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture()
      yield* fixture.open()
      const other = id("other thread")
      yield* fixture.createThread()
      yield* fixture.createThread(other)
      yield* fixture.dispatch({ type: "message.send", threadId: other, text: "beside" })
      yield* textsTaken(fixture, 1)
      fixture.agent.behaviour["start-thread"] = "hang"
      yield* fixture.dispatch({ type: "session.start" })
      yield* until(
        Effect.sync(() => fixture.agent.starts.length),
        (length) => length === 2,
      )
      fixture.agent.comesUp()
      yield* until(fixture.work(), ({ session }) => session?.status === "ready")
      yield* fixture.dispatch({ type: "session.stop" })
      yield* until(fixture.work(), ({ session }) => session === null)
      expect((yield* fixture.snapshot()).snapshot.session).toMatchObject({ status: "stopped" })
      expect(fixture.agent.last.threads).toHaveLength(1)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
