/** What follows in a thread by itself: whole facts, at the first moment at which the rule that decides says so. */
import type { ThreadRow } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { factsOf, minute, moment, now, policy, question, readySession, runningTurn } from "../../test/explainFacts.js"
import { livingSession, openEffect, threadWork, turnIn } from "../../test/workflowRows.js"
import { explainThread } from "./explain.js"
import { nextFacts } from "./explainNext.js"
import type { Moment } from "./Moment.js"
import { decideSession } from "./reaper.js"
import type { OpenRequest, ThreadFacts } from "./ThreadFacts.js"
import type { StartingTurn } from "./watchdog.js"

const day = 24 * 60 * minute
const next = (facts: ThreadFacts, at: Moment = moment) => nextFacts(facts, at)
const fact = (name: string, sentence: string, row: string, at: number | null = null) => ({
  topic: "next",
  fact: name,
  sentence,
  row,
  at,
})

it("tells what follows as a part of all that it tells", () => {
  const facts = factsOf([], { queued: 1 })
  expect(explainThread(facts, moment)).toEqual(expect.arrayContaining([...next(facts)]))
  expect(next(factsOf())).toEqual([])
})

describe("what becomes of the queue", () => {
  const drains = fact("queue-drains", "The next message of the queue becomes a turn, at once.", "thread")
  const held = fact("queue-stays", "The queue stays as it is until a person lets it run.", "thread")
  const stays = (why: string) => fact("queue-stays", `The queue does not go on by itself: ${why}.`, "thread")
  const after = (turnId: string) =>
    fact("queue-waits", "The next message goes when this turn is over for good.", `turns/${turnId}`)
  const afterCall = fact("queue-waits", "The next message goes when an open call to the agent has ended.", "thread")
  const queue = (facts: ThreadFacts) => next(facts).filter(({ fact: name }) => name.startsWith("queue-"))
  const steer = { ...openEffect("turn.steer"), createdAt: now }
  const interrupt = { ...openEffect("turn.interrupt"), createdAt: now }

  it("nothing, where no message waits", () => {
    expect(queue(factsOf([], { queued: 0, queueHeld: 1 }))).toEqual([])
  })

  it.each([
    ["it goes on", {}, [], [drains]],
    ["it is held", { queueHeld: 1 }, [], [held]],
    ["it is held, whatever runs", { queueHeld: 1 }, [runningTurn], [held]],
    ["a turn runs", {}, [runningTurn], [after("t")]],
    ["an end is not final", {}, [{ ...turnIn.provisional, turnId: "p" }], [after("p")]],
    ["of several turns, the oldest", {}, [turnIn.lost, turnIn.waiting, runningTurn], [after("turn")]],
    ["the agent goes on after the end", { afterEndItems: 1 }, [], [stays("something in the thread has to end first")]],
    ["no agent of ours", { agent: null }, [], [stays("no agent of ours works in the thread")]],
    ["no agent of ours, a turn runs", { agent: null }, [runningTurn], [stays("no agent of ours works in the thread")]],
    ["it is deleted", { deletedAt: 1 }, [], [stays("the thread is deleted")]],
    ["it is deleted, without an agent of ours", { deletedAt: 1, agent: null }, [], [stays("the thread is deleted")]],
    ["it is deleted, a turn runs", { deletedAt: 1 }, [runningTurn], [stays("the thread is deleted")]],
  ] as const)("%s", (_, thread: Partial<ThreadRow>, turns, expected) => {
    expect(queue(factsOf(turns, { queued: 2, ...thread }))).toEqual(expected)
  })

  it("a call to the agent goes first, but for an interrupt", () => {
    const facts = factsOf([], { queued: 1 })
    expect(queue({ ...facts, effects: [steer] })).toEqual([afterCall])
    expect(queue({ ...facts, effects: [interrupt] })).toEqual([drains])
    expect(queue({ ...factsOf([runningTurn], { queued: 1 }), effects: [steer] })).toEqual([after("t")])
  })

  it("the session of an adapter has to end", () => {
    const session = { ...readySession, mode: "attached" } as const
    expect(queue(factsOf([], { queued: 1 }, session))).toEqual([stays("something in the thread has to end first")])
  })
})

