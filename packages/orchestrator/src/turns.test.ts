import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import { gate } from "../test/FakeDriver.js"
import { House, id, quiet, until } from "../test/House.js"

const turnsOf = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot.turns)
const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""
const completes = (house: House, turnId: string, outcome = "completed") =>
  house.agent.last.say(nativeOf(house), "turn.completed", { outcome }, { turnId })
const runningTurn = (house: House) =>
  Effect.map(
    until(turnsOf(house), (turns) => turns.some(({ status }) => status === "running")),
    (turns) => turns.find(({ status }) => status === "running"),
  )

describe("a turn", () => {
  it.scoped("is asked for, handed over, accepted, and ends", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      const receipt = yield* house.send("hello")
      yield* runningTurn(house)
      expect(house.agent.texts).toEqual(["hello"])
      completes(house, "turn-1")
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId: receipt.turnId, nativeTurnId: "turn-1", outcome: "completed" })
      const types = (yield* house.log()).map(({ type }) => type)
      // When the agent answers at once, its answer and our word of the hand-over come in either order.
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
      expect(yield* house.violations()).toEqual([])
      expect(yield* house.orchestrator.effectsOf(receipt.commandId)).toMatchObject([{ status: "delivered" }])
    }),
  )

  it.scoped("fails when the agent cannot be started, and says why; the next one tries again", () =>
    Effect.gen(function* () {
      const house = new House()
      house.agent.behaviour["start-thread"] = "refuse"
      yield* house.open()
      yield* house.createThread()
      const { commandId } = yield* house.send("hello")
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "failed", cause: "start-failed" })
      const [effect] = yield* house.orchestrator.effectsOf(commandId)
      expect(effect).toMatchObject({ status: "failed", message: "Agent fake: No more threads today." })
      // Nobody needs the process that could not open the thread.
      yield* until(
        Effect.sync(() => house.agent.last.isOver),
        Boolean,
      )
      house.agent.behaviour["start-thread"] = "answer"
      yield* house.send("again")
      yield* runningTurn(house)
      expect(house.agent.texts).toEqual(["again"])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("is uncertain when the agent does not answer, is never sent again, and its later word counts", () =>
    Effect.gen(function* () {
      const house = new House({ limits: { answerMs: 5_000 } })
      house.agent.behaviour["send-turn"] = "silence"
      yield* house.open()
      yield* house.createThread()
      const { commandId, turnId } = yield* house.send("hello")
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "delivered")
      yield* TestClock.adjust("5 seconds")
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "uncertain")
      expect((yield* house.work()).turns).toMatchObject([{ turnId, status: "requested", uncertain: 1 }])
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(house.agent.taken).toEqual(["send-turn"])
      house.agent.last.begins(nativeOf(house), turnId ?? "")
      expect(yield* runningTurn(house)).toMatchObject({ turnId })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("goes to the next process when the one it was meant for is found to be gone", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.give({ type: "session.start" })
      yield* until(house.work(), ({ session }) => session?.status === "ready")
      house.agent.behaviour["send-turn"] = "lost"
      const held = gate()
      house.agent.atSend = held.pass
      yield* house.send("hello")
      yield* quiet
      house.agent.atSend = Effect.sync(() => {
        house.agent.behaviour["send-turn"] = "answer"
      })
      yield* held.open
      yield* runningTurn(house)
      expect(house.agent.texts).toEqual(["hello"])
      expect(house.agent.connections).toHaveLength(2)
      expect((yield* house.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("that was cancelled while its session started is never sent, and leaves no process", () =>
    Effect.gen(function* () {
      const house = new House()
      const connecting = gate()
      house.agent.atConnect = connecting.pass
      yield* house.open()
      yield* house.createThread()
      const { turnId } = yield* house.send("hello")
      yield* quiet
      yield* house.give({ type: "turn.interrupt", turnId })
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId, outcome: "cancelled" })
      yield* connecting.open
      yield* quiet
      expect(house.agent.texts).toEqual([])
      yield* until(
        Effect.sync(() => house.agent.connections),
        (connections) => connections.every(({ isOver }) => isOver),
      )
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("that is cancelled in the moment of its hand-over is interrupted by its agent", () =>
    Effect.gen(function* () {
      const house = new House()
      const sending = gate()
      house.agent.atSend = sending.pass
      yield* house.open()
      yield* house.createThread()
      const { commandId, turnId } = yield* house.send("hello")
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
      yield* house.give({ type: "turn.interrupt" })
      yield* sending.open
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ turnId, outcome: "interrupted", evidence: "observed" })
      expect(house.agent.taken).toEqual(["send-turn", "interrupt"])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("that goes on after its interrupt ends with its session", () =>
    Effect.gen(function* () {
      const house = new House({ limits: { interruptMs: 10_000 } })
      house.agent.behaviour.interrupt = "silence"
      yield* house.open()
      yield* house.createThread()
      yield* house.send("hello")
      yield* runningTurn(house)
      yield* house.give({ type: "turn.interrupt" })
      yield* until(
        Effect.sync(() => house.agent.taken),
        (taken) => taken.includes("interrupt"),
      )
      yield* quiet
      yield* TestClock.adjust("10 seconds")
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      expect((yield* house.work()).session).toBeNull()
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("whose end is only inferred is settled a second later, and the queue waits for it", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      yield* house.send("two")
      house.agent.last.say(nativeOf(house), "session.state.changed", { state: "ready" })
      yield* until(turnsOf(house), ([turn]) => turn?.status === "ended")
      yield* quiet
      expect(house.agent.texts).toEqual(["one"])
      yield* TestClock.adjust("1 second")
      yield* until(
        Effect.sync(() => house.agent.texts),
        (texts) => texts.length === 2,
      )
      expect(house.agent.texts).toEqual(["one", "two"])
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("the queue", () => {
  it.scoped("runs in order, each message after the former turn's end", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      for (const text of ["one", "two", "three"]) yield* house.send(text)
      for (const [index, text] of ["one", "two", "three"].entries()) {
        yield* until(
          Effect.sync(() => house.agent.texts.length),
          (length) => length === index + 1,
        )
        expect(house.agent.texts.at(-1)).toBe(text)
        yield* runningTurn(house)
        completes(house, `turn-${index + 1}`)
      }
      yield* until(turnsOf(house), (turns) => turns.filter(({ status }) => status === "ended").length === 3)
      expect((yield* house.work()).thread).toMatchObject({ queued: 0, queueHeld: 0 })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("is held after an interrupt until somebody resumes it", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      const { messageId } = yield* house.send("two")
      expect(messageId).not.toBeNull()
      yield* house.give({ type: "turn.interrupt" })
      yield* until(turnsOf(house), ([turn]) => turn?.status === "ended")
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(house.agent.texts).toEqual(["one"])
      expect((yield* house.work()).thread).toMatchObject({ queued: 1, queueHeld: 1 })
      yield* house.give({ type: "queue.resume" })
      yield* until(
        Effect.sync(() => house.agent.texts),
        (texts) => texts.length === 2,
      )
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("keeps a message that the agent refused to be steered by, and runs it next", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      const taken = yield* house.send("left", { mode: "steer" })
      yield* until(house.work(), ({ thread }) => thread.queued === 0)
      expect(house.agent.texts).toEqual(["one", "steered: left"])
      house.agent.behaviour.steer = "refuse"
      const refused = yield* house.send("right", { mode: "steer" })
      yield* until(house.orchestrator.effectsOf(refused.commandId), ([one]) => one?.status === "failed")
      expect(taken.turnId).toBe(refused.turnId)
      completes(house, "turn-1")
      yield* until(
        Effect.sync(() => house.agent.texts.length),
        (length) => length === 3,
      )
      expect(house.agent.texts.at(-1)).toBe("right")
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("lets a message that interrupts run before those that wait", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      yield* house.send("waits")
      const { turnId } = yield* house.send("now", { mode: "interrupt" })
      yield* until(
        Effect.sync(() => house.agent.texts.length),
        (length) => length === 2,
      )
      expect(house.agent.texts).toEqual(["one", "now"])
      expect(yield* runningTurn(house)).toMatchObject({ turnId })
      completes(house, "turn-2")
      yield* until(
        Effect.sync(() => house.agent.texts.length),
        (length) => length === 3,
      )
      expect(house.agent.texts.at(-1)).toBe("waits")
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a question", () => {
  it.scoped("is answered while the turn runs; the first answer wins", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      const { last } = house.agent
      last.say(nativeOf(house), "request.opened", { kind: "command_approval" }, { requestId: "0", turnId: "turn-1" })
      const { requests } = yield* until(house.work(), (work) => work.requests.length === 1)
      const requestId = requests[0]?.requestId
      yield* house.give({ type: "request.respond", requestId, decision: "accept" })
      const second = yield* Effect.either(house.give({ type: "request.respond", requestId, decision: "decline" }))
      expect(Either.isLeft(second) && second.left).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
      yield* until(house.work(), (work) => work.requests.length === 0)
      expect(house.agent.answers).toEqual(["accept"])
      const unknown = yield* Effect.either(
        house.give({ type: "request.respond", requestId: id("nobody"), decision: "accept" }),
      )
      expect(Either.isLeft(unknown) && unknown.left).toMatchObject({
        _tag: "CommandRefused",
        reason: "resource-not-found",
      })
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a session", () => {
  it.scoped("is stopped by a command, with its process, and resumed by the next message", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("one")
      yield* runningTurn(house)
      completes(house, "turn-1")
      yield* until(house.work(), ({ session }) => session?.status === "ready")
      yield* house.give({ type: "session.stop" })
      yield* until(house.work(), ({ session }) => session === null)
      yield* until(
        Effect.sync(() => house.agent.last.isOver),
        Boolean,
      )
      yield* house.send("two")
      yield* until(house.work(), ({ session }) => session?.status === "running")
      expect((yield* house.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("of another thread on the same process goes on", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      const other = id("other thread")
      yield* house.createThread()
      yield* house.createThread(other)
      yield* house.send("one")
      yield* house.give({ type: "message.send", threadId: other, text: "two" })
      yield* until(
        Effect.sync(() => house.agent.texts.length),
        (length) => length === 2,
      )
      expect(house.agent.connections).toHaveLength(1)
      yield* until(house.work(other), ({ session }) => session?.status === "running")
      yield* house.give({ type: "session.stop" })
      yield* until(house.work(), ({ session }) => session === null)
      expect((yield* house.work(other)).session).toMatchObject({ status: "running" })
      expect(house.agent.last.isOver).toBe(false)
    }),
  )

  it.scoped("that is stopped before its start was begun does not come up", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      house.agent.behaviour["start-thread"] = "hang"
      yield* house.send("first")
      yield* until(
        Effect.sync(() => house.agent.connections.length),
        (length) => length === 1,
      )
      // It waits behind the start that hangs.
      const { commandId } = yield* house.give({ type: "session.start" })
      yield* house.give({ type: "session.stop" })
      house.agent.behaviour["start-thread"] = "answer"
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "retired")
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect((yield* house.work()).session).toBeNull()
      expect(house.agent.connections.every(({ isOver }) => isOver)).toBe(true)
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("that hangs in its start delays nobody else, and a stop ends the wait", () =>
    Effect.gen(function* () {
      const house = new House({ sharesConnection: false })
      yield* house.open()
      const other = id("other thread")
      yield* house.createThread()
      yield* house.createThread(other)
      house.agent.behaviour["start-thread"] = "hang"
      yield* house.send("never")
      yield* until(
        Effect.sync(() => house.agent.connections.length),
        (length) => length === 1,
      )
      yield* quiet
      house.agent.behaviour["start-thread"] = "answer"
      yield* house.give({ type: "message.send", threadId: other, text: "two" })
      yield* until(
        Effect.sync(() => house.agent.texts.length),
        (length) => length === 1,
      )
      for (let stops = 0; stops < 6; stops += 1) yield* house.give({ type: "session.stop" })
      const [turn] = yield* until(turnsOf(house), ([one]) => one?.status === "ended")
      expect(turn).toMatchObject({ outcome: "cancelled" })
      yield* until(
        Effect.sync(() => house.agent.connections[0]?.isOver),
        Boolean,
      )
      yield* TestClock.adjust("10 minutes")
      yield* quiet
      expect(house.agent.texts).toEqual(["two"])
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a command", () => {
  it.scoped("that is given again with its key gets its first answer and does nothing", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      const first = yield* house.give({ type: "message.send", text: "one" }, { key: "k1" })
      yield* runningTurn(house)
      expect(yield* house.give({ type: "message.send", text: "one" }, { key: "k1" })).toEqual(first)
      const other = yield* Effect.either(house.give({ type: "message.send", text: "two" }, { key: "k1" }))
      expect(Either.isLeft(other) && other.left).toMatchObject({ _tag: "CommandConflict" })
      expect(house.agent.texts).toEqual(["one"])
    }),
  )

  it.scoped("for an agent that is not configured is refused before anything happens", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      const refused = yield* Effect.either(house.give({ type: "thread.create", agent: "nobody", provider: "x" }))
      expect(Either.isLeft(refused) && refused.left).toMatchObject({ _tag: "AgentUnknown" })
      expect(yield* house.log()).toEqual([])
    }),
  )
})
