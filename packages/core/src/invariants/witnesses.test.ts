/** Every invariant has a witness: a log or rows that break it, for which it names exactly the right event. */
import type { EventEnvelope, Rows, TableName } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { fold, foldBy } from "../fold/fold.js"
import { rules } from "../fold/rules.js"
import type { Step } from "../fold/Step.js"
import { type Change, checkLog, checkRows, type Fold, invariants } from "../index.js"
import { maxViolations } from "./check.js"

const t1 = strong("t1")
const item = { native: { turnId: t1, itemId: "i1" } }
const q = { native: { turnId: t1, requestId: "0" } }
const call = { channel: "gateway", native: { turnId: t1, inferenceId: "r1" } }
const ours = { session: null } as const
type Story = (s: Scenario) => Scenario

const started: Story = (s) => s.start().turn(t1)
const ended: Story = (s) => started(s).complete(t1)
const withItem: Story = (s) => started(s).item("i1", t1).delta("i1", t1, "a")
const finished: Story = (s) =>
  withItem(s).send("item.completed", { kind: "agent_message", status: "completed", text: "a" }, item)
const asked: Story = (s) => started(s).send("request.opened", { kind: "other" }, q)
const answered: Story = (s) => asked(s).send("request.answered", { decision: "yes" }, q)
const called: Story = (s) => started(s).send("inference.started", {}, call)
const used: Story = (s) =>
  started(s).send("turn.completed", { outcome: "completed", usage: { totalTokens: 5 } }, { native: { turnId: t1 } })
const talked: Story = (s) => s.start().send("realtime.started", {})
const hungUp: Story = (s) => talked(s).send("realtime.closed", { reason: "requested" })
const handed: Story = (s) =>
  talked(s)
    .turn(t1)
    .send("realtime.handoff", {}, { native: { turnId: t1, handoffId: "h" } })
const exited: Story = (s) => started(s).send("session.exited", { reason: "exit" })
const queued: Story = (s) => s.start().send("message.queued", { messageId: id("m"), text: "x" }, ours)
const worked: Story = (s) => s.start().send("task.started", {}, { native: { taskId: "k" } })
const stopped: Story = (s) => worked(s).send("task.completed", { status: "completed" }, { native: { taskId: "k" } })
const requested: Story = (s) => s.start().send("turn.requested", {}, { ...ours, ids: { turnId: id("r") } })

const doubted: Story = (s) =>
  requested(s).send("effect.uncertain", { effect: "turn.start" }, { ...ours, ids: { turnId: id("r") } })

/** What a broken fold writes instead: fields of the put of this table, or nothing at all. */
interface Fault {
  readonly story: Story
  readonly table: TableName
  /** Other values for the row of the story's last event; null: the put is lost. */
  readonly fields: Readonly<Record<string, unknown>> | null
  /** The table whose row is named, where it is another one. */
  readonly named?: TableName
  /** Events before the last at which the row that is named was touched. */
  readonly back?: number
}

const row = <N extends TableName>(
  story: Story,
  table: N,
  fields: Partial<Rows[N]> | null,
  more: Pick<Fault, "named" | "back"> = {},
): Fault => ({
  story,
  table,
  fields,
  ...more,
})

/** The fold, but for one event whose changes it spoils. */
const spoil =
  (sequence: number, { fields, table }: Fault): Fold =>
  (state, event, rows) => {
    const done = fold(state, event, rows)
    if (event.sequence !== sequence) return done
    const changes = done.changes.flatMap((change): readonly Change[] => {
      const of = change.op === "put" ? change.table : change.op === "append-chunk" ? "item_chunks" : null
      if ((change.op !== "put" && change.op !== "append-chunk") || of !== table) return [change]
      // The spoilt row is of the same table, only its values lie.
      return fields === null ? [] : [{ ...change, row: { ...change.row, ...fields } } as Change]
    })
    return { ...done, changes }
  }

