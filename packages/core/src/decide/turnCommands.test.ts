import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const interrupt = (c: CommandScenario, turnId?: string | null) =>
  c.run({ type: "turn.interrupt", turnId, reason: "enough" })
const turn = (c: CommandScenario, turnId: string | null) => c.s.rows.find("turns", "key", [turnId])
const send = (c: CommandScenario, text = "hello") => c.run({ type: "message.send", text }).turnId
const asked = ["turn.interrupt-requested"]
const nothing = { refused: null, events: [], effects: [] }
const running = () => {
  const c = live()
  c.s.turn(t1)
  return c
}

describe("task.stop", () => {
  const withTask = (c: CommandScenario) => {
    c.s.send("task.started", { kind: "shell" }, { native: { taskId: "task-1" } })
    const taskId = c.s.rows.all("tasks")[0]?.taskId ?? ""
    return { c, taskId, stop: () => c.run({ type: "task.stop", taskId, reason: "enough" }) }
  }

  it("of a task that runs reaches the agent; the task ends with the agent's word", () => {
    const { c, stop, taskId } = withTask(live())
    expect(stop()).toMatchObject({ events: ["task.stop-requested"], effects: ["task.stop"] })
    expect(c.effects).toEqual([{ kind: "task.stop", sessionId: id("session s1"), turnId: null, payload: { taskId } }])
    expect(c.s.log.at(-1)).toMatchObject({ taskId, payload: { reason: "enough" } })
    expect(c.s.rows.all("tasks")).toMatchObject([{ status: "running" }])
    c.s.send("task.completed", { status: "interrupted" }, { native: { taskId: "task-1" } })
    expect(stop()).toMatchObject(nothing)
  })

  it("of a task that the agent is being asked to end changes nothing; where that call is over it may be asked again", () => {
    const { c, stop, taskId } = withTask(live())
    stop()
    c.stoppingTasks.add(taskId)
    expect(stop()).toMatchObject(nothing)
    expect(c.effects).toHaveLength(1)
    c.stoppingTasks.delete(taskId)
    expect(stop()).toMatchObject({ events: ["task.stop-requested"], effects: ["task.stop"] })
  })

  it("is refused for a task that the thread does not have, and in a session that we do not run", () => {
    const missing = { type: "task.stop", taskId: id("none") }
    expect(live().refusalOf(missing)).toBe(`resource-not-found: Thread ${id("thread")} has no task ${id("none")}.`)
    const attached = new CommandScenario(
      new Scenario().send("session.started", { provider: "codex", mode: "attached", usageMode: "cumulative-thread" }),
    )
    expect(withTask(attached).stop().refused).toBe("thread-not-run")
  })
})

