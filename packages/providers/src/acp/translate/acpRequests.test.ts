/** What an agent asks, and what becomes of the question. */
import { describe, expect, it } from "vitest"
import {
  answer,
  cancel,
  giveUp,
  imported,
  live,
  options,
  permission,
  prompt,
  recv,
  run,
  S,
  select,
  send,
  started,
  tool,
} from "../../../test/support/acpWire.js"
import { ofType } from "../../../test/support/codexWire.js"

const open = [...started(0), prompt(1, 5), tool(2, "t", { kind: "execute", title: "rm x" })]
const native = { threadId: S, turnId: "turn-1", itemId: "t", requestId: "0" }

describe("a question for permission", () => {
  it("offers its options by their names, and says the whole of it", () => {
    const { events, fates } = run([...open, permission(3, 0, { toolCallId: "t" })])
    expect(fates.at(-1)).toBe("mapped")
    expect(events.at(-1)).toMatchObject({
      type: "request.opened",
      native,
      payload: {
        kind: "command_approval",
        nativeKind: "session/request_permission",
        title: "rm x",
        decisions: ["always", "once", "no"],
        data: { toolCall: { toolCallId: "t" }, options },
      },
    })
  })

  it.each([
    ["execute", "command_approval"],
    ["edit", "file_change_approval"],
    ["move", "file_change_approval"],
    ["fetch", "permissions"],
  ])("about a call of kind %s is a %s", (kind, expected) => {
    const { events } = run([...open, permission(3, 0, { toolCallId: "u", kind, title: "do it" })])
    expect(ofType(events, "request.opened")[0]?.payload).toMatchObject({ kind: expected, title: "do it" })
  })

  it("records the call that it holds: a new one, or the changes of a known one", () => {
    const both = [
      permission(3, 0, { toolCallId: "new", kind: "edit" }),
      permission(4, 1, { toolCallId: "t", title: "rm y" }),
    ]
    const { events } = run([...open, ...both])
    expect(events.slice(-4).map(({ type, raw }) => [type, raw !== undefined])).toEqual([
      ["item.started", true],
      ["request.opened", false],
      ["item.updated", true],
      ["request.opened", false],
    ])
  })

  it("keeps ids that look alike apart", () => {
    const { events } = run([...open, permission(3, 0, { toolCallId: "t" }), permission(4, "0", { toolCallId: "t" })])
    expect(ofType(events, "request.opened").map((event) => event.native)).toMatchObject([
      { requestId: "0" },
      { requestId: '"0"' },
    ])
  })

  it("without a session, or without a call, is kept", () => {
    const without = recv(3, { id: 0, method: "session/request_permission", params: { toolCall: {}, options } })
    const { events, fates } = run([...open, without, permission(4, 1, {})])
    expect(fates.slice(-2)).toEqual(["kept", "kept"])
    expect(events.slice(-2).map(({ scope, payload }) => [scope, payload])).toMatchObject([
      ["-", { problem: "names no session" }],
      [`${S}1`, { problem: "toolCallId: expected a text" }],
    ])
  })
})

describe("the answer to a question", () => {
  const asked = [...open, permission(3, 0, { toolCallId: "t" })]

  it("is an event where the client's words are evidence", () => {
    const chosen = run([...asked, select(4, 0, "once")], imported).events.at(-1)
    expect(chosen).toMatchObject({
      type: "request.answered",
      channel: "client",
      native,
      payload: { decision: "once", by: "client" },
    })
    expect(run([...asked, giveUp(4, 0)], imported).events.at(-1)?.payload).toEqual({ decision: "cancel", by: "client" })
    const error = send(4, { id: 0, error: { code: -1, message: "no" } })
    expect(run([...asked, error], imported).events.at(-1)?.payload).toEqual({
      decision: "error",
      by: "client",
      data: { error: { code: -1, message: "no" } },
    })
  })

  it("is kept where the client is Threadfold, which knows what it said", () => {
    const { events, fates } = run([...asked, select(4, 0, "once")], live)
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)).toMatchObject({ channel: "client", native, payload: { known: true } })
  })

  it("that the protocol demands of a client that cancels resolves the request", () => {
    const { events } = run([...asked, cancel(4), giveUp(5, 0)], live)
    expect(events.at(-1)).toMatchObject({ type: "request.resolved", native, payload: { decision: null } })
    expect(run([...asked, giveUp(5, 0)], live).fates.at(-1)).toBe("kept")
    expect(run([...asked, cancel(4), select(5, 0, "once")], live).fates.at(-1)).toBe("kept")
  })

  it("to nothing is kept, and so is a second one", () => {
    expect(run([...asked, select(4, 0, "once"), select(5, 0, "no")], imported).fates.slice(-2)).toEqual([
      "mapped",
      "kept",
    ])
    expect(run([...asked, select(4, "0", "once")], imported).fates.at(-1)).toBe("kept")
  })
})

