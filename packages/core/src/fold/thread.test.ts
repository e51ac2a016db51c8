import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const status = (s: Scenario) => s.rows.all("threads")[0]?.status
const ours = { session: null } as const
const running = () => new Scenario().start().turn(t1)
const doubted = (s: Scenario) => {
  const about = { ...ours, ids: { turnId: id("r") } }
  return s.send("turn.requested", {}, about).send("effect.uncertain", { effect: "turn.start" }, about)
}

describe("the thread's status, from the open state alone", () => {
  it.each([
    ["idle", () => new Scenario().start()],
    ["idle", () => new Scenario().start().status("interrupted")],
    ["working", () => running()],
    ["working", () => new Scenario().start().status("running")],
    ["waiting", () => running().send("request.opened", { kind: "other" }, { native: { turnId: t1, requestId: "0" } })],
    ["starting", () => new Scenario().start().send("turn.requested", {}, ours)],
    ["starting", () => new Scenario().send("turn.requested", {}, ours)],
    [
      "starting",
      () => new Scenario().start().send("session.exited", { reason: "exit" }).send("turn.requested", {}, ours),
    ],
    ["stopped", () => doubted(new Scenario().start()).send("session.exited", { reason: "exit" })],
    ["idle", () => doubted(new Scenario())],
    ["stopped", () => running().send("session.exited", { reason: "exit" })],
    ["error", () => running().status("error")],
    ["archived", () => running().send("thread.archived", {}, ours)],
  ] as const)("%s", (expected, thread) => {
    expect(status(thread())).toBe(expected)
  })

  it("a stalled turn shows until its next event", () => {
    const s = running()
    const turnId = s.turnRow(t1)?.turnId ?? null
    s.send("turn.stalled", { silentMs: 1 }, { session: null, ids: { turnId } })
    expect(status(s)).toBe("stalled")
    expect(status(s.item("i1", t1))).toBe("working")
    s.complete(t1).send("turn.stalled", {}, { session: null, ids: { turnId } })
    expect(status(s)).toBe("idle")
    expect(s.reasons()).toEqual(["turn-unknown"])
  })
})

