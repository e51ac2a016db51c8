/** Sessions: how they open, what they run with, what a load repeats, and how they end. */
import { describe, expect, it } from "vitest"
import {
  afterStart,
  answer,
  chunk,
  imported,
  live,
  meta,
  prompt,
  recv,
  refusal,
  run,
  S,
  send,
  sessionEvents,
  started,
  tool,
  update,
} from "../../../test/support/acpWire.js"
import { ofType } from "../../../test/support/codexWire.js"
import { closeEvent } from "./AcpTranslator.js"

const modes = { modes: { currentModeId: "ask", availableModes: [] } }
const select = (id: string, currentValue: string, category: string | null = id) => ({
  id,
  category,
  name: id,
  type: "select",
  currentValue,
  options: [],
})
const initialized = [
  send(0, { id: 0, method: "initialize", params: { protocolVersion: 1 } }),
  recv(0, { id: 0, result: { protocolVersion: 1, agentInfo: { name: "a", version: "1.2.3" } } }),
]
const load = (at: number, id: number, method = "session/load", sessionId = S) =>
  send(at, { id, method, params: { sessionId, cwd: "/w", mcpServers: [] } })

const configurations = (lines: Parameters<typeof run>[0]) =>
  ofType(run(lines).events, "session.configured").map(({ payload }) => payload)

describe("a session", () => {
  it("opens with the answer to its start, which describes it", () => {
    const { events } = run([...initialized, ...started(1, modes)])
    expect(sessionEvents(events)).toEqual([
      [
        "session.started",
        undefined,
        undefined,
        { provider: "acp", mode: "managed", resumed: false, usageMode: "per-turn" },
      ],
      ["thread.started", undefined, undefined, { provider: "acp", cwd: "/w" }],
      ["session.configured", undefined, undefined, { cwd: "/w", approvalPolicy: "ask", providerVersion: "1.2.3" }],
    ])
  })

  it("was asked for, where the client's words are evidence", () => {
    const { events } = run([...started(1), load(2, 2)], imported)
    expect(ofType(events, "session.start-requested").map(({ scope, payload }) => [scope, payload])).toEqual([
      ["-", { data: { cwd: "/w", mcpServers: [] } }],
      [`${S}1`, { data: { cwd: "/w", mcpServers: [] } }],
    ])
  })

  it("tells model and mode, by lists of their own or by options", () => {
    const listed = { ...modes, models: { currentModelId: "m1", availableModels: [] } }
    expect(configurations(started(0, listed))).toMatchObject([{ model: "m1", approvalPolicy: "ask" }])
    const byCategory = {
      configOptions: [select("a", "x", null), select("b", "m2", "model"), select("c", "plan", "mode")],
    }
    expect(configurations(started(0, byCategory))).toMatchObject([{ model: "m2", approvalPolicy: "plan" }])
    const byName = { configOptions: [select("model", "m3", null)] }
    expect(configurations(started(0, byName))).toMatchObject([{ model: "m3" }])
  })

  it("tells what changes, by the agent or by our calls", () => {
    const lines = [
      ...started(0),
      update(1, { sessionUpdate: "current_mode_update", currentModeId: "code" }),
      update(2, { sessionUpdate: "config_option_update", configOptions: [select("model", "m4")] }),
      send(3, { id: 3, method: "session/set_mode", params: { sessionId: S, modeId: "plan" } }),
      answer(4, 3, {}),
      send(5, { id: 4, method: "session/set_model", params: { sessionId: S, modelId: "m5" } }),
      recv(6, { id: 4, result: null }),
      send(7, { id: 5, method: "session/set_config_option", params: { sessionId: S, configId: "model", value: "m6" } }),
      answer(8, 5, { configOptions: [select("model", "m6")] }),
      send(9, { id: 6, method: "session/set_mode", params: { sessionId: S, modeId: "no" } }),
      refusal(10, 6, { code: -32602, message: "no such mode" }),
    ]
    expect(configurations(lines).slice(1)).toEqual([
      { approvalPolicy: "code" },
      { model: "m4" },
      { approvalPolicy: "plan" },
      { model: "m5" },
      { model: "m6" },
    ])
  })

  it("that the agent names before it answers is described once the answer comes", () => {
    const [asked, answered] = started(0)
    if (asked === undefined || answered === undefined) throw new Error("no start")
    const early = update(1, { sessionUpdate: "session_info_update", title: "T" })
    expect(sessionEvents(run([asked, early, answered]).events).map(([type]) => type)).toEqual([
      "session.started",
      "thread.metadata.updated",
      "thread.started",
      "session.configured",
    ])
  })

  it("that no call has opened is opened by the message that shows it", () => {
    expect(sessionEvents(run([chunk(0, "a")]).events)).toMatchObject([
      ["session.started", undefined, undefined, {}],
      ["item.started", undefined, "message-1", {}],
      ["content.delta", undefined, "message-1", {}],
    ])
  })

  it("that could not be opened leaves no trace", () => {
    const [asked] = started(0)
    if (asked === undefined) throw new Error("no start")
    const { events } = run([asked, refusal(1, 1, { code: -32000, message: "sign in" })])
    expect(sessionEvents(events)).toEqual([])
  })

  it("without an id is no session", () => {
    const { events, fates } = run(started(0, {}, ""))
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)?.payload).toMatchObject({ problem: "sessionId: expected a text" })
  })
})