describe("a question that the agent gives up", () => {
  const dropped = (requestId: unknown) => recv(4, { method: "$/cancel_request", params: { requestId } })

  it("is resolved, and its answer means nothing any more", () => {
    const { events, fates } = run([...open, permission(3, 0, { toolCallId: "t" }), dropped(0), giveUp(5, 0)], imported)
    expect(events.at(-2)).toMatchObject({ type: "request.resolved", native, payload: { decision: null } })
    expect(fates.at(-1)).toBe("kept")
  })

  it("that is unknown is kept", () => {
    const lines = [dropped(7), dropped(null), dropped(undefined)]
    expect(run([...open, ...lines]).fates.slice(-3)).toEqual(["kept", "kept", "kept"])
  })
})

describe("a question to the user", () => {
  const params = { sessionId: S, mode: "form", message: "Which one?", requestedSchema: { type: "object" } }
  const ask = (more: object) => recv(3, { id: 4, method: "elicitation/create", params: { ...params, ...more } })

  it("belongs to its turn, and to its call where it names one", () => {
    expect(run([...open, ask({})]).events.at(-1)).toMatchObject({
      type: "request.opened",
      native: { threadId: S, turnId: "turn-1", requestId: "4" },
      payload: {
        kind: "elicitation",
        title: "Which one?",
        decisions: ["accept", "decline", "cancel"],
        data: { mode: "form" },
      },
    })
    expect(run([...open, ask({ toolCallId: "t" })]).events.at(-1)?.native).toMatchObject({ itemId: "t" })
  })

  it("names the address that it wants opened", () => {
    const visit = ask({ mode: "url", elicitationId: "e", url: "https://example.invalid/", requestedSchema: undefined })
    expect(run([...open, visit]).events.at(-1)?.payload).toMatchObject({ url: "https://example.invalid/" })
    expect(run([...open, ask({})]).events.at(-1)?.payload).not.toHaveProperty("url")
  })

  it("without a session belongs to the connection", () => {
    expect(run([...open, ask({ sessionId: undefined })]).events.at(-1)).toMatchObject({
      scope: "-",
      type: "request.opened",
    })
  })

  it("is answered by an action", () => {
    const accepted = send(5, { id: 4, result: { action: "accept", content: { which: "a" } } })
    expect(run([...open, ask({}), accepted], imported).events.at(-1)?.payload).toEqual({
      decision: "accept",
      by: "client",
      data: { which: "a" },
    })
    const dismissed = send(5, { id: 4, result: { action: "cancel" } })
    expect(run([...open, ask({}), dismissed], imported).events.at(-1)?.payload).toEqual({
      decision: "cancel",
      by: "client",
    })
  })
})

describe("what else an agent asks", () => {
  it("is put to no person: files and terminals are its own affair", () => {
    const read = recv(3, { id: 9, method: "fs/read_text_file", params: { sessionId: S, path: "/w/a" } })
    const odd = recv(4, { id: 10, method: "_agent/ask", params: {} })
    const refused = send(5, { id: 9, error: { code: -32601, message: "no" } })
    const { events, fates } = run([...open, read, odd, refused, answer(6, 5)])
    expect(fates.slice(-4)).toEqual(["kept", "kept", "kept", "mapped"])
    expect(events.slice(-4, -1).map(({ scope, payload }) => [scope, payload])).toEqual([
      [`${S}1`, { method: "fs/read_text_file", known: true }],
      ["-", { method: "_agent/ask", known: false }],
      ["-", { method: "response", known: true }],
    ])
  })
})
