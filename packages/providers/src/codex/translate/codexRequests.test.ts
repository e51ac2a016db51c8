import { describe, expect, it } from "vitest"
import {
  exit,
  flushed,
  notify,
  ofType,
  recv,
  run,
  send,
  spawn,
  started,
  T,
  X,
} from "../../../test/support/codexWire.js"
import { serverRequestMethods } from "./codexMethods.js"

const ids = { threadId: T, turnId: X, itemId: "call_1" }
const approval = (at: number, id: unknown, extra: object = {}) =>
  recv(at, {
    id,
    method: "item/commandExecution/requestApproval",
    params: { ...ids, startedAtMs: 1, command: "rm x", availableDecisions: ["accept", "cancel"], ...extra },
  })
const resolved = (at: number, requestId: unknown) => notify(at, "serverRequest/resolved", { threadId: T, requestId })

describe("requests of the agent", () => {
  it("are opened, answered and resolved under their id, which may be 0", () => {
    const lines = [approval(0, 0), send(1, { id: 0, result: { decision: "accept" } }), resolved(2, 0)]
    const reported = flushed(lines).slice(-3)
    expect(reported.map(({ channel, type, payload }) => [channel, type, payload])).toEqual([
      [
        "agent",
        "request.opened",
        {
          kind: "command_approval",
          nativeKind: "item/commandExecution/requestApproval",
          title: "rm x",
          decisions: ["accept", "cancel"],
          // What is offered comes first; the plain words are taken, too.
          choices: ["accept", "cancel", "acceptForSession", "decline"].map((word) => ({ decision: word, means: word })),
          data: { command: "rm x" },
        },
      ],
      ["client", "request.answered", { decision: "accept", by: "client" }],
      ["agent", "request.resolved", { decision: null }],
    ])
    for (const { native, scope } of reported) {
      expect(native).toEqual({ ...ids, requestId: "0" })
      expect(scope).toBe("T1")
    }
  })

  it("keep ids apart that differ in JSON only", () => {
    const lines = [approval(0, 0), approval(1, "0"), send(2, { id: "0", result: { decision: "decline" } })]
    const events = flushed(lines)
    expect(ofType(events, "request.opened").map(({ native }) => native)).toMatchObject([
      { requestId: "0" },
      { requestId: '"0"' },
    ])
    expect(ofType(events, "request.answered").map(({ native }) => native)).toMatchObject([{ requestId: '"0"' }])
  })

  it("are reported again when they are sent again", () => {
    expect(ofType(flushed([approval(0, 3), approval(1, 3)]), "request.opened")).toHaveLength(2)
  })

  it("name the decision: a word, a variant, an action, an error, or that there was an answer", () => {
    const decision = (answer: object) =>
      JSON.parse(JSON.stringify(flushed([approval(0, 0), send(1, { id: 0, ...answer })]).at(-1)?.payload)).decision
    expect(decision({ result: { decision: "cancel" } })).toBe("cancel")
    expect(decision({ result: { decision: { acceptWithExecpolicyAmendment: {} } } })).toBe(
      "acceptWithExecpolicyAmendment",
    )
    expect(decision({ result: { action: "decline", content: null } })).toBe("decline")
    expect(decision({ error: { code: -1, message: "no" } })).toBe("error")
    expect(decision({ result: { decision: "approved_for_session" } })).toBe("acceptForSession")
    expect(decision({ result: { decision: { denied: { rejection: "no" } } } })).toBe("decline")
    expect(decision({ result: { contentItems: [], success: true } })).toBe("answer")
    expect(decision({ result: null })).toBe("answer")
  })

  it("have event types of their own when they ask the user", () => {
    const question = recv(0, {
      id: 1,
      method: "item/tool/requestUserInput",
      params: { ...ids, isBlocking: true, questions: [{ id: "q", question: "Which?" }] },
    })
    const events = flushed([question, resolved(1, 1)]).slice(-2)
    expect(events.map(({ type }) => type)).toEqual(["user-input.requested", "user-input.resolved"])
    expect(events[0]?.payload).toMatchObject({ kind: "user_input", title: "Which?" })
  })

  it("belong to the connection when they name no thread", () => {
    const refresh = recv(0, { id: 0, method: "account/chatgptAuthTokens/refresh", params: { reason: "unauthorized" } })
    const events = flushed([refresh, send(1, { id: 0, result: {} })]).slice(-2)
    expect(events.map(({ scope, type }) => [scope, type])).toEqual([
      ["-", "request.opened"],
      ["-", "request.answered"],
    ])
  })

  it("may come in the older form, which calls the thread a conversation", () => {
    const older = recv(0, {
      id: 0,
      method: "execCommandApproval",
      params: { conversationId: T, callId: "c", command: ["rm", "x"], cwd: "/", parsedCmd: [] },
    })
    expect(flushed([older]).at(-1)).toMatchObject({
      scope: "T1",
      native: { threadId: T, itemId: "c", requestId: "0" },
      payload: { kind: "command_approval", title: "rm x" },
    })
  })

  it("are mapped for every method of the protocol, from their thread alone", () => {
    for (const method of serverRequestMethods) {
      const reported = flushed([recv(0, { id: 5, method, params: { threadId: T } })]).at(-1)
      expect(reported?.type, method).toMatch(/^(request\.opened|user-input\.requested)$/)
    }
  })

  it("are open when unknown, too, because the server waits for an answer", () => {
    const unknown = recv(0, { id: 9, method: "item/dance/request", params: { threadId: T, steps: 3 } })
    const events = flushed([unknown, send(1, { id: 9, result: {} })])
    expect(events.slice(-2)).toMatchObject([
      {
        scope: "T1",
        type: "request.opened",
        native: { threadId: T, requestId: "9" },
        payload: { kind: "other", nativeKind: "item/dance/request", data: { steps: 3 } },
      },
      { scope: "T1", type: "request.answered", native: { requestId: "9" } },
    ])
    const broken = recv(0, { id: 9, method: "item/dance/request", params: { threadId: 7 } })
    expect(flushed([broken]).at(-1)?.payload).toMatchObject({ known: false, problem: "threadId: expected a string" })
  })

  it("are kept where they answer or resolve nothing", () => {
    const { events, fates } = run([send(1, { id: 9, result: {} }), send(2, { id: 77, result: {} }), resolved(3, 44)])
    expect(fates).toEqual(["kept", "kept", "mapped"])
    expect(ofType(events, "provider.unmapped").map(({ payload }) => payload)).toEqual([
      { method: "response", known: true, problem: "answers no request that was seen" },
      { method: "response", known: true, problem: "answers no request that was seen" },
    ])
    expect(events.at(-1)).toMatchObject({ type: "request.resolved", native: { threadId: T, requestId: "44" } })
  })

  it("do not outlive their process, whose ids start again", () => {
    const lines = [spawn(0), ...started(1), approval(2, 0), exit(3, 0, null), spawn(4), send(5, { id: 0, result: {} })]
    expect(flushed(lines).at(-1)?.payload).toMatchObject({ problem: "answers no request that was seen" })
  })

  it("are answered by the engine itself where it is the client", () => {
    const events = flushed([approval(0, 0), send(1, { id: 0, result: { decision: "accept" } })], { mode: "managed" })
    expect(events.at(-1)?.payload).toEqual({
      method: "response:item/commandExecution/requestApproval",
      known: true,
    })
  })

  const question = (at: number, extra: object = {}) =>
    recv(at, {
      id: 1,
      method: "item/tool/requestUserInput",
      params: { ...ids, questions: [{ id: "q1", header: "Colour", question: "Which?", ...extra }] },
    })
  const last = (lines: Parameters<typeof flushed>[0]) => flushed(lines).at(-1)?.payload

  it("say what they ask, and what was answered, in the words that are the same for every agent", () => {
    const options = [{ label: "Red", description: "warm" }, { label: "Blue" }]
    expect(last([question(0, { options, isOther: true })])).toMatchObject({
      choices: [{ decision: "answer", data: "required" }, { decision: "decline" }, { decision: "cancel" }],
      questions: [{ id: "q1", header: "Colour", text: "Which?", options, other: true }],
    })
    const answers = { q1: { answers: ["Blue"] } }
    expect(last([question(0), send(1, { id: 1, result: { answers } })])).toEqual({
      decision: "answer",
      by: "client",
      answers: { q1: ["Blue"] },
    })
    expect(last([question(0), send(1, { id: 1, result: { answers: {} } })])).toMatchObject({ decision: "decline" })
  })

  it("keep a secret answer out of the event", () => {
    const lines = [
      question(0, { isSecret: true }),
      send(1, { id: 1, result: { answers: { q1: { answers: ["s3cr3t"] } } } }),
    ]
    expect(last(lines)).toEqual({ decision: "answer", by: "client", answers: { q1: ["(secret)"] } })
  })

  it("of a form name its fields, and its content is the answers to them", () => {
    const properties = { size: { type: "string", enum: ["S", "L"] }, count: { type: "integer", minimum: 1 } }
    const form = recv(0, {
      id: 2,
      method: "mcpServer/elicitation/request",
      params: { threadId: T, mode: "form", message: "m", requestedSchema: { properties, required: ["size"] } },
    })
    expect(last([form])).toMatchObject({
      kind: "elicitation",
      questions: [
        { id: "size", options: [{ label: "S" }, { label: "L" }], required: true },
        { id: "count", type: "integer", minimum: 1 },
      ],
    })
    const content = { size: "L", count: 2 }
    expect(last([form, send(1, { id: 2, result: { action: "accept", content } })])).toMatchObject({
      decision: "accept",
      answers: { size: ["L"], count: ["2"] },
    })
  })

  it("to change files show the patch of their item as it was reported last", () => {
    const change = (path: string, diff: string) => ({ path, kind: { type: "update" }, diff })
    const item = { type: "fileChange", id: "call_1", changes: [change("a", "-1")], status: "inProgress" }
    const started = notify(0, "item/started", { threadId: T, turnId: X, item })
    const updated = notify(1, "item/fileChange/patchUpdated", {
      ...ids,
      changes: [change("a", "-1"), change("b", "+2")],
    })
    const approve = recv(2, { id: 0, method: "item/fileChange/requestApproval", params: { ...ids } })
    expect(last([started, updated, approve])).toMatchObject({
      kind: "file_change_approval",
      title: "a, b",
      changes: [
        { path: "a", kind: "update", diff: "-1" },
        { path: "b", kind: "update", diff: "+2" },
      ],
      choices: [
        { decision: "accept" },
        { decision: "acceptForSession" },
        { decision: "decline" },
        { decision: "cancel" },
      ],
    })
    const ended = notify(2, "turn/completed", { threadId: T, turn: { id: X, status: "completed", items: [] } })
    expect(last([started, ended, approve])).not.toHaveProperty("changes")
    const fileChanges = { "x.ts": { type: "update", unified_diff: "@@" }, "y.ts": { type: "add", content: "hi" } }
    const older = recv(0, {
      id: 0,
      method: "applyPatchApproval",
      params: { conversationId: T, callId: "c", fileChanges },
    })
    expect(last([older])).toMatchObject({
      changes: [
        { path: "x.ts", kind: "update", diff: "@@" },
        { path: "y.ts", kind: "add", diff: "hi" },
      ],
    })
  })

  describe("that the provider reviews itself", () => {
    const item = { type: "commandExecution", id: "call_1", command: "curl x" }
    const started = (at: number) =>
      notify(at, "item/started", { threadId: T, turnId: X, item: { ...item, status: "inProgress" } })
    const declined = (at: number) =>
      notify(at, "item/completed", { threadId: T, turnId: X, item: { ...item, status: "declined" } })
    const review = { status: "denied", riskLevel: "high", rationale: "The network target is not permitted." }
    const reviewed = (at: number, more: object = {}) =>
      notify(at, "item/autoApprovalReview/completed", {
        ...ids,
        targetItemId: "call_1",
        reviewId: "R",
        review,
        ...more,
      })

    it("show the reviewer's rationale on their item, from the review on", () => {
      const reported = flushed([started(0), reviewed(1), declined(2)]).slice(-2)
      expect(reported.map(({ type }) => type)).toEqual(["item.updated", "item.completed"])
      for (const { native, payload } of reported) {
        expect(native).toMatchObject({ itemId: "call_1", turnId: X })
        expect(payload).toMatchObject({ data: { command: "curl x", review } })
      }
      expect(reported[1]?.payload).toMatchObject({ status: "declined" })
    })

    it("show it, too, when the review comes before the item", () => {
      expect(flushed([reviewed(0), declined(1)]).at(-1)?.payload).toMatchObject({ data: { review } })
      expect(flushed([reviewed(0), started(1)]).at(-1)?.payload).toMatchObject({ data: { review } })
    })

    it("show it, too, when the review comes after the item's end", () => {
      const reported = flushed([started(0), declined(1), reviewed(2)]).at(-1)
      expect(reported).toMatchObject({
        type: "item.updated",
        native: { itemId: "call_1" },
        payload: { data: { review } },
      })
    })

    const alone = {
      type: "item.completed",
      native: { itemId: "R", turnId: X },
      payload: { kind: "other", nativeKind: "autoApprovalReview", status: "declined", text: review.rationale },
    }

    it("have a row of their own where they refuse what is no item, none where they let it pass", () => {
      expect(flushed([reviewed(0, { targetItemId: null })]).at(-1)).toMatchObject(alone)
      const passed = { targetItemId: null, review: { status: "approved" } }
      expect(run([reviewed(0, passed)]).fates).toEqual(["kept"])
    })

    it("have a row of their own where their item never comes", () => {
      const ended = notify(2, "turn/completed", { threadId: T, turn: { id: X, status: "completed" } })
      expect(flushed([reviewed(0), ended]).slice(-2)).toMatchObject([alone, { type: "turn.completed" }])
    })
  })
})
