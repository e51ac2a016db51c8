import { type EffectKind, effectKinds } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { openEffect, sessionRow, threadRow, threadWork, turnIn } from "../../test/workflowRows.js"
import {
  type FollowUpCandidate,
  followUpOf,
  mayDrain,
  mayFollow,
  type QueueSituation,
  queueWaitsFor,
  settleMs,
} from "./followUp.js"
import { type TurnPhase, turnPhases } from "./turnPhase.js"

const idle: QueueSituation = {
  thread: threadRow(),
  session: sessionRow(),
  queued: 1,
  turns: [],
  hasMoreTurns: false,
  afterEndItems: 0,
}
const drains = (given: Partial<QueueSituation>) => mayDrain({ ...idle, ...given })
const phases = Object.keys(turnPhases) as readonly TurnPhase[]

describe("whether the queue runs on", () => {
  it("does where a message waits and nothing else goes on, with a session of ours or none", () => {
    expect(drains({})).toBe(true)
    expect(drains({ session: null })).toBe(true)
    expect(drains({ queued: 2 })).toBe(true)
  })

  it.each<readonly [string, Partial<QueueSituation>]>([
    ["no message waits", { queued: 0 }],
    ["there is no thread", { thread: null }],
    ["no agent of ours works in the thread", { thread: threadRow({ agent: null }) }],
    ["the thread was deleted", { thread: threadRow({ deletedAt: 0 }) }],
    ["a person has to consent", { thread: threadRow({ queueHeld: 1 }) }],
    ["an adapter outside feeds the thread", { session: sessionRow({ mode: "attached" }) }],
    ["a recording is read into the thread", { session: sessionRow({ mode: "imported" }) }],
    ["the agent continues after its turn's end", { afterEndItems: 1 }],
    ["not all of its open turns were read", { hasMoreTurns: true }],
  ])("does not where %s", (_, given) => expect(drains(given)).toBe(false))

  it.each(phases)("waits as the table says for a turn that is %s", (phase) => {
    expect(drains({ turns: [turnIn.over, turnIn[phase]] })).toBe(!turnPhases[phase].holdsQueue)
  })

  it("waits for what is on its way, but not for an interrupt whose turn may never start, nor for a task's end", () => {
    const kinds = Object.keys(effectKinds) as readonly EffectKind[]
    expect(kinds.filter((kind) => queueWaitsFor([openEffect(kind)]))).toEqual(
      kinds.filter((kind) => kind !== "turn.interrupt" && kind !== "task.stop"),
    )
    expect(queueWaitsFor([openEffect("turn.interrupt"), openEffect("turn.steer")])).toBe(true)
    expect(queueWaitsFor([])).toBe(false)
  })
})

describe("what follows from a thread's rows", () => {
  it("is the queue's next message", () => {
    expect(followUpOf(threadWork([], { queued: 1 }))).toEqual({ settles: [], drains: true })
    expect(followUpOf(threadWork([], { queued: 0 }))).toEqual({ settles: [], drains: false })
    expect(followUpOf(threadWork([], { queued: 1, afterEndItems: 1 }))).toEqual({ settles: [], drains: false })
    expect(followUpOf(threadWork([], { queued: 1 }, sessionRow({ mode: "attached" }))).drains).toBe(false)
  })

  it("is that an inferred end becomes final, a second after it", () => {
    const { provisional, running, closing, over } = turnIn
    expect(followUpOf(threadWork([provisional, closing, over, running], { queued: 1 }))).toEqual({
      settles: [provisional, closing],
      drains: false,
    })
    expect(settleMs).toBe(1_000)
  })

  it("is no more than what follows from all of its turns, where only the first were read", () => {
    const { provisional, running, closing } = turnIn
    const turns = [closing, closing, provisional, running]
    for (const [read] of turns.entries()) {
      const part = { ...threadWork(turns.slice(0, read), { queued: 1 }), hasMoreTurns: true }
      expect(followUpOf(part)).toEqual({ settles: turns.slice(0, Math.min(read, 3)), drains: false })
    }
  })
})

describe("a thread in which something may follow, seen at a glance", () => {
  const quiet: FollowUpCandidate = { threadId: "thread", queued: 0, queueHeld: 0, activeTurnId: null, unsettled: 0 }

  it.each<readonly [string, Partial<FollowUpCandidate>, boolean]>([
    ["nothing waits", {}, false],
    ["an end is not final", { unsettled: 1 }, true],
    ["an end is not final, beside a turn that runs", { unsettled: 1, activeTurnId: "turn" }, true],
    ["a message waits", { queued: 1 }, true],
    ["a message waits for consent", { queued: 1, queueHeld: 1 }, false],
    ["a message waits for a turn that runs", { queued: 1, activeTurnId: "turn" }, false],
  ])("where %s", (_, given, follows) => expect(mayFollow({ ...quiet, ...given })).toBe(follows))

  it.each(phases)("is one wherever something follows from all of its rows: a turn that is %s", (phase) => {
    const turn = turnIn[phase]
    for (const queued of [0, 1]) {
      for (const queueHeld of [0, 1] as const) {
        const activeTurnId = turn.status === "running" ? turn.turnId : null
        const work = threadWork([turn], { queued, queueHeld, activeTurnId })
        const { drains, settles } = followUpOf(work)
        const unsettled = turn.status === "ended" && turn.settled === 0 ? 1 : 0
        if (drains || settles.length > 0) expect(mayFollow({ ...work.thread, unsettled })).toBe(true)
      }
    }
  })
})