describe("turn.interrupt", () => {
  it("of nothing changes nothing", () => {
    expect(interrupt(live())).toEqual({ ...nothing, turnId: null, messageId: null })
    expect(interrupt(created())).toMatchObject(nothing)
  })

  it("of a turn that runs reaches the agent, once", () => {
    const c = running()
    const turnId = c.s.state.active?.turnId ?? null
    expect(interrupt(c)).toMatchObject({ events: asked, effects: ["turn.interrupt"], turnId })
    expect(c.effects).toEqual([{ kind: "turn.interrupt", sessionId: id("session s1"), turnId }])
    expect(interrupt(c)).toMatchObject({ ...nothing, turnId })
    expect(interrupt(c, turnId)).toMatchObject({ ...nothing, turnId })
  })

  it("of a turn that was not delivered cancels it, and sends nothing to the agent", () => {
    for (const c of [live(), created()]) {
      const turnId = send(c)
      expect(interrupt(c)).toMatchObject({ events: asked, effects: [], turnId })
      expect(turn(c, turnId)).toMatchObject({ outcome: "cancelled", cause: "interrupt-requested", settled: 1 })
      expect(interrupt(c, turnId)).toMatchObject({ ...nothing, turnId })
    }
  })

  it("of a turn that is being delivered reaches the agent, with or without a session", () => {
    for (const c of [live(), created()]) {
      const turnId = send(c)
      c.attempting.add(turnId ?? "")
      expect(interrupt(c)).toMatchObject({ events: asked, effects: ["turn.interrupt"], turnId })
      expect(turn(c, turnId)).toMatchObject({ status: "requested" })
      expect(interrupt(c)).toMatchObject({ ...nothing, turnId })
    }
  })

  it("of a turn whose delivery failed cancels it, when it is repeated", () => {
    const c = live()
    const turnId = send(c)
    c.attempting.add(turnId ?? "")
    interrupt(c)
    c.attempting.clear()
    expect(interrupt(c)).toMatchObject({ events: asked, effects: [] })
    expect(turn(c, turnId)).toMatchObject({ outcome: "cancelled" })
  })

  it("of a turn that was delivered or accepted ends it at once, and reaches the agent if it starts", () => {
    const c = live()
    const turnId = send(c)
    c.outcome("effect.delivered", "turn.start", turnId)
    expect(interrupt(c)).toMatchObject({ effects: ["turn.interrupt"], turnId })
    expect(c.effects.at(-1)).toMatchObject({ sessionId: id("session s1") })
    expect(turn(c, turnId)).toMatchObject({ outcome: "cancelled", cause: "interrupt-requested", settled: 0 })
    const other = live()
    const accepted = send(other)
    other.s.send("turn.accepted", {}, { ids: { turnId: accepted }, native: { turnId: t1 } })
    expect(interrupt(other, accepted)).toMatchObject({ effects: ["turn.interrupt"] })
  })

  it("of a turn in doubt cancels it, also where an interrupt was asked for before the doubt", () => {
    const c = live()
    const turnId = send(c)
    c.outcome("effect.uncertain", "turn.start", turnId)
    expect(interrupt(c, turnId)).toMatchObject({ events: asked, effects: ["turn.interrupt"] })
    expect(turn(c, turnId)).toMatchObject({ outcome: "cancelled" })
    const late = live()
    const going = send(late)
    late.outcome("effect.delivered", "turn.start", going)
    late.s.send("session.exited", { reason: "exit" })
    expect(turn(late, going)).toMatchObject({ uncertain: 1 })
    expect(interrupt(late, going)).toMatchObject({ events: asked, effects: [] })
    expect(turn(late, going)).toMatchObject({ outcome: "cancelled" })
  })

  it("of a turn that was being delivered ends it as soon as it is delivered or uncertain", () => {
    for (const outcome of ["effect.delivered", "effect.uncertain"] as const) {
      const c = live()
      const turnId = send(c)
      c.attempting.add(turnId ?? "")
      interrupt(c)
      c.attempting.clear()
      c.outcome(outcome, "turn.start", turnId)
      expect(turn(c, turnId)).toMatchObject({ outcome: "cancelled", cause: "interrupt-requested", handedOver: 1 })
      expect(c.s.session).toMatchObject({ status: "ready", pendingTurnId: null })
    }
  })

  it("without a turn means the one that runs, else the one that waits, and one in doubt only after those", () => {
    const c = live()
    const doubt = send(c)
    c.outcome("effect.uncertain", "turn.start", doubt)
    const waits = send(c)
    expect(interrupt(c).turnId).toBe(waits)
    expect(interrupt(c).turnId).toBe(doubt)
    expect(interrupt(c).turnId).toBeNull()
    const both = live()
    both.outcome("effect.uncertain", "turn.start", send(both))
    both.s.turn(t1)
    expect(interrupt(both).turnId).toBe(both.s.turnRow(t1)?.turnId)
  })

  it("of a turn that has ended changes nothing and says which", () => {
    const c = running()
    const turnId = c.s.state.active?.turnId ?? null
    c.s.complete(t1)
    expect(interrupt(c, turnId)).toEqual({ ...nothing, turnId, messageId: null })
  })

  it("of another thread's turn, or of none that there is, is refused", () => {
    const c = running()
    const foreign = { ...c.s.turnRow(t1), turnId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("turns")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(interrupt(c, id("foreign"))).toMatchObject({ refused: "resource-not-found" })
    expect(interrupt(c, id("missing"))).toMatchObject({ refused: "resource-not-found" })
  })

  it("of an attached session's turn is an event that its adapter reads in the log", () => {
    const c = new CommandScenario()
    c.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1000 })
    c.s.turn(t1)
    expect(interrupt(c)).toMatchObject({ events: asked, effects: [] })
  })

  it("of a recording's turn is refused", () => {
    const c = new CommandScenario(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
    expect(interrupt(c)).toMatchObject({ refused: "thread-not-run" })
    c.s.complete(t1)
    expect(interrupt(c, c.s.turnRow(t1)?.turnId)).toMatchObject(nothing)
  })
})

