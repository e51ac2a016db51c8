import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import {
  completes,
  nativeOf,
  OrchestratorFixture,
  quiet,
  running,
  until,
  workingFixture,
} from "../../test/OrchestratorFixture.js"
import type { ReaperPolicy } from "../index.js"

const turnOf = (fixture: OrchestratorFixture) => Effect.map(fixture.snapshot(), ({ snapshot }) => snapshot.turns[0])
const threadStatus = (fixture: OrchestratorFixture) =>
  Effect.map(fixture.snapshot(), ({ snapshot }) => snapshot.thread.status)
const events = (fixture: OrchestratorFixture, type: string) =>
  Effect.map(fixture.log(), (log) => log.filter((event) => event.type === type).map(({ payload }) => payload))
const ended = (fixture: OrchestratorFixture) => until(turnOf(fixture), (turn) => turn?.status === "ended")

/** A fixture in which a turn runs; looked at every second. */
const working = (reaper: Partial<ReaperPolicy> = {}, limits: object = {}) =>
  Effect.gen(function* () {
    const { fixture } = yield* workingFixture("go", { reaper: { watchMs: 1_000, stallMs: 10_000, ...reaper }, limits })
    return fixture
  })
const asks = (fixture: OrchestratorFixture, native = "1") =>
  Effect.gen(function* () {
    fixture.agent.last.say(
      nativeOf(fixture),
      "request.opened",
      { kind: "command_approval" },
      { turnId: "turn-1", requestId: native },
    )
    const { requests } = yield* until(fixture.work(), (work) => work.requests.some(({ status }) => status === "open"))
    return requests[0]?.requestId ?? ""
  })

describe("a turn of which nothing is heard", () => {
  it.scoped("is shown as stalled, once, until it is heard of again", () =>
    Effect.gen(function* () {
      const fixture = yield* working()
      yield* TestClock.adjust("9 seconds")
      yield* quiet
      expect(yield* threadStatus(fixture)).toBe("working")
      yield* TestClock.adjust("2 seconds")
      yield* until(threadStatus(fixture), (status) => status === "stalled")
      yield* TestClock.adjust("15 seconds")
      yield* quiet
      expect(yield* events(fixture, "turn.stalled")).toHaveLength(1)
      fixture.agent.last.say(nativeOf(fixture), "turn.diff.updated", { diff: "x" }, { turnId: "turn-1" })
      yield* until(threadStatus(fixture), (status) => status === "working")
      yield* TestClock.adjust("11 seconds")
      yield* until(threadStatus(fixture), (status) => status === "stalled")
      expect(yield* events(fixture, "turn.interrupt-requested")).toEqual([])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("is not while it waits for a person, nor for the time that it waited", () =>
    Effect.gen(function* () {
      const fixture = yield* working()
      const requestId = yield* asks(fixture)
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* threadStatus(fixture)).toBe("waiting")
      yield* fixture.dispatch({ type: "request.respond", requestId, decision: "accept" })
      yield* until(fixture.work(), ({ requests }) => requests.length === 0)
      yield* TestClock.adjust("9 seconds")
      yield* quiet
      expect(yield* events(fixture, "turn.stalled")).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(threadStatus(fixture), (status) => status === "stalled")
    }),
  )

  it.scoped("is not for the time that the host slept", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ sweepMs: 2_000 })
      yield* fixture.fallAsleep
      yield* TestClock.adjust("1 minute")
      yield* fixture.wakeUp
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect(yield* events(fixture, "turn.stalled")).toEqual([])
      yield* TestClock.adjust("10 seconds")
      yield* until(threadStatus(fixture), (status) => status === "stalled")
    }),
  )

  it.scoped("is interrupted, too, where the policy says so", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ onStall: "interrupt" })
      yield* TestClock.adjust("11 seconds")
      expect(yield* ended(fixture)).toMatchObject({ outcome: "interrupted", evidence: "observed" })
      expect(yield* events(fixture, "turn.stalled")).toHaveLength(1)
      expect(yield* events(fixture, "turn.interrupt-requested")).toMatchObject([
        { reason: "stalled: no event came for 10000 ms (reaper.stallMs)" },
      ])
    }),
  )
})