describe.each(["session/load", "session/resume"])("between %s and its answer", (method) => {
  const history = [
    chunk(2, "old words"),
    tool(3, "t", { status: "completed" }),
    chunk(4, "do it", {}, "user_message_chunk"),
  ]

  it("everything is history: logged, never an item", () => {
    const lines = [load(1, 1, method), ...history, answer(5, 1, modes), prompt(6, 2), chunk(7, "new"), answer(8, 2)]
    const { events, fates } = run(lines)
    expect(fates.slice(1, 4)).toEqual(["kept", "kept", "kept"])
    expect(sessionEvents(events).map(([type, turn, , payload]) => [type, turn, payload])).toMatchObject([
      ["session.started", undefined, { resumed: true }],
      ["thread.started", undefined, { cwd: "/w" }],
      ["session.configured", undefined, { approvalPolicy: "ask" }],
      ["turn.accepted", "turn-1", {}],
      ["turn.started", "turn-1", {}],
      ["item.started", "turn-1", { kind: "user_message" }],
      ["item.completed", "turn-1", { kind: "user_message", text: "go" }],
      ["item.started", "turn-1", { kind: "agent_message" }],
      ["content.delta", "turn-1", { delta: "new" }],
      ["item.completed", "turn-1", { text: "new" }],
      ["turn.completed", "turn-1", {}],
    ])
  })

  it("a failure leaves no trace in the thread", () => {
    const { events } = run([load(1, 1, method), ...history, refusal(5, 1, { code: -32002, message: "not found" })])
    expect(events.filter(({ scope }) => scope !== "-")).toEqual([])
    expect(
      run([load(1, 1, method), ...history, refusal(5, 1, { code: -1, message: "x" }), chunk(6, "a")]).fates.at(-1),
    ).toBe("mapped")
  })

  it("a session that is open stays the one it is", () => {
    const lines = [
      ...started(0),
      prompt(1, 2),
      chunk(2, "a"),
      load(3, 3, method),
      ...history,
      answer(5, 3, modes),
      chunk(6, "b"),
    ]
    const { events } = run(lines)
    expect(ofType(events, "session.started")).toHaveLength(1)
    expect(ofType(events, "thread.started")).toHaveLength(1)
    const kinds = ofType(events, "item.started").map(({ payload }) => payload)
    expect(kinds).toMatchObject([{ kind: "user_message" }, { kind: "agent_message" }])
  })
})

