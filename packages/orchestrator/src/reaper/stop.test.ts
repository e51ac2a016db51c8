import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { gate } from "../../test/FakeDriver.js"
import {
  completes,
  id,
  OrchestratorFixture,
  quiet,
  running,
  until,
  workingFixture,
} from "../../test/OrchestratorFixture.js"

/** Sweeps only when it is asked to, and finds a session idle after a minute. */
const reaper = { idleMs: 60_000, sweepMs: 3_600_000 }

/** A fixture whose agent has done one turn, and nothing since for a minute. */
const idle = (sharesConnection = false) =>
  Effect.gen(function* () {
    const { fixture } = yield* workingFixture("one", { reaper, sharesConnection })
    completes(fixture)
    yield* until(fixture.work(), ({ turns }) => turns.length === 0)
    yield* TestClock.adjust("1 minute")
    return fixture
  })
const over = (fixture: OrchestratorFixture) =>
  until(
    Effect.sync(() => fixture.agent.connections[0]?.isOver === true),
    Boolean,
  )
const first = (findings: readonly { readonly decision: string; readonly reason: string }[]) =>
  findings.map(({ decision, reason }) => `${decision} ${reason}`)

describe("a session that is idle", () => {
  it.scoped("ends with its process, and the next message starts another", () =>
    Effect.gen(function* () {
      const fixture = yield* idle()
      expect(first(yield* fixture.reaper.sweep)).toEqual(["reap idle"])
      yield* over(fixture)
      yield* until(fixture.log(), (log) => log.some(({ type }) => type === "session.exited"))
      const { snapshot } = yield* fixture.snapshot()
      expect(snapshot.session).toMatchObject({ status: "stopped" })
      yield* fixture.send("two")
      yield* running(fixture)
      expect(fixture.agent.texts).toEqual(["one", "two"])
      expect((yield* fixture.work()).session).toMatchObject({ epoch: 2 })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("goes on when a message comes between the look and the stop", () =>
    Effect.gen(function* () {
      const fixture = yield* idle()
      const { agentOpened } = fixture.projections
      fixture.projections.agentOpened = (...args) =>
        Effect.zipRight(Effect.orDie(fixture.send("wait")), agentOpened(...args))
      expect(first(yield* fixture.reaper.sweep)).toEqual(["keep moved-on"])
      yield* running(fixture)
      expect(fixture.agent.texts).toEqual(["one", "wait"])
      expect(fixture.agent.connections).toHaveLength(1)
      expect((yield* fixture.work()).session).toMatchObject({ epoch: 1 })
    }),
  )

  it.scoped.each([false, true])(
    "does not get a message that comes while its process ends: the next session does (shared process: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const fixture = yield* idle(sharesConnection)
        const { open, pass } = gate()
        fixture.agent.atStop = pass
        expect(first(yield* fixture.reaper.sweep)).toEqual(["reap idle"])
        const { turnId } = yield* fixture.send("two")
        yield* quiet
        yield* open
        yield* TestClock.adjust("2 seconds")
        yield* running(fixture)
        expect(fixture.agent.texts).toEqual(["one", "two"])
        const { session, turns } = yield* fixture.work()
        expect(session).toMatchObject({ epoch: 2, activeTurnId: turnId })
        expect(turns).toMatchObject([{ turnId, sessionId: session?.sessionId }])
        expect((yield* fixture.snapshot()).snapshot.anomalies).toEqual([])
        expect(yield* fixture.violations()).toEqual([])
      }),
  )

  it.scoped("is stopped again, and again, while its process does not end", () =>
    Effect.gen(function* () {
      const fixture = yield* idle()
      fixture.agent.atStop = Effect.never
      expect(first(yield* fixture.reaper.sweep)).toEqual(["reap idle"])
      yield* quiet
      expect(first(yield* fixture.reaper.sweep)).toEqual([])
      yield* TestClock.adjust("30 seconds")
      expect(first(yield* fixture.reaper.sweep)).toEqual(["reap process-left"])
      yield* TestClock.adjust("30 seconds")
      expect(yield* fixture.reaper.sweep).toMatchObject([
        { threadId: id("thread"), decision: "reap", reason: "process-left", idleMs: 120_000 },
      ])
      expect(fixture.agent.last.isOver).toBe(false)
      fixture.agent.atStop = Effect.void
      yield* TestClock.adjust("30 seconds")
      yield* fixture.reaper.sweep
      yield* over(fixture)
      yield* until(fixture.log(), (log) => log.some(({ type }) => type === "session.exited"))
      yield* quiet
      expect(yield* fixture.reaper.sweep).toEqual([])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})

describe("a host that slept", () => {
  it.scoped("finds its sessions where it left them, and begins to count again", () =>
    Effect.gen(function* () {
      const fixture = new OrchestratorFixture({
        reaper: { idleMs: 60_000, sweepMs: 10_000, watchMs: 5_000, stallMs: 20_000 },
      })
      yield* fixture.open()
      yield* fixture.createThread()
      yield* fixture.dispatch({ type: "session.start" })
      yield* until(fixture.work(), ({ session }) => session !== null)
      yield* fixture.fallAsleep
      yield* TestClock.adjust("5 minutes")
      yield* fixture.wakeUp
      expect(first(yield* fixture.reaper.sweep)).toEqual(["keep in-use"])
      yield* TestClock.adjust("40 seconds")
      expect(first(yield* fixture.reaper.lastSweep)).toEqual(["keep in-use"])
      yield* TestClock.adjust("30 seconds")
      yield* over(fixture)
      expect((yield* fixture.log()).map(({ type }) => type)).toContain("session.reaped")
    }),
  )
})
