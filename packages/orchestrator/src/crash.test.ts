/**
 * A server that dies at every single step between accepting a message and the end of its turn. The agent keeps its own
 * record of what it was given; whatever the log says after the next start has to fit it.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { crashedIn, submissionsOf } from "../test/Crashes.js"
import { gate } from "../test/FakeDriver.js"
import {
  type CrashAt,
  completes,
  nativeOf,
  type OrchestratorFixture,
  openFixture,
  quiet,
  running,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

/** Sends a message and lets its turn run to its end, as far as the server lives. */
const story = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    yield* fixture.createThread()
    yield* fixture.dispatch({ type: "message.send", text: "hello" }, { key: "c1" })
    yield* running(fixture)
    completes(fixture)
    yield* until(fixture.work(), ({ turns }) => turns.length === 0)
  })

const crashing = (crashAt: CrashAt) =>
  Effect.gen(function* () {
    const fixture = yield* crashedIn(story, crashAt, () => quiet)
    yield* fixture.start()
    // The client has heard nothing and tries again, with the same key.
    yield* fixture.createThread()
    const receipt = yield* fixture.dispatch({ type: "message.send", text: "hello" }, { key: "c1" })
    yield* quiet
    yield* TestClock.adjust("5 seconds")
    yield* quiet
    const given = fixture.agent.texts.length
    const { snapshot } = yield* fixture.snapshot()
    const { turns } = yield* fixture.work()
    const waiting = turns.filter(({ status }) => status === "requested")
    return {
      at: crashAt,
      given,
      turns: snapshot.turns.length,
      turn: snapshot.turns.find(({ turnId }) => turnId === receipt.turnId),
      uncertain: waiting.filter(({ uncertain }) => uncertain === 1).length,
      waiting: waiting.filter(({ uncertain }) => uncertain === 0).length,
      violations: yield* fixture.violations(),
    }
  }).pipe(Effect.scoped)

describe("a server that dies", () => {
  it.effect(
    "at any commit has the message delivered once, or shows that it does not know",
    () =>
      Effect.gen(function* () {
        const steps = yield* submissionsOf(story)
        expect(steps).toBeGreaterThan(5)
        for (let submission = 1; submission <= steps; submission += 1) {
          for (const committed of [false, true]) {
            const found = yield* crashing({ submission, committed })
            expect(found.violations, JSON.stringify(found)).toEqual([])
            // Never twice, never lost, never pending for ever.
            expect(found.turns, JSON.stringify(found)).toBe(1)
            expect(found.waiting, JSON.stringify(found)).toBe(0)
            expect(found.given, JSON.stringify(found)).toBeLessThanOrEqual(1)
            if (found.given === 0) expect(found.uncertain, JSON.stringify(found)).toBe(1)
            expect(Option.fromNullable(found.turn)._tag, JSON.stringify(found)).toBe("Some")
          }
        }
      }),
    600_000,
  )

  it.scoped("in the moment of the delivery never delivers again, whether or not the agent had it", () =>
    Effect.gen(function* () {
      for (const had of [true, false]) {
        const fixture = yield* openFixture()
        const dead = gate()
        fixture.agent.atSend = had
          ? Effect.zipRight(
              Effect.sync(() => fixture.agent.texts.push("hello")),
              dead.pass,
            )
          : dead.pass
        const { commandId, turnId } = yield* fixture.send("hello")
        yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
        fixture.crash()
        fixture.agent.atSend = Effect.void
        yield* fixture.start()
        yield* quiet
        yield* TestClock.adjust("1 minute")
        yield* quiet
        expect(fixture.agent.texts).toEqual(had ? ["hello"] : [])
        expect((yield* fixture.work()).turns).toMatchObject([{ turnId, status: "requested", uncertain: 1 }])
        expect(yield* fixture.orchestrator.effectsOf(commandId)).toMatchObject([{ status: "uncertain" }])
        // A person decides: the doubtful one is given up, and the message sent anew.
        yield* fixture.dispatch({ type: "turn.interrupt", turnId })
        yield* fixture.send("hello again")
        yield* running(fixture)
        expect(fixture.agent.texts.at(-1)).toBe("hello again")
        expect(yield* fixture.violations()).toEqual([])
      }
    }),
  )

  it.scoped("with messages in the queue keeps them, in order, until the queue is resumed", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      for (const text of ["one", "two", "three"]) yield* fixture.send(text)
      yield* running(fixture)
      fixture.crash()
      yield* fixture.start()
      yield* until(fixture.work(), ({ turns }) => turns.length === 0 || turns[0]?.status === "ended")
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      const { thread, session } = yield* fixture.work()
      expect(thread).toMatchObject({ queued: 2, queueHeld: 1, status: "stopped" })
      expect(session).toBeNull()
      expect(fixture.agent.texts).toEqual(["one"])
      yield* fixture.dispatch({ type: "queue.resume" })
      for (const [index, text] of ["two", "three"].entries()) {
        yield* until(fixture.work(), ({ turns }) =>
          turns.some((turn) => turn.status === "running" && turn.text === text),
        )
        yield* quiet
        expect(fixture.agent.texts).toEqual(["one", "two", "three"].slice(0, index + 2))
        const native = { turnId: `turn-${index + 1}` }
        fixture.agent.last.say(nativeOf(fixture), "turn.completed", { outcome: "completed" }, native)
      }
      const { turns } = (yield* until(fixture.snapshot(), ({ snapshot }) =>
        snapshot.turns.every(({ status }) => status === "ended"),
      )).snapshot
      expect(turns.map(({ outcome }) => outcome)).toEqual(["interrupted", "completed", "completed"])
      expect((yield* fixture.work()).thread).toMatchObject({ queued: 0, queueHeld: 0 })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("settles sessions of archived threads, too, and a second restart has nothing left to settle", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      yield* fixture.dispatch({ type: "thread.archive" })
      fixture.crash()
      yield* fixture.start()
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      const { session, turns } = yield* fixture.work()
      expect([session, turns]).toEqual([null, []])
      const length = (yield* fixture.log()).length
      fixture.crash()
      yield* fixture.start()
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect((yield* fixture.log()).length).toBe(length)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