describe("what the agent does after its turn's end", () => {
  const late = { turnId: "turn-1", itemId: "late" }
  const afterEnd = Effect.gen(function* () {
    const fixture = yield* working({ stallMs: 0 })
    completes(fixture)
    yield* ended(fixture)
    fixture.agent.last.say(nativeOf(fixture), "item.started", { kind: "agent_message" }, late)
    yield* until(threadStatus(fixture), (status) => status === "working")
    yield* fixture.send("and then")
    yield* quiet
    expect((yield* fixture.work()).thread).toMatchObject({ queued: 1, queueHeld: 0, afterEndItems: 1 })
    return fixture
  })
  const second = (fixture: OrchestratorFixture) =>
    until(fixture.snapshot(), ({ snapshot }) => snapshot.turns.length === 2)

  it.scoped("holds the queue while it is heard of, and is over after a minute of silence", () =>
    Effect.gen(function* () {
      const fixture = yield* afterEnd
      yield* TestClock.adjust("50 seconds")
      fixture.agent.last.say(nativeOf(fixture), "content.delta", { stream: "text", delta: "more" }, late)
      yield* quiet
      yield* TestClock.adjust("50 seconds")
      yield* quiet
      expect((yield* fixture.work()).thread).toMatchObject({ queued: 1, status: "working" })
      expect(yield* events(fixture, "turn.after-end-settled")).toEqual([])
      yield* TestClock.adjust("12 seconds")
      yield* second(fixture)
      expect(yield* events(fixture, "turn.after-end-settled")).toHaveLength(1)
      expect(yield* turnOf(fixture)).toMatchObject({ outcome: "completed", evidence: "observed" })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("lets the queue run on when it ends by its own word", () =>
    Effect.gen(function* () {
      const fixture = yield* afterEnd
      const whole = { kind: "agent_message", status: "completed", text: "done" }
      fixture.agent.last.say(nativeOf(fixture), "item.completed", whole, late)
      yield* TestClock.adjust("2 seconds")
      yield* second(fixture)
      expect(yield* events(fixture, "turn.after-end-settled")).toEqual([])
    }),
  )
})

describe("a turn beyond a deadline", () => {
  it.scoped("is interrupted, and its session stopped when that does not help", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ stallMs: 0 }, { turnMs: 20_000, interruptMs: 5_000 })
      fixture.agent.behaviour.interrupt = "silence"
      yield* TestClock.adjust("19 seconds")
      yield* quiet
      expect(yield* events(fixture, "turn.interrupt-requested")).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(events(fixture, "turn.interrupt-requested"), (found) => found.length > 0)
      expect(yield* events(fixture, "turn.interrupt-requested")).toMatchObject([
        { reason: "turn deadline: the turn has run for 20000 ms (limits.turnMs)" },
      ])
      yield* until(
        Effect.sync(() => fixture.agent.taken),
        (taken) => taken.includes("interrupt"),
      )
      yield* TestClock.adjust("6 seconds")
      expect(yield* ended(fixture)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
      expect(fixture.agent.last.isOver).toBe(true)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("does not count when it waited for a person", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ stallMs: 0 }, { turnMs: 20_000 })
      yield* TestClock.adjust("10 seconds")
      const requestId = yield* asks(fixture)
      yield* TestClock.adjust("1 minute")
      yield* fixture.dispatch({ type: "request.respond", requestId, decision: "accept" })
      yield* until(fixture.work(), ({ requests }) => requests.length === 0)
      yield* TestClock.adjust("8 seconds")
      yield* quiet
      expect(yield* events(fixture, "turn.interrupt-requested")).toEqual([])
      yield* TestClock.adjust("3 seconds")
      expect(yield* ended(fixture)).toMatchObject({ outcome: "interrupted" })
    }),
  )

  it.scoped("of retries begins with the first one, and ends with any progress", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ stallMs: 0 }, { retryMs: 10_000 })
      const fails = () =>
        fixture.agent.last.say(
          nativeOf(fixture),
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
      fixture.agent.last.say(nativeOf(fixture), "turn.diff.updated", { diff: "x" }, { turnId: "turn-1" })
      yield* quiet
      yield* failsFor(8)
      expect(yield* events(fixture, "turn.interrupt-requested")).toEqual([])
      yield* failsFor(4)
      expect(yield* ended(fixture)).toMatchObject({ outcome: "interrupted" })
      expect(yield* events(fixture, "turn.interrupt-requested")).toMatchObject([
        { reason: "retry deadline: the agent has done nothing but retry for 10000 ms (limits.retryMs)" },
      ])
    }),
  )
})