describe("turn.settle", () => {
  const settle = (c: CommandScenario, turnId?: string) =>
    c.answerTo({ type: "turn.settle", turnId: turnId ?? id("missing") })
  it("takes an inferred end as final, once; nothing else", () => {
    const c = running()
    const turnId = c.s.turnRow(t1)?.turnId
    expect(settle(c, turnId)).toEqual([])
    c.s.status("ready")
    expect(settle(c, turnId)).toEqual(["turn.settled"])
    expect(c.s.turnRow(t1)).toMatchObject({ settled: 1, evidence: "inferred" })
    expect(settle(c, turnId)).toEqual([])
    expect(settle(c)).toEqual([])
    expect(settle(new CommandScenario(), turnId)).toEqual([])
  })

  it("leaves an observed end, and another thread's turn", () => {
    const c = running()
    c.s.complete(t1)
    expect(settle(c, c.s.turnRow(t1)?.turnId)).toEqual([])
    const foreign = { ...c.s.turnRow(t1), turnId: id("foreign"), threadId: id("theirs"), settled: 0 }
    c.s.rows.rows.get("turns")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(settle(c, id("foreign"))).toEqual([])
  })

  it("settles in archived and deleted threads too", () => {
    const c = running()
    c.s.send("session.exited", { reason: "exit" })
    c.run({ type: "thread.archive" })
    c.run({ type: "thread.delete" })
    expect(settle(c, c.s.turnRow(t1)?.turnId)).toEqual(["turn.settled"])
  })
})

describe("turn.time-out-start", () => {
  const accepted = (c: CommandScenario) => {
    const turnId = send(c)
    c.outcome("effect.delivered", "turn.start", turnId)
    c.s.send("turn.accepted", {}, { ids: { turnId }, native: { turnId: t1 } })
    return turnId ?? ""
  }
  const timeOut = (c: CommandScenario, turnId: string, ifSequence = turn(c, turnId)?.sequence ?? 0) =>
    c.run({ type: "turn.time-out-start", turnId, ifSequence, waitedMs: 60_000 })

  it("ends a turn that the agent took and did not start, once, and lets the queue run on", () => {
    const c = live()
    const turnId = accepted(c)
    send(c)
    expect(timeOut(c, turnId).events).toEqual(["turn.start-timed-out"])
    expect(turn(c, turnId)).toMatchObject({ outcome: "failed", cause: "never-started", evidence: "inferred" })
    expect(c.s.state.thread).toMatchObject({ queued: 1, queueHeld: 0, status: "idle" })
    expect(timeOut(c, turnId).events).toEqual([])
  })

  it("does nothing to one that has changed, that was not delivered, that runs, or that an adapter feeds", () => {
    const c = live()
    const turnId = accepted(c)
    expect(timeOut(c, turnId, (turn(c, turnId)?.sequence ?? 0) - 1).events).toEqual([])
    const waits = live()
    expect(timeOut(waits, send(waits) ?? "").events).toEqual([])
    c.s.send("turn.started", {}, { native: { turnId: t1 } })
    expect(timeOut(c, turnId).events).toEqual([])
    const theirs = new CommandScenario()
    theirs.s.send("session.started", { provider: "x", mode: "attached" })
    theirs.s.send("turn.requested", { handedOver: true }, { native: { callId: "1" } })
    expect(timeOut(theirs, theirs.s.state.requested[0]?.turnId ?? "").events).toEqual([])
  })
})

describe("turn.stall", () => {
  const stall = (c: CommandScenario, turnId = c.s.turnRow(t1)?.turnId) =>
    c.answerTo({ type: "turn.stall", turnId: turnId ?? id("missing"), silentMs: 5 })
  it("shows that no event of the running turn comes, once, and again after its next event", () => {
    const c = running()
    expect([stall(c), stall(c)]).toEqual([["turn.stalled"], []])
    expect(c.s.state.thread?.status).toBe("stalled")
    c.s.item("i1", t1)
    expect(stall(c)).toEqual(["turn.stalled"])
  })

  it("says nothing of a turn that waits for a person, has ended, or is not there", () => {
    const c = running()
    c.s.send("request.opened", { kind: "other" }, { native: { turnId: t1, requestId: "0" } })
    expect(stall(c)).toEqual([])
    c.s.send("request.answered", { decision: "yes" }, { native: { turnId: t1, requestId: "0" } })
    expect(stall(c)).toEqual(["turn.stalled"])
    const over = running()
    over.s.complete(t1)
    expect(stall(over)).toEqual([])
    expect(stall(live(), id("missing"))).toEqual([])
    expect(stall(new CommandScenario(), id("missing"))).toEqual([])
  })
})
