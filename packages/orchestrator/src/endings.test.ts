/** Ends of turns that come late, twice, without a name or with an unknown one, while the next message is on its way. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { nativeOf, openFixture, quiet, running, snapshotOf, until } from "../test/OrchestratorFixture.js"

const completed = { outcome: "completed" } as const

/** One turn is over; the next message has reached the agent, which has not said anything of it. */
const between = Effect.gen(function* () {
  const fixture = yield* openFixture()
  const one = yield* fixture.send("one")
  yield* running(fixture)
  const say = fixture.agent.last.say.bind(fixture.agent.last, nativeOf(fixture))
  say("turn.completed", completed, { turnId: "turn-1" })
  yield* until(fixture.work(), ({ session }) => session?.status === "ready")
  fixture.agent.behaviour["send-turn"] = "silence"
  const two = yield* fixture.send("two")
  yield* until(fixture.orchestrator.effectsOf(two.commandId), ([effect]) => effect?.status === "delivered")
  return { fixture, say, one: one.turnId, two: two.turnId }
})

describe("ends that are not the end of what runs", () => {
  it.scoped("change neither it nor what ended before; each is kept with its reason", () =>
    Effect.gen(function* () {
      const { fixture, one, say, two } = yield* between
      say("turn.aborted", {}, { turnId: "turn-1" })
      say("turn.completed", completed)
      yield* quiet
      expect((yield* fixture.work()).session).toMatchObject({ status: "starting", pendingTurnId: two })
      fixture.agent.last.begins(nativeOf(fixture), two ?? "")
      yield* running(fixture)
      say("turn.completed", completed, { turnId: "turn-1" })
      say("turn.aborted", {}, { turnId: "turn-9" })
      say("item.started", { kind: "agent_message" }, { turnId: "turn-2", itemId: "last" })
      const after = yield* until(snapshotOf(fixture), ({ items }) => items.length === 1)
      expect(after.turns).toMatchObject([
        { turnId: one, outcome: "completed", evidence: "observed" },
        { turnId: two, nativeTurnId: "turn-2", status: "running", outcome: null },
      ])
      expect(after.session).toMatchObject({ status: "running", activeTurnId: two, pendingTurnId: null })
      expect(after.anomalies.map(({ count, reason }) => [reason, count]).sort()).toEqual([
        ["turn-terminal-duplicate", 2],
        ["turn-terminal-unknown", 1],
        ["turn-terminal-untargeted", 1],
      ])
      expect(fixture.agent.texts).toEqual(["one"])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("let nothing run that waits in the queue, however often they are said", () =>
    Effect.gen(function* () {
      const { fixture, say, two } = yield* between
      fixture.agent.last.begins(nativeOf(fixture), two ?? "")
      yield* running(fixture)
      yield* fixture.send("three")
      fixture.agent.behaviour["send-turn"] = "answer"
      for (const turnId of ["turn-1", "turn-1", "turn-9"]) say("turn.completed", completed, { turnId })
      say("turn.completed", completed)
      yield* quiet
      yield* TestClock.adjust("5 seconds")
      yield* quiet
      expect(fixture.agent.texts).toEqual(["one"])
      expect((yield* fixture.work()).thread).toMatchObject({ queued: 1, queueHeld: 0 })
      for (let times = 0; times < 2; times += 1) say("turn.completed", completed, { turnId: "turn-2" })
      yield* until(fixture.work(), ({ session, thread }) => session?.status === "running" && thread.queued === 0)
      yield* quiet
      expect(fixture.agent.texts).toEqual(["one", "three"])
      expect((yield* snapshotOf(fixture)).turns).toHaveLength(3)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
