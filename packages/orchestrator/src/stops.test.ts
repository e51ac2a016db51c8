/** Stops that are not heard, that come too late, or that mean another turn than the one the agent works on. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { gate } from "../test/FakeDriver.js"
import {
  completes,
  id,
  nativeOf,
  OrchestratorFixture,
  quiet,
  running,
  turnsOf,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

const ended = (fixture: OrchestratorFixture) => until(turnsOf(fixture), ([turn]) => turn?.status === "ended")
const typesOf = (fixture: OrchestratorFixture) => Effect.map(fixture.log(), (log) => log.map(({ type }) => type))
const interrupts = (fixture: OrchestratorFixture) =>
  fixture.agent.taken.filter((operation) => operation === "interrupt").length

/** A fixture in which a turn runs. */
const working = (options: ConstructorParameters<typeof OrchestratorFixture>[0] = {}) =>
  workingFixture("go", { limits: { interruptMs: 10_000 }, ...options })

/** A fixture whose agent has taken a message, and neither answers nor begins. */
const given = Effect.gen(function* () {
  const fixture = new OrchestratorFixture({ limits: { interruptMs: 10_000, answerMs: 5_000 } })
  fixture.agent.behaviour["send-turn"] = "silence"
  yield* fixture.open()
  yield* fixture.createThread()
  const { commandId, turnId } = yield* fixture.send("go")
  yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
  return { fixture, turnId }
})

/** The agent says that it has the turn, and does not begin it. */
const accepts = (fixture: OrchestratorFixture, turnId: string | null) =>
  Effect.gen(function* () {
    fixture.agent.last.say(nativeOf(fixture), "turn.accepted", {}, { turnId: "turn-9" }, turnId ?? "")
    yield* until(fixture.log(), (log) => log.some(({ type }) => type === "turn.accepted"))
  })

/** What became of the calls that six times the same command led to. */
const sixTimes = (fixture: OrchestratorFixture, command: object) =>
  Effect.gen(function* () {
    const receipts = yield* Effect.replicateEffect(fixture.dispatch(command), 6)
    const effects = yield* Effect.forEach(receipts, ({ commandId }) => fixture.orchestrator.effectsOf(commandId))
    return { effects: effects.flat(), receipts }
  })

