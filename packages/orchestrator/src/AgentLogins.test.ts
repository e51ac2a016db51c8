/** Logins that a person does through us. */
import { describe, expect, it } from "@effect/vitest"
import { makeCodexDriver, Refused } from "@threadfold/providers"
import { codexHome, installedAgent, refusedPort } from "@threadfold/testkit"
import { Effect, Fiber, TestClock, TestContext } from "effect"
import { FakeAgent, gate } from "../test/FakeDriver.js"
import { OrchestratorFixture, openFixture, until } from "../test/OrchestratorFixture.js"
import { noProcess, withAgent } from "../test/RealAgent.js"
import { loginMs } from "./AgentLogins.js"
import { defaultLimits } from "./Agents.js"

describe("a login", () => {
  const test = (name: string, body: () => Effect.Effect<void, unknown>) =>
    it.effect(name, () => body().pipe(Effect.provide(TestContext.TestContext)))
  const ends = (fixture: OrchestratorFixture) => until(fixture.logins.get("fake"), ({ endedAt }) => endedAt !== null)

  test("shows where the person goes, and ends as the agent says; its process ends with it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const fixture = yield* openFixture()
        const { agent, logins } = fixture
        expect(yield* Effect.flip(logins.get("fake"))).toMatchObject({ _tag: "LoginUnknown" })
        agent.atLogin = Effect.sleep(5_000)
        const started = yield* logins.start("fake", "browser")
        expect(started).toMatchObject({ status: "pending", url: "https://login.invalid/", code: "CODE", endedAt: null })
        expect(yield* logins.get("fake")).toEqual(started)
        yield* TestClock.adjust(5_000)
        expect(yield* ends(fixture)).toMatchObject({ status: "succeeded", endedAt: 5_000 })
        agent.atLogin = Effect.suspend(() => new Refused({ provider: "fake", operation: "login", message: "Denied." }))
        yield* logins.start("fake", "browser")
        expect(yield* ends(fixture)).toMatchObject({ status: "failed", message: "Denied." })
        yield* until(
          Effect.sync(() => agent.connections.filter(({ isOver }) => !isOver)),
          ({ length }) => length === 0,
        )
      }),
    ))

  test("is cancelled by the person, by the next one, and after a quarter of an hour", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const fixture = yield* openFixture()
        const { agent, logins } = fixture
        yield* logins.start("fake", "browser")
        expect(yield* logins.cancel("fake")).toMatchObject({ status: "cancelled" })
        expect(yield* logins.cancel("fake")).toMatchObject({ status: "cancelled" })
        yield* logins.start("fake", "browser")
        yield* logins.start("fake", "browser")
        expect(agent.connections.map(({ isOver }) => isOver)).toEqual([true, true, false])
        yield* TestClock.adjust(loginMs)
        expect(yield* ends(fixture)).toMatchObject({ status: "failed" })
        expect(yield* Effect.flip(logins.start("fake", "by post"))).toMatchObject({ _tag: "LoginUnsupported" })
      }),
    ))

  test("waits for none of another agent", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { driver } = new FakeAgent()
        const other = { name: "other", driver, model: null, settings: {}, limits: defaultLimits }
        const { agent, logins } = yield* openFixture({ others: [other] })
        const { open, pass } = gate()
        agent.atConnect = pass
        const slow = yield* Effect.fork(logins.start("fake", "browser"))
        expect(yield* logins.start("other", "browser")).toMatchObject({ agent: "other", status: "pending" })
        expect(yield* logins.cancel("other")).toMatchObject({ agent: "other", status: "cancelled" })
        yield* open
        expect(yield* Fiber.join(slow)).toMatchObject({ agent: "fake", status: "pending" })
      }),
    ))

  const codex = installedAgent("codex")
  withAgent(codex)("to the real Codex shows an address, and is cancelled", () =>
    Effect.gen(function* () {
      if (!codex.installed) return
      const { env } = yield* codexHome({ baseUrl: `http://127.0.0.1:${yield* refusedPort}` })
      const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
      const of = new OrchestratorFixture({ driver })
      yield* of.open()
      const { url } = yield* of.logins.start("fake", "chatgpt")
      expect(url).toMatch(/^https:\/\/auth\.openai\.com\//)
      expect(yield* of.logins.cancel("fake")).toMatchObject({ status: "cancelled" })
      yield* noProcess(of)
      expect(yield* Effect.flip(of.logins.start("fake", "apiKey"))).toMatchObject({ _tag: "LoginUnsupported" })
      yield* of.stop
    }),
  )
})
