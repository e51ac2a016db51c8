/** Sub-agents: threads that an agent opens by itself, on the connection of the thread that it works for. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import {
  id,
  nativeOf,
  type OrchestratorFixture,
  openFixture,
  quiet,
  running,
  snapshotOf,
  until,
} from "../test/OrchestratorFixture.js"

/** Native ids: strong ones, as agents give their threads. */
const native = (n: number): string => `00000000-0000-4000-9000-${String(n).padStart(12, "0")}`
const [c1, c2, c3] = [native(1), native(2), native(3)]

/** Our id of a thread that the agent opened. */
const idOf = (fixture: OrchestratorFixture, nativeThreadId: string) =>
  Effect.map(
    until(Effect.orDie(fixture.projections.threads({ limit: 50 })), ({ items }) =>
      items.some((thread) => thread.nativeThreadId === nativeThreadId),
    ),
    ({ items }) => items.find((thread) => thread.nativeThreadId === nativeThreadId)?.threadId ?? "",
  )
const activeIn = (fixture: OrchestratorFixture) => Effect.map(fixture.work(), ({ session }) => session?.activeTurnId)

/** A thread's agent uses tokens in a turn; the total of the thread so far. */
const uses = (fixture: OrchestratorFixture, thread: string, turnId: string, totalTokens: number) =>
  fixture.agent.last.say(
    thread,
    "thread.token-usage.updated",
    { mode: "cumulative-thread", total: { totalTokens } },
    { turnId },
  )
const says = (fixture: OrchestratorFixture, thread: string, turnId: string, itemId: string, text: string) => {
  const item = { kind: "agent_message" } as const
  fixture.agent.last.say(thread, "item.started", item, { turnId, itemId })
  fixture.agent.last.say(thread, "item.completed", { ...item, status: "completed", text }, { turnId, itemId })
}
const starts = (fixture: OrchestratorFixture, thread: string) =>
  fixture.agent.last.say(thread, "turn.started", {}, { turnId: "turn-1" })
const completes = (fixture: OrchestratorFixture, thread: string) =>
  fixture.agent.last.say(thread, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })

/** A turn of ours runs; its agent has opened a child, and that one a grandchild, and all of them work. */
const family = Effect.gen(function* () {
  const fixture = yield* openFixture({ reaper: { idleMs: 60_000, sweepMs: 3_600_000, watchMs: 3_600_000 } })
  const { turnId } = yield* fixture.send("delegate it")
  yield* until(activeIn(fixture), (active) => active === turnId)
  fixture.agent.last.opens(c1, { parentNativeThreadId: nativeOf(fixture) })
  starts(fixture, c1)
  fixture.agent.last.opens(c2, { parentNativeThreadId: c1 })
  starts(fixture, c2)
  const child = yield* idOf(fixture, c1)
  const grandchild = yield* idOf(fixture, c2)
  yield* running(fixture, grandchild)
  return { fixture, turnId, child, grandchild }
})

