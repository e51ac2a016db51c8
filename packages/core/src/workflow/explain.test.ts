/** What a thread is said to do and to wait for: whole facts, one table for what it does, one for what it waits for. */
import type { AnomalyView, SessionRow, ThreadRow } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import {
  factsOf,
  minute,
  moment,
  now,
  question,
  readySession,
  runningTurn,
  threadFacts,
} from "../../test/explainFacts.js"
import { livingSession, openEffect, sessionRow, threadWork, turnIn } from "../../test/workflowRows.js"
import { explainThread } from "./explain.js"
import type { ThreadFacts } from "./ThreadFacts.js"

const of = (topic: string, facts: ThreadFacts) => explainThread(facts, moment).filter((fact) => fact.topic === topic)
const noSession = {
  topic: "now",
  fact: "no-session",
  sentence: "No agent has worked in it yet.",
  row: "thread",
  at: 0,
} as const
const ready = {
  topic: "now",
  fact: "session-ready",
  sentence: "Its session is ready: the agent waits for a message.",
  row: "session",
  at: now - 10 * minute,
} as const

const anomaly = (given: Partial<AnomalyView> = {}): AnomalyView => ({
  threadId: "thread",
  reason: "turn-unknown",
  subject: "turn:a",
  count: 1,
  firstSequence: 3,
  lastSequence: 9,
  detail: null,
  ...given,
})

describe("what a thread does now", () => {
  it.each([
    ["nothing", {}, []],
    [
      "it is deleted",
      { deletedAt: 7 },
      [{ fact: "deleted", sentence: "The thread is deleted: it takes no command but its restore.", at: 7 }],
    ],
    ["it is archived", { archivedAt: 8 }, [{ fact: "archived", sentence: "The thread is archived.", at: 8 }]],
  ] as const)("%s", (_, thread, facts) => {
    expect(of("now", factsOf([], { createdAt: 0, ...thread }, null))).toEqual([
      ...facts.map((fact) => ({ topic: "now", row: "thread", ...fact })),
      noSession,
    ])
  })

  it.each([
    ["after-end-work", { afterEndItems: 1 }, "The agent goes on after the end of its turn."],
    ["tasks-running", { runningTasks: 1 }, "Background tasks that run: 1."],
    ["tasks-running", { runningTasks: 3 }, "Background tasks that run: 3."],
  ] as const)("work that no turn holds: %s", (fact, thread: Partial<ThreadRow>, sentence) => {
    expect(of("now", factsOf([], thread))).toEqual([ready, { topic: "now", fact, sentence, row: "thread", at: null }])
  })

  it.each([
    ["ready", { lastActivityAt: 5 }, 5, "Its session is ready: the agent waits for a message."],
    ["starting", {}, 3, "Its session starts."],
    ["running", {}, 3, "Its session is running."],
    ["interrupted", {}, 3, "Its session was interrupted, and lives."],
    ["stopped", {}, 3, "Its session has stopped."],
    ["error", {}, 3, "Its session has ended or goes on with an error."],
  ] as const)("a session that lives: %s", (status, more: Partial<SessionRow>, at, sentence) => {
    const session = sessionRow({ status, startedAt: 3, lastActivityAt: 4, ...more })
    expect(of("now", factsOf([], {}, session))).toEqual([
      { topic: "now", fact: `session-${status}`, sentence, row: "session", at },
    ])
  })

  it.each([
    ["with its cause", { cause: "reaped", evidence: "inferred" }, "Its session has stopped. Cause: reaped (inferred)."],
    ["without one", {}, "Its session has stopped."],
  ] as const)("the last session has ended, %s", (_, more, sentence) => {
    const last = sessionRow({ status: "stopped", startedAt: 3, lastActivityAt: 4, endedAt: 9, ...more })
    const work = { ...threadWork([], {}, null), last }
    expect(of("now", threadFacts({ work }))).toEqual([
      { topic: "now", fact: "session-ended", sentence, row: "session", at: 9 },
    ])
  })

  it.each([
    ["managed", null],
    ["attached", "An adapter feeds it; it ends with its lease."],
    ["imported", "It is a recording: no agent of ours works in it."],
    ["forked", "It is a copy of a session of another thread: nothing works in it."],
  ] as const)("who works in it: %s", (mode, sentence) => {
    expect(of("now", factsOf([], {}, { ...readySession, mode }))).toEqual([
      ready,
      ...(sentence === null ? [] : [{ topic: "now", fact: mode, sentence, row: "session", at: null }]),
    ])
  })

  it("all of it, in one order", () => {
    const facts = factsOf([runningTurn], { deletedAt: 1, archivedAt: 2, afterEndItems: 1, runningTasks: 1 })
    expect(of("now", facts).map(({ fact }) => fact)).toEqual([
      "deleted",
      "archived",
      "session-ready",
      "after-end-work",
      "tasks-running",
      "turn-running",
    ])
  })
})

