import { describe, expect, it } from "vitest"
import {
  agentDelta,
  exit,
  flushed,
  notify,
  ofType,
  recv,
  run,
  send,
  short,
  started,
  status,
  T,
  t0,
  turnAnswer,
  turnCompleted,
  turnStart,
  turnStarted,
  typesOf,
  U,
  X,
  Y,
} from "../../../test/support/codexWire.js"

const ofT = (events: ReturnType<typeof flushed>) =>
  typesOf(events).filter((line) => /^[TU]\d (turn|content|item|message|session\.(exited|state))/.test(line))

describe("a turn that the client asked for", () => {
  it("is requested, accepted under the id of the call, and started", () => {
    const events = flushed([...started(0), turnStart(1, 0), turnAnswer(2, 0, X), turnStarted(3)])
    expect(events.slice(-3).map(({ channel, type, native, payload }) => [channel, type, native, payload])).toEqual([
      ["client", "turn.requested", { threadId: T, callId: "0" }, { text: "go", origin: "import", handedOver: true }],
      ["agent", "turn.accepted", { threadId: T, turnId: X, callId: "0" }, {}],
      ["agent", "turn.started", { threadId: T, turnId: X }, {}],
    ])
  })

  it("keeps apart calls whose ids differ in JSON only", () => {
    const lines = [...started(0), turnStart(1, 5), turnStart(2, "5"), turnAnswer(3, "5", Y), turnAnswer(4, 5, X)]
    const accepted = ofType(flushed(lines), "turn.accepted")
    expect(accepted.map(({ native }) => native)).toEqual([
      { threadId: T, turnId: Y, callId: '"5"' },
      { threadId: T, turnId: X, callId: "5" },
    ])
  })

  it("fails on the client's channel when its call is refused", () => {
    const lines = [...started(0), turnStart(1, 2), recv(2, { id: 2, error: { code: -32600, message: "no" } })]
    expect(flushed(lines).at(-1)).toMatchObject({
      channel: "client",
      type: "turn.start-failed",
      native: { threadId: T, callId: "2" },
      payload: { error: { message: "no", code: "-32600" } },
    })
  })

  it("joins its text parts by a blank line and keeps what is no text", () => {
    const input = [
      { type: "text", text: "a" },
      { type: "localImage", path: "/p" },
      { type: "text", text: "b" },
    ]
    const lines = [...started(0), send(1, { id: 2, method: "turn/start", params: { threadId: T, input } })]
    expect(flushed(lines).at(-1)?.payload).toEqual({ text: "a\n\nb", input, origin: "import", handedOver: true })
  })

  it("is the one that our line asked for: the answers carry its id", () => {
    const asked = (callId: number, turnId: string) => ({ ...turnStart(callId, callId), turnId })
    const refused = recv(9, { id: 3, error: { code: -32600, message: "no" } })
    const lines = [...started(0), asked(2, "ours-1"), asked(3, "ours-2"), turnAnswer(8, 2, X), refused, turnStarted(10)]
    const reported = run(lines, { mode: "managed" }).emitted.flatMap(({ event }) =>
      event.type.startsWith("turn.") ? [[event.type, event.turnId]] : [],
    )
    expect(reported).toEqual([
      ["turn.accepted", "ours-1"],
      ["turn.start-failed", "ours-2"],
      ["turn.started", undefined],
    ])
  })

  it("leaves to the engine what the engine itself asked for", () => {
    const lines = [...started(0), turnStart(1, 2), turnAnswer(2, 2, X), turnStarted(3)]
    const events = flushed(lines, { mode: "managed" })
    expect(ofT(events)).toEqual(["T1 turn.accepted", "T1 turn.started"])
    expect(ofType(events, "provider.unmapped").map(({ channel, payload }) => [channel, payload])).toEqual([
      ["client", { method: "thread/start", known: true }],
      ["client", { method: "turn/start", known: true }],
    ])
    const attached = flushed(lines, { mode: "attached", recordsClient: true })
    expect(ofType(attached, "turn.requested").map(({ payload }) => payload)).toEqual([{ text: "go", handedOver: true }])
  })

  it("may be steered and interrupted by the client", () => {
    const input = [{ type: "text", text: "more" }]
    const steer = send(2, { id: 3, method: "turn/steer", params: { threadId: T, expectedTurnId: X, input } })
    const interrupt = send(3, { id: 4, method: "turn/interrupt", params: { threadId: T, turnId: X } })
    const answers = [
      recv(4, { id: 3, result: { turnId: X } }),
      recv(5, { id: 4, error: { code: -1, message: "late" } }),
    ]
    const { events, fates } = run([...started(0), steer, interrupt, ...answers])
    expect(fates.slice(-4)).toEqual(["mapped", "mapped", "kept", "mapped"])
    expect(events.slice(-2).map(({ type, channel, payload }) => [type, channel, payload])).toContainEqual([
      "effect.failed",
      "client",
      { effect: "turn/interrupt", message: "late" },
    ])
    expect(events.slice(-4, -2).map(({ type, native, payload }) => [type, native, payload])).toEqual([
      ["message.steered", { threadId: T, turnId: X, callId: "3" }, { text: "more" }],
      ["turn.interrupt-requested", { threadId: T, turnId: X, callId: "4" }, {}],
    ])
  })
})