describe("threads that an agent opened for its own work", () => {
  it.scoped("have turns, words and usage of their own; the turn that they work for ends by its own end alone", () =>
    Effect.gen(function* () {
      const { child, grandchild, fixture, turnId } = yield* family
      const parent = nativeOf(fixture)
      says(fixture, parent, "turn-1", "text", "I have it looked up.")
      // A child that starts after the parent's words, and ends before the others.
      fixture.agent.last.opens(c3, { parentNativeThreadId: parent })
      starts(fixture, c3)
      uses(fixture, c3, "turn-1", 5)
      completes(fixture, c3)
      const late = yield* idOf(fixture, c3)
      yield* until(snapshotOf(fixture, late), ({ thread }) => thread.status === "idle")
      expect(yield* activeIn(fixture)).toBe(turnId)

      says(fixture, c1, "turn-1", "text", "found")
      uses(fixture, c1, "turn-1", 70)
      completes(fixture, c1)
      yield* until(snapshotOf(fixture, child), ({ thread }) => thread.status === "idle")
      expect(yield* activeIn(fixture)).toBe(turnId)

      // The parent looks at what its child has found, and says its last word.
      const read = { kind: "subagent", childNativeThreadIds: [c1] } as const
      fixture.agent.last.say(parent, "item.started", read, { turnId: "turn-1", itemId: "read" })
      fixture.agent.last.say(
        parent,
        "item.completed",
        { ...read, status: "completed" },
        { turnId: "turn-1", itemId: "read" },
      )
      says(fixture, parent, "turn-1", "answer", "It is this.")
      uses(fixture, parent, "turn-1", 100)
      completes(fixture, parent)
      const after = yield* until(snapshotOf(fixture), ({ turns }) => turns[0]?.status === "ended")
      uses(fixture, c2, "turn-1", 30)
      const own = yield* until(snapshotOf(fixture, grandchild), ({ usage }) => usage !== null)

      expect(after.turns).toMatchObject([{ turnId, outcome: "completed", evidence: "observed" }])
      expect(after.items.filter(({ kind }) => kind === "agent_message").map(({ text }) => text)).toEqual([
        "I have it looked up.",
        "It is this.",
      ])
      // What the child was asked is over: to be read opens nothing again.
      const found = yield* snapshotOf(fixture, child)
      expect(found.turns).toMatchObject([{ status: "ended", outcome: "completed" }])
      expect(found.items.map(({ text }) => text)).toEqual(["found"])
      expect(own.turns).toMatchObject([{ status: "running" }])
      const all = [after, found, own, yield* snapshotOf(fixture, late)]
      expect(all.map(({ usage }) => usage?.totalTokens)).toEqual([100, 70, 30, 5])
      expect(all.map(({ thread }) => thread.parentThreadId)).toEqual([null, id("thread"), child, id("thread")])
      for (const { anomalies, thread } of all) {
        expect(anomalies).toEqual([])
        expect(yield* fixture.violations(thread.threadId)).toEqual([])
      }
    }),
  )

  it.scoped("keep the agent of the thread that they work for, until they are done", () =>
    Effect.gen(function* () {
      const { child, grandchild, fixture } = yield* family
      completes(fixture, c1)
      completes(fixture, nativeOf(fixture))
      yield* until(snapshotOf(fixture), ({ thread }) => thread.status === "idle")
      yield* TestClock.adjust("90 seconds")
      const found = new Map((yield* fixture.reaper.sweep).map(({ reason, threadId }) => [threadId, reason]))
      expect([...found.values()].sort()).toEqual(["agent-opened", "agent-opened", "child-active"])
      expect(found.get(id("thread"))).toBe("child-active")
      completes(fixture, c2)
      yield* until(snapshotOf(fixture, grandchild), ({ thread }) => thread.status === "idle")
      yield* TestClock.adjust("90 seconds")
      const decisions = new Map((yield* fixture.reaper.sweep).map(({ decision, threadId }) => [threadId, decision]))
      expect(decisions.get(id("thread"))).toBe("reap")
      // Their sessions end with the connection.
      for (const threadId of [id("thread"), child, grandchild]) {
        yield* until(fixture.work(threadId), ({ session }) => session === null)
      }
      expect(fixture.agent.last.isOver).toBe(true)
    }),
  )

  it.scoped("ask like others, and get the answer on the connection that they are on", () =>
    Effect.gen(function* () {
      const { child, fixture } = yield* family
      fixture.agent.last.say(c1, "request.opened", { kind: "other" }, { turnId: "turn-1", requestId: "0" })
      const { requests } = yield* until(fixture.work(child), (work) => work.requests.length > 0)
      const requestId = requests[0]?.requestId ?? ""
      yield* fixture.dispatch({ type: "request.respond", threadId: child, requestId, decision: "accept" })
      yield* until(fixture.work(child), (work) => work.requests.length === 0)
      expect(fixture.agent.answers).toEqual(["accept"])
      expect((yield* snapshotOf(fixture, child)).requests).toMatchObject([{ status: "answered", decision: "accept" }])
    }),
  )

  it.scoped("have their turn interrupted on the connection that they are on, and it alone", () =>
    Effect.gen(function* () {
      const { child, fixture, turnId } = yield* family
      const [turn] = (yield* snapshotOf(fixture, child)).turns
      yield* fixture.dispatch({ type: "turn.interrupt", threadId: child, turnId: turn?.turnId ?? "" })
      yield* until(snapshotOf(fixture, child), ({ turns }) => turns[0]?.status === "ended")
      expect(fixture.agent.taken).toContain("interrupt")
      expect((yield* snapshotOf(fixture, child)).turns).toMatchObject([
        { outcome: "interrupted", evidence: "observed" },
      ])
      expect(yield* activeIn(fixture)).toBe(turnId)
    }),
  )

  it.scoped("end with the process; another turn's end, or a stop, of one ends no other", () =>
    Effect.gen(function* () {
      const { child, grandchild, fixture, turnId } = yield* family
      fixture.agent.last.say(c1, "turn.completed", { outcome: "failed" }, { turnId: "turn-1" })
      fixture.agent.last.say(c1, "session.exited", { reason: "unloaded" })
      yield* until(fixture.work(child), ({ session }) => session === null)
      yield* quiet
      expect(yield* activeIn(fixture)).toBe(turnId)
      expect((yield* fixture.work(grandchild)).session).toMatchObject({ status: "running" })
      fixture.agent.last.end({ reason: "exit", code: 1 })
      for (const threadId of [id("thread"), grandchild]) {
        const { turns } = yield* until(snapshotOf(fixture, threadId), (one) => one.turns[0]?.status === "ended")
        expect(turns).toMatchObject([{ outcome: "interrupted", evidence: "inferred", cause: "exit code=1" }])
        expect(yield* fixture.violations(threadId)).toEqual([])
      }
      expect((yield* snapshotOf(fixture, child)).turns).toMatchObject([{ outcome: "failed", evidence: "observed" }])
    }),
  )
})
