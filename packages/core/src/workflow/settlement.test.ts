import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { settlementOf } from "./settlement.js"

const ours = { session: null } as const
const stopped = { type: "session.stop-requested", sessionId: null, payload: { reason: "imported", cause: "imported" } }
const gone = {
  type: "session.reconciled",
  sessionId: id("session s1"),
  payload: { liveness: "gone", reason: "imported" },
}
const closed = {
  type: "connection.closed",
  sessionId: null,
  payload: { reason: "recording-ended", message: "It was imported from another log." },
}
const queued = (s: Scenario) => s.send("message.queued", { messageId: id("m"), text: "next" }, ours)
const requested = (s: Scenario) => s.send("turn.requested", {}, { ...ours, ids: { turnId: id("T") } })
const opened = () =>
  new Scenario().send("connection.opened", { provider: "codex", mode: "managed" }, { ...ours, actor: "provider" })

describe("the settlement of a stream from another log", () => {
  const cases: readonly (readonly [string, () => Scenario, readonly object[]])[] = [
    ["an empty one", () => new Scenario(), []],
    ["one whose session has ended", () => new Scenario().start().send("session.exited", { reason: "exit" }), []],
    ["one with a session that lives", () => new Scenario().start().turn(strong("t1")), [gone]],
    ["one with a turn that waits", () => requested(new Scenario()), [stopped]],
    ["one with messages that would run", () => queued(new Scenario()), [stopped]],
    ["one whose queue is held already", () => queued(new Scenario()).send("session.stop-requested", {}, ours), []],
    ["one with both, in order", () => requested(new Scenario().start()), [stopped, gone]],
    ["a connection that is open", opened, [closed]],
    ["a connection that was closed", () => opened().send("connection.closed", { reason: "exit" }, ours), []],
  ]
  it.each(cases)("ends what is alive in %s, and nothing else", (_, stream, expected) => {
    expect(settlementOf(stream().state)).toEqual(expected)
  })

  it("takes rules for questions that nobody answers back, before all else", () => {
    const taken = { type: "thread.unattended-set", sessionId: null, payload: { rules: null } }
    expect(settlementOf(new Scenario().state, "imported", true)).toEqual([taken])
    expect(settlementOf(requested(new Scenario().start()).state, "imported", true)).toEqual([taken, stopped, gone])
  })

  it("holds no queue of a stream that has no thread", () => {
    expect(settlementOf({ ...new Scenario().state, queue: [id("m")] })).toEqual([])
  })
})

describe("the settlement of a fork", () => {
  const fork = (state: Scenario) => settlementOf(state.state, "forked")
  const cancelled = (messageId: string) => ({ type: "message.cancelled", sessionId: null, payload: { messageId } })

  it("cancels what waits in the queue, oldest first, and holds nothing where nothing else waits", () => {
    const stream = queued(new Scenario()).send("message.queued", { messageId: id("n"), text: "last" }, ours)
    expect(fork(stream)).toEqual([cancelled(id("m")), cancelled(id("n"))])
    expect(fork(stream.send("session.stop-requested", {}, ours))).toEqual([cancelled(id("m")), cancelled(id("n"))])
  })

  it("cancels turns that wait, and ends the session, each with its reason", () => {
    expect(fork(queued(requested(new Scenario().start())))).toEqual([
      cancelled(id("m")),
      { type: "session.stop-requested", sessionId: null, payload: { reason: "forked", cause: "forked" } },
      { type: "session.reconciled", sessionId: id("session s1"), payload: { liveness: "gone", reason: "forked" } },
    ])
  })
})