describe("what becomes of a turn that runs", () => {
  const live = { ...readySession, status: "running", lastActivityAt: now - 4 * minute } as const
  const running = (thread: Partial<ThreadRow> = {}, more: Partial<ThreadFacts> = {}): ThreadFacts => ({
    ...factsOf([runningTurn], { status: "working", activeTurnId: "t", ...thread }, live),
    ...more,
  })
  const stalls = (at: number) =>
    fact("turn-stalls", "The turn is shown as stalled, unless something is heard of it.", "turns/t", at)
  const ends = (reason: string, at: number) =>
    fact("turn-interrupted", `The watchdog interrupts the turn: ${reason}.`, "turns/t", at)
  const deadline = (ms: number) => `turn deadline: the turn has run for ${ms} ms (limits.turnMs)`
  const noLimits = { turnStartMs: 0, turnMs: 0, retryMs: 0 }

  it("it is shown as stalled, and is interrupted at its deadline", () => {
    expect(next(running())).toEqual([stalls(now + 6 * minute), ends(deadline(240 * minute), now + 236 * minute)])
  })

  it("it is interrupted when it stalls, where the policy says so", () => {
    const reason = `stalled: no event came for ${10 * minute} ms (reaper.stallMs)`
    expect(next(running({}, { policy: { ...policy, onStall: "interrupt" } }))).toEqual([
      stalls(now + 6 * minute),
      ends(reason, now + 6 * minute),
    ])
  })

  it("times in which it waited for a person do not count", () => {
    const waits = [{ from: now - 3 * minute, until: now - minute }]
    expect(next(running({}, { waits }))).toEqual([
      stalls(now + 9 * minute),
      ends(deadline(240 * minute), now + 238 * minute),
    ])
  })

  it("it does not stall while it waits for a person", () => {
    const waits = [{ from: now - minute, until: null }]
    expect(next(running({ openRequests: 1 }, { waits }))).toEqual([])
  })

  it("it is shown once, and is interrupted once", () => {
    const of = (given: Partial<typeof runningTurn>) => ({
      ...running(),
      work: threadWork([{ ...runningTurn, ...given }], {}, live),
    })
    expect(next(of({ stalled: 1 }))).toEqual([ends(deadline(240 * minute), now + 236 * minute)])
    expect(next(of({ interruptRequestedAt: now }))).toEqual([stalls(now + 6 * minute)])
  })

  it("it is not ours to end where no agent of ours works, and nothing where nothing is limited", () => {
    expect(next(running({ agent: null }))).toEqual([stalls(now + 6 * minute)])
    expect(next(running({}, { limits: noLimits }))).toEqual([stalls(now + 6 * minute)])
    expect(next(running({}, { limits: noLimits, policy: { ...policy, stallMs: 0 } }))).toEqual([])
  })

  it("at once, where the time is over, and at no time that is more than 400 days ahead", () => {
    const limits = (turnMs: number) => ({ limits: { ...noLimits, turnMs }, policy: { ...policy, stallMs: 0 } })
    expect(next(running({}, limits(4 * minute)))).toEqual([ends(deadline(4 * minute), now)])
    expect(next(running({}, limits(4 * minute + 1)))).toEqual([ends(deadline(4 * minute + 1), now + 1)])
    const farthest = 400 * day + 4 * minute
    expect(next(running({}, limits(farthest)))).toEqual([ends(deadline(farthest), now + 400 * day)])
    expect(next(running({}, limits(farthest + 1)))).toEqual([])
  })

  it("nothing, where no session lives", () => {
    expect(next(factsOf([runningTurn], {}, null))).toEqual([])
  })

  it("the one that runs is meant, not one that waits beside it", () => {
    const facts = factsOf([turnIn.waiting, runningTurn], {}, live)
    expect(next(facts).map(({ row }) => row)).toEqual(["turns/t", "turns/t"])
    expect(next(factsOf([turnIn.waiting], {}, live))).toEqual([])
  })
})

