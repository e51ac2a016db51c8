import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { House, quiet, until } from "../../test/House.js"
import type { ReaperPolicy } from "../index.js"

const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""
const running = (house: House) => until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
const turnOf = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot.turns[0])
const threadStatus = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot.thread.status)
const events = (house: House, type: string) =>
  Effect.map(house.log(), (log) => log.filter((event) => event.type === type).map(({ payload }) => payload))
const ended = (house: House) => until(turnOf(house), (turn) => turn?.status === "ended")

/** A house in which a turn runs; looked at every second. */
const working = (reaper: Partial<ReaperPolicy> = {}, limits: object = {}) =>
  Effect.gen(function* () {
    const house = new House({ reaper: { watchMs: 1_000, stallMs: 10_000, ...reaper }, limits })
    yield* house.open()
    yield* house.createThread()
    yield* house.send("go")
    yield* running(house)
    return house
  })
const asks = (house: House, native = "1") =>
  Effect.gen(function* () {
    house.agent.last.say(
      nativeOf(house),
      "request.opened",
      { kind: "command_approval" },
      { turnId: "turn-1", requestId: native },
    )
    const { requests } = yield* until(house.work(), (work) => work.requests.some(({ status }) => status === "open"))
    return requests[0]?.requestId ?? ""
  })

