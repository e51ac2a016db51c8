import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2] = [strong("t1"), strong("t2")]
const T = id("T")
const ours = { session: null, ids: { turnId: T } }
const turn = (s: Scenario) => s.rows.all("turns").find(({ turnId }) => turnId === T)
/** A turn that we asked for, delivered, and whose answer named `t2`. */
const accepted = (s = new Scenario().start()) =>
  s
    .send("turn.requested", { handedOver: true }, { ids: { turnId: T } })
    .send("turn.accepted", {}, { ids: { turnId: T }, native: { turnId: t2 } })
const timedOut = (s: Scenario) => s.send("turn.start-timed-out", { waitedMs: 60_000 }, ours)
const queued = (s: Scenario) => s.send("message.queued", { messageId: "m-1", text: "also" }, { session: null })
const said = { kind: "user_message", status: "completed" } as const
const echo = (s: Scenario, clientId: string | undefined, turnId: string | undefined, session = "s1", ids = {}) =>
  s.send("item.completed", said, {
    session,
    ids,
    native: {
      itemId: "user",
      ...(turnId === undefined ? {} : { turnId }),
      ...(clientId === undefined ? {} : { clientId }),
    },
  })

describe("rule 2: the provider repeats our id of a message", () => {
  it("only together with the turn that has it: a message without a turn is in none", () => {
    const s = echo(queued(new Scenario().start().turn(t1)), "m-1", undefined)
    expect(s.state.queue).toEqual(["m-1"])
    echo(s, undefined, t1)
    expect(s.state.queue).toEqual(["m-1"])
    expect(s.reasons()).toEqual([])
  })

  it("only in the living session", () => {
    const s = echo(queued(new Scenario().start().turn("turn-1").start("s2")), "m-1", "turn-1")
    expect(s.state.queue).toEqual(["m-1"])
  })

  it("in a turn that ended before it was seen: the message has ended with it", () => {
    const s = echo(accepted(new Scenario().start().complete(t1)), T, t1)
    expect(turn(s)).toMatchObject({
      status: "ended",
      outcome: "unknown",
      cause: "ended-before-accepted",
      evidence: "inferred",
      settled: 1,
      steeredInto: null,
    })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
  })

  it("in a turn of another thread says nothing of ours", () => {
    const s = accepted()
    const before = turn(s)
    echo(s, T, t1, "s1", { turnId: "no id" })
    expect(turn(s)).toEqual(before)
  })

  it("in the turn itself, whose end was concluded: its name is the one that has the message", () => {
    const s = timedOut(
      new Scenario().start().send("turn.requested", { handedOver: true }, { ids: { turnId: T } }),
    ).send(
      "item.started",
      { kind: "user_message" },
      { ids: { turnId: T }, native: { turnId: t1, itemId: "u", clientId: T } },
    )
    expect(turn(s)).toMatchObject({ status: "running", nativeTurnId: t1, steeredInto: null })
    expect(s.reasons()).toEqual([])
  })

  const concluded: readonly (readonly [string, (s: Scenario) => Scenario])[] = [
    ["ended otherwise", (s) => s.send("turn.start-failed", { error: { message: "no" } }, ours)],
    ["was interrupted and has started", (s) => s.send("turn.interrupt-requested", {}, ours).turn(t2)],
    ["belongs to another session", (s) => timedOut(s).start("s2")],
  ]
  it.each(concluded)("leaves a turn alone that %s", (_, end) => {
    const s = end(accepted())
    const session = s.session?.sessionId === id("session s2") ? "s2" : "s1"
    s.turn(t1, session)
    const before = turn(s)
    expect(before?.status).toBe("ended")
    echo(s, T, t1, session)
    expect(turn(s)).toEqual(before)
  })
})