describe("what becomes of a turn that waits to start", () => {
  const starting = (given: Partial<StartingTurn> = {}): StartingTurn => ({
    ...turnIn.delivered,
    turnId: "s",
    mode: "managed",
    agent: "mine",
    ordinal: 1,
    sequence: 1,
    since: now - minute / 2,
    ...given,
  })
  const fails = (turnId: string, at: number) =>
    fact("start-times-out", "The turn fails, cause `never-started`, unless it starts.", `turns/${turnId}`, at)

  it("it fails, each at its time", () => {
    const facts = { ...factsOf(), starting: [starting(), starting({ turnId: "u", since: now })] }
    expect(next(facts)).toEqual([fails("s", now + minute / 2), fails("u", now + minute)])
    expect(next({ ...facts, limits: { ...facts.limits, turnStartMs: 0 } })).toEqual([])
  })

  it.each([
    ["not sent yet", { handedOver: 0 }],
    ["may have reached the agent", { uncertain: 1 }],
    ["in a session of an adapter", { mode: "attached" }],
  ] as const)("nothing follows of one that is %s", (_, given) => {
    expect(next({ ...factsOf(), starting: [starting(given)] })).toEqual([])
  })
})

describe("what becomes of a question", () => {
  const asked = (given: Partial<ThreadFacts> = {}): ThreadFacts => ({
    ...factsOf(),
    requests: [question()],
    ...given,
  })
  const unattended = (action: "deny" | "expire") => ({
    policy: { ...policy, unattended: { action, afterMs: 5 * minute } },
  })
  const tells = (what: string) =>
    fact("request-unattended", `The question ${what}, unless a person answers.`, "requests/r", now + 4 * minute)

  it("the policy's action follows, if there is one", () => {
    expect(next(asked(unattended("deny")))).toEqual([tells("is declined")])
    expect(next(asked(unattended("expire")))).toEqual([tells("expires, and its turn is interrupted")])
    expect(next(asked())).toEqual([])
  })

  it("the first rule for its kind follows, before the policy", () => {
    const line = [{ threadId: "parent", agent: "mine", rules: [{ action: "accept", afterMs: 5 * minute }] }] as const
    const requests = [question({ line, data: { choices: [{ decision: "accept" }] } })]
    expect(next(asked({ ...unattended("deny"), requests }))).toEqual([tells("is accepted by a rule of thread parent")])
  })

  it("a question that does not take the answer stays, and why is said", () => {
    const stays = (what: string) =>
      fact("request-stays", `The question waits for a person. It is not so that it ${what}.`, "requests/r")
    const line = [{ threadId: "own", agent: "mine", rules: [{ action: "accept", afterMs: 5 * minute }] }] as const
    const asks = (given: Partial<OpenRequest>) => next(asked({ requests: [question({ line, ...given })] }))
    expect(asks({ kind: "user_input" })).toEqual([
      stays("is accepted by a rule of thread own: it asks for an answer in words"),
    ])
    expect(asks({ lastError: "no" })).toEqual([
      stays("is accepted by a rule of thread own: an answer to it has failed"),
    ])
    const data = { choices: [{ decision: "accept" }] }
    expect(next(asked({ ...unattended("deny"), requests: [question({ data })] }))).toEqual([
      stays("is declined: it takes no decline without more"),
    ])
  })

  it("nothing of one that is answered, that an adapter ends, or whose session has ended", () => {
    const requests = [question({ status: "answering" })]
    expect(next(asked({ ...unattended("deny"), requests }))).toEqual([])
    const session = { ...readySession, mode: "attached" } as const
    expect(next(asked({ ...unattended("deny"), work: threadWork([], {}, session) }))).toEqual([])
    expect(next(asked({ ...unattended("deny"), work: threadWork([], {}, null) }))).toEqual([])
  })
})