describe("what is said of a turn", () => {
  const { closing, delivered, doubted, lost, over, provisional, running, waiting } = turnIn
  it.each([
    ["now", "turn-running", running, "A turn runs.", 2],
    [
      "now",
      "turn-stalled",
      { ...running, stalled: 1 },
      "A turn runs, and nothing has been heard of it for a while.",
      2,
    ],
    ["waits", "turn-requested", waiting, "A turn was asked for and has not been sent to the agent.", 1],
    ["waits", "turn-delivered", delivered, "A turn was sent to the agent, which has not started it.", 1],
    [
      "waits",
      "turn-uncertain",
      doubted,
      "A turn may have reached the agent: it is not sent again by itself, and the queue waits for it.",
      1,
    ],
    [
      "waits",
      "turn-lost",
      lost,
      "A turn may have reached a session that is over: only a person can send it again or cancel it.",
      1,
    ],
    [
      "now",
      "turn-provisional",
      provisional,
      "A turn has ended by inference, and the agent's own word may still come.",
      3,
    ],
    ["now", "turn-closing", closing, "A turn has ended by inference, and no word of the agent is expected.", 3],
    ["now", "turn-over", over, "A turn has ended.", 3],
  ] as const)("%s: %s", (topic, fact, turn, sentence, at) => {
    const times = { requestedAt: 1, startedAt: turn.startedAt === null ? null : 2, endedAt: 3 }
    const facts = explainThread(factsOf([{ ...turn, ...times }]), moment)
    expect(facts.filter(({ row, topic }) => row === "turns/turn" && topic !== "next")).toEqual([
      { topic, fact, sentence, row: "turns/turn", at },
    ])
  })
})

