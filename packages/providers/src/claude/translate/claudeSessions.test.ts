import { describe, expect, it } from "vitest"
import {
  assistant,
  imported,
  member,
  meta,
  recv,
  result,
  run,
  S,
  say,
  send,
  started,
  system,
  user,
} from "../../../test/support/claudeLines.js"
import type { WireLine } from "../../Translator.js"

const events = (lines: readonly WireLine[], how?: typeof imported) =>
  run(lines, how).events.filter(({ type }) => type !== "provider.unmapped")
const types = (lines: readonly WireLine[], how?: typeof imported) =>
  events(lines, how).map(({ scope, type }) => `${scope.replace(S, "S")} ${type}`)
const other = "5e55105e-0000-4000-8000-000000000002"

describe("a process", () => {
  it("is a connection; its session begins with the agent's first answer", () => {
    const reported = events(started(0, { model: "opus" }))
    expect(reported.map(({ type }) => type)).toEqual([
      "connection.opened",
      "session.started",
      "thread.started",
      "session.configured",
    ])
    expect(reported[0]?.payload).toEqual({ provider: "claude", mode: "managed", pid: 7, command: ["claude"] })
    expect(reported[1]).toMatchObject({
      native: { threadId: S },
      payload: { provider: "claude", mode: "managed", resumed: false, usageMode: "per-turn" },
    })
    expect(reported[2]?.payload).toEqual({ provider: "claude", cwd: "/w", model: "opus" })
  })

  it("tells no secret of its command line", () => {
    const lines = [meta(0, "spawn", { args: ["claude", "--api-key=sk-123456", "--model=m"] })]
    expect(events(lines)[0]?.payload).toMatchObject({ command: ["claude", "--api-key=[removed]", "--model=m"] })
  })

  it("that refuses to begin has no session", () => {
    const lines = [
      ...started(0).slice(0, 2),
      recv(1, {
        type: "result",
        subtype: "error_during_execution",
        is_error: true,
        errors: ["none"],
        session_id: other,
      }),
      meta(2, "exit", { code: 1, sig: null, message: "none" }),
    ]
    expect(types(lines)).toEqual(["- connection.opened", "- connection.closed"])
  })

  it("whose answer to the first request is an error has no session", () => {
    const error = { type: "control_response", response: { subtype: "error", request_id: "init", error: "x" } }
    expect(types([...started(0).slice(0, 2), recv(1, error)])).toEqual(["- connection.opened"])
  })

  it("ends its session and then itself, with the end of stderr only where it was not asked for", () => {
    const end = (fields: Record<string, unknown>) =>
      events([...started(0), user(1, "a"), meta(2, "exit", fields)])
        .slice(-2)
        .map(({ payload, type }) => [type, payload])
    expect(end({ code: null, sig: "SIGKILL", message: "last words" })).toMatchObject([
      ["session.exited", { code: null, signal: "SIGKILL", reason: "exit", message: "last words" }],
      ["connection.closed", { code: null, signal: "SIGKILL", reason: "exit" }],
    ])
    expect(end({ code: 143, sig: null, asked: true })).toMatchObject([
      ["session.exited", { code: 143, reason: "exit" }],
      ["connection.closed", { code: 143, reason: "stopped" }],
    ])
  })

  it("that comes after it takes the thread up again as its next session", () => {
    const lines = [
      ...started(0),
      user(1, "a"),
      meta(2, "exit", { code: 0 }),
      ...started(3, { resumed: true }),
      user(4, "b"),
      result(5),
    ]
    expect(types(lines)).toContain("S2 session.started")
    expect(
      run(lines)
        .events.filter(({ type }) => type === "turn.started")
        .map(({ native, scope }) => [scope, native]),
    ).toEqual([
      [`${S}1`, { threadId: S, turnId: "turn-1" }],
      [`${S}2`, { threadId: S, turnId: "turn-1" }],
    ])
  })

  it("that begins though the one before was not seen to end, ends it", () => {
    const reported = events([...started(0), ...started(1)])
    expect(reported[5]).toMatchObject({ type: "connection.closed", payload: { reason: "transport-closed" } })
    expect(reported[7]).toMatchObject({ type: "session.started", scope: `${S}2` })
  })
})