const rowWitnesses: Readonly<Record<string, Fault>> = {
  "row.inactive-session-has-no-active-turn": row(ended, "sessions", { activeTurnId: id("x") }),
  "row.pointer-names-the-running-turn": row(started, "sessions", { activeTurnId: null }),
  "row.pending-names-the-oldest-requested-turn": row(requested, "sessions", { pendingTurnId: null }),
  "row.one-living-session": row((s) => s.start().start("s2"), "sessions", {
    endedAt: null,
    evidence: null,
    cause: null,
  }),
  "row.epochs-gapless": row((s) => s.start(), "sessions", { epoch: 3 }),
  "row.session-end-is-whole": row(exited, "sessions", { evidence: null }),
  "row.ended-session-holds-nothing": row((s) => exited(s), "turns", { status: "running" }),
  "row.connection-end-is-whole": row(
    (s) =>
      s
        .send("connection.opened", { provider: "x", mode: "managed" }, ours)
        .send("connection.closed", { reason: "exit" }, ours),
    "connections",
    { reason: null },
  ),
  "row.one-running-turn": row((s) => started(s).turn(strong("t2"), "s1", { supersedes: true }), "turns", {
    status: "running",
  }),
  "row.turn-end-is-whole": row(ended, "turns", { outcome: null }),
  "row.observed-end-is-final": row(ended, "turns", { settled: 0 }),
  "row.ended-turn-holds-nothing": row((s) => withItem(s).complete(t1), "items", { status: "open" }),
  "row.uncertain-turn-has-no-answer": row(doubted, "turns", { handedOver: 0 }),
  "row.steered-turn-names-its-target": row(ended, "turns", { steeredInto: id("nowhere") }),
  "row.turn-ordinals-gapless": row(started, "turns", { ordinal: 2 }),
  "row.turn-counts-its-items": row((s) => started(s).item("i1", t1), "turns", { items: 2 }),
  "row.rewound-turns-have-ended": row((s) => ended(s).send("thread.rewound", {}), "rewinds", { toOrdinal: 2 }),
  "row.rewinds-nest": row((s) => ended(s).send("thread.rewound", {}), "rewinds", { depth: 2 }),
  "row.item-end-is-whole": row(finished, "items", { evidence: null }),
  "row.work-after-end-has-an-ended-turn": row(withItem, "items", { afterEnd: 1 }),
  "row.item-ordinals-gapless": row((s) => started(s).item("i1", t1), "items", { ordinal: 0 }),
  "row.chunks-stand-for-missing-finals": row(withItem, "item_chunks", null, { named: "items" }),
  "row.chunk-ordinals-gapless": row(withItem, "item_chunks", { ordinal: 1 }),
  "row.answered-request-has-its-decision": row(answered, "requests", { decision: null }),
  "row.request-end-is-whole": row(answered, "requests", { cause: null }),
  "row.inference-end-is-whole": row(called, "inferences", { status: "cancelled" }),
  "row.inference-counts-its-items": row(called, "inferences", { items: 2 }),
  "row.voice-run-closes-once": row(hungUp, "realtime_runs", { reason: null }),
  "row.one-live-voice-run": row((s) => talked(s).send("realtime.started", {}), "realtime_runs", {
    status: "started",
    reason: null,
    evidence: null,
    endedAt: null,
  }),
  "row.delegation-closes-with-its-turn": row((s) => handed(s).complete(t1), "delegations", null, { back: 0 }),
  "row.delegation-finds-its-turn": row(
    (s) =>
      s
        .start()
        .send("realtime.handoff", {}, { native: { handoffId: "h", turnId: t1 } })
        .turn(t1),
    "delegations",
    { nativeTurnId: t1, turnId: null },
  ),
  "row.steered-delegation-is-no-turn": row(
    (s) => requested(s).send("delegation.opened", { route: "turn" }, { ...ours, ids: { delegationId: id("r") } }),
    "delegations",
    { turnId: null },
  ),
  "row.task-end-is-whole": row(stopped, "tasks", { outcome: null }),
  "row.thread-status-follows-from-its-rows": row(started, "threads", { status: "idle" }),
  "row.thread-counts-match": row(asked, "threads", { openRequests: 0 }),
  "row.usage-is-the-sum-of-turns": row(used, "usage", { totalTokens: 10 }),
  "row.held-queue-has-messages": row(
    (s) => queued(s).send("message.cancelled", { messageId: id("m") }, ours),
    "threads",
    { queueHeld: 1 },
  ),
  "row.thread-marks-are-of-its-rows": row(ended, "threads", { failedTurnId: id("nowhere") }),
  "row.queue-positions-gapless": row(queued, "queue", { position: 2 }),
  "row.native-ids-unique-in-scope": row((s) => ended(s).turn(strong("t2")), "turns", { nativeTurnId: t1 }),
  "row.references-exist": row((s) => started(s).item("i1", t1), "items", { turnId: id("nowhere") }),
}