describe("a review that the client asked for", () => {
  const target = { type: "baseBranch", branch: "main" }
  const review = (delivery?: string) =>
    send(1, {
      id: 4,
      method: "review/start",
      params: { threadId: T, target, ...(delivery === undefined ? {} : { delivery }) },
    })
  const answer = (reviewThreadId: string) =>
    recv(2, { id: 4, result: { turn: { id: X, status: "inProgress", items: [] }, reviewThreadId } })
  const types = (...lines: Parameters<typeof run>[0]) => ofT(run([...started(0), ...lines]).events)

  it("is a turn, which its answer names; refused it is a turn that failed", () => {
    expect(types(review(), answer(T))).toEqual(["T1 turn.requested", "T1 turn.accepted"])
    const refused = recv(2, { id: 4, error: { code: -1, message: "no" } })
    expect(types(review("inline"), refused)).toEqual(["T1 turn.requested", "T1 turn.start-failed"])
  })

  it("is the turn of a child where it runs in a thread of its own", () => {
    const reported = run([...started(0), review("detached"), answer(U)]).events
    expect(reported.flatMap(({ payload, scope, type }) => (scope === "U1" ? [[type, payload]] : []))).toMatchObject([
      ["session.started", {}],
      ["thread.metadata.updated", { parentNativeThreadId: T, title: "review: baseBranch main" }],
      ["turn.requested", { text: "review: baseBranch main", handedOver: true }],
      ["turn.accepted", {}],
    ])
    // Its start may come before the answer: then there is nothing left to ask for.
    const early = run([...started(0), review("detached"), turnStarted(2, X, U), answer(U)]).events
    expect(early.filter(({ type }) => type === "turn.requested")).toEqual([])
  })

  it("leaves a trace where it is refused, in a thread of its own, too", () => {
    const refused = recv(2, { id: 4, error: { code: -1, message: "no" } })
    expect(run([...started(0), review("detached"), refused]).events.at(-1)).toMatchObject({
      type: "effect.failed",
      payload: { effect: "review/start", message: "no" },
    })
  })

  it("is known by its answer where its start comes first", () => {
    expect(types(review(), turnStarted(2), answer(T))).toEqual([
      "T1 turn.requested",
      "T1 turn.accepted",
      "T1 turn.started",
    ])
  })

  it("is one with the reviewer's turn inside it", () => {
    const turn = { id: Y, rootTurnId: X, status: "inProgress", items: [] }
    const inner = [
      notify(3, "turn/started", { threadId: T, turn }),
      agentDelta(4, "a", "m", T, Y),
      notify(5, "turn/completed", { threadId: T, turn: { ...turn, status: "completed" } }),
    ]
    const { events } = run([...started(0), review(), answer(T), ...inner, turnCompleted(6, X, "failed")])
    expect(ofT(events)).toEqual(["T1 turn.requested", "T1 turn.accepted", "T1 content.delta", "T1 turn.completed"])
    expect(ofType(events, "content.delta").map(({ native }) => native)).toMatchObject([{ turnId: X }])
    // One of another thread's turn is a turn of its own.
    expect(types(notify(3, "turn/started", { threadId: T, turn }))).toEqual(["T1 turn.started"])
  })

  it("is none where the call is not recorded", () => {
    expect(flushed([...started(0), review("detached"), answer(U)], { mode: "managed" }).at(-1)?.scope).toBe("T1")
    const live = flushed([...started(0), review(), answer(T)], { mode: "managed" })
    expect(live.filter(({ type }) => type.startsWith("turn."))).toEqual([])
  })
})

