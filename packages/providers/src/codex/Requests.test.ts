import { describe, expect, it } from "vitest"
import { exit, flushed, notify, ofType, recv, run, send, spawn, started, T, X } from "../../test/support/wire.js"
import { serverRequestMethods } from "./methods.js"

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
    const told = flushed(lines).slice(-3)
    expect(told.map(({ channel, type, payload }) => [channel, type, payload])).toEqual([
      [
        "agent",
        "request.opened",
        {
          kind: "command_approval",
          nativeKind: "item/commandExecution/requestApproval",
          title: "rm x",
          decisions: ["accept", "cancel"],
          data: { command: "rm x" },
        },
      ],
      ["client", "request.answered", { decision: "accept", data: { decision: "accept" } }],
      ["agent", "request.resolved", { decision: null }],
    ])
    for (const { native, scope } of told) {
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

  it("are told again when they are sent again", () => {
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
    expect(decision({ result: { answers: {} } })).toBe("answered")
    expect(decision({ result: null })).toBe("answered")
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
      const told = flushed([recv(0, { id: 5, method, params: { threadId: T } })]).at(-1)
      expect(told?.type, method).toMatch(/^(request\.opened|user-input\.requested)$/)
    }
  })

  it("are open when unknown, too: somebody waits for the answer", () => {
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
})