describe("what a thread waits for", () => {
  it("nothing, where nothing is open", () => {
    expect(of("waits", factsOf())).toEqual([])
    expect(of("waits", factsOf([], {}, null))).toEqual([])
    expect(of("waits", factsOf([runningTurn]))).toEqual([])
  })

  it.each([
    ["open", "request-open", "ls", "It waits for a person's answer (command_approval: ls)."],
    ["open", "request-open", null, "It waits for a person's answer (command_approval)."],
    ["answering", "request-answering", "ls", "An answer is on its way to the agent (command_approval: ls)."],
    ["answering", "request-answering", null, "An answer is on its way to the agent (command_approval)."],
  ] as const)("a question that is %s: %s, title %s", (status, fact, title, sentence) => {
    expect(of("waits", { ...factsOf(), requests: [question({ status, title })] })).toEqual([
      { topic: "waits", fact, sentence, row: "requests/r", at: now - minute },
    ])
  })

  it("a call to the agent", () => {
    const effects = [{ ...openEffect("turn.steer"), createdAt: 6 }]
    expect(of("waits", { ...factsOf(), effects })).toEqual([
      {
        topic: "waits",
        fact: "effect-open",
        sentence: "A call to the agent is pending: turn.steer.",
        row: null,
        at: 6,
      },
    ])
  })

  it("a person who lets the queue run, where it is held and messages wait", () => {
    const sentence = "The queue waits for a person's consent (`threadfold resume`). Messages in it: 2."
    expect(of("waits", factsOf([], { queued: 2, queueHeld: 1 }))).toEqual([
      { topic: "waits", fact: "queue-held", sentence, row: "thread", at: null },
    ])
    expect(of("waits", factsOf([], { queued: 0, queueHeld: 1 }))).toEqual([])
    expect(of("waits", factsOf([], { queued: 2, queueHeld: 0 }))).toEqual([])
  })

  it("a session, for a turn that can start in none", () => {
    const start = {
      topic: "waits",
      fact: "session-start",
      sentence: "A session has to start before its turn can.",
      row: "thread",
      at: null,
    }
    const told = (facts: ThreadFacts) => of("waits", facts).filter(({ fact }) => fact === "session-start")
    expect(told(factsOf([turnIn.waiting], {}, null))).toEqual([start])
    expect(told(factsOf([turnIn.lost, turnIn.waiting], {}, null))).toEqual([start])
    expect(told(factsOf([turnIn.waiting]))).toEqual([])
    expect(told(factsOf([turnIn.lost], {}, null))).toEqual([])
  })

  it("its adapter", () => {
    const attached = { ...readySession, mode: "attached" } as const
    expect(of("waits", factsOf([], {}, attached))).toEqual([
      {
        topic: "waits",
        fact: "lease",
        sentence: "Its adapter must renew the lease of the session.",
        row: "session",
        at: now - 10 * minute,
      },
    ])
    // One whose lease has ended renews none.
    const work = { ...threadWork([], {}, null), last: attached }
    expect(of("waits", threadFacts({ work }))).toEqual([])
  })

  it("all of it, in one order", () => {
    const facts = factsOf([turnIn.waiting], { queued: 1, queueHeld: 1 }, null)
    const effects = [{ ...openEffect("session.start"), createdAt: 6 }]
    expect(of("waits", { ...facts, effects, requests: [question()] }).map(({ fact }) => fact)).toEqual([
      "request-open",
      "turn-requested",
      "session-start",
      "effect-open",
      "queue-held",
    ])
  })
})

describe("what was refused in a thread", () => {
  it.each([
    [
      "once",
      {},
      "The event named a turn that was never seen. Noted at event 9, about turn:a.",
      "anomalies/turn:a/turn-unknown",
    ],
    [
      "twice, with what was said",
      { count: 2, detail: "It was b." },
      "The event named a turn that was never seen. (It was b.) Noted 2 times, last at event 9, about turn:a.",
      "anomalies/turn:a/turn-unknown",
    ],
    [
      "for a reason of a later version",
      { reason: "later" },
      "Refused for a reason that this version does not know. Noted at event 9, about turn:a.",
      "anomalies/turn:a/later",
    ],
    [
      "about a subject that the path has to write otherwise",
      { subject: "n:a/b~c/d~1" },
      "The event named a turn that was never seen. Noted at event 9, about n:a/b~c/d~1.",
      "anomalies/n:a~1b~0c~1d~01/turn-unknown",
    ],
  ])("%s", (_, given: Partial<AnomalyView>, sentence, row) => {
    const fact = given.reason ?? "turn-unknown"
    expect(of("anomaly", threadFacts({ anomalies: [anomaly(given)] }))).toEqual([
      { topic: "anomaly", fact, sentence, row, at: null },
    ])
  })

  it("the first ten of them", () => {
    const anomalies = Array.from({ length: 11 }, (_, index) => anomaly({ subject: `turn:${index}` }))
    const rows = of("anomaly", threadFacts({ anomalies })).map(({ row }) => row)
    expect(rows).toEqual(anomalies.slice(0, 10).map(({ subject }) => `anomalies/${subject}/turn-unknown`))
  })
})

describe("explain", () => {
  it("tells what is, what is waited for, what follows, and what was refused", () => {
    const anomalies = [anomaly()]
    const facts = { ...factsOf([runningTurn]), requests: [question()], living: livingSession(), anomalies }
    const topics = explainThread(facts, moment).map(({ topic }) => topic)
    expect([...new Set(topics)]).toEqual(["now", "waits", "next", "anomaly"])
    expect(topics.indexOf("waits")).toBeGreaterThan(topics.lastIndexOf("now"))
    expect(topics.indexOf("next")).toBeGreaterThan(topics.lastIndexOf("waits"))
    expect(topics.indexOf("anomaly")).toBeGreaterThan(topics.lastIndexOf("next"))
  })
})
