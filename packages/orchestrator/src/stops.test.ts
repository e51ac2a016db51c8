/** Stops that nobody hears, that come too late, or that mean another turn than the one the agent works on. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { gate } from "../test/FakeDriver.js"
import { House, id, quiet, until } from "../test/House.js"

const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""
const turnsOf = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot.turns)
const running = (house: House) => until(house.work(), ({ session }) => session?.status === "running")
const ended = (house: House) => until(turnsOf(house), ([turn]) => turn?.status === "ended")
const completes = (house: House, turnId = "turn-1") =>
  house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId })
const typesOf = (house: House) => Effect.map(house.log(), (log) => log.map(({ type }) => type))
const interrupts = (house: House) => house.agent.taken.filter((operation) => operation === "interrupt").length

/** A house in which a turn runs. */
const working = (options: ConstructorParameters<typeof House>[0] = {}) =>
  Effect.gen(function* () {
    const house = new House({ limits: { interruptMs: 10_000 }, ...options })
    yield* house.open()
    yield* house.createThread()
    const { turnId } = yield* house.send("go")
    yield* running(house)
    return { house, turnId }
  })

/** A house whose agent has taken a message, and neither answers nor begins. */
const given = Effect.gen(function* () {
  const house = new House({ limits: { interruptMs: 10_000, answerMs: 5_000 } })
  house.agent.behaviour["send-turn"] = "silence"
  yield* house.open()
  yield* house.createThread()
  const { commandId, turnId } = yield* house.send("go")
  yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
  return { house, turnId }
})

/** The agent says that it has the turn, and does not begin it. */
const accepts = (house: House, turnId: string | null) =>
  Effect.gen(function* () {
    house.agent.last.say(nativeOf(house), "turn.accepted", {}, { turnId: "turn-9" }, turnId ?? "")
    yield* until(house.log(), (log) => log.some(({ type }) => type === "turn.accepted"))
  })

/** What became of the calls that six times the same command led to. */
const sixTimes = (house: House, command: object) =>
  Effect.gen(function* () {
    const receipts = yield* Effect.replicateEffect(house.give(command), 6)
    const effects = yield* Effect.forEach(receipts, ({ commandId }) => house.orchestrator.effectsOf(commandId))
    return { effects: effects.flat(), receipts }
  })