describe("row invariants", () => {
  it.each(Object.entries(rowWitnesses))("%s names the last event that touched the row", (invariant, fault) => {
    const healthy = fault.story(new Scenario())
    expect(checkRows(healthy.threadId, healthy.rows.of(healthy.threadId))).toEqual([])
    const last = healthy.log.length
    const s = fault.story(new Scenario(undefined, spoil(last, fault)))
    const found = checkRows(s.threadId, s.rows.of(s.threadId)).filter((one) => one.invariant === invariant)
    expect(found.map((one) => one.sequence)).toContain(last - (fault.back ?? 0))
    expect(found.some((one) => one.detail.startsWith(`${fault.named ?? fault.table} `))).toBe(true)
  })

  it("row.anomaly-counts-are-possible names the last occurrence", () => {
    const s = new Scenario().start().complete(t1).complete(t1)
    const rows = s.rows.of(s.threadId)
    expect(checkRows(s.threadId, rows)).toEqual([])
    const anomalies = s.rows.all("anomalies").map((one) => ({ ...one, count: 0 }))
    const found = checkRows(s.threadId, {
      all: (table) => (table === "anomalies" ? (anomalies as never) : rows.all(table)),
    })
    expect(found).toMatchObject([{ invariant: "row.anomaly-counts-are-possible", sequence: 3 }])
  })

  it("tells at most a bounded number of findings of one kind", () => {
    const s = started(new Scenario())
    for (let count = 0; count < 30; count++) s.item(`i${count}`, t1)
    const rows = s.rows.of(s.threadId)
    const items = s.rows.all("items").map((one) => ({ ...one, evidence: "observed" }))
    const found = checkRows(s.threadId, { all: (table) => (table === "items" ? (items as never) : rows.all(table)) })
    expect(found).toHaveLength(maxViolations)
  })
})

type Edit = (log: readonly EventEnvelope[]) => readonly EventEnvelope[]
const change =
  (index: number, fields: Partial<EventEnvelope>): Edit =>
  (log) =>
    log.map((event, at) => (at === index ? { ...event, ...fields } : event))

/** Invariant → what spoils the log, and the place of the first event that breaks it. */
const logWitnesses: Readonly<Record<string, readonly [Edit, number]>> = {
  "log.sequence-increases": [change(3, { sequence: 2 }), 3],
  "log.stream-version-gapless": [change(2, { streamVersion: 9 }), 2],
  "log.event-in-its-stream": [change(1, { streamId: id("other") }), 1],
  "log.stream-has-one-kind": [change(2, { sessionId: null }), 2],
  "log.event-id-unique": [
    (log) => log.map((event, at) => (at === 3 ? { ...event, eventId: log[1]?.eventId ?? "" } : event)),
    3,
  ],
  "log.our-ids-are-uuid-v7": [change(4, { turnId: "b2c7a1de-0000-4000-8000-000000000000" }), 4],
  "log.id-opened-before-use": [change(3, { turnId: id("ghost") }), 3],
  "log.number-used-once": [change(3, { seq: 2 }), 3],
  "log.numbers-are-whole": [change(3, { channel: null }), 3],
  "log.envelope-is-whole": [change(2, { v: 0 }), 2],
}

describe("log invariants", () => {
  /** start, turn, item, delta, completed … */
  const log = () => finished(new Scenario()).log

  it.each(Object.entries(logWitnesses))("%s names the first event that breaks it", (invariant, [edit, place]) => {
    expect(checkLog(id("thread"), log())).toEqual([])
    const spoilt = edit(log())
    const [first] = checkLog(id("thread"), spoilt).filter((one) => one.invariant === invariant)
    expect(first).toMatchObject({
      kind: "log",
      threadId: id("thread"),
      sequence: spoilt[place]?.sequence,
      eventId: spoilt[place]?.eventId,
    })
  })

  it("gaps, late numbers and numbers of other channels and sessions repeat nothing", () => {
    const s = new Scenario().start()
    const warn = (seq: number, session = "s1", channel = "agent") =>
      s.send("runtime.warning", { message: "x" }, { seq, session, channel })
    for (const seq of [9, 4, 5, 2, 8]) warn(seq)
    warn(9, "s1", "gateway")
    warn(9, "s2")
    expect(checkLog(s.threadId, s.log)).toEqual([])
    warn(5)
    expect(checkLog(s.threadId, s.log)).toMatchObject([{ invariant: "log.number-used-once", sequence: s.log.length }])
  })
})