describe("an interrupt", () => {
  it.scoped("that is said six times is one call; where it is not heard the session ends in time, others start", () =>
    Effect.gen(function* () {
      const { fixture, turnId } = yield* working({ sharesConnection: false })
      fixture.agent.behaviour.interrupt = "silence"
      const { effects, receipts } = yield* sixTimes(fixture, { type: "turn.interrupt", reason: "enough" })
      expect(effects).toHaveLength(1)
      expect(receipts.map((receipt) => receipt.turnId)).toEqual(receipts.map(() => turnId))
      yield* until(
        Effect.sync(() => interrupts(fixture)),
        (count) => count === 1,
      )
      const other = id("other thread")
      yield* fixture.createThread(other)
      yield* fixture.dispatch({ type: "message.send", threadId: other, text: "beside" })
      yield* running(fixture, other)

      yield* TestClock.adjust("10 seconds")
      const [turn] = yield* ended(fixture)
      expect(turn).toMatchObject({ outcome: "interrupted", evidence: "inferred", cause: "exit code=0" })
      const asked = (yield* fixture.log()).filter(({ type }) => type === "turn.interrupt-requested")
      expect(asked.map(({ payload }) => payload)).toMatchObject([{ reason: "enough" }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(fixture.agent.texts).toEqual(["go", "beside"])
      expect(interrupts(fixture)).toBe(1)
      expect((yield* fixture.work(other)).session).toMatchObject({ status: "running" })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("of a turn that has just completed names it, calls no agent and changes nothing", () =>
    Effect.gen(function* () {
      const { fixture, turnId } = yield* working()
      completes(fixture)
      yield* ended(fixture)
      const length = (yield* fixture.log()).length
      const { effects, receipts } = yield* sixTimes(fixture, { type: "turn.interrupt", turnId })
      expect(effects).toEqual([])
      expect(receipts.map((receipt) => receipt.turnId)).toEqual(receipts.map(() => turnId))
      expect(yield* turnsOf(fixture)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
      expect((yield* fixture.log()).length).toBe(length)
    }),
  )

  it.scoped("that reaches the agent after the turn's end is refused by it; turn and session stay as they were", () =>
    Effect.gen(function* () {
      const { fixture } = yield* working()
      fixture.agent.behaviour.interrupt = "refuse"
      const { commandId } = yield* fixture.dispatch({ type: "turn.interrupt" })
      yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "failed")
      completes(fixture)
      yield* ended(fixture)
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* turnsOf(fixture)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
      expect((yield* fixture.work()).session).toMatchObject({ status: "ready" })
      expect(fixture.agent.last.isOver).toBe(false)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("of a turn that the agent has left for another one ends both with their session, in time", () =>
    Effect.gen(function* () {
      const { fixture } = yield* working()
      fixture.agent.behaviour.interrupt = "refuse"
      fixture.agent.last.say(nativeOf(fixture), "turn.started", {}, { turnId: "turn-9" })
      const { commandId } = yield* fixture.dispatch({ type: "turn.interrupt" })
      const [effect] = yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "failed")
      expect(effect).toMatchObject({ message: "The agent does not want to." })
      yield* TestClock.adjust("10 seconds")
      const turns = yield* ended(fixture)
      expect(turns).toMatchObject([{ nativeTurnId: "turn-1", outcome: "interrupted", evidence: "inferred" }])
      const { session, turns: open } = yield* fixture.work()
      expect([session, open.filter(({ status }) => status !== "ended")]).toEqual([null, []])
      expect((yield* fixture.snapshot()).snapshot.anomalies).toMatchObject([{ reason: "turn-conflict", count: 1 }])
      yield* fixture.send("again")
      yield* TestClock.adjust("1 second")
      yield* running(fixture)
      expect(fixture.agent.texts).toEqual(["go", "again"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped(
    "of a turn that the agent took and has not begun ends it at once; the session goes on with the next one",
    () =>
      Effect.gen(function* () {
        for (const isAccepted of [true, false]) {
          const { fixture, turnId } = yield* given
          if (isAccepted) yield* accepts(fixture, turnId)
          const { commandId } = yield* fixture.dispatch({ type: "turn.interrupt" })
          expect(yield* turnsOf(fixture)).toMatchObject([
            { turnId, outcome: "cancelled", cause: "interrupt-requested" },
          ])
          expect((yield* fixture.work()).session).toMatchObject({ status: "ready" })
          fixture.agent.behaviour["send-turn"] = "answer"
          yield* fixture.send("next")
          // The agent might begin the first one in this moment; the next one waits until that is over.
          yield* quiet
          expect(fixture.agent.texts).toEqual([])
          yield* TestClock.adjust("2 seconds")
          yield* running(fixture)
          expect(fixture.agent.texts).toEqual(["next"])
          completes(fixture)
          yield* until(turnsOf(fixture), ([, turn]) => turn?.status === "ended")
          expect(interrupts(fixture)).toBe(0)
          expect((yield* fixture.orchestrator.effectsOf(commandId))[0]).toMatchObject({ status: "pending" })
          fixture.agent.last.end()
          yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "retired")
          expect(yield* fixture.violations()).toEqual([])
        }
      }),
  )

  it.scoped(
    "of a turn that begins after all reaches the agent then; where it is not heard the session ends in time",
    () =>
      Effect.gen(function* () {
        for (const heard of [true, false]) {
          const { fixture, turnId } = yield* given
          yield* accepts(fixture, turnId)
          yield* fixture.dispatch({ type: "turn.interrupt" })
          yield* TestClock.adjust("5 seconds")
          yield* quiet
          expect(interrupts(fixture)).toBe(0)
          fixture.agent.behaviour.interrupt = heard ? "answer" : "silence"
          fixture.agent.last.say(nativeOf(fixture), "turn.started", {}, { turnId: "turn-9" })
          yield* TestClock.adjust("1 second")
          yield* until(
            Effect.sync(() => interrupts(fixture)),
            (count) => count === 1,
          )
          if (heard) {
            yield* until(turnsOf(fixture), ([turn]) => turn?.evidence === "observed")
            expect(yield* turnsOf(fixture)).toMatchObject([{ outcome: "interrupted" }])
            expect(fixture.agent.last.isOver).toBe(false)
          } else {
            yield* TestClock.adjust("10 seconds")
            yield* until(
              Effect.sync(() => fixture.agent.last.isOver),
              (over) => over,
            )
          }
          expect(yield* fixture.violations()).toEqual([])
        }
      }),
  )

  it.scoped("of a turn of which it is not known whether it began counts after a crash, too", () =>
    Effect.gen(function* () {
      const { fixture, turnId } = yield* given
      fixture.crash()
      yield* fixture.start()
      yield* until(fixture.work(), ({ turns }) => turns.some(({ uncertain }) => uncertain === 1))
      yield* fixture.dispatch({ type: "turn.interrupt" })
      expect(yield* ended(fixture)).toMatchObject([{ turnId, outcome: "cancelled", cause: "interrupt-requested" }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(fixture.agent.connections).toHaveLength(1)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})

describe("a stop", () => {
  it.scoped("that is said six times while the process takes its time ends it once", () =>
    Effect.gen(function* () {
      const { fixture } = yield* working({ sharesConnection: false })
      const { open, pass } = gate()
      let stops = 0
      fixture.agent.atStop = Effect.suspend(() => {
        stops += 1
        return pass
      })
      const { effects } = yield* sixTimes(fixture, { type: "session.stop" })
      yield* quiet
      expect(stops).toBe(1)
      yield* open
      const [turn] = yield* ended(fixture)
      expect(turn).toMatchObject({ outcome: "interrupted" })
      const statuses = Effect.forEach(effects, ({ commandId }) => fixture.orchestrator.effectsOf(commandId))
      const settled = yield* until(statuses, (all) =>
        all.flat().every(({ status }) => status === "delivered" || status === "retired"),
      )
      expect(settled.flat().filter(({ status }) => status === "delivered")).toHaveLength(1)
      expect(stops).toBe(1)
      expect((yield* typesOf(fixture)).filter((type) => type === "session.exited")).toHaveLength(1)
      expect(fixture.agent.connections).toHaveLength(1)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
