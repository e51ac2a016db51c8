/** Questions of an agent: several answers at once, answers that fail, and ends of the server or the turn before an answer. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import { House, quiet, until } from "../test/House.js"

const nativeOf = (house: House): string => house.agent.last.threads[0] ?? ""
const requestsOf = (house: House) => Effect.map(house.snapshot(), ({ snapshot }) => snapshot.requests)
const respond = (house: House, requestId: string, decision: string) =>
  house.give({ type: "request.respond", requestId, decision })
const refusal = (house: House, requestId: string, decision: string) => Effect.flip(respond(house, requestId, decision))

/** Starts a turn in which the agent asks, always under the same id; gives ours. */
const asking = (house: House) =>
  Effect.gen(function* () {
    yield* house.send("go")
    yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
    const native = { turnId: "turn-1", requestId: "0" }
    house.agent.last.say(nativeOf(house), "request.opened", { kind: "command_approval" }, native)
    const { requests } = yield* until(house.work(), (work) => work.requests.length === 1)
    return requests[0]?.requestId ?? ""
  })
const opened = Effect.gen(function* () {
  const house = new House()
  yield* house.open()
  yield* house.createThread()
  return { house, requestId: yield* asking(house) }
})
/** The server is killed, and the next one has settled what it left. */
const restarted = (house: House) =>
  Effect.gen(function* () {
    house.crash()
    yield* house.start()
    yield* TestClock.adjust("5 seconds")
    yield* quiet
  })