describe("the end of a session", () => {
  const close = (at: number, id: number) => send(at, { id, method: "session/close", params: { sessionId: S } })
  const begun = [prompt(1, 5), chunk(2, "a")]

  it("is the agent's answer to its close; a late message about it opens nothing", () => {
    const lines = [
      ...begun,
      close(3, 6),
      answer(4, 5, { stopReason: "cancelled" }),
      answer(5, 6, {}),
      chunk(6, "late"),
      answer(7, 5),
    ]
    expect(afterStart(lines).slice(-3)).toMatchObject([
      ["item.completed", "turn-1", "message-1", { status: "interrupted" }],
      ["turn.completed", "turn-1", undefined, { outcome: "interrupted" }],
      ["session.exited", undefined, undefined, { reason: "unloaded" }],
    ])
    expect(run([...started(0), ...lines]).events.at(-2)?.payload).toMatchObject({ problem: "the session was closed" })
  })

  it("is our own event where the agent reports none", () => {
    const ours = meta(3, closeEvent, { sessionId: S })
    const { events, fates } = run([
      ...started(0),
      ...begun,
      ours,
      answer(4, 5),
      meta(5, closeEvent, { sessionId: "x" }),
    ])
    expect(ofType(events, "session.exited").map(({ payload }) => payload)).toEqual([{ reason: "detached" }])
    expect(fates.slice(-3)).toEqual(["mapped", "kept", "kept"])
  })

  it("lets the thread open its next one on the same connection", () => {
    const again = [load(6, 7), chunk(7, "old"), answer(8, 7, {}), prompt(9, 8), answer(10, 8)]
    const { emitted } = run([...started(0), ...begun, close(3, 6), answer(5, 6, {}), ...again])
    const second = emitted.filter(({ scope }) => scope.kind === "session" && scope.session === 2)
    expect(second.map(({ event }) => [event.type, event.seq])).toEqual([
      ["session.started", 1],
      ["thread.started", 2],
      ["session.configured", 3],
      ["turn.accepted", 4],
      ["turn.started", 5],
      ["item.started", 6],
      ["item.completed", 7],
      ["turn.completed", 8],
    ])
    expect(second[3]?.event.native?.turnId).toBe("turn-1")
  })

  it("comes with the process's exit: each session, then the connection", () => {
    const exit = meta(3, "exit", { code: null, sig: "SIGKILL", asked: false, message: "out of memory" })
    const { events, translator } = run([
      meta(0, "spawn", { pid: 7 }),
      ...started(0),
      ...started(0, {}, "ses_2", 2),
      ...begun,
      exit,
    ])
    const said = { code: null, signal: "SIGKILL", reason: "exit", message: "out of memory" }
    expect(events.slice(-3).map(({ scope, type, payload }) => [scope, type, payload])).toEqual([
      [`${S}1`, "session.exited", said],
      ["ses_21", "session.exited", said],
      ["-", "connection.closed", said],
    ])
    expect(translator.end(9, "transport-closed")).toEqual([])
  })

  it("that was asked for needs no message", () => {
    const { events } = run([...started(0), meta(3, "exit", { code: 0, sig: null, asked: true })])
    expect(events.slice(-2).map(({ payload }) => payload)).toEqual([
      { code: 0, signal: null, reason: "exit" },
      { code: 0, signal: null, reason: "stopped" },
    ])
  })

  it("is reported once for a recording that just stops", () => {
    const { translator } = run([...started(0), ...begun], imported)
    expect(translator.end(99, "recording-ended").map(({ event }) => [event.type, event.payload])).toEqual([
      ["session.exited", { reason: "recording-ended" }],
      ["connection.closed", { reason: "recording-ended" }],
    ])
  })
})

describe("a process", () => {
  it("is reported with its command, without what is secret", () => {
    const args = ["/bin/agent", "--api-key", "k", "acp"]
    const { events } = run([meta(0, "spawn", { pid: 7, args })])
    expect(events[0]).toMatchObject({
      type: "connection.opened",
      payload: { provider: "acp", mode: "managed", pid: 7, command: ["/bin/agent", "--api-key", "[removed]", "acp"] },
    })
  })

  it("that follows another one opens the connection again; what the first was asked is void", () => {
    const lines = [
      meta(0, "spawn", { pid: 7 }),
      ...started(1),
      prompt(2, 5),
      meta(3, "spawn", { pid: 8 }),
      answer(4, 5),
    ]
    const { events, fates } = run(lines, live)
    expect(fates.at(-1)).toBe("kept")
    expect(events.filter(({ scope }) => scope === "-").map(({ type }) => type)).toContain("connection.closed")
    expect(ofType(events, "connection.opened").map(({ payload }) => payload)).toMatchObject([{ pid: 7 }, { pid: 8 }])
  })
})
