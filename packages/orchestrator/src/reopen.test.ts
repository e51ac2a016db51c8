/** A thread whose agent is gone, opened again by the next one: what is the same then, and what is not. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { House, until } from "../test/House.js"

const snapshotOf = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot)
const native = (house: House): string => house.agent.last.threads[0] ?? ""
const say = (
  house: House,
  ...said: Parameters<House["agent"]["last"]["say"]> extends [string, ...infer R] ? R : never
) => house.agent.last.say(native(house), ...said)
const running = (house: House) => until(house.work(), ({ session }) => session?.status === "running")
const ended = (house: House, count: number) =>
  until(snapshotOf(house), ({ turns }) => turns.filter(({ status }) => status === "ended").length === count)

/** The process of the agent ends, and the thread's session with it. */
const gone = (house: House) =>
  Effect.gen(function* () {
    house.agent.last.end({ reason: "exit", signal: "SIGKILL" })
    yield* until(house.work(), ({ session }) => session === null)
  })

/** A house with a thread in which nothing was said yet. */
const opened = (options: ConstructorParameters<typeof House>[0] = {}) =>
  Effect.gen(function* () {
    const house = new House(options)
    yield* house.open()
    yield* house.createThread()
    return house
  })

/** A turn by the native id `turn-1` in which the agent says something as the item `item-3`. */
const turn = (house: House, text: string) =>
  Effect.gen(function* () {
    const { turnId } = yield* house.send(`say ${text}`)
    yield* running(house)
    const item = { kind: "agent_message" } as const
    say(house, "item.started", item, { turnId: "turn-1", itemId: "item-3" })
    say(house, "item.completed", { ...item, status: "completed", text }, { turnId: "turn-1", itemId: "item-3" })
    say(house, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
    yield* until(house.work(), ({ session }) => session?.status === "ready")
    return turnId
  })

describe("a thread that is opened again", () => {
  it.scoped("keeps turns and items apart whose ids its agent uses again", () =>
    Effect.gen(function* () {
      const house = yield* opened()
      const one = yield* turn(house, "one")
      const before = yield* snapshotOf(house)
      yield* gone(house)
      const two = yield* turn(house, "two")
      const after = yield* snapshotOf(house)
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
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("is named to its agent by the session id that it last told; all of them stay in the log", () =>
    Effect.gen(function* () {
      const house = yield* opened()
      const ids: (string | undefined)[] = []
      for (const nativeSessionId of ["session-b", "session-c"]) {
        yield* turn(house, nativeSessionId)
        say(house, "session.configured", { nativeSessionId })
        yield* gone(house)
        ids.push(nativeSessionId)
      }
      yield* turn(house, "the last")
      const { nativeThreadId } = (yield* house.work()).thread
      expect(house.agent.resumes.map((order) => [order.nativeThreadId, order.nativeSessionId])).toEqual(
        ids.map((id) => [nativeThreadId, id]),
      )
      const configured = (yield* house.log()).filter(({ type }) => type === "session.configured")
      expect(configured.map(({ payload }) => payload)).toMatchObject([
        { nativeSessionId: "session-b" },
        { nativeSessionId: "session-c" },
      ])
    }),
  )

  it.scoped("counts what it uses from what it had used: a total that is told once more is not used once more", () =>
    Effect.gen(function* () {
      const house = yield* opened()
      const used = (totalTokens: number, turnId?: string) =>
        say(
          house,
          "thread.token-usage.updated",
          { mode: "cumulative-thread", total: { totalTokens } },
          turnId === undefined ? {} : { turnId },
        )
      yield* house.send("one")
      yield* running(house)
      used(1_000, "turn-1")
      say(house, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      yield* ended(house, 1)
      yield* gone(house)
      yield* house.send("two")
      yield* running(house)
      // The agent repeats what the former turn had come to; it runs no more.
      used(1_000, "turn-of-before")
      used(1_800, "turn-1")
      say(house, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      const { turns, usage } = yield* ended(house, 2)
      expect(turns.map(({ usage }) => usage?.totalTokens)).toEqual([1_000, 800])
      expect(usage?.totalTokens).toBe(1_800)
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped.each([true, false])(
    "begins anew where nothing was said in it (one process for all: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const house = yield* opened({ sharesConnection })
        house.agent.endsWhenLost = !sharesConnection
        yield* house.give({ type: "session.start" })
        yield* until(house.work(), ({ session }) => session !== null)
        yield* gone(house)
        house.agent.stored.clear()
        yield* house.send("one")
        yield* running(house)
        expect(house.agent.texts).toEqual(["one"])
        expect((yield* house.work()).thread.nativeThreadId).toBe(native(house))
        expect(house.agent.connections).toHaveLength(sharesConnection ? 2 : 3)
        expect(yield* house.violations()).toEqual([])
      }),
  )

  it.scoped.each([true, false])(
    "is begun anew when somebody wants that (one process for all: %s)",
    (sharesConnection) =>
      Effect.gen(function* () {
        const house = yield* opened({ sharesConnection })
        house.agent.endsWhenLost = !sharesConnection
        yield* turn(house, "one")
        const before = native(house)
        yield* gone(house)
        house.agent.stored.clear()
        yield* house.send("two")
        const { items, turns } = yield* ended(house, 2)
        expect(turns.at(-1)).toMatchObject({ outcome: "failed" })
        expect(items).toHaveLength(1)
        yield* house.give({ type: "session.start", fresh: true })
        yield* until(house.work(), ({ session }) => session?.status === "ready")
        const anew = native(house)
        expect(anew).not.toBe(before)
        yield* turn(house, "three")
        yield* gone(house)
        yield* turn(house, "four")
        expect(native(house)).toBe(anew)
        expect((yield* snapshotOf(house)).items.map(({ text }) => text)).toEqual(["one", "three", "four"])
        expect(yield* house.violations()).toEqual([])
      }),
  )

  it.scoped("is not begun anew where it can be opened again, whatever somebody wants", () =>
    Effect.gen(function* () {
      const house = yield* opened()
      yield* turn(house, "one")
      const before = native(house)
      yield* gone(house)
      yield* house.give({ type: "session.start", fresh: true })
      yield* until(house.work(), ({ session }) => session !== null)
      expect(native(house)).toBe(before)
      expect(house.agent.resumes).toHaveLength(1)
    }),
  )
})
