/** Questions of an agent: several answers at once, answers that fail, and ends of the server or the turn before an answer. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import {
  id,
  nativeOf,
  type OrchestratorFixture,
  openFixture,
  quiet,
  running,
  until,
  workingFixture,
} from "../test/OrchestratorFixture.js"

const requestsOf = (fixture: OrchestratorFixture) => Effect.map(fixture.snapshot(), ({ snapshot }) => snapshot.requests)
const respond = (fixture: OrchestratorFixture, requestId: string, decision: string) =>
  fixture.dispatch({ type: "request.respond", requestId, decision })
const refusal = (fixture: OrchestratorFixture, requestId: string, decision: string) =>
  Effect.flip(respond(fixture, requestId, decision))

/** Starts a turn in which the agent asks, always under the same id; gives ours. */
const asking = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    yield* fixture.send("go")
    yield* running(fixture)
    const native = { turnId: "turn-1", requestId: "0" }
    fixture.agent.last.say(nativeOf(fixture), "request.opened", { kind: "command_approval" }, native)
    const { requests } = yield* until(fixture.work(), (work) => work.requests.length === 1)
    return requests[0]?.requestId ?? ""
  })
const opened = Effect.gen(function* () {
  const fixture = yield* openFixture()
  return { fixture, requestId: yield* asking(fixture) }
})
/** The server is killed, and the next one has settled what it left. */
const restarted = (fixture: OrchestratorFixture) =>
  Effect.gen(function* () {
    fixture.crash()
    yield* fixture.start()
    yield* TestClock.adjust("5 seconds")
    yield* quiet
  })