describe("the thread's row", () => {
  it("takes what is said about it and keeps what is not", () => {
    const s = new Scenario().send("thread.created", { provider: "codex", title: "A", cwd: "/w" }, ours).start()
    s.send("thread.started", { model: "m", forkedFromNativeThreadId: "n0" }, { native: { threadId: "n1" } })
    s.send("thread.metadata.updated", { parentNativeThreadId: "n9" }).send("thread.renamed", { title: "B" }, ours)
    s.send("thread.created", {}, ours).send("thread.forked", { fromThreadId: id("other") }, ours)
    s.send("thread.imported", { source: "codex-app-server" }, ours).send("thread.keep-alive-set", { until: 5 }, ours)
    expect(s.rows.all("threads")).toMatchObject([
      {
        provider: "codex",
        title: "B",
        cwd: "/w",
        model: "m",
        nativeThreadId: "n1",
        parentNativeThreadId: "n9",
        forkedFromNativeThreadId: "n0",
        forkedFromThreadId: id("other"),
        source: "codex-app-server",
        keepAliveUntil: 5,
      },
    ])
  })

  it("keeps its agent in a fork that names none", () => {
    const forked = (agent?: string) =>
      new Scenario()
        .send("thread.created", { agent: "mine" }, ours)
        .send("thread.forked", { fromThreadId: id("other"), agent }, ours).state.thread?.agent
    expect([forked(), forked("coder")]).toEqual(["mine", "coder"])
  })

  it("has the rules that were said last, and none of the thread that it was forked from", () => {
    const rules = [{ action: "accept", afterMs: 5 }] as const
    const s = new Scenario().start().send("thread.unattended-set", { rules }, ours)
    expect(s.send("thread.pinned", {}, ours).rows.all("threads")).toMatchObject([{ unattended: rules }])
    expect(s.state.thread).not.toHaveProperty("unattended")
    s.send("thread.forked", { fromThreadId: id("other") }, ours)
    expect(s.rows.all("threads")).toMatchObject([{ unattended: null }])
  })

  it("goes by the agent's name of the conversation that continues in it: one begun anew has another", () => {
    const s = new Scenario().start().send("thread.started", {}, { native: { threadId: "first" } })
    s.send("session.exited", { reason: "exit" }).start("s2").send("thread.started", {}, { session: "s2" })
    expect(s.rows.all("threads")[0]?.nativeThreadId).toBe("first")
    s.send("thread.started", {}, { session: "s2", native: { threadId: "second" } })
    expect(s.rows.all("threads")[0]?.nativeThreadId).toBe("second")
    s.send("thread.started", {}, { native: { threadId: "first" } })
    expect(s.rows.all("threads")[0]?.nativeThreadId).toBe("second")
  })

  it("archiving and deleting leave marks, unarchiving lifts its own", () => {
    const s = new Scenario().start().send("thread.archived", {}, ours).send("thread.unarchived", {}, ours)
    s.send("thread.deleted", {}, ours)
    expect(s.rows.all("threads")[0]?.archivedAt).toBeNull()
    expect(s.rows.all("threads")[0]?.deletedAt).not.toBeNull()
    expect(s.send("thread.restored", {}, ours).state.thread?.deletedAt).toBeNull()
  })

  it("a replaced session says nothing about it any more", () => {
    const s = new Scenario().start().start("s2").send("thread.metadata.updated", { title: "old" }, { session: "s1" })
    s.send("thread.started", { title: "old" }, { session: "s1" })
    s.send("turn.plan.updated", { steps: [] }, { session: "s1" })
    expect(s.rows.all("threads")[0]).toMatchObject({ title: null })
    expect(s.rows.all("threads")[0]).not.toHaveProperty("plan")
    expect(s.reasons()).toEqual(["session-stale"])
  })

  it("holds the to-do list whole", () => {
    const s = running().send("turn.plan.updated", { steps: [{ step: "a", status: "pending" }] })
    s.send("turn.plan.updated", { explanation: "why", steps: [{ step: "b", status: "completed" }] })
    expect(s.rows.all("threads")[0]?.plan).toEqual({ explanation: "why", steps: [{ step: "b", status: "completed" }] })
    expect(s.state.thread).not.toHaveProperty("plan")
  })

  it("activity is what a living session or a person does, by our clock", () => {
    const s = running()
    const last = () => s.rows.all("threads")[0]?.lastActivityAt
    expect(last()).toBe(s.log.at(-1)?.recordedAt)
    const before = last()
    s.send("thread.archived", {}, ours).status("ready", "missing").send("turn.settled", {}, ours)
    expect(last()).toBe(before)
    s.send("message.queued", { messageId: id("m"), text: "x" }, ours)
    expect(last()).toBe(s.log.at(-1)?.recordedAt)
  })

  it("its clocks never decide: an event of the past changes rows in the order of the log", () => {
    const s = running()
    const late = s.log.at(-1)
    if (late === undefined) throw new Error("no event")
    s.append({
      ...late,
      sequence: 99,
      streamVersion: 99,
      eventId: id("e99"),
      at: 0,
      seq: 9,
      type: "turn.completed",
      payload: { outcome: "completed" },
    })
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", endedAt: 0 })
    const { recordedAt } = late
    expect(s.state.thread).toMatchObject({ updatedAt: recordedAt, lastActivityAt: recordedAt })
  })

  it("is dated by our clock: a source of the future moves nothing", () => {
    const s = running().send("turn.plan.updated", { steps: [] }, { at: Number.MAX_SAFE_INTEGER })
    const recordedAt = s.log.at(-1)?.recordedAt
    expect(s.state.thread).toMatchObject({ updatedAt: recordedAt, lastActivityAt: recordedAt })
    s.delta("i1", t1, "x")
    expect(s.state.thread?.updatedAt).toBe(s.log.at(-1)?.recordedAt)
  })
})

describe("the goal of a thread", () => {
  it("is what was said last, until it is said to be none", () => {
    const goal = (s: Scenario, said: unknown) => s.sendRaw("thread.metadata.updated", { goal: said })
    const s = goal(new Scenario().start(), { objective: "ship" })
    s.send("thread.metadata.updated", { title: "t" })
    expect(s.rows.all("threads")).toMatchObject([{ goal: { objective: "ship" }, title: "t" }])
    expect(goal(s, null).rows.all("threads")).toMatchObject([{ goal: null }])
  })
})
