import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { gate } from "../../test/FakeDriver.js"
import { House, id, quiet, until } from "../../test/House.js"

/** Sweeps only when it is asked to, and finds a session idle after a minute. */
const reaper = { idleMs: 60_000, sweepMs: 3_600_000 }
const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""

/** A house whose agent has done one turn, and nothing since for a minute. */
const idle = (sharesConnection = false) =>
  Effect.gen(function* () {
    const house = new House({ reaper, sharesConnection })
    yield* house.open()
    yield* house.createThread()
    yield* house.send("one")
    yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
    house.agent.last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
    yield* until(house.work(), ({ turns }) => turns.length === 0)
    yield* TestClock.adjust("1 minute")
    return house
  })
const over = (house: House) =>
  until(
    Effect.sync(() => house.agent.connections[0]?.isOver === true),
    Boolean,
  )
const first = (findings: readonly { readonly decision: string; readonly reason: string }[]) =>
  findings.map(({ decision, reason }) => `${decision} ${reason}`)

describe("a session that nobody uses", () => {
  it.scoped("ends with its process, and the next message starts another", () =>
    Effect.gen(function* () {
      const house = yield* idle()
      expect(first(yield* house.reaper.sweep)).toEqual(["reap idle"])
      yield* over(house)
      yield* until(house.log(), (log) => log.some(({ type }) => type === "session.exited"))
      const { snapshot } = yield* house.snapshot()
      expect(snapshot.session).toMatchObject({ status: "stopped" })
      yield* house.send("two")
      yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
      expect(house.agent.texts).toEqual(["one", "two"])
      expect((yield* house.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("goes on when a message comes between the look and the stop", () =>
    Effect.gen(function* () {
      const house = yield* idle()
      const { agentOpened } = house.projections
      house.projections.agentOpened = (...args) =>
        Effect.zipRight(Effect.orDie(house.send("wait")), agentOpened(...args))
      expect(first(yield* house.reaper.sweep)).toEqual(["keep moved-on"])
      yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
      expect(house.agent.texts).toEqual(["one", "wait"])
      expect(house.agent.connections).toHaveLength(1)
      expect((yield* house.work()).session).toMatchObject({ epoch: 1 })
    }),
  )

  it.scoped.each([false, true])(
    "does not get a message that comes while its process ends: the next session does (shared process: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const house = yield* idle(sharesConnection)
        const { open, pass } = gate()
        house.agent.atStop = pass
        expect(first(yield* house.reaper.sweep)).toEqual(["reap idle"])
        const { turnId } = yield* house.send("two")
        yield* quiet
        yield* open
        yield* TestClock.adjust("2 seconds")
        yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
        expect(house.agent.texts).toEqual(["one", "two"])
        const { session, turns } = yield* house.work()
        expect(session).toMatchObject({ epoch: 2, activeTurnId: turnId })
        expect(turns).toMatchObject([{ turnId, sessionId: session?.sessionId }])
        expect((yield* house.snapshot()).snapshot.anomalies).toEqual([])
        expect(yield* house.violations()).toEqual([])
      }),
  )

  it.scoped("is stopped again, and again, while its process does not end", () =>
    Effect.gen(function* () {
      const house = yield* idle()
      house.agent.atStop = Effect.never
      expect(first(yield* house.reaper.sweep)).toEqual(["reap idle"])
      yield* quiet
      expect(first(yield* house.reaper.sweep)).toEqual([])
      yield* TestClock.adjust("30 seconds")
      expect(first(yield* house.reaper.sweep)).toEqual(["reap process-left"])
      yield* TestClock.adjust("30 seconds")
      expect(yield* house.reaper.sweep).toMatchObject([
        { threadId: id("thread"), decision: "reap", reason: "process-left", idleMs: 120_000 },
      ])
      expect(house.agent.last.isOver).toBe(false)
      house.agent.atStop = Effect.void
      yield* TestClock.adjust("30 seconds")
      yield* house.reaper.sweep
      yield* over(house)
      yield* until(house.log(), (log) => log.some(({ type }) => type === "session.exited"))
      yield* quiet
      expect(yield* house.reaper.sweep).toEqual([])
      expect(yield* house.violations()).toEqual([])
    }),
  )
})

describe("a host that slept", () => {
  it.scoped("finds its sessions where it left them, and begins to count again", () =>
    Effect.gen(function* () {
      const house = new House({ reaper: { idleMs: 60_000, sweepMs: 10_000, watchMs: 5_000, stallMs: 20_000 } })
      yield* house.open()
      yield* house.createThread()
      yield* house.give({ type: "session.start" })
      yield* until(house.work(), ({ session }) => session !== null)
      yield* house.fallAsleep
      yield* TestClock.adjust("5 minutes")
      yield* house.wakeUp
      expect(first(yield* house.reaper.sweep)).toEqual(["keep in-use"])
      yield* TestClock.adjust("40 seconds")
      expect(first(yield* house.reaper.lastSweep)).toEqual(["keep in-use"])
      yield* TestClock.adjust("30 seconds")
      yield* over(house)
      expect((yield* house.log()).map(({ type }) => type)).toContain("session.reaped")
    }),
  )
})
