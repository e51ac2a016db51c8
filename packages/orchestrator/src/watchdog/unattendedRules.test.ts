import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { nativeOf, type OrchestratorFixture, quiet, until, workingFixture } from "../../test/OrchestratorFixture.js"
import type { ReaperPolicy } from "../index.js"

const turnOf = (fixture: OrchestratorFixture) => Effect.map(fixture.snapshot(), ({ snapshot }) => snapshot.turns[0])
const events = (fixture: OrchestratorFixture, type: string) =>
  Effect.map(fixture.log(), (log) => log.filter((event) => event.type === type).map(({ payload }) => payload))

const opens = (fixture: OrchestratorFixture, thread: string, payload: object, native: string) =>
  fixture.agent.last.say(thread, "request.opened", payload, { turnId: "turn-1", requestId: native })
const asks = (fixture: OrchestratorFixture) =>
  Effect.suspend(() => {
    opens(fixture, nativeOf(fixture), { kind: "command_approval" }, "1")
    return until(fixture.work(), ({ requests }) => requests.length > 0)
  })

describe("a question in a thread with rules", () => {
  const accept = { kind: "command_approval", action: "accept", afterMs: 30_000 } as const
  const ruled = (rules: readonly object[] | null, reaper: Partial<ReaperPolicy> = {}) =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("go", { reaper: { watchMs: 1_000, stallMs: 0, ...reaper } })
      yield* fixture.dispatch({ type: "thread.unattended", rules })
      return fixture
    })
  const answered = (fixture: OrchestratorFixture) =>
    until(
      Effect.sync(() => fixture.agent.answers),
      (answers) => answers.length > 0,
    )

  it.scoped("is accepted in time, before the policy of the server, and the agent goes on", () =>
    Effect.gen(function* () {
      const fixture = yield* ruled([accept], { unattended: { action: "expire", afterMs: 10_000 } })
      yield* asks(fixture)
      yield* TestClock.adjust("29 seconds")
      yield* quiet
      expect(fixture.agent.answers).toEqual([])
      yield* TestClock.adjust("2 seconds")
      expect(yield* answered(fixture)).toEqual(["accept"])
      yield* until(fixture.work(), ({ requests }) => requests.length === 0)
      const { snapshot } = yield* fixture.snapshot()
      expect(snapshot.requests).toMatchObject([{ status: "answered", decision: "accept", decidedBy: "policy" }])
      expect(yield* turnOf(fixture)).toMatchObject({ status: "running" })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("follows rules that are set while it waits, from when it was asked, and none that were taken back", () =>
    Effect.gen(function* () {
      const fixture = yield* ruled([accept])
      yield* asks(fixture)
      yield* TestClock.adjust("20 seconds")
      yield* fixture.dispatch({ type: "thread.unattended", rules: null })
      yield* TestClock.adjust("20 seconds")
      yield* quiet
      expect(fixture.agent.answers).toEqual([])
      yield* fixture.dispatch({ type: "thread.unattended", rules: [{ action: "decline", afterMs: 35_000 }] })
      yield* TestClock.adjust("1 second")
      expect(yield* answered(fixture)).toEqual(["decline"])
    }),
  )

  it.scoped("waits where a rule says so, and where the question does not take the rule's answer", () =>
    Effect.gen(function* () {
      const deny = { action: "deny", afterMs: 1_000 } as const
      const fixture = yield* ruled(
        [
          { kind: "permissions", action: "wait" },
          { action: "accept", afterMs: 1_000 },
        ],
        { unattended: deny },
      )
      const parent = nativeOf(fixture)
      opens(fixture, parent, { kind: "permissions" }, "1")
      const questions = [{ id: "q", text: "Which?", required: true }]
      fixture.agent.last.say(
        parent,
        "user-input.requested",
        { kind: "user_input", questions, choices: [{ decision: "answer", data: "required" }, { decision: "decline" }] },
        { turnId: "turn-1", requestId: "2" },
      )
      opens(fixture, parent, { kind: "elicitation", url: "https://a.example", choices: [{ decision: "accept" }] }, "3")
      yield* until(fixture.work(), ({ requests }) => requests.length === 3)
      yield* TestClock.adjust("2 minutes")
      yield* quiet
      expect(fixture.agent.answers).toEqual([])
      expect((yield* fixture.work()).requests.map(({ status }) => status)).toEqual(["open", "open", "open"])
    }),
  )

  it.scoped("of a sub-agent follows the rules of the thread that opened it", () =>
    Effect.gen(function* () {
      const fixture = yield* ruled([accept])
      const child = "00000000-0000-4000-9000-000000000001"
      fixture.agent.last.opens(child, { parentNativeThreadId: nativeOf(fixture) })
      fixture.agent.last.say(child, "turn.started", {}, { turnId: "turn-1" })
      opens(fixture, child, { kind: "command_approval" }, "1")
      const [question] = yield* until(Effect.orDie(fixture.projections.openQuestions(null, 9)), (all) => all.length > 0)
      expect(question?.line).toMatchObject([{ agent: null, rules: null }, { rules: [accept] }])
      yield* TestClock.adjust("31 seconds")
      expect(yield* answered(fixture)).toEqual(["accept"])
    }),
  )

  it.scoped("keeps a person's answer, and asks a person again where the rule's did not reach the agent", () =>
    Effect.gen(function* () {
      const fixture = yield* ruled([accept])
      fixture.agent.behaviour.answer = "refuse"
      yield* asks(fixture)
      yield* TestClock.adjust("31 seconds")
      yield* until(fixture.work(), ({ requests }) => requests.some(({ lastError }) => lastError !== null))
      yield* TestClock.adjust("2 minutes")
      yield* quiet
      expect(yield* events(fixture, "request.answering")).toHaveLength(1)
      fixture.agent.behaviour.answer = "answer"
      const [request] = (yield* fixture.work()).requests
      yield* fixture.dispatch({ type: "request.respond", requestId: request?.requestId ?? "", decision: "decline" })
      yield* until(fixture.work(), ({ requests }) => requests.length === 0)
      expect(yield* events(fixture, "request.answered")).toMatchObject([{ decision: "decline", by: "client" }])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )
})
