import type { InboxEntry } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { countInbox, type InboxThread, inboxKinds, inboxOf, isUnread, orderInbox } from "./inbox.js"

const thread: InboxThread["thread"] = {
  threadId: "t",
  title: null,
  firstWords: "First words",
  agent: "codex",
  cwd: "/w",
  status: "idle",
  activeTurnId: null,
  failedTurnId: null,
  uncertainTurns: 0,
  queued: 0,
  queueHeld: 0,
  newsVersion: 5,
  readVersion: null,
  lastActivityAt: 90,
  archivedAt: null,
  deletedAt: null,
}
const turn = (turnId: string, fields: Partial<InboxThread["turns"][number]>): InboxThread["turns"][number] => ({
  turnId,
  status: "ended",
  uncertain: 0,
  outcome: "completed",
  error: null,
  requestedAt: 10,
  endedAt: 20,
  ...fields,
})
const asked = (requestId: string, status: "open" | "answering"): InboxThread["requests"][number] => ({
  requestId,
  status,
  kind: "command_approval",
  title: "rm -rf x",
  turnId: "u",
  openedAt: 30,
})
const of = (facts: Partial<InboxThread>, fields: Partial<InboxThread["thread"]> = {}) =>
  inboxOf({ requests: [], turns: [], queuedSince: null, ...facts, thread: { ...thread, ...fields } })
const kinds = (facts: Partial<InboxThread>, fields: Partial<InboxThread["thread"]> = {}) =>
  of(facts, fields).map(({ kind, requestId, since, turnId }) => [kind, requestId ?? turnId, since])

const none: ReadonlyMap<string, number> = new Map()

const failure = turn("f", { outcome: "failed", error: { message: "no credit" } })

