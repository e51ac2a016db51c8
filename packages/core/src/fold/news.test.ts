import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const ours = { session: null } as const
const row = (s: Scenario) => s.rows.all("threads")[0]
const running = () => new Scenario().start().turn(t1)
const version = (s: Scenario) => s.log.at(-1)?.streamVersion ?? null
const read = (s: Scenario, upTo: number | null) => s.send("thread.read", { version: upTo ?? 0 }, ours)

describe("what is news to a person", () => {
  it("is the end of a turn and a request, and nothing that an agent says between", () => {
    const s = running().item("i1", t1)
    expect(row(s)?.newsVersion).toBeNull()
    s.send("request.opened", { kind: "other" }, { native: { turnId: t1, requestId: "0" } })
    expect(row(s)?.newsVersion).toBe(version(s))
    const asked = version(s)
    s.delta("i1", t1, "text").send("request.resolved", { decision: "accept" }, { native: { requestId: "0" } })
    expect(row(s)?.newsVersion).toBe(asked)
    s.complete(t1)
    expect(row(s)?.newsVersion).toBe(version(s))
  })

  it("is told once: a confirmed end is no news, nor is a request that comes too late", () => {
    const s = running().status("ready")
    const ended = version(s)
    expect(row(s)?.newsVersion).toBe(ended)
    s.complete(t1)
    expect(row(s)?.newsVersion).toBe(ended)
    const gone = running().send("session.exited", { reason: "exit" })
    const exited = version(gone)
    gone.send("request.opened", { kind: "other" }, { native: { turnId: t1, requestId: "0" } })
    expect(row(gone)?.newsVersion).toBe(exited)
  })

  it("is nothing that was read in from a recording", () => {
    const s = new Scenario().send("thread.imported", { source: "codex-rollout" }, ours)
    s.start().turn(t1).complete(t1, "failed")
    expect(row(s)).toMatchObject({ newsVersion: null, failedTurnId: null })
    const session = new Scenario().send("session.started", { provider: "codex", mode: "imported" })
    session.turn(t1).complete(t1, "failed")
    expect(row(session)).toMatchObject({ newsVersion: null, failedTurnId: null })
  })

  it("is read up to a version, never less, and never beyond what there is", () => {
    const s = running().complete(t1)
    const ended = version(s)
    expect(row(read(s, ended))?.readVersion).toBe(ended)
    expect(row(read(s, 1))?.readVersion).toBe(ended)
    read(s, 1_000_000)
    expect(row(s)?.readVersion).toBe(version(s))
  })
})

describe("the turn that failed last", () => {
  it("is kept until a later one is asked for", () => {
    const s = running().complete(t1, "failed")
    expect(row(s)?.failedTurnId).toBe(s.turnRow(t1)?.turnId)
    read(s, version(s))
    expect(row(s)?.failedTurnId).not.toBeNull()
    s.send("turn.requested", {}, { ...ours, ids: { turnId: id("next") } })
    expect(row(s)?.failedTurnId).toBeNull()
  })

  it("is taken back by the agent's own word, by a rewind, and by a turn that starts", () => {
    const started = running().complete(t1, "failed").turn(t2)
    expect(row(started)?.failedTurnId).toBeNull()
    const rewound = running()
      .complete(t1, "failed")
      .send("thread.rewound", { count: 1 }, { native: { turnId: t1 } })
    expect(row(rewound)?.failedTurnId).toBeNull()
  })

  it("is none once that turn runs after all: its start was only given up", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { text: "go", handedOver: true }, { native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } })
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { ...ours, ids: { turnId: s.turnRow(t1)?.turnId ?? "" } })
    expect(row(s)?.failedTurnId).toBe(s.turnRow(t1)?.turnId)
    expect(row(s.turn(t1))).toMatchObject({ failedTurnId: null, status: "working" })
    expect(row(s.complete(t1, "failed"))?.failedTurnId).toBe(s.turnRow(t1)?.turnId)
  })

  it("is not an old one whose end comes late", () => {
    const s = running().complete(t1).turn(t2)
    s.complete(t1, "failed")
    expect(row(s)?.failedTurnId).toBeNull()
    // The next turn has ended the first one, whose own word replaces that.
    const replaced = running().status("ready").turn(t2).complete(t1, "failed")
    expect(replaced.turnRow(t1)).toMatchObject({ outcome: "failed", evidence: "observed" })
    expect(row(replaced)?.failedTurnId).toBeNull()
  })

  it("has not failed where its own end replaces the failure, and another one's end says nothing of it", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { text: "go", handedOver: true }, { native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } })
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { ...ours, ids: { turnId: s.turnRow(t1)?.turnId ?? "" } })
    expect(row(s)?.failedTurnId).toBe(s.turnRow(t1)?.turnId)
    s.complete(t1)
    expect(row(s)).toMatchObject({ failedTurnId: null, turns: 1 })
    const two = running().status("ready").turn(t2).complete(t2, "failed").complete(t1)
    expect(two.turnRow(t1)).toMatchObject({ outcome: "completed" })
    expect(row(two)?.failedTurnId).toBe(two.turnRow(t2)?.turnId)
  })
})

describe("a thread's other marks", () => {
  it("counts the turns of which it is not known whether the agent got them", () => {
    const about = { ...ours, ids: { turnId: id("r") } }
    const s = new Scenario().start().send("turn.requested", {}, about)
    expect(row(s)?.uncertainTurns).toBe(0)
    s.send("effect.uncertain", { effect: "turn.start" }, about)
    expect(row(s)?.uncertainTurns).toBe(1)
    s.send("turn.start-failed", { error: { message: "no" } }, about)
    expect(row(s)?.uncertainTurns).toBe(0)
  })

  it("is pinned and unpinned, which is no activity", () => {
    const s = running()
    const before = row(s)?.lastActivityAt
    s.send("thread.pinned", {}, ours)
    expect(row(s)?.pinnedAt).not.toBeNull()
    s.send("thread.unpinned", {}, ours)
    expect(row(s)).toMatchObject({ pinnedAt: null, lastActivityAt: before })
  })
})