describe("what becomes of an end", () => {
  const settles = (at: number | null) =>
    fact("turn-settles", "The inferred end of the turn becomes final.", "turns/turn", at)
  const over = (at: number) =>
    fact("after-end-settles", "The work after the turn's end is over, unless something is heard of it.", "thread", at)

  it("one that was inferred becomes final after a second", () => {
    expect(next(factsOf([{ ...turnIn.provisional, endedAt: now }]))).toEqual([settles(now + 1_000)])
    expect(next(factsOf([{ ...turnIn.closing, endedAt: null }]))).toEqual([settles(null)])
    expect(next(factsOf([turnIn.over]))).toEqual([])
  })

  it("work after it is over when nothing is heard of it", () => {
    const thread = { afterEndItems: 1, lastActivityAt: now - minute / 4 }
    expect(next(factsOf([], thread))).toEqual([over(now + 0.75 * minute)])
    expect(next(factsOf([], { ...thread, openRequests: 1 }))).toEqual([])
    expect(next(factsOf([], { ...thread, afterEndItems: 0 }))).toEqual([])
    expect(next(factsOf([], thread, null))).toEqual([])
    expect(next(factsOf([], thread, { ...readySession, mode: "imported" }))).toEqual([])
    expect(next({ ...factsOf([], thread), policy: { ...policy, afterEndMs: 0 } })).toEqual([])
  })
})

describe("what becomes of a session", () => {
  const living = livingSession({ lastActivityAt: now - 10 * minute })
  const keeps = (reason: string, why: string) =>
    fact(`keep-${reason}`, `The reaper keeps the session: ${why}`, "session")
  const idle = "It was not used within `idleMs`."

  it("the reaper stops an idle one: at the first moment at which its rule says so", () => {
    const at = now + 20 * minute
    expect(next({ ...factsOf(), living })).toEqual([
      keeps("in-use", "It was used within `idleMs`."),
      fact("reap-idle", `The reaper stops the session, unless something happens in the thread: ${idle}`, "session", at),
    ])
    const decides = (when: number) =>
      decideSession({ session: living, liveness: "alive", children: [] }, { ...moment, now: when }, policy).decision
    expect([decides(at - 1), decides(at)]).toEqual(["keep", "reap"])
  })

  it("at once, where it was idle for long enough", () => {
    expect(next({ ...factsOf(), living: livingSession({ lastActivityAt: now - 30 * minute }) })).toEqual([
      fact("reap-idle", `The reaper stops the session: ${idle}`, "session", now),
    ])
  })

  it("the reason of then is told, not that of now", () => {
    const busy = livingSession({ runningTasks: 1, lastActivityAt: now, taskHeardAt: now })
    expect(next({ ...factsOf(), living: busy })).toEqual([
      keeps("task-running", "A background task runs, and was heard of within `backgroundCapMs`."),
      fact(
        "reap-task-overdue",
        "The reaper stops the session, unless something happens in the thread: It was not used within `idleMs`, and no event of its background tasks came within `backgroundCapMs`.",
        "session",
        now + day,
      ),
    ])
  })

  it("it is kept for as long as something keeps it", () => {
    expect(next({ ...factsOf(), living: livingSession({ activeTurnId: "t" }) })).toEqual([
      keeps("turn-active", "A turn runs."),
    ])
    const child = livingSession({ sessionId: "child", activeTurnId: "c" })
    expect(next({ ...factsOf(), living: livingSession(), children: [child] })).toEqual([
      keeps("child-active", "A thread that its agent opened by itself has a reason of its own to be kept."),
    ])
  })
})

it("tells what follows in one order", () => {
  const facts: ThreadFacts = {
    ...factsOf([turnIn.provisional, runningTurn], { queued: 1, afterEndItems: 1, lastActivityAt: now }),
    requests: [question()],
    starting: [{ ...turnIn.delivered, mode: "managed", agent: "mine", ordinal: 1, sequence: 1, since: now }],
    living: livingSession(),
    policy: { ...policy, unattended: { action: "deny", afterMs: minute } },
  }
  expect(next(facts).map(({ fact: name }) => name)).toEqual([
    "turn-settles",
    "queue-waits",
    "start-times-out",
    "turn-stalls",
    "turn-interrupted",
    "request-unattended",
    "after-end-settles",
    "reap-idle",
  ])
})
