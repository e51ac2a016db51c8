import { describe, expect, it } from "vitest"
import { flushed, notify, recv, send, T, X } from "../../../test/support/codexWire.js"
import { clientRequestMethods, serverNotificationMethods } from "./codexMethods.js"

const eventOf = (method: string, params: object) => {
  const event = flushed([notify(0, method, params)]).at(-1)
  return [event?.scope, event?.type, event?.payload]
}

describe("notices", () => {
  it("belong to their thread where they name one, else to the connection", () => {
    expect(eventOf("warning", { message: "m", threadId: T })).toEqual(["T1", "runtime.warning", { message: "m" }])
    expect(eventOf("warning", { message: "m", threadId: null })).toEqual(["-", "runtime.warning", { message: "m" }])
    expect(eventOf("configWarning", { summary: "s", details: "d" })).toEqual([
      "-",
      "config.warning",
      { message: "s", details: "d" },
    ])
    expect(eventOf("deprecationNotice", { summary: "s", details: null })).toEqual([
      "-",
      "deprecation.notice",
      { message: "s" },
    ])
    expect(eventOf("mcpServer/startupStatus/updated", { name: "n", status: "ready", threadId: T })[0]).toBe("T1")
  })

  it("tell of accounts, models, settings, usage and compaction", () => {
    expect(eventOf("account/rateLimits/updated", { rateLimits: {} })).toEqual([
      "-",
      "account.rate-limits.updated",
      { data: { rateLimits: {} } },
    ])
    const rerouted = { threadId: T, turnId: X, fromModel: "a", toModel: "b", reason: "r" }
    expect(eventOf("model/rerouted", rerouted)).toEqual(["T1", "model.rerouted", { from: "a", to: "b", reason: "r" }])
    const settings = { threadId: T, threadSettings: { model: "m", sandboxPolicy: { type: "readOnly" } } }
    expect(eventOf("thread/settings/updated", settings)).toEqual([
      "T1",
      "session.configured",
      { model: "m", sandbox: { type: "readOnly" } },
    ])
    expect(eventOf("thread/compacted", { threadId: T, turnId: X })).toEqual(["T1", "compaction.installed", {}])
    const usage = { total: { totalTokens: 3, inputTokens: 2, outputTokens: 1 }, modelContextWindow: null }
    expect(eventOf("thread/tokenUsage/updated", { threadId: T, turnId: X, tokenUsage: usage })).toEqual([
      "T1",
      "thread.token-usage.updated",
      { mode: "cumulative-thread", total: { inputTokens: 2, outputTokens: 1, totalTokens: 3 } },
    ])
  })

  it("of a thread that name none, or do not say what they must, are kept with the reason", () => {
    expect(eventOf("turn/started", { turn: { id: X } })).toEqual([
      "-",
      "provider.unmapped",
      { method: "turn/started", known: true, problem: "threadId: expected a text" },
    ])
    expect(eventOf("turn/started", { threadId: 5, turn: { id: X } })).toEqual([
      "-",
      "provider.unmapped",
      { method: "turn/started", known: true, problem: "threadId: expected a string" },
    ])
    expect(eventOf("error", { threadId: T, turnId: X, error: { message: "m" } })[2]).toMatchObject({
      problem: "willRetry: expected a boolean",
    })
  })

  it("and calls whose methods are named like a member of every object are simply unknown", () => {
    for (const method of ["constructor", "toString", "__proto__"]) {
      expect(eventOf(method, {})[2]).toEqual({ method, known: false })
      expect(flushed([send(0, { id: 1, method, params: {} })]).at(-1)?.payload).toEqual({ method, known: false })
      expect(flushed([recv(0, { id: 1, method, params: {} })]).at(-1)).toMatchObject({
        type: "request.opened",
        payload: { kind: "other", nativeKind: method },
      })
    }
  })

  it("of every known method lead to an event, even when they say nothing", () => {
    for (const method of serverNotificationMethods) {
      const payload = flushed([notify(0, method, {})]).at(-1)?.payload
      expect(payload, method).not.toMatchObject({ known: false })
    }
    for (const method of clientRequestMethods) {
      const payload = flushed([send(0, { id: 1, method, params: {} })]).at(-1)?.payload
      expect(payload, method).not.toMatchObject({ known: false })
    }
  })
})
