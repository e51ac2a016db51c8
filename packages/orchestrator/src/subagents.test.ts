/** Sub-agents: threads that an agent opens by itself, on the connection of the thread that it works for. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { House, id, quiet, until } from "../test/House.js"

/** Native ids: strong ones, as agents give their threads. */
const native = (n: number): string => `00000000-0000-4000-9000-${String(n).padStart(12, "0")}`
const [c1, c2, c3] = [native(1), native(2), native(3)]
const parentOf = (house: House): string => house.agent.last.threads[0] ?? ""

/** Our id of a thread that the agent opened. */
const idOf = (house: House, nativeThreadId: string) =>
  Effect.map(
    until(Effect.orDie(house.projections.threads({ limit: 50 })), ({ items }) =>
      items.some((thread) => thread.nativeThreadId === nativeThreadId),
    ),
    ({ items }) => items.find((thread) => thread.nativeThreadId === nativeThreadId)?.threadId ?? "",
  )
const snapshotOf = (house: House, threadId = id("thread")) =>
  Effect.map(house.snapshot(threadId), ({ snapshot }) => snapshot)
const activeIn = (house: House) => Effect.map(house.work(), ({ session }) => session?.activeTurnId)

/** A thread's agent uses tokens in a turn; the total of the thread so far. */
const uses = (house: House, thread: string, turnId: string, totalTokens: number) =>
  house.agent.last.say(
    thread,
    "thread.token-usage.updated",
    { mode: "cumulative-thread", total: { totalTokens } },
    { turnId },
  )
const says = (house: House, thread: string, turnId: string, itemId: string, text: string) => {
  const item = { kind: "agent_message" } as const
  house.agent.last.say(thread, "item.started", item, { turnId, itemId })
  house.agent.last.say(thread, "item.completed", { ...item, status: "completed", text }, { turnId, itemId })
}
const starts = (house: House, thread: string) => house.agent.last.say(thread, "turn.started", {}, { turnId: "turn-1" })
const completes = (house: House, thread: string) =>
  house.agent.last.say(thread, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })

/** A turn of ours runs; its agent has opened a child, and that one a grandchild, and all of them work. */
const family = Effect.gen(function* () {
  const house = new House({ reaper: { idleMs: 60_000, sweepMs: 3_600_000, watchMs: 3_600_000 } })
  yield* house.open()
  yield* house.createThread()
  const { turnId } = yield* house.send("delegate it")
  yield* until(activeIn(house), (active) => active === turnId)
  house.agent.last.opens(c1, { parentNativeThreadId: parentOf(house) })
  starts(house, c1)
  house.agent.last.opens(c2, { parentNativeThreadId: c1 })
  starts(house, c2)
  const child = yield* idOf(house, c1)
  const grandchild = yield* idOf(house, c2)
  yield* until(house.work(grandchild), ({ session }) => session?.status === "running")
  return { house, turnId, child, grandchild }
})