describe("a question", () => {
  it.scoped("is answered while the turn runs; the first answer wins", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      const { last } = fixture.agent
      last.say(nativeOf(fixture), "request.opened", { kind: "command_approval" }, { requestId: "0", turnId: "turn-1" })
      const { requests } = yield* until(fixture.work(), (work) => work.requests.length === 1)
      const requestId = requests[0]?.requestId
      yield* fixture.dispatch({ type: "request.respond", requestId, decision: "accept" })
      const second = yield* Effect.either(fixture.dispatch({ type: "request.respond", requestId, decision: "decline" }))
      expect(Either.isLeft(second) && second.left).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
      yield* until(fixture.work(), (work) => work.requests.length === 0)
      expect(fixture.agent.answers).toEqual(["accept"])
      const unknown = yield* Effect.either(
        fixture.dispatch({ type: "request.respond", requestId: id("unknown"), decision: "accept" }),
      )
      expect(Either.isLeft(unknown) && unknown.left).toMatchObject({
        _tag: "CommandRefused",
        reason: "resource-not-found",
      })
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that many answer at once has one answer; all others are told which", () =>
    Effect.gen(function* () {
      const { fixture, requestId } = yield* opened
      const decisions = ["accept", "decline", "cancel", "acceptForSession", "abort", "later"]
      const told = yield* Effect.forEach(
        decisions,
        (decision) => Effect.either(respond(fixture, requestId, decision)),
        {
          concurrency: "unbounded",
        },
      )
      const [winner, ...more] = decisions.filter((_, index) => Either.isRight(told[index] ?? Either.left(null)))
      expect(more).toEqual([])
      const others = told.filter(Either.isLeft)
      expect(others).toHaveLength(decisions.length - 1)
      for (const { left } of others) {
        expect(left).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
        expect(left.message).toContain(JSON.stringify(winner))
      }
      yield* until(requestsOf(fixture), ([one]) => one?.status === "answered")
      expect(fixture.agent.answers).toEqual([winner])
      expect(yield* requestsOf(fixture)).toMatchObject([{ decision: winner }])
      // The same answer again is not refused as too late.
      yield* respond(fixture, requestId, winner ?? "")
      yield* quiet
      expect(fixture.agent.answers).toEqual([winner])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("that was open when the server died has expired, and an answer to it reaches no later session", () =>
    Effect.gen(function* () {
      const { fixture, requestId } = yield* opened
      yield* restarted(fixture)
      expect(yield* requestsOf(fixture)).toMatchObject([{ requestId, status: "expired", decision: null }])
      expect(yield* refusal(fixture, requestId, "accept")).toMatchObject({
        _tag: "CommandRefused",
        reason: "request-ended",
      })

      const next = yield* asking(fixture)
      expect(next).not.toBe(requestId)
      expect(yield* refusal(fixture, requestId, "accept")).toMatchObject({
        _tag: "CommandRefused",
        reason: "request-ended",
      })
      yield* quiet
      expect(fixture.agent.answers).toEqual([])
      yield* respond(fixture, next, "decline")
      yield* until(requestsOf(fixture), (requests) => requests.some(({ status }) => status === "answered"))
      expect(fixture.agent.answers).toEqual(["decline"])
      expect((yield* requestsOf(fixture)).map(({ requestId: of, status }) => [of, status])).toEqual([
        [requestId, "expired"],
        [next, "answered"],
      ])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped(
    "whose answer was on its way when the server died has expired: it is not known whether the agent had it",
    () =>
      Effect.gen(function* () {
        const { fixture, requestId } = yield* opened
        fixture.agent.behaviour.answer = "hang"
        const { commandId } = yield* respond(fixture, requestId, "accept")
        yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
        yield* restarted(fixture)
        expect(yield* requestsOf(fixture)).toMatchObject([{ requestId, status: "expired" }])
        expect(yield* fixture.orchestrator.effectsOf(commandId)).toMatchObject([{ status: "retired" }])
        expect(yield* refusal(fixture, requestId, "decline")).toMatchObject({
          _tag: "CommandRefused",
          reason: "request-ended",
        })
        expect((yield* fixture.log()).map(({ type }) => type)).not.toContain("request.answered")
        expect(yield* fixture.violations()).toEqual([])
      }),
  )

  for (const refusal of ["refuse", "refuse-unsent"] as const) {
    it.scoped(`is open again when the agent refuses the answer (${refusal}), and takes the next one`, () =>
      Effect.gen(function* () {
        const { fixture, requestId } = yield* opened
        fixture.agent.behaviour.answer = refusal
        const first = yield* respond(fixture, requestId, "accept")
        const reason = "The agent does not want to."
        yield* until(requestsOf(fixture), ([one]) => one?.lastError === reason)
        expect(yield* requestsOf(fixture)).toMatchObject([{ status: "open", decision: null, answer: null }])
        expect(yield* fixture.orchestrator.effectsOf(first.commandId)).toMatchObject([
          { status: "failed", message: reason },
        ])
        // It is listed with all that wait.
        expect((yield* fixture.work()).requests).toMatchObject([{ requestId, status: "open" }])
        expect((yield* fixture.snapshot()).snapshot.thread.status).toBe("waiting")

        fixture.agent.behaviour.answer = "answer"
        const second = yield* respond(fixture, requestId, "accept")
        expect(second.commandId).not.toBe(first.commandId)
        yield* until(requestsOf(fixture), ([one]) => one?.status === "answered")
        expect(yield* fixture.orchestrator.effectsOf(second.commandId)).toMatchObject([{ status: "delivered" }])
        expect(yield* requestsOf(fixture)).toMatchObject([{ decision: "accept", lastError: null }])
        expect(fixture.agent.answers).toEqual(["accept"])
        expect(yield* fixture.violations()).toEqual([])
      }),
    )
  }

  for (const doubt of ["hang", "silence"] as const) {
    it.scoped(`whose answer may have reached the agent (${doubt}) is not open again`, () =>
      Effect.gen(function* () {
        const { fixture, requestId } = yield* opened
        fixture.agent.behaviour.answer = doubt
        const { commandId } = yield* respond(fixture, requestId, "accept")
        yield* TestClock.adjust("2 minutes")
        yield* until(fixture.orchestrator.effectsOf(commandId), ([one]) => one?.status === "uncertain")
        expect(yield* requestsOf(fixture)).toMatchObject([{ status: "answering", decision: "accept", lastError: null }])
        expect(yield* refusal(fixture, requestId, "decline")).toMatchObject({
          _tag: "CommandRefused",
          reason: "request-ended",
        })
        // The agent's own word settles it.
        fixture.agent.last.say(nativeOf(fixture), "request.resolved", {}, { turnId: "turn-1", requestId: "0" })
        yield* until(requestsOf(fixture), ([one]) => one?.status === "answered")
        expect(yield* fixture.violations()).toEqual([])
      }),
    )
  }

  it.scoped("that comes after its turn's end is open, and its answer reaches the agent", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("go")
      const { last } = fixture.agent
      last.say(nativeOf(fixture), "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      const choices = [{ decision: "answer" }, { decision: "decline" }]
      const questions = [{ id: "q1", text: "Implement this plan?", options: [{ label: "Yes" }, { label: "No" }] }]
      const asked = { kind: "user_input", choices, questions }
      last.say(nativeOf(fixture), "user-input.requested", asked, { turnId: "turn-1", requestId: "0" })
      const { requests } = yield* until(fixture.work(), (work) => work.requests.length === 1)
      const requestId = requests[0]?.requestId ?? ""
      expect((yield* fixture.snapshot()).snapshot.thread.status).toBe("waiting")

      const wrong = { type: "request.respond", requestId, decision: "answer", data: { answers: { q1: ["Maybe"] } } }
      const refused = yield* Effect.flip(fixture.dispatch(wrong))
      expect(refused).toMatchObject({
        _tag: "CommandRefused",
        reason: "answer-not-taken",
        message: expect.stringContaining('"q1" (Yes, No)'),
      })
      expect(yield* requestsOf(fixture)).toMatchObject([{ status: "open" }])

      yield* fixture.dispatch({ ...wrong, data: { answers: { q1: ["Yes"] } } })
      yield* until(requestsOf(fixture), ([one]) => one?.status === "answered")
      expect(yield* requestsOf(fixture)).toMatchObject([{ decision: "answer", answer: { answers: { q1: ["Yes"] } } }])
      const told = (yield* fixture.log()).filter(({ type }) => type === "request.answered")
      expect(told).toMatchObject([{ payload: { decision: "answer", answers: { q1: ["Yes"] } } }])
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("is cancelled with its turn, expires with its session, and then takes no answer", () =>
    Effect.gen(function* () {
      for (const [command, status] of [
        ["turn.interrupt", "cancelled"],
        ["session.stop", "expired"],
      ]) {
        const { fixture, requestId } = yield* opened
        yield* fixture.dispatch({ type: command })
        yield* until(requestsOf(fixture), ([one]) => one?.status === status)
        expect(yield* refusal(fixture, requestId, "accept")).toMatchObject({
          _tag: "CommandRefused",
          reason: "request-ended",
        })
        expect(fixture.agent.answers).toEqual([])
        expect(yield* fixture.violations()).toEqual([])
      }
    }),
  )
})
