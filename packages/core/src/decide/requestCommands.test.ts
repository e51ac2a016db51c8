import type { PayloadOf } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { CommandScenario, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const q = { native: { turnId: t1, requestId: "0" } }
const ask = (c: CommandScenario, native = q.native) =>
  c.s.send("request.opened", { kind: "command_approval", decisions: ["yes", "no"] }, { native })
const asked = () => {
  const c = live()
  c.s.turn(t1)
  ask(c)
  return c
}
const requestId = (c: CommandScenario) => c.s.rows.all("requests")[0]?.requestId ?? id("missing")
const respond = (c: CommandScenario, decision: string, more: object = {}) =>
  c.run({ type: "request.respond", requestId: requestId(c), decision, ...more })
const row = (c: CommandScenario) => c.s.rows.all("requests")[0]

describe("request.respond", () => {
  it("takes the first answer and delivers it to the agent", () => {
    const c = asked()
    const turnId = c.s.turnRow(t1)?.turnId
    expect(respond(c, "accept", { data: { scope: "turn" } })).toMatchObject({
      events: ["request.answering"],
      effects: ["request.answer"],
      turnId,
    })
    expect(c.effects).toEqual([
      {
        kind: "request.answer",
        sessionId: id("session s1"),
        turnId,
        requestId: requestId(c),
        payload: { decision: "accept", data: { scope: "turn" } },
      },
    ])
    expect(row(c)).toMatchObject({ status: "answering", decision: "accept", decidedBy: "client" })
  })

  it("changes nothing for the same answer again, refuses another one, on its way and given", () => {
    const c = asked()
    respond(c, "accept")
    expect(respond(c, "accept")).toMatchObject({ refused: null, events: [], effects: [] })
    expect(respond(c, "decline")).toMatchObject({ refused: "request-ended" })
    c.s.send("request.answered", { decision: "accept" }, q)
    expect(respond(c, "accept")).toMatchObject({ refused: null, events: [], effects: [] })
    expect(respond(c, "decline")).toMatchObject({ refused: "request-ended" })
    expect(c.effects).toHaveLength(1)
  })

  it("is refused when the question has ended: with its turn, its session, its time, or by the agent", () => {
    const ends: readonly ((c: CommandScenario) => unknown)[] = [
      (c) => c.s.complete(t1),
      (c) => c.s.send("session.exited", { reason: "exit" }),
      (c) => c.s.start("s2"),
      (c) => c.run({ type: "request.expire", requestId: requestId(c) }),
      (c) => c.s.send("request.resolved", {}, q),
    ]
    for (const end of ends) {
      const c = asked()
      end(c)
      expect(respond(c, "accept")).toMatchObject({ refused: "request-ended" })
      expect(c.effects).toEqual([])
    }
  })

  it("answers a question of no turn", () => {
    const c = live()
    c.s.send("request.opened", { kind: "auth" }, { native: { requestId: "7" } })
    expect(respond(c, "accept")).toMatchObject({
      events: ["request.answering"],
      effects: ["request.answer"],
      turnId: null,
    })
  })

  it("of another thread's question, or of none that there is, is refused", () => {
    const c = asked()
    const foreign = { ...row(c), requestId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("requests")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(respond(c, "accept", { requestId: id("foreign") })).toMatchObject({ refused: "resource-not-found" })
    expect(respond(c, "accept", { requestId: id("missing") })).toMatchObject({ refused: "resource-not-found" })
    expect(respond(new CommandScenario(), "accept")).toMatchObject({ refused: "thread-not-found" })
  })

  it("of an attached session's question is read by its adapter in the log", () => {
    const c = new CommandScenario()
    c.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1000 })
    c.s.turn(t1)
    ask(c)
    expect(respond(c, "accept")).toMatchObject({ events: ["request.answering"], effects: [] })
  })

  it("of a recording's question is refused: no agent would get the answer", () => {
    const c = new CommandScenario(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
    ask(c)
    expect(respond(c, "accept")).toMatchObject({ refused: "thread-not-run" })
  })
})

describe("request.expire", () => {
  const expire = (c: CommandScenario) =>
    c.answerTo({ type: "request.expire", requestId: requestId(c), reason: "unanswerable" })
  it("ends a question that is open or being answered, once", () => {
    const c = asked()
    expect([expire(c), expire(c)]).toEqual([["request.expired"], []])
    expect(row(c)).toMatchObject({ status: "expired", cause: "unanswerable" })
    const answering = asked()
    respond(answering, "accept")
    expect(expire(answering)).toEqual(["request.expired"])
  })

  it("leaves one that was answered, another thread's, and none that there is", () => {
    const c = asked()
    c.s.send("request.answered", { decision: "accept" }, q)
    expect(expire(c)).toEqual([])
    expect(expire(live())).toEqual([])
    const foreign = { ...row(c), status: "open", requestId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("requests")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(c.answerTo({ type: "request.expire", requestId: id("foreign") })).toEqual([])
  })
})

describe("request.decline", () => {
  const decline = (c: CommandScenario) => c.run({ type: "request.decline", requestId: requestId(c) })
  const nothing = { refused: null, events: [], effects: [] }
  it("leaves what is over, what a recording asked, and what there is not", () => {
    const over = asked()
    over.s.complete(t1)
    expect(decline(over)).toMatchObject(nothing)
    const c = new CommandScenario(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
    ask(c)
    expect(decline(c)).toMatchObject(nothing)
    expect(decline(live())).toMatchObject(nothing)
  })
})

describe("what a question takes", () => {
  const choices = [
    { decision: "proceed_once", means: "accept", label: "Allow once" },
    { decision: "proceed_always", means: "acceptForSession" },
    { decision: "cancel", means: "cancel" },
    { decision: "edit", data: "required" },
  ] as const
  const approval = { kind: "command_approval", choices } as const
  const questions = [
    { id: "colour", text: "Which?", options: [{ label: "Red" }, { label: "Blue" }] },
    { id: "sizes", options: [{ label: "S" }, { label: "L" }], multiple: true, other: true },
    { id: "count", type: "integer", minimum: 1, maximum: 9 },
    { id: "sure", type: "boolean" },
    { id: "name", minLength: 2, maxLength: 4, required: true },
    { id: "token", secret: true },
  ] as const
  const form = { kind: "elicitation", choices: [{ decision: "accept" }, { decision: "decline" }], questions } as const
  const asking = (payload: PayloadOf<"request.opened">) => {
    const c = live()
    c.s.turn(t1).send("request.opened", payload, q)
    return c
  }
  const detail = (c: CommandScenario, decision: string, data?: unknown) => {
    const given = {
      type: "request.respond",
      requestId: requestId(c),
      decision,
      ...(data === undefined ? {} : { data }),
    }
    const result = c.decide(given)
    return "refused" in result ? result.refused : null
  }

  it.each([
    ["nonsense", undefined],
    // The question has no choice that means it.
    ["decline", undefined],
    ["answer", undefined],
    ["accept", { scope: "turn" }],
    ["edit", undefined],
  ])("refuses %s with %o at once, lists the choices, and leaves it open", (decision, data) => {
    const c = asking(approval)
    expect(detail(c, decision, data)).toMatchObject({ reason: "answer-not-taken" })
    expect(respond(c, decision, data === undefined ? {} : { data })).toMatchObject({
      refused: "answer-not-taken",
      events: [],
      effects: [],
    })
    expect(row(c)).toMatchObject({ status: "open", decision: null })
    expect(respond(c, "accept")).toMatchObject({ refused: null, effects: ["request.answer"] })
  })

  it("names every choice and what it stands for", () => {
    expect(detail(asking(approval), "nonsense")?.detail).toContain(
      "proceed_once (accept), proceed_always (acceptForSession), cancel, edit.",
    )
  })

  it.each(["proceed_once", "accept", "proceed_always", "acceptForSession", "cancel"])("takes %s", (decision) => {
    expect(detail(asking(approval), decision)).toBeNull()
  })

  const whole = { name: ["Ann"] }
  it.each<readonly [string, unknown]>([
    ["no data", undefined],
    ["another shape", { colour: "Blue" }],
    ["a text in place of texts", { answers: { ...whole, colour: "Blue" } }],
    ["more than answers", { answers: whole, more: 1 }],
    ["an unknown question", { answers: { ...whole, shade: ["x"] } }],
    ["an answer that it does not offer", { answers: { ...whole, colour: ["Green"] } }],
    ["two answers to one question", { answers: { ...whole, colour: ["Red", "Blue"] } }],
    ["no number", { answers: { ...whole, count: ["many"] } }],
    ["no whole number", { answers: { ...whole, count: ["1.5"] } }],
    ["a number out of bounds", { answers: { ...whole, count: ["10"] } }],
    ["neither true nor false", { answers: { ...whole, sure: ["yes"] } }],
    ["too short a text", { answers: { name: ["A"] } }],
    ["too long a text", { answers: { name: ["Annabel"] } }],
    ["a required question left out", { answers: { colour: ["Red"] } }],
  ])("refuses %s, and lists the questions", (_what, data) => {
    const c = asking(form)
    const refused = detail(c, "accept", data)
    expect(refused?.reason).toBe("answer-not-taken")
    expect(refused?.detail).toContain('"colour" (Red, Blue); "sizes" (S, L, or another text)')
    expect(respond(c, "accept", data === undefined ? {} : { data }).events).toEqual([])
    expect(row(c)?.status).toBe("open")
  })

  it("takes answers of every type, records them, and delivers them whole", () => {
    const c = asking(form)
    const answers = {
      ...whole,
      colour: ["Blue"],
      sizes: ["S", "XXL"],
      count: ["9"],
      sure: ["true"],
      token: ["hunter2"],
    }
    expect(respond(c, "accept", { data: { answers } })).toMatchObject({ refused: null, events: ["request.answering"] })
    expect(c.effects.at(-1)?.payload).toEqual({ decision: "accept", data: { answers } })
    // What is secret goes to the agent alone.
    const recorded = { ...answers, token: ["(secret)"] }
    expect(row(c)).toMatchObject({ status: "answering", answer: { answers: recorded } })
    expect(JSON.stringify(c.s.log)).not.toContain("hunter2")
    expect(respond(c, "accept", { data: { answers } })).toMatchObject({ refused: null, events: [] })
    const other = { ...answers, colour: ["Red"] }
    expect(respond(c, "accept", { data: { answers: other } })).toMatchObject({ refused: "request-ended" })
  })

  it("holds answers to the questions where nothing else is said, and records no secret one", () => {
    const questions = [{ id: "s", secret: true }, { id: "s" }, { id: "n", type: "number" as const }]
    for (const choices of [undefined, [{ decision: "go", data: "optional" as const }]]) {
      const c = asking({ kind: "elicitation", questions, ...(choices === undefined ? {} : { choices }) })
      const decision = choices === undefined ? "answer" : "go"
      expect(detail(c, decision, { answers: { n: ["NaN"] } })?.reason).toBe("answer-not-taken")
      const answers = { s: ["hunter2"], n: ["1"] }
      expect(respond(c, decision, { data: { answers } })).toMatchObject({ refused: null })
      expect(c.effects.at(-1)?.payload).toMatchObject({ data: { answers } })
      expect(row(c)).toMatchObject({ answer: { answers: { s: ["(secret)"], n: ["1"] } } })
      expect(JSON.stringify(c.s.log)).not.toContain("hunter2")
    }
  })

  it("a question to the user is answered with something, a form that requires nothing with nothing", () => {
    const one = [{ id: "q1" }]
    const ask = { kind: "user_input", choices: [{ decision: "answer" }], questions: one } as const
    expect(detail(asking(ask), "answer", { answers: {} })?.reason).toBe("answer-not-taken")
    expect(detail(asking(ask), "answer", { answers: { q1: ["any text"] } })).toBeNull()
    expect(detail(asking({ ...ask, kind: "elicitation" }), "answer", { answers: {} })).toBeNull()
  })

  it("where only the provider's decisions are known, takes those and the words that every agent understands", () => {
    const c = () => asking({ kind: "command_approval", decisions: ["yes", { always: { rule: "ls" } }] })
    for (const decision of ["yes", "always", "accept", "decline", "cancel"]) expect(detail(c(), decision)).toBeNull()
    expect(detail(c(), "later")?.detail).toContain("It takes yes, always, accept, decline, cancel, answer.")
  })

  it("where nothing is known, the agent decides what it takes", () => {
    expect(detail(asking({ kind: "other" }), "later", { any: 1 })).toBeNull()
  })
})

describe("an answer that failed", () => {
  const failedOnce = () => {
    const c = asked()
    respond(c, "accept")
    const { answerCommandId } = row(c) ?? {}
    c.append({
      type: "request.answer-failed",
      sessionId: null,
      native: null,
      ids: { requestId: requestId(c) },
      payload: { commandId: answerCommandId ?? "", message: "refused" },
    })
    return c
  }
  it("leaves the question to the next one, which is a command and an effect of its own", () => {
    const c = failedOnce()
    expect(row(c)).toMatchObject({ status: "open", lastError: "refused" })
    expect(respond(c, "accept")).toMatchObject({ events: ["request.answering"], effects: ["request.answer"] })
    expect(c.effects).toHaveLength(2)
  })
  it("is not given again by a policy", () => {
    expect(failedOnce().run({ type: "request.decline", requestId: requestId(failedOnce()) }).events).toEqual([])
  })
})