describe("a question without an answer", () => {
  it.scoped("waits, unless the policy says otherwise, and is read as waiting since it was asked", () =>
    Effect.gen(function* () {
      const fixture = yield* working()
      yield* asks(fixture)
      yield* TestClock.adjust("2 minutes")
      yield* quiet
      expect((yield* fixture.work()).requests).toMatchObject([{ status: "open", openedAt: 0 }])
    }),
  )

  it.scoped("is declined in time, by the policy, and the agent goes on", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ unattended: { action: "deny", afterMs: 30_000 } })
      yield* asks(fixture)
      yield* TestClock.adjust("29 seconds")
      yield* quiet
      expect(fixture.agent.answers).toEqual([])
      yield* TestClock.adjust("2 seconds")
      yield* until(fixture.work(), ({ requests }) => requests.length === 0)
      expect(fixture.agent.answers).toEqual(["decline"])
      const { snapshot } = yield* fixture.snapshot()
      expect(snapshot.requests).toMatchObject([{ status: "answered", decision: "decline" }])
      expect(yield* events(fixture, "request.answered")).toMatchObject([{ decision: "decline", by: "policy" }])
      expect(yield* turnOf(fixture)).toMatchObject({ status: "running" })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("keeps a person's answer that came first", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ unattended: { action: "deny", afterMs: 30_000 } })
      fixture.agent.behaviour.answer = "hang"
      const requestId = yield* asks(fixture)
      yield* fixture.dispatch({ type: "request.respond", requestId, decision: "accept" })
      yield* TestClock.adjust("1 minute")
      yield* quiet
      expect(yield* events(fixture, "request.answering")).toMatchObject([{ decision: "accept", by: "client" }])
    }),
  )

  it.scoped("is withdrawn in time, with its turn", () =>
    Effect.gen(function* () {
      const fixture = yield* working({ unattended: { action: "expire", afterMs: 30_000 } })
      yield* asks(fixture)
      yield* TestClock.adjust("31 seconds")
      expect(yield* ended(fixture)).toMatchObject({ outcome: "interrupted" })
      const { snapshot } = yield* fixture.snapshot()
      expect(snapshot.requests).toMatchObject([{ status: "expired" }])
      expect(yield* events(fixture, "request.expired")).toMatchObject([
        { reason: "unattended: nobody answered within 30000 ms (reaper.unattended)" },
      ])
      expect(fixture.agent.answers).toEqual([])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})

describe("a turn that the agent accepted and does not start", () => {
  const accepted = Effect.gen(function* () {
    const fixture = new OrchestratorFixture({
      reaper: { watchMs: 5_000, sweepMs: 2_000 },
      limits: { turnStartMs: 60_000 },
    })
    fixture.agent.behaviour["send-turn"] = "silence"
    yield* fixture.open()
    yield* fixture.createThread()
    const { turnId } = yield* fixture.send("go")
    yield* until(fixture.log(), (log) => log.some(({ type }) => type === "effect.delivered"))
    fixture.agent.last.say(nativeOf(fixture), "turn.accepted", {}, { turnId: "turn-9" }, turnId ?? "")
    yield* until(fixture.log(), (log) => log.some(({ type }) => type === "turn.accepted"))
    fixture.agent.behaviour["send-turn"] = "answer"
    yield* fixture.send("next")
    return { fixture, turnId }
  })

  it.scoped("ends within its limit, and the next message goes on; its own end corrects the outcome", () =>
    Effect.gen(function* () {
      const { fixture, turnId } = yield* accepted
      yield* TestClock.adjust("55 seconds")
      yield* quiet
      expect(yield* turnOf(fixture)).toMatchObject({ status: "requested" })
      yield* TestClock.adjust("10 seconds")
      yield* running(fixture)
      expect(yield* turnOf(fixture)).toMatchObject({
        turnId,
        outcome: "failed",
        cause: "never-started",
        evidence: "inferred",
      })
      expect(yield* events(fixture, "turn.start-timed-out")).toHaveLength(1)
      expect(fixture.agent.texts).toEqual(["next"])
      completes(fixture, "turn-9")
      yield* until(turnOf(fixture), (turn) => turn?.evidence === "observed")
      expect(yield* turnOf(fixture)).toMatchObject({ outcome: "completed" })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("counts only the time in which the host was awake, and is not ended when it starts in time", () =>
    Effect.gen(function* () {
      const { fixture } = yield* accepted
      yield* TestClock.adjust("30 seconds")
      yield* fixture.fallAsleep
      yield* TestClock.adjust("2 minutes")
      yield* fixture.wakeUp
      yield* TestClock.adjust("30 seconds")
      yield* quiet
      expect(yield* turnOf(fixture)).toMatchObject({ status: "requested" })
      fixture.agent.last.say(nativeOf(fixture), "turn.started", {}, { turnId: "turn-9" })
      yield* running(fixture)
      yield* TestClock.adjust("2 minutes")
      expect(yield* events(fixture, "turn.start-timed-out")).toEqual([])
      expect(yield* turnOf(fixture)).toMatchObject({ status: "running" })
    }),
  )
})