describe("a start that comes before the answer to its call", () => {
  const early = [...started(0), turnStart(1, 2), turnStarted(10), agentDelta(11, "a"), status(12, "active")]

  it("waits for it, with all that follows on its thread", () => {
    expect(ofT(run(early).events)).toEqual(["T1 turn.requested"])
    expect(ofT(run([...early, turnAnswer(13, 2, X)]).events)).toEqual([
      "T1 turn.requested",
      "T1 turn.accepted",
      "T1 turn.started",
      "T1 content.delta",
      "T1 session.state.changed",
    ])
  })

  it("does not hold other threads, nor the connection", () => {
    const { events } = run([...early, turnStarted(13, Y, U), notify(14, "configWarning", { summary: "s" })])
    expect(ofT(events)).toEqual(["T1 turn.requested", "U1 turn.started"])
    expect(events.at(-1)?.type).toBe("config.warning")
  })

  it("is let go after two seconds of source time, by the clock or by any later line", () => {
    const { translator } = run(early)
    expect(translator.nextDeadline()).toBe(t0 + 2010)
    expect(translator.tick(t0 + 2009)).toEqual([])
    expect(typesOf(translator.tick(t0 + 2010).map(short))).toEqual([
      "T1 turn.started",
      "T1 content.delta",
      "T1 session.state.changed",
    ])
    expect(translator.nextDeadline()).toBeNull()
    const late = run([...early, notify(2011, "configWarning", { summary: "s" })])
    expect(ofT(late.events)).toContain("T1 turn.started")
  })

  it("is not waited for again once the answer is overdue, which is still reported when it comes", () => {
    const { translator } = run(early)
    translator.tick(t0 + 3000)
    const later = [turnCompleted(3001), turnStarted(3002, Y), turnAnswer(3003, 2, X)]
    expect(typesOf(later.flatMap((line) => translator.push(line).emitted).map(short))).toEqual([
      "T1 turn.completed",
      "T1 turn.started",
      "T1 turn.accepted",
    ])
  })

  it("waits for the answer that names it, as long as one may still come", () => {
    const two = [...started(0), turnStart(1, 2), turnStart(2, 3), turnStarted(3, Y)]
    expect(ofT(run([...two, turnAnswer(4, 2, X)]).events)).not.toContain("T1 turn.started")
    expect(ofT(run([...two, turnAnswer(4, 2, X), turnAnswer(5, 3, Y)]).events).at(-1)).toBe("T1 turn.started")
    expect(ofT(run([...two, turnAnswer(4, 3, Y)]).events).at(-1)).toBe("T1 turn.started")
  })

  it("does not wait when an earlier answer named the turn already", () => {
    const lines = [...started(0), turnStart(1, 2), turnAnswer(2, 2, X), turnStart(3, 3), turnStarted(4)]
    expect(ofT(run(lines).events).at(-1)).toBe("T1 turn.started")
  })

  it("follows a refusal, an unreadable answer, and the end of the process", () => {
    const refused = recv(13, { id: 2, error: { code: -1, message: "no" } })
    expect(ofT(run([...early, refused]).events).slice(1, 3)).toEqual(["T1 turn.start-failed", "T1 turn.started"])
    const unreadable = run([...early, recv(13, { id: 2, result: { turn: 7 } })])
    expect(ofT(unreadable.events)).toContain("T1 turn.started")
    expect(unreadable.events.at(-1)?.payload).toMatchObject({
      method: "response:turn/start",
      problem: "turn: expected an object",
    })
    expect(ofT(run([...early, exit(13, 0, null)]).events)).toEqual([
      "T1 turn.requested",
      "T1 turn.started",
      "T1 content.delta",
      "T1 session.state.changed",
      "T1 session.exited",
    ])
  })

  it("is let go by a flush", () => {
    const { translator } = run(early)
    expect(typesOf(translator.flush().map(short))).toEqual([
      "T1 turn.started",
      "T1 content.delta",
      "T1 session.state.changed",
    ])
  })
})

describe("a turn's end", () => {
  it("says how, why and how long", () => {
    const error = {
      message: "too many",
      codexErrorInfo: { responseTooManyFailedAttempts: { httpStatusCode: 429 } },
      additionalDetails: "d",
    }
    const failed = notify(1, "turn/completed", {
      threadId: T,
      turn: { id: X, status: "failed", error, durationMs: 12 },
    })
    expect(flushed([failed]).at(-1)?.payload).toEqual({
      outcome: "failed",
      error: { message: "too many", code: "responseTooManyFailedAttempts", httpStatus: 429, details: "d" },
      durationMs: 12,
    })
  })

  it("is none while the turn is in progress", () => {
    const { fates, events } = run([turnCompleted(0, X, "inProgress")])
    expect(fates).toEqual(["kept"])
    expect(ofType(events, "turn.completed")).toEqual([])
  })

  it("names no turn when the wire names none", () => {
    const untargeted = (turn: object) => flushed([notify(0, "turn/completed", { threadId: T, turn })]).at(-1)
    expect(untargeted({ status: "completed" })).toMatchObject({ type: "turn.completed", native: { threadId: T } })
    expect(untargeted({ status: "completed", id: null })?.native).toEqual({ threadId: T })
    expect(untargeted({ status: "completed", id: "" })?.native).toEqual({ threadId: T })
    expect(untargeted({ status: "completed", id: 4 })?.payload).toMatchObject({ problem: "id: expected a string" })
  })

  it("is reported with plans and diffs before it", () => {
    const plan = { threadId: T, turnId: X, explanation: null, plan: [{ step: "s", status: "pending" }] }
    const events = flushed([
      notify(0, "turn/plan/updated", plan),
      notify(1, "turn/diff/updated", { threadId: T, turnId: X, diff: "--- a" }),
    ])
    expect(events.slice(-2).map(({ type, payload }) => [type, payload])).toEqual([
      ["turn.plan.updated", { steps: [{ step: "s", status: "pending" }] }],
      ["turn.diff.updated", { diff: "--- a" }],
    ])
  })
})
