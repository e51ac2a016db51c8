import { blankEnvelope, type EventEnvelope } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { Exchange } from "./Exchange.js"

const event = (type: string, payload: unknown, ids: Partial<EventEnvelope> = {}): EventEnvelope => ({
  ...blankEnvelope,
  type,
  payload,
  ...ids,
})
const of = (turnId: string, itemId: string | null = null) => ({ turnId, itemId })
const said = (exchange: Exchange, ...events: readonly EventEnvelope[]) => events.flatMap((one) => exchange.step(one))
const look = (turnId: string) => ({ kind: "look", turnId })

describe("an exchange", () => {
  it("is the agent's words in its turn, in pieces or whole, and of no other turn", () => {
    const exchange = new Exchange({ turnId: "t", messageId: null })
    const text = said(
      exchange,
      event("item.started", { kind: "reasoning" }, of("t", "r")),
      event("content.delta", { stream: "summary", delta: "hm" }, of("t", "r")),
      event("item.started", { kind: "agent_message" }, of("t", "a")),
      event("content.delta", { stream: "text", delta: "Hel" }, of("t", "a")),
      event("content.delta", { stream: "text", delta: "lo" }, of("t", "a")),
      event("content.delta", { stream: "text", delta: "no" }, of("other", "x")),
      event("item.completed", { kind: "agent_message", status: "completed", text: "Hello" }, of("t", "a")),
      event("item.completed", { kind: "command", status: "completed", text: "output" }, of("t", "c")),
      event("item.completed", { kind: "agent_message", status: "completed", text: "Whole" }, of("t", "b")),
      event("item.completed", { kind: "agent_message", status: "completed" }, of("other", "y")),
    )
    expect(text.map((one) => (one.kind === "text" ? one.text : one.kind)).join("")).toBe("Hello\nWhole\n")
    expect([exchange.text, exchange.turnId]).toEqual(["Hello\n\nWhole", "t"])
  })

  it("says what the agent asks, and that it is uncertain whether it got the message", () => {
    const exchange = new Exchange({ turnId: "t", messageId: null })
    expect(
      said(
        exchange,
        event("request.opened", { kind: "command_approval", title: "rm" }, { turnId: "t", requestId: "q" }),
        event("user-input.requested", { kind: "user_input" }, { turnId: "t", requestId: "w" }),
        event("request.opened", { kind: "command_approval" }, { turnId: "other", requestId: "x" }),
        event("effect.uncertain", { effect: "turn.start" }, { turnId: "t" }),
      ),
    ).toEqual([
      { kind: "question", requestId: "q", title: "rm" },
      { kind: "question", requestId: "w", title: null },
      { kind: "uncertain" },
    ])
  })

  it("is to be looked at after whatever may have ended its turn", () => {
    const exchange = new Exchange({ turnId: "t", messageId: null })
    expect(said(exchange, event("turn.completed", { outcome: "completed" }, of("t")))).toEqual([look("t")])
    expect(said(exchange, event("turn.completed", { outcome: "completed" }, of("other")))).toEqual([])
    expect(said(exchange, event("session.exited", {}))).toEqual([look("t")])
    expect(said(exchange, event("turn.started", {}, of("t")))).toEqual([])
    expect(said(exchange, event("turn.started", { supersedes: true }, of("other")))).toEqual([look("t")])
    expect(said(exchange, event("turn.settled", {}, of("t")))).toEqual([look("t")])
    expect(said(exchange, event("runtime.warning", { message: "x" }))).toEqual([])
    exchange.follow("u")
    expect(said(exchange, event("turn.settled", {}, of("u")))).toEqual([look("u")])
  })

  it("waits for the turn that a queued message becomes", () => {
    const exchange = new Exchange({ turnId: null, messageId: "m" })
    expect(
      said(
        exchange,
        event("message.dequeued", { messageId: "other" }, { commandId: "c0" }),
        event("turn.requested", {}, { turnId: "first", commandId: "c0" }),
        event("turn.completed", { outcome: "completed" }, of("first")),
        event("message.dequeued", { messageId: "m" }, { commandId: "c1" }),
      ),
    ).toEqual([])
    expect(exchange.turnId).toBeNull()
    said(exchange, event("turn.requested", {}, { turnId: "mine", commandId: "c1" }))
    expect(exchange.turnId).toBe("mine")
    expect(said(exchange, event("turn.completed", {}, of("mine")))).toEqual([look("mine")])
  })

  it("of a message that steers is the turn that took it, or one of its own", () => {
    const steered = new Exchange({ turnId: "t", messageId: "m" })
    expect(said(steered, event("message.steered", { messageId: "m" }, of("t")))).toEqual([look("t")])
    const refused = new Exchange({ turnId: "t", messageId: "m" })
    said(refused, event("message.dequeued", { messageId: "m" }, { commandId: "c" }))
    said(refused, event("turn.requested", {}, { turnId: "own", commandId: "c" }))
    expect(refused.turnId).toBe("own")
  })

  it("is over where the message is cancelled", () => {
    const exchange = new Exchange({ turnId: null, messageId: "m" })
    expect(said(exchange, event("message.cancelled", { messageId: "m" }))).toEqual([{ kind: "cancelled" }])
  })
})