describe("a session", () => {
  it("keeps its thread, whatever id the provider gives it on the way", () => {
    const lines = [
      ...started(0),
      user(1, "a"),
      say(2, { type: "result" }, other),
      say(3, { type: "rate_limit_event" }, other),
    ]
    const reported = events(lines).slice(4)
    expect(reported.every(({ native }) => member(native, "threadId") === S)).toBe(true)
    expect(reported.filter(({ type }) => type === "session.configured").map(({ payload }) => payload)).toEqual([
      { nativeSessionId: other },
    ])
    expect(reported.map(({ type }) => type)).toContain("turn.completed")
  })

  it("that is resumed by another id than the thread's says so, and knows that id", () => {
    const lines = [
      ...started(0, { resumed: true, nativeSessionId: other }),
      say(1, { type: "rate_limit_event" }, other),
    ]
    expect(events(lines)[1]).toMatchObject({
      native: { threadId: S },
      payload: { resumed: true, nativeSessionId: other },
    })
    expect(events(lines).at(-1)?.type).toBe("account.rate-limits.updated")
  })

  it("of a recording without a start is that of the first message that names one", () => {
    const lines = [system(0, "init", { model: "m", cwd: "/w" }), assistant(1, [{ type: "text", text: "a" }]), result(2)]
    expect(types(lines, imported)).toEqual([
      "- connection.opened",
      "S1 session.started",
      "S1 thread.started",
      "S1 session.configured",
      "S1 turn.started",
      "S1 item.started",
      "S1 item.completed",
      "S1 turn.completed",
    ])
  })

  it("takes what was said before it was known", () => {
    const message = { type: "user", uuid: "a", message: { content: "go" } }
    const lines = [
      send(0, message),
      system(1, "init", { model: "m" }),
      system(2, "status", { status: "requesting" }),
      result(3),
    ]
    expect(types(lines, imported).slice(4)).toEqual([
      "S1 turn.requested",
      "S1 turn.accepted",
      "S1 turn.started",
      "S1 item.started",
      "S1 item.completed",
      "S1 turn.completed",
    ])
  })
})

describe("what cannot be understood", () => {
  it.each([
    [recv(1, "text"), { method: "message", problem: "not a JSON object" }],
    [recv(1, { no: "type" }), { method: "message", problem: "type: expected a text" }],
    [
      recv(1, { type: "assistant", session_id: S, message: 7 }),
      { method: "assistant", problem: "message: expected an object" },
    ],
    [recv(1, { type: "assistant", session_id: 7 }), { method: "assistant", problem: "session_id: expected a string" }],
    [
      send(1, { type: "user", message: { content: 7 } }),
      { method: "user", problem: "content: expected a string or an array of blocks" },
    ],
    [send(1, { type: "odd" }), { method: "odd", known: false }],
    [
      send(1, { type: "control_request", request_id: "x", request: { subtype: "odd" } }),
      { method: "control_request:odd", known: false },
    ],
    [
      recv(1, { type: "control_response", response: { request_id: "x" } }),
      { method: "control_response:", known: false },
    ],
    [meta(1, "odd"), { method: "meta:odd", known: true }],
  ])("is kept verbatim, with the reason", (line, payload) => {
    const { events, fates } = run([...started(0), line])
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)).toMatchObject({ type: "provider.unmapped", payload, raw: line.raw })
  })

  it("belongs to the connection where no session is open", () => {
    const lines = [
      meta(0, "spawn", {}),
      recv(1, { type: "keep_alive" }),
      recv(2, { type: "control_request", request_id: "x", request: { subtype: "can_use_tool" } }),
    ]
    expect(run(lines).events.map(({ scope, type }) => [scope, type])).toEqual([
      ["-", "connection.opened"],
      ["-", "provider.unmapped"],
      ["-", "provider.unmapped"],
    ])
  })

  it("is an end after the end", () => {
    const exit = meta(1, "exit", { code: 0 })
    expect(run([...started(0), exit, exit]).events.at(-1)?.payload).toMatchObject({
      problem: "the connection had ended already",
    })
  })
})