describe("a question", () => {
  it.scoped("that many answer at once has one answer; all others are told which", () =>
    Effect.gen(function* () {
      const { house, requestId } = yield* opened
      const decisions = ["accept", "decline", "cancel", "acceptForSession", "abort", "later"]
      const told = yield* Effect.forEach(decisions, (decision) => Effect.either(respond(house, requestId, decision)), {
        concurrency: "unbounded",
      })
      const [winner, ...more] = decisions.filter((_, index) => Either.isRight(told[index] ?? Either.left(null)))
      expect(more).toEqual([])
      const others = told.filter(Either.isLeft)
      expect(others).toHaveLength(decisions.length - 1)
      for (const { left } of others) {
        expect(left).toMatchObject({ _tag: "CommandRefused", reason: "request-ended" })
        expect(left.message).toContain(JSON.stringify(winner))
      }
      yield* until(requestsOf(house), ([one]) => one?.status === "answered")
      expect(house.agent.answers).toEqual([winner])
      expect(yield* requestsOf(house)).toMatchObject([{ decision: winner }])
      // Who wanted the same, or says it again, is not told that he was too late.
      yield* respond(house, requestId, winner ?? "")
      yield* quiet
      expect(house.agent.answers).toEqual([winner])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("that was open when the server died has expired, and an answer to it reaches no later session", () =>
    Effect.gen(function* () {
      const { house, requestId } = yield* opened
      yield* restarted(house)
      expect(yield* requestsOf(house)).toMatchObject([{ requestId, status: "expired", decision: null }])
      expect(yield* refusal(house, requestId, "accept")).toMatchObject({
        _tag: "CommandRefused",
        reason: "request-ended",
      })

      const next = yield* asking(house)
      expect(next).not.toBe(requestId)
      expect(yield* refusal(house, requestId, "accept")).toMatchObject({
        _tag: "CommandRefused",
        reason: "request-ended",
      })
      yield* quiet
      expect(house.agent.answers).toEqual([])
      yield* respond(house, next, "decline")
      yield* until(requestsOf(house), (requests) => requests.some(({ status }) => status === "answered"))
      expect(house.agent.answers).toEqual(["decline"])
      expect((yield* requestsOf(house)).map(({ requestId: of, status }) => [of, status])).toEqual([
        [requestId, "expired"],
        [next, "answered"],
      ])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("whose answer was on its way when the server died has expired: nobody knows that the agent had it", () =>
    Effect.gen(function* () {
      const { house, requestId } = yield* opened
      house.agent.behaviour.answer = "hang"
      const { commandId } = yield* respond(house, requestId, "accept")
      yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "attempting")
      yield* restarted(house)
      expect(yield* requestsOf(house)).toMatchObject([{ requestId, status: "expired" }])
      expect(yield* house.orchestrator.effectsOf(commandId)).toMatchObject([{ status: "retired" }])
      expect(yield* refusal(house, requestId, "decline")).toMatchObject({
        _tag: "CommandRefused",
        reason: "request-ended",
      })
      expect((yield* house.log()).map(({ type }) => type)).not.toContain("request.answered")
      expect(yield* house.violations()).toEqual([])
    }),
  )

  for (const refusal of ["refuse", "refuse-unsent"] as const) {
    it.scoped(`is open again when the agent refuses the answer (${refusal}), and takes the next one`, () =>
      Effect.gen(function* () {
        const { house, requestId } = yield* opened
        house.agent.behaviour.answer = refusal
        const first = yield* respond(house, requestId, "accept")
        const reason = "The agent does not want to."
        yield* until(requestsOf(house), ([one]) => one?.lastError === reason)
        expect(yield* requestsOf(house)).toMatchObject([{ status: "open", decision: null, answer: null }])
        expect(yield* house.orchestrator.effectsOf(first.commandId)).toMatchObject([
          { status: "failed", message: reason },
        ])
        // It is listed with all that wait.
        expect((yield* house.work()).requests).toMatchObject([{ requestId, status: "open" }])
        expect((yield* house.snapshot()).snapshot.thread.status).toBe("waiting")

        house.agent.behaviour.answer = "answer"
        const second = yield* respond(house, requestId, "accept")
        expect(second.commandId).not.toBe(first.commandId)
        yield* until(requestsOf(house), ([one]) => one?.status === "answered")
        expect(yield* house.orchestrator.effectsOf(second.commandId)).toMatchObject([{ status: "delivered" }])
        expect(yield* requestsOf(house)).toMatchObject([{ decision: "accept", lastError: null }])
        expect(house.agent.answers).toEqual(["accept"])
        expect(yield* house.violations()).toEqual([])
      }),
    )
  }

  for (const doubt of ["hang", "silence"] as const) {
    it.scoped(`whose answer may have reached the agent (${doubt}) is not open again`, () =>
      Effect.gen(function* () {
        const { house, requestId } = yield* opened
        house.agent.behaviour.answer = doubt
        const { commandId } = yield* respond(house, requestId, "accept")
        yield* TestClock.adjust("2 minutes")
        yield* until(house.orchestrator.effectsOf(commandId), ([one]) => one?.status === "uncertain")
        expect(yield* requestsOf(house)).toMatchObject([{ status: "answering", decision: "accept", lastError: null }])
        expect(yield* refusal(house, requestId, "decline")).toMatchObject({
          _tag: "CommandRefused",
          reason: "request-ended",
        })
        // The agent's own word settles it.
        house.agent.last.say(nativeOf(house), "request.resolved", {}, { turnId: "turn-1", requestId: "0" })
        yield* until(requestsOf(house), ([one]) => one?.status === "answered")
        expect(yield* house.violations()).toEqual([])
      }),
    )
  }

  it.scoped("that comes after its turn's end is open, and its answer reaches the agent", () =>
    Effect.gen(function* () {
      const house = new House()
      yield* house.open()
      yield* house.createThread()
      yield* house.send("go")
      yield* until(house.work(), ({ turns }) => turns.some(({ status }) => status === "running"))
      const { last } = house.agent
      last.say(nativeOf(house), "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
      const choices = [{ decision: "answer" }, { decision: "decline" }]
      const questions = [{ id: "q1", text: "Implement this plan?", options: [{ label: "Yes" }, { label: "No" }] }]
      const asked = { kind: "user_input", choices, questions }
      last.say(nativeOf(house), "user-input.requested", asked, { turnId: "turn-1", requestId: "0" })
      const { requests } = yield* until(house.work(), (work) => work.requests.length === 1)
      const requestId = requests[0]?.requestId ?? ""
      expect((yield* house.snapshot()).snapshot.thread.status).toBe("waiting")

      const wrong = { type: "request.respond", requestId, decision: "answer", data: { answers: { q1: ["Maybe"] } } }
      const refused = yield* Effect.flip(house.give(wrong))
      expect(refused).toMatchObject({
        _tag: "CommandRefused",
        reason: "answer-not-taken",
        message: expect.stringContaining('"q1" (Yes, No)'),
      })
      expect(yield* requestsOf(house)).toMatchObject([{ status: "open" }])

      yield* house.give({ ...wrong, data: { answers: { q1: ["Yes"] } } })
      yield* until(requestsOf(house), ([one]) => one?.status === "answered")
      expect(yield* requestsOf(house)).toMatchObject([{ decision: "answer", answer: { answers: { q1: ["Yes"] } } }])
      const told = (yield* house.log()).filter(({ type }) => type === "request.answered")
      expect(told).toMatchObject([{ payload: { decision: "answer", answers: { q1: ["Yes"] } } }])
      expect(yield* house.violations()).toEqual([])
    }),
  )

  it.scoped("is cancelled with its turn, expires with its session, and then takes no answer", () =>
    Effect.gen(function* () {
      for (const [command, status] of [
        ["turn.interrupt", "cancelled"],
        ["session.stop", "expired"],
      ]) {
        const { house, requestId } = yield* opened
        yield* house.give({ type: command })
        yield* until(requestsOf(house), ([one]) => one?.status === status)
        expect(yield* refusal(house, requestId, "accept")).toMatchObject({
          _tag: "CommandRefused",
          reason: "request-ended",
        })
        expect(house.agent.answers).toEqual([])
        expect(yield* house.violations()).toEqual([])
      }
    }),
  )
})