describe("what of a thread needs a person", () => {
  it.each([
    ["nothing of a thread that is idle", {}, {}, []],
    ["a request that waits", { requests: [asked("q", "open")] }, {}, [["request", "q", 30]]],
    ["not one whose answer is on its way", { requests: [asked("q", "answering")] }, {}, []],
    ["a stalled turn", {}, { status: "stalled", activeTurnId: "u" }, [["stalled-turn", "u", 90]]],
    [
      "a message that may not have arrived",
      { turns: [turn("a", { status: "requested", uncertain: 1 }), turn("b", { status: "requested" })] },
      {},
      [["uncertain-message", "a", 10]],
    ],
    [
      "not a message whose turn is over",
      { turns: [turn("a", { uncertain: 1 }), turn("b", { status: "running", uncertain: 1 })] },
      {},
      [],
    ],
    ["a turn that failed", { turns: [failure] }, { failedTurnId: "f" }, [["failed-turn", "f", 20]]],
    [
      "no other turn than the one that failed",
      { turns: [turn("e", {}), failure, turn("g", { outcome: "failed" })] },
      { failedTurnId: "f" },
      [["failed-turn", "f", 20]],
    ],
    ["no turn where none failed", { turns: [failure] }, {}, []],
    ["not one that was read", { turns: [failure] }, { failedTurnId: "f", readVersion: 5 }, []],
    [
      "one that was read before it failed",
      { turns: [failure] },
      { failedTurnId: "f", readVersion: 4 },
      [["failed-turn", "f", 20]],
    ],
    ["a queue that is held", { queuedSince: 7 }, { queueHeld: 1, queued: 2 }, [["held-queue", null, 7]]],
    ["not one that runs by itself", { queuedSince: 7 }, { queued: 2 }, []],
    [
      "only a request of a thread that is archived",
      { requests: [asked("q", "open")], turns: [failure] },
      { archivedAt: 1, failedTurnId: "f", queueHeld: 1, queued: 1 },
      [["request", "q", 30]],
    ],
    ["nothing of a deleted one", { requests: [asked("q", "open")] }, { deletedAt: 1 }, []],
  ] as const)("%s", (_name, facts, fields, expected) => {
    expect(kinds(facts, fields)).toEqual(expected)
  })

  it("says of which thread it is, and in one line what about", () => {
    const nothing = {
      threadId: "t",
      threadTitle: "First words",
      agent: "codex",
      cwd: "/w",
      since: null,
      requestId: null,
      requestKind: null,
      turnId: null,
      text: null,
      messages: 0,
    }
    const all = of(
      {
        requests: [asked("q", "open")],
        turns: [turn("a", { status: "requested", uncertain: 1 }), failure],
        queuedSince: 7,
      },
      { status: "stalled", activeTurnId: "u", failedTurnId: "f", queueHeld: 1, queued: 3 },
    )
    expect(all).toEqual([
      {
        ...nothing,
        kind: "request",
        requestId: "q",
        requestKind: "command_approval",
        turnId: "u",
        text: "rm -rf x",
        since: 30,
      },
      { ...nothing, kind: "stalled-turn", turnId: "u", since: 90 },
      { ...nothing, kind: "uncertain-message", turnId: "a", since: 10 },
      { ...nothing, kind: "failed-turn", turnId: "f", since: 20, text: "no credit" },
      { ...nothing, kind: "held-queue", since: 7, messages: 3 },
    ])
    expect(of({}, { title: "Named", queueHeld: 1, queued: 3 })).toEqual([
      { ...nothing, kind: "held-queue", threadTitle: "Named", messages: 3 },
    ])
    expect(of({ turns: [turn("f", { outcome: "failed" })] }, { failedTurnId: "f" })).toEqual([
      { ...nothing, kind: "failed-turn", turnId: "f", since: 20 },
    ])
  })

  it("has news that came after the last look", () => {
    const unread = (newsVersion: number | null, readVersion: number | null) => isUnread({ newsVersion, readVersion })
    expect([unread(null, null), unread(null, 3), unread(5, 5)]).toEqual([false, false, false])
    expect([unread(5, null), unread(5, 4), unread(1, null)]).toEqual([true, true, true])
  })

  it("has the questions of one millisecond in the order of the log, whatever their ids are", () => {
    const ids = ["c", "a", "b"]
    const sequences = new Map(ids.map((id, index) => [id, 7 + index]))
    const entries = of({ requests: [asked("a", "open"), asked("b", "open"), asked("c", "open")] })
    expect(orderInbox(entries, sequences).map(({ requestId }) => requestId)).toEqual(ids)
    const later = of({ requests: [{ ...asked("0", "open"), openedAt: 31 }] })
    expect(orderInbox([...later, ...entries], sequences).at(-1)?.requestId).toBe("0")
  })

  it("comes in the order of kinds", () => {
    expect(inboxKinds).toEqual(["request", "stalled-turn", "uncertain-message", "failed-turn", "held-queue"])
    const entries = of(
      {
        requests: [asked("q", "open")],
        turns: [turn("a", { status: "requested", uncertain: 1 }), failure],
        queuedSince: 7,
      },
      { status: "stalled", activeTurnId: "u", failedTurnId: "f", queueHeld: 1, queued: 1 },
    )
    expect(orderInbox([...entries].reverse(), none)).toEqual(entries)
    expect(countInbox(entries)).toEqual({
      request: 1,
      "stalled-turn": 1,
      "uncertain-message": 1,
      "failed-turn": 1,
      "held-queue": 1,
      total: 5,
    })
  })

  it("comes by id where the time is one, by request before turn before thread", () => {
    /** Ids of entries that are put in order, from either side. */
    const ordered = (entries: readonly InboxEntry[]) =>
      [entries, [...entries].reverse()].map((some) =>
        orderInbox(some, none).map(({ requestId, threadId, turnId }) => requestId ?? turnId ?? threadId),
      )
    const [request] = of({ requests: [asked("q", "open")] })
    const [held] = of({ queuedSince: 7 }, { queueHeld: 1, queued: 1 })
    if (request === undefined || held === undefined) throw new Error("no entries")
    // Each has an order by its other ids that differs.
    const requests = ["a", "b", "c"].map((requestId, index) => ({ ...request, requestId, turnId: `${9 - index}` }))
    expect(ordered(requests)).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ])
    const stalled = { ...held, kind: "stalled-turn" } as const
    const turns = ["a", "b", "c"].map((turnId, index) => ({ ...stalled, turnId, threadId: `${9 - index}` }))
    expect(ordered(turns)).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ])
    const threads = ["a", "b", "c"].map((threadId) => ({ ...held, threadId }))
    expect(ordered(threads)).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ])
    // What has no time comes first.
    const times = [null, 5, 7].map((since, index) => ({ ...held, since, threadId: `${9 - index}` }))
    expect(ordered(times)).toEqual([
      ["9", "8", "7"],
      ["9", "8", "7"],
    ])
    // What has one id stays as it came.
    const twins = [1, 2].map((messages) => ({ ...held, messages }))
    expect(orderInbox(twins, none)).toEqual(twins)
  })

  it("comes by kind, of a kind the oldest first, and is counted", () => {
    const entries = [
      ...of({ queuedSince: 1 }, { queueHeld: 1, queued: 1 }),
      ...of({ requests: [{ ...asked("b", "open"), openedAt: 40 }, asked("d", "open"), asked("c", "open")] }),
      ...of({}, { status: "stalled", activeTurnId: "u" }),
    ]
    const ordered = orderInbox(entries, none)
    expect(ordered.map(({ kind, requestId }) => requestId ?? kind)).toEqual([
      "c",
      "d",
      "b",
      "stalled-turn",
      "held-queue",
    ])
    expect(orderInbox([...ordered].reverse(), none)).toEqual(ordered)
    expect(countInbox(entries)).toEqual({
      request: 3,
      "stalled-turn": 1,
      "uncertain-message": 0,
      "failed-turn": 0,
      "held-queue": 1,
      total: 5,
    })
  })
})