describe("a turn of which nothing is heard", () => {
  it.scoped("is shown as stalled, once, until it is heard of again", () =>
    Effect.gen(function* () {
      const house = yield* working()
      yield* TestClock.adjust("9 seconds")
      yield* quiet
      expect(yield* threadStatus(house)).toBe("working")
      yield* TestClock.adjust("2 seconds")
      yield* until(threadStatus(house), (status) => status === "stalled")
      yield* TestClock.adjust("15 seconds")
      yield* quiet
      expect(yield* events(house, "turn.stalled")).toHaveLength(1)
      house.agent.last.say(nativeOf(house), "turn.diff.updated", { diff: "x" }, { turnId: "turn-1" })
      yield* until(threadStatus(house), (status) => status === "working")
      yield* TestClock.adjust("11 seconds")
      yield* until(threadStatus(house), (status) => status === "stalled")
      expect(yield* events(house, "turn.interrupt-requested")).toEqual([])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("is not while it waits for a person, nor for the time that it waited", () =>
    Effect.gen(function* () {
      const house = yield* working()
      const requestId = yield* asks(house)
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* threadStatus(house)).toBe("waiting")
      yield* house.give({ type: "request.respond", requestId, decision: "accept" })
      yield* until(house.work(), ({ requests }) => requests.length === 0)
      yield* TestClock.adjust("9 seconds")
      yield* quiet
      expect(yield* events(house, "turn.stalled")).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(threadStatus(house), (status) => status === "stalled")
    }),
  )

  it.scoped("is not for the time that the host slept", () =>
    Effect.gen(function* () {
      const house = yield* working({ sweepMs: 2_000 })
      yield* house.fallAsleep
      yield* TestClock.adjust("1 minute")
      yield* house.wakeUp
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect(yield* events(house, "turn.stalled")).toEqual([])
      yield* TestClock.adjust("10 seconds")
      yield* until(threadStatus(house), (status) => status === "stalled")
    }),
  )

  it.scoped("is interrupted, too, where the policy says so", () =>
    Effect.gen(function* () {
      const house = yield* working({ onStall: "interrupt" })
      yield* TestClock.adjust("11 seconds")
      expect(yield* ended(house)).toMatchObject({ outcome: "interrupted", evidence: "observed" })
      expect(yield* events(house, "turn.stalled")).toHaveLength(1)
      expect(yield* events(house, "turn.interrupt-requested")).toMatchObject([
        { reason: "stalled: no event came for 10000 ms (reaper.stallMs)" },
      ])
    }),
  )
})

describe("what the agent does after its turn's end", () => {
  const late = { turnId: "turn-1", itemId: "late" }
  const afterEnd = Effect.gen(function* () {
    const house = yield* working({ stallMs: 0 })
    house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
    yield* ended(house)
    house.agent.last.say(nativeOf(house), "item.started", { kind: "agent_message" }, late)
    yield* until(threadStatus(house), (status) => status === "working")
    yield* house.send("and then")
    yield* quiet
    expect((yield* house.work()).thread).toMatchObject({ queued: 1, queueHeld: 0, afterEndItems: 1 })
    return house
  })
  const second = (house: House) => until(house.snapshot(), ({ snapshot }) => snapshot.turns.length === 2)

  it.scoped("holds the queue while it is heard of, and is over after a minute of silence", () =>
    Effect.gen(function* () {
      const house = yield* afterEnd
      yield* TestClock.adjust("50 seconds")
      house.agent.last.say(nativeOf(house), "content.delta", { stream: "text", delta: "more" }, late)
      yield* quiet
      yield* TestClock.adjust("50 seconds")
      yield* quiet
      expect((yield* house.work()).thread).toMatchObject({ queued: 1, status: "working" })
      expect(yield* events(house, "turn.after-end-settled")).toEqual([])
      yield* TestClock.adjust("12 seconds")
      yield* second(house)
      expect(yield* events(house, "turn.after-end-settled")).toHaveLength(1)
      expect(yield* turnOf(house)).toMatchObject({ outcome: "completed", evidence: "observed" })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("lets the queue run on when it ends by its own word", () =>
    Effect.gen(function* () {
      const house = yield* afterEnd
      const whole = { kind: "agent_message", status: "completed", text: "done" }
      house.agent.last.say(nativeOf(house), "item.completed", whole, late)
      yield* TestClock.adjust("2 seconds")
      yield* second(house)
      expect(yield* events(house, "turn.after-end-settled")).toEqual([])
    }),
  )
})

describe("a turn beyond a deadline", () => {
  it.scoped("is interrupted, and its session stopped when that does not help", () =>
    Effect.gen(function* () {
      const house = yield* working({ stallMs: 0 }, { turnMs: 20_000, interruptMs: 5_000 })
      house.agent.behaviour.interrupt = "silence"
      yield* TestClock.adjust("19 seconds")
      yield* quiet
      expect(yield* events(house, "turn.interrupt-requested")).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(events(house, "turn.interrupt-requested"), (found) => found.length > 0)
      expect(yield* events(house, "turn.interrupt-requested")).toMatchObject([
        { reason: "turn deadline: the turn has run for 20000 ms (limits.turnMs)" },
      ])
      yield* until(
        Effect.sync(() => house.agent.taken),
        (taken) => taken.includes("interrupt"),
      )
      yield* TestClock.adjust("6 seconds")
      expect(yield* ended(house)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      expect(house.agent.last.isOver).toBe(true)
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("does not count when it waited for a person", () =>
    Effect.gen(function* () {
      const house = yield* working({ stallMs: 0 }, { turnMs: 20_000 })
      yield* TestClock.adjust("10 seconds")
      const requestId = yield* asks(house)
      yield* TestClock.adjust("1 minute")
      yield* house.give({ type: "request.respond", requestId, decision: "accept" })
      yield* until(house.work(), ({ requests }) => requests.length === 0)
      yield* TestClock.adjust("8 seconds")
      yield* quiet
      expect(yield* events(house, "turn.interrupt-requested")).toEqual([])
      yield* TestClock.adjust("3 seconds")
      expect(yield* ended(house)).toMatchObject({ outcome: "interrupted" })
    }),
  )

  it.scoped("of retries begins with the first one, and ends with any progress", () =>
    Effect.gen(function* () {
      const house = yield* working({ stallMs: 0 }, { retryMs: 10_000 })
      const fails = () =>
        house.agent.last.say(
          nativeOf(house),
          "runtime.error",
          { message: "connection refused", willRetry: true },
          { turnId: "turn-1" },
        )
      const failsFor = (seconds: number) =>
        Effect.gen(function* () {
          for (let second = 0; second < seconds; second += 1) {
            fails()
            yield* quiet
            yield* TestClock.adjust("1 second")
          }
        })
      yield* failsFor(8)
      house.agent.last.say(nativeOf(house), "turn.diff.updated", { diff: "x" }, { turnId: "turn-1" })
      yield* quiet
      yield* failsFor(8)
      expect(yield* events(house, "turn.interrupt-requested")).toEqual([])
      yield* failsFor(4)
      expect(yield* ended(house)).toMatchObject({ outcome: "interrupted" })
      expect(yield* events(house, "turn.interrupt-requested")).toMatchObject([
        { reason: "retry deadline: the agent has done nothing but retry for 10000 ms (limits.retryMs)" },
      ])
    }),
  )
})

describe("a question that nobody answers", () => {
  it.scoped("waits, unless the policy says otherwise, and is read as waiting since it was asked", () =>
    Effect.gen(function* () {
      const house = yield* working()
      yield* asks(house)
      yield* TestClock.adjust("2 minutes")
      yield* quiet
      expect((yield* house.work()).requests).toMatchObject([{ status: "open", openedAt: 0 }])
    }),
  )

  it.scoped("is declined in time, in nobody's name, and the agent goes on", () =>
    Effect.gen(function* () {
      const house = yield* working({ unattended: { action: "deny", afterMs: 30_000 } })
      yield* asks(house)
      yield* TestClock.adjust("29 seconds")
      yield* quiet
      expect(house.agent.answers).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(house.work(), ({ requests }) => requests.length === 0)
      expect(house.agent.answers).toEqual(["decline"])
      const { snapshot } = yield* house.snapshot()
      expect(snapshot.requests).toMatchObject([{ status: "answered", decision: "decline" }])
      expect(yield* events(house, "request.answered")).toMatchObject([{ decision: "decline", by: "policy" }])
      expect(yield* turnOf(house)).toMatchObject({ status: "running" })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("keeps a person's answer that came first", () =>
    Effect.gen(function* () {
      const house = yield* working({ unattended: { action: "deny", afterMs: 30_000 } })
      house.agent.behaviour.answer = "hang"
      const requestId = yield* asks(house)
      yield* house.give({ type: "request.respond", requestId, decision: "accept" })
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* events(house, "request.answering")).toMatchObject([{ decision: "accept", by: "client" }])
    }),
  )

  it.scoped("is withdrawn in time, with its turn", () =>
    Effect.gen(function* () {
      const house = yield* working({ unattended: { action: "expire", afterMs: 30_000 } })
      yield* asks(house)
      yield* TestClock.adjust("31 seconds")
      expect(yield* ended(house)).toMatchObject({ outcome: "interrupted" })
      const { snapshot } = yield* house.snapshot()
      expect(snapshot.requests).toMatchObject([{ status: "expired" }])
      expect(yield* events(house, "request.expired")).toMatchObject([
        { reason: "unattended: nobody answered within 30000 ms (reaper.unattended)" },
      ])
      expect(house.agent.answers).toEqual([])
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a turn that the agent accepted and does not start", () => {
  const accepted = Effect.gen(function* () {
    const house = new House({ reaper: { watchMs: 5_000, sweepMs: 2_000 }, limits: { turnStartMs: 60_000 } })
    house.agent.behaviour["send-turn"] = "silence"
    yield* house.open()
    yield* house.createThread()
    const { turnId } = yield* house.send("go")
    yield* until(house.log(), (log) => log.some(({ type }) => type === "effect.delivered"))
    house.agent.last.say(nativeOf(house), "turn.accepted", {}, { turnId: "turn-9" }, turnId ?? "")
    yield* until(house.log(), (log) => log.some(({ type }) => type === "turn.accepted"))
    house.agent.behaviour["send-turn"] = "answer"
    yield* house.send("next")
    return { house, turnId }
  })

  it.scoped("ends within its limit, and the next message goes on; its own end corrects the outcome", () =>
    Effect.gen(function* () {
      const { house, turnId } = yield* accepted
      yield* TestClock.adjust("55 seconds")
      yield* quiet
      expect(yield* turnOf(house)).toMatchObject({ status: "requested" })
      yield* TestClock.adjust("10 seconds")
      yield* running(house)
      expect(yield* turnOf(house)).toMatchObject({
        turnId,
        outcome: "failed",
        cause: "never-started",
        evidence: "inferred",
      })
      expect(yield* events(house, "turn.start-timed-out")).toHaveLength(1)
      expect(house.agent.texts).toEqual(["next"])
      house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId: "turn-9" })
      yield* until(turnOf(house), (turn) => turn?.evidence === "observed")
      expect(yield* turnOf(house)).toMatchObject({ outcome: "completed" })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("counts only the time in which the host was awake, and is not ended when it starts in time", () =>
    Effect.gen(function* () {
      const { house } = yield* accepted
      yield* TestClock.adjust("30 seconds")
      yield* house.fallAsleep
      yield* TestClock.adjust("2 minutes")
      yield* house.wakeUp
      yield* TestClock.adjust("30 seconds")
      yield* quiet
      expect(yield* turnOf(house)).toMatchObject({ status: "requested" })
      house.agent.last.say(nativeOf(house), "turn.started", {}, { turnId: "turn-9" })
      yield* running(house)
      yield* TestClock.adjust("2 minutes")
      expect(yield* events(house, "turn.start-timed-out")).toEqual([])
      expect(yield* turnOf(house)).toMatchObject({ status: "running" })
    }),
  )
})
