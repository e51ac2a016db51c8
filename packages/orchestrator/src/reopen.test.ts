/** A thread whose agent is gone, opened again by the next one: what is the same then, and what is not. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  nativeOf,
  type OrchestratorFixture,
  openFixture,
  running,
  snapshotOf,
  until,
} from "../test/OrchestratorFixture.js"

const say = (
  fixture: OrchestratorFixture,
  ...said: Parameters<OrchestratorFixture["agent"]["last"]["say"]> extends [string, ...infer R] ? R : never
) => fixture.agent.last.say(nativeOf(fixture), ...said)
const ended = (fixture: OrchestratorFixture, count: number) =>
  until(snapshotOf(fixture), ({ turns }) => turns.filter(({ status }) => status === "ended").length === count)

/** The process of the agent ends, and the thread's session with it. */
const gone = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    fixture.agent.last.end({ reason: "exit", signal: "SIGKILL" })
    yield* until(fixture.work(), ({ session }) => session === null)
  })

/** A turn by the native id `turn-1` in which the agent says something as the item `item-3`. */
const turn = (fixture: OrchestratorFixture, text: string) =>
  Effect.gen(function* () {
    const { turnId } = yield* fixture.send(`say ${text}`)
    yield* running(fixture)
    const item = { kind: "agent_message" } as const
    say(fixture, "item.started", item, { turnId: "turn-1", itemId: "item-3" })
    say(fixture, "item.completed", { ...item, status: "completed", text }, { turnId: "turn-1", itemId: "item-3" })
    say(fixture, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
    yield* until(fixture.work(), ({ session }) => session?.status === "ready")
    return turnId
  })

describe("a thread that is opened again", () => {
  it.scoped("keeps turns and items apart whose ids its agent uses again", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const one = yield* turn(fixture, "one")
      const before = yield* snapshotOf(fixture)
      yield* gone(fixture)
      const two = yield* turn(fixture, "two")
      const after = yield* snapshotOf(fixture)
      expect(after.turns.map(({ nativeTurnId, outcome, turnId }) => [turnId, nativeTurnId, outcome])).toEqual([
        [one, "turn-1", "completed"],
        [two, "turn-1", "completed"],
      ])
      expect(after.items.map(({ nativeItemId, text, turnId }) => [turnId, nativeItemId, text])).toEqual([
        [one, "item-3", "one"],
        [two, "item-3", "two"],
      ])
      expect([after.turns[0], after.items[0]]).toEqual([before.turns[0], before.items[0]])
      expect(after.session).toMatchObject({ epoch: 2 })
      expect(after.anomalies).toEqual([])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("is named to its agent by the session id that it last told; all of them stay in the log", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const ids: (string | undefined)[] = []
      for (const nativeSessionId of ["session-b", "session-c"]) {
        yield* turn(fixture, nativeSessionId)
        say(fixture, "session.configured", { nativeSessionId })
        yield* gone(fixture)
        ids.push(nativeSessionId)
      }
      yield* turn(fixture, "the last")
      const { nativeThreadId } = (yield* fixture.work()).thread
      expect(fixture.agent.resumes.map((call) => [call.nativeThreadId, call.nativeSessionId])).toEqual(
        ids.map((id) => [nativeThreadId, id]),
      )
      const configured = (yield* fixture.log()).filter(({ type }) => type === "session.configured")
      expect(configured.map(({ payload }) => payload)).toMatchObject([
        { nativeSessionId: "session-b" },
        { nativeSessionId: "session-c" },
      ])
    }),
  )

  it.scoped("counts what it uses from what it had used: a total that is told once more is not used once more", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const used = (totalTokens: number, turnId?: string) =>
        say(
          fixture,
          "thread.token-usage.updated",
          { mode: "cumulative-thread", total: { totalTokens } },
          turnId === undefined ? {} : { turnId },
        )
      yield* fixture.send("one")
      yield* running(fixture)
      used(1_000, "turn-1")
      say(fixture, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      yield* ended(fixture, 1)
      yield* gone(fixture)
      yield* fixture.send("two")
      yield* running(fixture)
      // The agent repeats what the former turn had come to; it runs no more.
      used(1_000, "turn-of-before")
      used(1_800, "turn-1")
      say(fixture, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      const { turns, usage } = yield* ended(fixture, 2)
      expect(turns.map(({ usage }) => usage?.totalTokens)).toEqual([1_000, 800])
      expect(usage?.totalTokens).toBe(1_800)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped.each([true, false])(
    "begins anew where nothing was said in it (one process for all: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const fixture = yield* openFixture({ sharesConnection })
        fixture.agent.endsWhenLost = !sharesConnection
        yield* fixture.dispatch({ type: "session.start" })
        yield* until(fixture.work(), ({ session }) => session !== null)
        yield* gone(fixture)
        fixture.agent.stored.clear()
        yield* fixture.send("one")
        yield* running(fixture)
        expect(fixture.agent.texts).toEqual(["one"])
        expect((yield* fixture.work()).thread.nativeThreadId).toBe(nativeOf(fixture))
        expect(fixture.agent.connections).toHaveLength(sharesConnection ? 2 : 3)
        expect(yield* fixture.violations()).toEqual([])
      }),
  )

  it.scoped.each([true, false])(
    "is begun anew when a command wants that (one process for all: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const fixture = yield* openFixture({ sharesConnection })
        fixture.agent.endsWhenLost = !sharesConnection
        yield* turn(fixture, "one")
        const before = nativeOf(fixture)
        yield* gone(fixture)
        fixture.agent.stored.clear()
        yield* fixture.send("two")
        const { items, turns } = yield* ended(fixture, 2)
        expect(turns.at(-1)).toMatchObject({ outcome: "failed" })
        expect(items).toHaveLength(1)
        yield* fixture.dispatch({ type: "session.start", fresh: true })
        yield* until(fixture.work(), ({ session }) => session?.status === "ready")
        const anew = nativeOf(fixture)
        expect(anew).not.toBe(before)
        yield* turn(fixture, "three")
        yield* gone(fixture)
        yield* turn(fixture, "four")
        expect(nativeOf(fixture)).toBe(anew)
        expect((yield* snapshotOf(fixture)).items.map(({ text }) => text)).toEqual(["one", "three", "four"])
        expect(yield* fixture.violations()).toEqual([])
      }),
  )

  it.scoped("is not begun anew where it can be opened again, whatever a command wants", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      yield* turn(fixture, "one")
      const before = nativeOf(fixture)
      yield* gone(fixture)
      yield* fixture.dispatch({ type: "session.start", fresh: true })
      yield* until(fixture.work(), ({ session }) => session !== null)
      expect(nativeOf(fixture)).toBe(before)
      expect(fixture.agent.resumes).toHaveLength(1)
    }),
  )
})