/** A rule that also does this to the step. */
const also = (wrong: (step: Step) => void) =>
  foldBy({
    ...rules,
    "runtime.warning": (step) => {
      wrong(step)
      return true
    },
  })
const turnIn = (step: Step) => step.state.active ?? fail()
const fail = (): never => {
  throw new Error("the story has no such row")
}

/** Invariant → a story, and what a broken rule does to its open state at the next warning. */
const foldWitnesses: Readonly<Record<string, readonly [Story, (step: Step) => void]>> = {
  "fold.inactive-session-has-no-active-turn": [
    started,
    ({ state }) => {
      if (state.session !== null) state.session = { ...state.session, status: "ready" }
    },
  ],
  "fold.pointer-names-the-running-turn": [
    started,
    ({ state }) => {
      state.active = null
    },
  ],
  "fold.active-turn-runs": [
    started,
    (step) => {
      step.state.active = { ...turnIn(step), status: "ended" }
    },
  ],
  "fold.requested-turns-wait": [
    requested,
    ({ state }) => {
      state.requested = state.requested.map((turn) => ({ ...turn, outcome: "unknown" }))
    },
  ],
  "fold.open-items-belong-to-the-running-turn": [
    withItem,
    (step) => {
      for (const item of step.state.recentItems) step.putItem({ ...item, turnId: id("x") })
    },
  ],
  "fold.open-requests-belong-to-the-living-session": [
    asked,
    (step) => {
      for (const request of step.list("requests", "openInThread")) step.putRequest({ ...request, sessionId: id("x") })
    },
  ],
  "fold.running-inferences-belong-to-an-open-turn": [
    called,
    (step) => {
      for (const one of step.list("inferences", "openInThread")) step.putInference({ ...one, turnId: id("x") })
    },
  ],
  "fold.ended-session-holds-nothing": [
    worked,
    ({ state }) => {
      if (state.session !== null) state.session = { ...state.session, status: "stopped", endedAt: 1 }
    },
  ],
  "fold.counts-are-possible": [
    worked,
    ({ state }) => {
      state.open = { ...state.open, requests: -1 }
    },
  ],
  "fold.voice-run-is-started-once": [
    talked,
    ({ state }) => {
      if (state.realtime !== null) state.realtime = { ...state.realtime, status: "closed" }
    },
  ],
}

describe("fold invariants", () => {
  it.each(Object.entries(foldWitnesses))(
    "%s: the step becomes fold-defect and the rows stay",
    (invariant, [story, wrong]) => {
      const s = story(new Scenario(undefined, also(wrong)))
      const before = new Map([...s.rows.rows].map(([table, rows]) => [table, new Map(rows)]))
      const state = s.state
      s.send("runtime.warning", { message: "now" })
      const [anomaly] = s.rows.all("anomalies")
      expect(anomaly).toMatchObject({ reason: "fold-defect", firstSequence: s.log.length })
      expect(anomaly?.subject).toBe(`event:${s.log.at(-1)?.eventId}`)
      expect(anomaly?.detail).toContain(`${invariant}: `)
      before.delete("anomalies")
      for (const [table, rows] of before) expect(s.rows.rows.get(table)).toEqual(rows)
      expect({ ...s.state, streamVersion: 0, channels: {} }).toEqual({ ...state, streamVersion: 0, channels: {} })
    },
  )
})

describe("the list of invariants", () => {
  it("has a witness for every one, and no witness for none", () => {
    const witnessed = [
      ...Object.keys(logWitnesses),
      ...Object.keys(rowWitnesses),
      ...Object.keys(foldWitnesses),
      "row.anomaly-counts-are-possible",
    ]
    expect(invariants.map((one) => one.id).sort()).toEqual(witnessed.sort())
    expect(new Set(witnessed).size).toBe(witnessed.length)
  })

  it("names every one in its kind, as a sentence", () => {
    for (const one of invariants) {
      expect(one.id.startsWith(`${one.kind}.`)).toBe(true)
      expect(one.text).toMatch(/^[A-Z].*[.…]$/)
    }
  })
})
