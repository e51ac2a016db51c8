import { describe, expect, it } from "vitest"
import { type CommandScenario, live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"

const t = (n: number) => strong(`t${n}`)

/** A thread whose turns 1 … n have ended. */
const done = (n: number): CommandScenario => {
  const c = live()
  for (let each = 1; each <= n; each++) c.s.turn(t(each)).complete(t(each))
  return c
}

describe("what is said where a thread is not rewound", () => {
  const T = id("thread")
  const rewind = { type: "thread.rewind" }

  it("names the turn that runs or whose end is not final, and the work after an end", () => {
    const c = done(1)
    c.s.turn(t(2))
    const turnId = c.s.turnRow(t(2))?.turnId
    expect(c.refusalOf(rewind)).toBe(`turn-active: Turn ${turnId} of thread ${T} is running.`)
    c.s.status("ready")
    expect(c.refusalOf(rewind)).toBe(
      `turn-active: The end of turn ${turnId} of thread ${T} is not final yet: ask again in a second.`,
    )
    const late = done(1)
    late.s.item("late", t(1), { kind: "command" })
    expect(late.refusalOf(rewind)).toBe(
      `turn-active: The agent of thread ${T} is still at work after the end of its turn.`,
    )
  })

  it("keeps its thread from being deleted while it may bring the agent up, which nobody could stop then", () => {
    const c = done(1)
    c.s.send("session.exited", { reason: "exit" })
    for (const kind of ["thread.rewind", "session.start"] as const) {
      c.openEffect = { effectId: "e", kind, status: "pending" }
      expect(c.refusalOf({ type: "thread.delete" })).toBe(`thread-busy: Call e (${kind}) of thread ${T} is pending.`)
    }
    c.openEffect = { effectId: "e", kind: "session.stop", status: "pending" }
    expect(c.refusalOf({ type: "thread.delete" })).toBeNull()
  })

  it("says what to do about a turn that may have reached the agent: no end of it may come", () => {
    const c = done(1)
    const { turnId } = c.run({ type: "message.send", text: "?" })
    c.outcome("effect.uncertain", "turn.start", turnId)
    c.s.send("session.reconciled", { liveness: "gone", reason: "server-restarted" })
    for (const command of [rewind, { type: "thread.compact" }]) {
      expect(c.refusalOf(command)).toBe(
        `turn-active: Turn ${turnId} of thread ${T} is uncertain: its message may have reached the agent. Interrupt it first.`,
      )
    }
    c.run({ type: "session.stop" })
    expect(c.refusalOf(rewind)).toBeNull()
  })

  it("names the open call, and how many turns there are", () => {
    const c = done(1)
    expect(c.refusalOf({ ...rewind, turns: 2 })).toBe(
      `resource-not-found: Thread ${T} has 1 turns that can be taken back, not 2.`,
    )
    expect(live().refusalOf(rewind)).toBe(`resource-not-found: Thread ${T} has 0 turns that can be taken back, not 1.`)
    expect(c.wholeOf(rewind).effects).toMatchObject([{ payload: { turns: 1, files: false } }])
    c.openEffect = { effectId: "e", kind: "thread.rewind", status: "attempting" }
    expect(c.refusalOf(rewind)).toBe(`thread-busy: Call e (thread.rewind) of thread ${T} is attempting.`)
  })
})

describe("thread.rewind", () => {
  it("asks the agent, and names the first turn that goes", () => {
    const c = done(3)
    const turn = (n: number) => c.s.turnRow(t(n))?.turnId
    expect(c.run({ type: "thread.rewind" })).toMatchObject({ events: [], effects: ["thread.rewind"], turnId: turn(3) })
    expect(c.run({ type: "thread.rewind", turns: 2, files: true }).turnId).toBe(turn(2))
    expect(c.effects.at(-1)).toMatchObject({ turnId: turn(2), payload: { turns: 2, files: true } })
  })

  it("counts turns that count still, and takes no more than there are", () => {
    const c = done(3)
    c.s.send("thread.rewound", { count: 2 })
    expect(c.run({ type: "thread.rewind" }).turnId).toBe(c.s.turnRow(t(1))?.turnId)
    expect(c.answerTo({ type: "thread.rewind", turns: 2 })).toBe("resource-not-found")
    expect(live().answerTo({ type: "thread.rewind" })).toBe("resource-not-found")
  })

  it("is refused while a turn runs, waits or may still run, and while a call is open", () => {
    const running = done(1)
    running.s.turn(t(2))
    expect(running.answerTo({ type: "thread.rewind" })).toBe("turn-active")
    const waiting = done(1)
    waiting.run({ type: "message.send", text: "next" })
    expect(waiting.answerTo({ type: "thread.rewind" })).toBe("turn-active")
    const unsettled = done(1)
    unsettled.s.turn(t(2)).send("session.state.changed", { state: "ready" })
    expect(unsettled.answerTo({ type: "thread.rewind" })).toBe("turn-active")
    const busy = done(1)
    busy.openEffect = { effectId: "e", kind: "thread.rewind", status: "attempting" }
    expect(busy.answerTo({ type: "thread.rewind" })).toBe("thread-busy")
  })
})

describe("thread.compact and review.start", () => {
  it("ask for a turn, and its call says what it does", () => {
    const c = done(1)
    const compacted = c.run({ type: "thread.compact" })
    expect(compacted).toMatchObject({ events: ["turn.requested"], effects: ["turn.start"] })
    expect(c.effects.at(-1)).toMatchObject({ turnId: compacted.turnId, payload: { work: { type: "compact" } } })
    const reviews = [
      [{ type: "uncommitted" }, "review: uncommittedChanges"],
      [{ type: "branch", branch: "main" }, "review: baseBranch main"],
      [{ type: "commit", sha: "abc" }, "review: commit abc"],
      [{ type: "text", text: "the lock" }, "review: custom the lock"],
    ] as const
    for (const [target, text] of reviews) {
      const review = done(1)
      review.run({ type: "review.start", target })
      expect(review.effects.at(-1)?.payload).toMatchObject({ text, work: { type: "review", target } })
    }
  })

  it("are refused while a turn runs or waits, and there has to be something to compact", () => {
    expect(live().answerTo({ type: "thread.compact" })).toBe("resource-not-found")
    const c = done(1)
    c.run({ type: "review.start", target: { type: "uncommitted" } })
    expect(c.answerTo({ type: "thread.compact" })).toBe("turn-active")
    expect(c.answerTo({ type: "review.start", target: { type: "uncommitted" } })).toBe("turn-active")
  })
})
