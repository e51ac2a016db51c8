/** A client chooses what the agent of a thread works with. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestContext } from "effect"
import {
  completes,
  id,
  openFixture,
  snapshotOf,
  textsTaken,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

const configure = { type: "session.configure", model: "m2", effort: "high", settings: { effort: "high" } }

describe("session.configure", () => {
  it.effect("reaches the agent in the middle of a turn, before the next turn, and the session shows it", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      const { commandId } = yield* fixture.dispatch(configure)
      const effects = yield* until(fixture.orchestrator.effectsOf(commandId), (all) =>
        all.every(({ endedAt }) => endedAt !== null),
      )
      expect(effects).toMatchObject([{ kind: "session.configure", status: "delivered" }])
      expect(fixture.agent.configured).toEqual([{ model: "m2", effort: "high" }])
      expect(yield* snapshotOf(fixture)).toMatchObject({
        thread: { model: "m2", settings: { effort: "high" } },
        session: { model: "m2", config: { chosen: { model: "m2", effort: "high" } } },
      })
      completes(fixture)
      yield* fixture.send("two")
      yield* textsTaken(fixture, 2)
      expect(yield* fixture.violations()).toEqual([])
    }).pipe(Effect.provide(TestContext.TestContext), Effect.scoped),
  )

  it.effect("waits for the next session where none lives, which starts with it", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const { commandId } = yield* fixture.dispatch(configure)
      yield* until(fixture.orchestrator.effectsOf(commandId), ([effect]) => effect?.status === "retired")
      yield* fixture.send("one")
      yield* textsTaken(fixture, 1)
      expect(fixture.agent.starts.at(-1)).toMatchObject({ model: "m2", settings: { effort: "high" } })
      expect(fixture.agent.configured).toEqual([])
    }).pipe(Effect.provide(TestContext.TestContext), Effect.scoped),
  )

  it.effect("that the agent refuses leaves the thread as it was", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      fixture.agent.behaviour.configure = "refuse"
      const { commandId } = yield* fixture.dispatch(configure)
      const effects = yield* until(fixture.orchestrator.effectsOf(commandId), ([effect]) => effect?.endedAt !== null)
      expect(effects).toMatchObject([{ status: "failed", message: "The agent does not want to." }])
      expect(yield* snapshotOf(fixture)).toMatchObject({ thread: { model: null, settings: null } })
      expect(yield* fixture.violations()).toEqual([])
    }).pipe(Effect.provide(TestContext.TestContext), Effect.scoped),
  )

  it.effect("is refused where the agent, or the model as it was last named, does not offer the value", () =>
    Effect.gen(function* () {
      const { configurations, listings } = yield* openFixture()
      const settingsOf = (chosen: object) => configurations.settingsOf(id("thread"), chosen)
      const refused = (chosen: object) => Effect.flip(settingsOf(chosen))
      expect(yield* refused({ sandbox: "tight" })).toMatchObject({ reason: "unsupported" })
      expect(yield* refused({ effort: "extreme" })).toMatchObject({ reason: "value-not-offered" })
      expect(yield* settingsOf({ model: "small", effort: "high" })).toEqual({ effort: "high" })
      yield* listings.read("fake", "models", true)
      expect(yield* refused({ model: "small", effort: "high" })).toMatchObject({ reason: "value-not-offered" })
      expect(yield* settingsOf({ model: "other", effort: "high" })).toEqual({ effort: "high" })
      expect(yield* configurations.settingsOf(id("no thread"), { sandbox: "tight" })).toEqual({})
    }).pipe(Effect.provide(TestContext.TestContext), Effect.scoped),
  )
})
