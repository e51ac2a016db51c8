/**
 * What a late event, or one of another session, must not change in a turn or a question. Each case is one that no other test
 * covers.
 */

import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"

const [t1, t2] = [strong("t1"), strong("t2")]

const diff = (s: Scenario, text: string, session = "s1") =>
  s.send("turn.diff.updated", { diff: text }, { session, native: { turnId: t1 } })

describe("a turn whose end is inferred", () => {
  it("takes late events of its living session only", () => {
    const s = new Scenario().start().turn(t1).status("ready")
    expect(diff(s, "while it lives").turnRow(t1)).toMatchObject({ evidence: "inferred", diff: "while it lives" })
    s.send("session.exited", { reason: "unloaded" })
    expect(diff(s, "after the exit").turnRow(t1)).toMatchObject({ diff: "while it lives" })
  })

  it("takes none of a session that another one followed", () => {
    const s = new Scenario().start().turn(t1)
    diff(s, "first").start("s2").turn(t2, "s2")
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", evidence: "inferred" })
    expect(diff(s, "stale").turnRow(t1)).toMatchObject({ diff: "first" })
    expect(diff(s, "of the new session", "s2").turnRow(t1)).toMatchObject({ diff: "first" })
  })

  it("is not ended by an event of another session", () => {
    const s = new Scenario().start().turn(t1).status("ready").start("s2")
    const before = s.turnRow(t1)
    s.complete(t1, "failed", "s2")
    expect(s.turnRow(t1)).toEqual(before)
    expect(s.reasons()).toContain("session-stale")
    // The control: its own session's terminal is the end.
    expect(new Scenario().start().turn(t1).status("ready").complete(t1).turnRow(t1)).toMatchObject({
      evidence: "observed",
    })
  })
})

it("a turn whose end was observed keeps the diff and the proposal that it ended with", () => {
  const s = new Scenario().start().turn(t1)
  const proposal = (text: string) => s.send("turn.proposed.completed", { text }, { native: { turnId: t1 } })
  diff(s, "as it ran")
  proposal("the plan").complete(t1)
  diff(s, "after its end")
  expect(proposal("another plan").turnRow(t1)).toMatchObject({ diff: "as it ran", proposal: "the plan" })
})

it("a question that is reported again as another kind stays what it was", () => {
  const s = new Scenario().start().turn(t1)
  const ask = (kind: "command_approval" | "file_change_approval", title: string) =>
    s.send("request.opened", { kind, title }, { native: { turnId: t1, requestId: "7" } })
  ask("command_approval", "Run it?")
  const [asked] = s.rows.all("requests")
  expect(ask("file_change_approval", "Change it?").rows.all("requests")).toEqual([asked])
  expect(s.reasons()).toEqual(["request-duplicate"])
  // The control: of the same kind it is what a rejoin sends, and brings the newer title.
  expect(ask("command_approval", "Run it now?").rows.all("requests")).toMatchObject([
    { title: "Run it now?", status: "open" },
  ])
})

it.each([
  ["the session's exit", (s: Scenario) => s.send("session.exited", { reason: "unloaded" })],
  ["the session's status", (s: Scenario) => s.status("ready")],
  ["another session", (s: Scenario) => s.start("s2")],
])("a stalled turn that ends by %s is no longer stalled", (_, end) => {
  const s = new Scenario().start().turn(t1)
  s.send("turn.stalled", { silentMs: 1 }, { session: null, ids: { turnId: s.state.active?.turnId ?? null } })
  expect(s.turnRow(t1)).toMatchObject({ status: "running", stalled: 1 })
  end(s)
  expect(s.turnRow(t1)).toMatchObject({ status: "ended", stalled: 0 })
})