describe("threads that an agent opened for its own work", () => {
  it.scoped("have turns, words and usage of their own; the turn that they work for ends by its own end alone", () =>
    Effect.gen(function* () {
      const { child, grandchild, house, turnId } = yield* family
      const parent = parentOf(house)
      says(house, parent, "turn-1", "text", "I have it looked up.")
      // A child that starts after the parent's words, and ends before the others.
      house.agent.last.opens(c3, { parentNativeThreadId: parent })
      starts(house, c3)
      uses(house, c3, "turn-1", 5)
      completes(house, c3)
      const late = yield* idOf(house, c3)
      yield* until(snapshotOf(house, late), ({ thread }) => thread.status === "idle")
      expect(yield* activeIn(house)).toBe(turnId)

      says(house, c1, "turn-1", "text", "found")
      uses(house, c1, "turn-1", 70)
      completes(house, c1)
      yield* until(snapshotOf(house, child), ({ thread }) => thread.status === "idle")
      expect(yield* activeIn(house)).toBe(turnId)

      // The parent looks at what its child has found, and says its last word.
      const read = { kind: "subagent", childNativeThreadIds: [c1] } as const
      house.agent.last.say(parent, "item.started", read, { turnId: "turn-1", itemId: "read" })
      house.agent.last.say(
        parent,
        "item.completed",
        { ...read, status: "completed" },
        { turnId: "turn-1", itemId: "read" },
      )
      says(house, parent, "turn-1", "answer", "It is this.")
      uses(house, parent, "turn-1", 100)
      completes(house, parent)
      const after = yield* until(snapshotOf(house), ({ turns }) => turns[0]?.status === "ended")
      uses(house, c2, "turn-1", 30)
      const own = yield* until(snapshotOf(house, grandchild), ({ usage }) => usage !== null)

      expect(after.turns).toMatchObject([{ turnId, outcome: "completed", evidence: "observed" }])
      expect(after.items.filter(({ kind }) => kind === "agent_message").map(({ text }) => text)).toEqual([
        "I have it looked up.",
        "It is this.",
      ])
      // What the child was asked is over: to be read opens nothing again.
      const found = yield* snapshotOf(house, child)
      expect(found.turns).toMatchObject([{ status: "ended", outcome: "completed" }])
      expect(found.items.map(({ text }) => text)).toEqual(["found"])
      expect(own.turns).toMatchObject([{ status: "running" }])
      const all = [after, found, own, yield* snapshotOf(house, late)]
      expect(all.map(({ usage }) => usage?.totalTokens)).toEqual([100, 70, 30, 5])
      expect(all.map(({ thread }) => thread.parentThreadId)).toEqual([null, id("thread"), child, id("thread")])
      for (const { anomalies, thread } of all) {
        expect(anomalies).toEqual([])
        expect(yield* house.violations(thread.threadId)).toEqual([])
      }
    }),
  )

  it.scoped("keep the agent of the thread that they work for, until they are done", () =>
    Effect.gen(function* () {
      const { child, grandchild, house } = yield* family
      completes(house, c1)
      completes(house, parentOf(house))
      yield* until(snapshotOf(house), ({ thread }) => thread.status === "idle")
      yield* TestClock.adjust("90 seconds")
      const found = new Map((yield* house.reaper.sweep).map(({ reason, threadId }) => [threadId, reason]))
      expect([...found.values()].sort()).toEqual(["agent-opened", "agent-opened", "child-active"])
      expect(found.get(id("thread"))).toBe("child-active")
      completes(house, c2)
      yield* until(snapshotOf(house, grandchild), ({ thread }) => thread.status === "idle")
      yield* TestClock.adjust("90 seconds")
      const decisions = new Map((yield* house.reaper.sweep).map(({ decision, threadId }) => [threadId, decision]))
      expect(decisions.get(id("thread"))).toBe("reap")
      // Their sessions end with the connection.
      for (const threadId of [id("thread"), child, grandchild]) {
        yield* until(house.work(threadId), ({ session }) => session === null)
      }
      expect(house.agent.last.isOver).toBe(true)
    }),
  )

  it.scoped("end with the process; another turn's end, or a stop, of one is nobody else's", () =>
    Effect.gen(function* () {
      const { child, grandchild, house, turnId } = yield* family
      house.agent.last.say(c1, "turn.completed", { outcome: "failed" }, { turnId: "turn-1" })
      house.agent.last.say(c1, "session.exited", { reason: "unloaded" })
      yield* until(house.work(child), ({ session }) => session === null)
      yield* quiet
      expect(yield* activeIn(house)).toBe(turnId)
      expect((yield* house.work(grandchild)).session).toMatchObject({ status: "running" })
      house.agent.last.end({ reason: "exit", code: 1 })
      for (const threadId of [id("thread"), grandchild]) {
        const { turns } = yield* until(snapshotOf(house, threadId), (one) => one.turns[0]?.status === "ended")
        expect(turns).toMatchObject([{ outcome: "interrupted", evidence: "inferred", cause: "exit code=1" }])
        expect(yield* house.violations(threadId)).toEqual([])
      }
      expect((yield* snapshotOf(house, child)).turns).toMatchObject([{ outcome: "failed", evidence: "observed" }])
    }),
  )
})
