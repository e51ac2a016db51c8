import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock, TestContext } from "effect"
import { openFixture, textsTaken } from "../test/OrchestratorFixture.js"

describe("what agents say of themselves", () => {
  const test = (name: string, body: () => Effect.Effect<void, unknown, never>) =>
    it.effect(name, () => body().pipe(Effect.provide(TestContext.TestContext)))

  test("is not asked of an agent that does not run, unless for a refresh, which leaves nothing running and no event", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const fixture = yield* openFixture()
        const { agent, listings } = fixture
        expect(yield* listings.read("fake", "models", false)).toEqual({ asOf: null, value: null, omitted: 0 })
        expect(agent.connections).toEqual([])
        const head = yield* fixture.engine.log.head
        yield* TestClock.adjust(5)
        const fresh = yield* listings.read("fake", "models", true)
        expect(fresh).toMatchObject({ asOf: 5, value: [{ model: "small" }] })
        expect(agent.connections.map(({ isOver }) => isOver)).toEqual([true])
        expect(yield* fixture.engine.log.head).toBe(head)
        agent.models = ["large"]
        yield* TestClock.adjust(5)
        expect(yield* listings.read("fake", "models", false)).toMatchObject({ asOf: 5, value: [{ model: "small" }] })
        expect(agent.asked).toBe(1)
      }),
    ))

  test("is asked of one that runs, once, until it says that it is another or a refresh is asked for", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const fixture = yield* openFixture()
        const { agent, listings } = fixture
        yield* fixture.send("one")
        yield* textsTaken(fixture, 1)
        const models = Effect.map(listings.read("fake", "models", false), ({ value }) =>
          value?.map(({ model }) => model),
        )
        yield* Effect.all([models, models, models], { concurrency: "unbounded" })
        expect(agent.asked).toBe(1)
        agent.models = ["small", "large"]
        expect(yield* models).toEqual(["small"])
        agent.listChanges += 1
        expect(yield* models).toEqual(["small", "large"])
        yield* listings.read("fake", "models", true)
        expect([agent.asked, agent.connections.length]).toEqual([3, 1])
      }),
    ))

  test("is refused by name where the agent has no such list, and where there is no such agent", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { listings } = yield* openFixture()
        const refused = (agent: string, list: "skills" | "account") => Effect.flip(listings.read(agent, list, true))
        expect(yield* refused("fake", "skills")).toMatchObject({ _tag: "ListUnsupported" })
        expect(yield* refused("other", "account")).toMatchObject({ _tag: "AgentUnknown" })
      }),
    ))

  test("is kept within a page, without the agent's own words first, and says how many entries are left out", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { agent, listings } = yield* openFixture()
        const read = listings.read("fake", "models", true)
        agent.models = Array.from({ length: 2_000 }, (_, index) => `model-${index}-${"x".repeat(200)}`)
        const long = yield* read
        expect(Buffer.byteLength(JSON.stringify(long))).toBeLessThan(200 * 1024)
        expect(long.value?.length).toBeGreaterThan(100)
        expect((long.value?.length ?? 0) + long.omitted).toBe(2_000)
        expect(long.value?.[0]).toMatchObject({ model: agent.models[0], native: null })
        agent.models = ["small", "y".repeat(40_000_000), "large"]
        const one = yield* read
        expect([one.value?.map(({ model }) => model), one.omitted]).toEqual([["small", "large"], 1])
        agent.models = ["small"]
        expect(yield* read).toMatchObject({ value: [{ model: "small" }], omitted: 0 })
      }),
    ))
})
