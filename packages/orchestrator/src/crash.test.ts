/**
 * A server that dies at every single step between accepting a message and the end of its turn. The agent keeps its own
 * record of what it was given; whatever the log says after the next start has to fit it.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { crashedIn, submissionsOf } from "../test/Crashes.js"
import { gate } from "../test/FakeDriver.js"
import { type CrashAt, House, quiet, until } from "../test/House.js"

const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""

/** Sends a message and lets its turn run to its end, as far as the server lives. */
const story = (house: House) =>
  Effect.gen(function* () {
    yield* house.createThread()
    yield* house.give({ type: "message.send", text: "hello" }, { key: "c1" })
    yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
    house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
    yield* until(house.work(), ({ turns }) => turns.length === 0)
  })

const crashing = (crashAt: CrashAt) =>
  Effect.gen(function* () {
    const house = yield* crashedIn(story, crashAt, () => quiet)
    yield* house.start()
    // The client has heard nothing and tries again, with the same key.
    yield* house.createThread()
    const receipt = yield* house.give({ type: "message.send", text: "hello" }, { key: "c1" })
    yield* quiet
    yield* TestClock.adjust("5 seconds")
    yield* quiet
    const given = house.agent.texts.length
    const { snapshot } = yield* house.snapshot()
    const { turns } = yield* house.work()
    const waiting = turns.filter(({ status }) => status === "requested")
    return {
      at: crashAt,
      given,
      turns: snapshot.turns.length,
      turn: snapshot.turns.find(({ turnId }) => turnId === receipt.turnId),
      uncertain: waiting.filter(({ uncertain }) => uncertain === 1).length,
      waiting: waiting.filter(({ uncertain }) => uncertain === 0).length,
      violations: yield* house.violations(),
    }
  }).pipe(Effect.scoped)

describe("a server that dies", () => {
  it.effect(
    "at any commit has the message handed over once, or shows that it does not know",
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
    120_000,
  )

  it.scoped("in the moment of the hand-over never hands over again, whether or not the agent had it", () =>
    Effect.gen(function* () {
      for (const had of [true, false]) {
        const house = new House()
        yield* house.open()
        yield* house.createThread()
        const dead = gate()
        house.agent.atSend = had
          ? Effect.zipRight(
              Effect.sync(() => house.agent.texts.push("hello")),
              dead.pass,
            )
          : dead.pass
        const { commandId, turnId } = yield* house.send("hello")
        yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
        house.crash()
        house.agent.atSend = Effect.void
        yield* house.start()
        yield* quiet
        yield* TestClock.adjust("1 minute")
        yield* quiet
        expect(house.agent.texts).toEqual(had ? ["hello"] : [])
        expect((yield* house.work()).turns).toMatchObject([{ turnId, status: "requested", uncertain: 1 }])
        expect(yield* house.orchestrator.effectsOf(commandId)).toMatchObject([{ status: "uncertain" }])
        // A person decides: the doubtful one is given up, and the message sent anew.
        yield* house.give({ type: "turn.interrupt", turnId })
        yield* house.send("hello again")
        yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
        expect(house.agent.texts.at(-1)).toBe("hello again")
        expect(yield* house.violations()).toEqual([])
      }
    }),
  )

  it.scoped("with messages in the queue keeps them, in order, until somebody lets them run", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      for (const text of ["one", "two", "three"]) yield* house.send(text)
      yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
      house.crash()
      yield* house.start()
      yield* until(house.work(), ({ turns }) => turns.length === 0 || turns[0]?.status === "ended")
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      const { thread, session } = yield* house.work()
      expect(thread).toMatchObject({ queued: 2, queueHeld: 1, status: "stopped" })
      expect(session).toBeNull()
      expect(house.agent.texts).toEqual(["one"])
      yield* house.give({ type: "queue.resume" })
      for (const [index, text] of ["two", "three"].entries()) {
        yield* until(house.work(), ({ turns }) => turns.some((turn) => turn.status === "running" && turn.text === text))
        yield* quiet
        expect(house.agent.texts).toEqual(["one", "two", "three"].slice(0, index + 2))
        const native = { turnId: `turn-${index + 1}` }
        house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, native)
      }
      const { turns } = (yield* until(house.snapshot(), ({ snapshot }) =>
        snapshot.turns.every(({ status }) => status === "ended"),
      )).snapshot
      expect(turns.map(({ outcome }) => outcome)).toEqual(["interrupted", "completed", "completed"])
      expect((yield* house.work()).thread).toMatchObject({ queued: 0, queueHeld: 0 })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("settles sessions of archived threads, too, and a second restart has nothing left to settle", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
      yield* house.give({ type: "thread.archive" })
      house.crash()
      yield* house.start()
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      const { session, turns } = yield* house.work()
      expect([session, turns]).toEqual([null, []])
      const length = (yield* house.log()).length
      house.crash()
      yield* house.start()
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect((yield* house.log()).length).toBe(length)
      expect(yield* house.violations()).toEqual([])
    }),
  )
})