describe("an interrupt", () => {
  it.scoped("that is said six times is one call; where it is not heard the session ends in time, others start", () =>
    Effect.gen(function* () {
      const { house, turnId } = yield* working({ sharesConnection: false })
      house.agent.behaviour.interrupt = "silence"
      const { effects, receipts } = yield* sixTimes(house, { type: "turn.interrupt", reason: "enough" })
      expect(effects).toHaveLength(1)
      expect(receipts.map((receipt) => receipt.turnId)).toEqual(receipts.map(() => turnId))
      yield* until(
        Effect.sync(() => interrupts(house)),
        (count) => count === 1,
      )
      const other = id("other thread")
      yield* house.createThread(other)
      yield* house.give({ type: "message.send", threadId: other, text: "beside" })
      yield* until(house.work(other), ({ session }) => session?.status === "running")

      yield* TestClock.adjust("10 seconds")
      const [turn] = yield* ended(house)
      expect(turn).toMatchObject({ outcome: "interrupted", evidence: "inferred", cause: "exit code=0" })
      const asked = (yield* house.log()).filter(({ type }) => type === "turn.interrupt-requested")
      expect(asked.map(({ payload }) => payload)).toMatchObject([{ reason: "enough" }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(house.agent.texts).toEqual(["go", "beside"])
      expect(interrupts(house)).toBe(1)
      expect((yield* house.work(other)).session).toMatchObject({ status: "running" })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("of a turn that has just completed names it, calls nobody and changes nothing", () =>
    Effect.gen(function* () {
      const { house, turnId } = yield* working()
      completes(house)
      yield* ended(house)
      const length = (yield* house.log()).length
      const { effects, receipts } = yield* sixTimes(house, { type: "turn.interrupt", turnId })
      expect(effects).toEqual([])
      expect(receipts.map((receipt) => receipt.turnId)).toEqual(receipts.map(() => turnId))
      expect(yield* turnsOf(house)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
      expect((yield* house.log()).length).toBe(length)
    }),
  )

  it.scoped("that reaches the agent after the turn's end is refused by it; turn and session stay as they were", () =>
    Effect.gen(function* () {
      const { house } = yield* working()
      house.agent.behaviour.interrupt = "refuse"
      const { commandId } = yield* house.give({ type: "turn.interrupt" })
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "failed")
      completes(house)
      yield* ended(house)
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* turnsOf(house)).toMatchObject([{ outcome: "completed", evidence: "observed" }])
      expect((yield* house.work()).session).toMatchObject({ status: "ready" })
      expect(house.agent.last.isOver).toBe(false)
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("of a turn that the agent has left for another one ends both with their session, in time", () =>
    Effect.gen(function* () {
      const { house } = yield* working()
      house.agent.behaviour.interrupt = "refuse"
      house.agent.last.say(nativeOf(house), "turn.started", {}, { turnId: "turn-9" })
      const { commandId } = yield* house.give({ type: "turn.interrupt" })
      const [effect] = yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "failed")
      expect(effect).toMatchObject({ message: "The agent does not want to." })
      yield* TestClock.adjust("10 seconds")
      const turns = yield* ended(house)
      expect(turns).toMatchObject([{ nativeTurnId: "turn-1", outcome: "interrupted", evidence: "inferred" }])
      const { session, turns: open } = yield* house.work()
      expect([session, open.filter(({ status }) => status !== "ended")]).toEqual([null, []])
      expect((yield* house.snapshot()).snapshot.anomalies).toMatchObject([{ reason: "turn-conflict", count: 1 }])
      yield* house.send("again")
      yield* TestClock.adjust("1 second")
      yield* running(house)
      expect(house.agent.texts).toEqual(["go", "again"])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped(
    "of a turn that the agent took and has not begun ends it at once; the session goes on with the next one",
    () =>
      Effect.gen(function* () {
        for (const isAccepted of [true, false]) {
          const { house, turnId } = yield* given
          if (isAccepted) yield* accepts(house, turnId)
          const { commandId } = yield* house.give({ type: "turn.interrupt" })
          expect(yield* turnsOf(house)).toMatchObject([{ turnId, outcome: "cancelled", cause: "interrupt-requested" }])
          expect((yield* house.work()).session).toMatchObject({ status: "ready" })
          house.agent.behaviour["send-turn"] = "answer"
          yield* house.send("next")
          // The agent might begin the first one in this moment; the next one waits until that is over.
          yield* quiet
          expect(house.agent.texts).toEqual([])
          yield* TestClock.adjust("2 seconds")
          yield* running(house)
          expect(house.agent.texts).toEqual(["next"])
          completes(house)
          yield* until(turnsOf(house), ([, turn]) => turn?.status === "ended")
          expect(interrupts(house)).toBe(0)
          expect((yield* house.orchestrator.effectsOf(commandId))[0]).toMatchObject({ status: "pending" })
          house.agent.last.end()
          yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "retired")
          expect(yield* house.violations()).toEqual([])
        }
      }),
  )

  it.scoped(
    "of a turn that begins after all reaches the agent then; where it is not heard the session ends in time",
    () =>
      Effect.gen(function* () {
        for (const heard of [true, false]) {
          const { house, turnId } = yield* given
          yield* accepts(house, turnId)
          yield* house.give({ type: "turn.interrupt" })
          yield* TestClock.adjust("5 seconds")
          yield* quiet
          expect(interrupts(house)).toBe(0)
          house.agent.behaviour.interrupt = heard ? "answer" : "silence"
          house.agent.last.say(nativeOf(house), "turn.started", {}, { turnId: "turn-9" })
          yield* TestClock.adjust("1 second")
          yield* until(
            Effect.sync(() => interrupts(house)),
            (count) => count === 1,
          )
          if (heard) {
            yield* until(turnsOf(house), ([turn]) => turn?.evidence === "observed")
            expect(yield* turnsOf(house)).toMatchObject([{ outcome: "interrupted" }])
            expect(house.agent.last.isOver).toBe(false)
          } else {
            yield* TestClock.adjust("10 seconds")
            yield* until(
              Effect.sync(() => house.agent.last.isOver),
              (over) => over,
            )
          }
          expect(yield* house.violations()).toEqual([])
        }
      }),
  )

  it.scoped("of a turn of which nobody knows whether it began counts after a crash, too", () =>
    Effect.gen(function* () {
      const { house, turnId } = yield* given
      house.crash()
      yield* house.start()
      yield* until(house.work(), ({ turns }) => turns.some(({ uncertain }) => uncertain === 1))
      yield* house.give({ type: "turn.interrupt" })
      expect(yield* ended(house)).toMatchObject([{ turnId, outcome: "cancelled", cause: "interrupt-requested" }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(house.agent.connections).toHaveLength(1)
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a stop", () => {
  it.scoped("that is said six times while the process takes its time ends it once", () =>
    Effect.gen(function* () {
      const { house } = yield* working({ sharesConnection: false })
      const { open, pass } = gate()
      let stops = 0
      house.agent.atStop = Effect.suspend(() => {
        stops += 1
        return pass
      })
      const { effects } = yield* sixTimes(house, { type: "session.stop" })
      yield* quiet
      expect(stops).toBe(1)
      yield* open
      const [turn] = yield* ended(house)
      expect(turn).toMatchObject({ outcome: "interrupted" })
      const statuses = Effect.forEach(effects, ({ commandId }) => house.orchestrator.effectsOf(commandId))
      const settled = yield* until(statuses, (all) =>
        all.flat().every(({ status }) => status === "delivered" || status === "retired"),
      )
      expect(settled.flat().filter(({ status }) => status === "delivered")).toHaveLength(1)
      expect(stops).toBe(1)
      expect((yield* typesOf(house)).filter((type) => type === "session.exited")).toHaveLength(1)
      expect(house.agent.connections).toHaveLength(1)
      expect(yield* house.violations()).toEqual([])
    }),
  )
})
