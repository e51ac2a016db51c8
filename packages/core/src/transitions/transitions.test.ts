import { arbHostile, arbSession, makePauses, pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams, type Taken } from "../../test/ManyStreams.js"
import { arbEvents, arbEventsOf, numberedEvents } from "../../test/randomEvents.js"
import { id, strong } from "../../test/Scenario.js"
import { type Change, machines } from "../index.js"
import { type MachineName, stateOf } from "./Transition.js"
import { isMachine, transitionOf, transitionsMarkdown } from "./transitions.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "40")
/** Requested turns, their calls, and the sessions they go down with. */
const arbRequests = arbEvents(40, "turn.requested", "turn.accepted", "effect.", "session.")
const arbAny = fc.oneof(arbSession(), arbHostile(arbSession(), { mutations: 40 }), arbEvents(), arbRequests)

/** What takes more words in one order than chance finds. */
const requested = { turnId: id("r1"), native: {} }
const acceptedAs = (turnId: string) => ({ type: "turn.accepted", turnId: id("r1"), native: { turnId } })
const echoIn = (turnId: string) => ({
  type: "item.started",
  payload: { kind: "user_message" },
  native: { turnId, itemId: "u", clientId: id("r1") },
})
const neverStarted = [
  { type: "turn.requested", payload: { handedOver: true }, ...requested },
  acceptedAs(strong("t1")),
  { type: "turn.start-timed-out", ...requested },
]
const inTurn = { turnId: strong("t1") }
/** A command that outlives its turn becomes a task; its own end comes later. */
const backgrounded = [
  { type: "turn.started", native: inTurn },
  { type: "item.started", payload: { kind: "command", processId: "1" }, native: { ...inTurn, itemId: "c" } },
  { type: "turn.completed", payload: { outcome: "completed" }, native: inTurn },
]
const endOfCommand = (status: string) => ({
  type: "item.completed",
  payload: { kind: "command", status },
  native: { ...inTurn, itemId: "c" },
})
/** An attempt that its turn's inferred failure closed, and whose own end comes after it. */
const failedWithItsTurn = [
  { type: "turn.started", native: inTurn },
  { type: "inference.started", native: { ...inTurn, inferenceId: "i" } },
  { type: "session.state.changed", payload: { state: "error" } },
]
/** The same of an attempt that the next turn cancelled, by which its own was over. */
const cancelledWithItsTurn = [
  { type: "turn.started", native: inTurn },
  { type: "inference.started", native: { ...inTurn, inferenceId: "i" } },
  { type: "turn.started", payload: { supersedes: true }, native: { turnId: strong("t2") } },
]
const stories = [
  [...cancelledWithItsTurn, { type: "inference.cancelled", native: { ...inTurn, inferenceId: "i" } }],
  [...cancelledWithItsTurn, { type: "inference.failed", native: { ...inTurn, inferenceId: "i" } }],
  [...failedWithItsTurn, { type: "inference.failed", native: { ...inTurn, inferenceId: "i" } }],
  [...backgrounded, endOfCommand("declined")],
  [...backgrounded, endOfCommand("failed")],
  [...failedWithItsTurn, { type: "inference.cancelled", native: { ...inTurn, inferenceId: "i" } }],
  [...neverStarted, { type: "turn.started", native: { turnId: strong("t1") } }],
  [...neverStarted, { type: "turn.started", native: { turnId: strong("t2") } }, echoIn(strong("t2"))],
]

type MachineChange = Extract<Change, { readonly op: "put"; readonly table: MachineName }>
const isMachineChange = (change: Change): change is MachineChange => change.op === "put" && isMachine(change.table)

const keyColumn = {
  sessions: "sessionId",
  turns: "turnId",
  items: "itemId",
  requests: "requestId",
  inferences: "inferenceId",
  realtime_runs: "realtimeId",
  delegations: "delegationId",
  tasks: "taskId",
} as const

/** Every change of state of a step, `table from to type`, as the rows before it and its own earlier changes tell. */
const movesOf = (
  { changes, event }: Pick<Taken, "changes" | "event">,
  before: (table: MachineName, key: string) => string,
) => {
  const states = new Map<string, string>()
  return changes.filter(isMachineChange).flatMap((change) => {
    const key = String(Reflect.get(change.row, keyColumn[change.table]))
    const from = states.get(`${change.table}/${key}`) ?? before(change.table, key)
    const to = stateOf(change.row)
    states.set(`${change.table}/${key}`, to)
    return from === to ? [] : [{ table: change.table, from, to, type: event.type }]
  })
}

type Move = ReturnType<typeof movesOf>[number]

/** Streams that collect every move. */
const watched = (collect: (move: Move) => void): ManyStreams => {
  const world = new ManyStreams()
  world.onStep = (taken) => {
    const before = (table: MachineName, key: string): string => {
      const row = world.rows.find(table, "key", [key])
      return row === null ? "new" : stateOf(row)
    }
    for (const move of movesOf(taken, before)) collect(move)
  }
  return world
}

const allowed = (move: Move): boolean => transitionOf(move.table, move.from, move.to, move.type) !== null

describe("transition tables", () => {
  it("hold every change that the fold makes to a row, whatever sources say", async () => {
    await fc.assert(
      pausing(arbAny, (events) => {
        const refused: Move[] = []
        watched((move) => {
          if (!allowed(move)) refused.push(move)
        }).takeAll(events)
        expect(refused).toEqual([])
      }),
      { numRuns: numRuns * 2 },
    )
  })

  it("name no step that is never taken", async () => {
    const pauses = makePauses()
    const named = Object.values(machines).flatMap((machine) =>
      machine.transitions.flatMap((one) =>
        one.from.filter((from) => from !== one.to).map((from) => `${machine.table}: ${from} → ${one.to}`),
      ),
    )
    const unseen = new Set(named)
    const note = (move: Move) => unseen.delete(`${move.table}: ${move.from} → ${move.to}`)
    // Whole sessions for moves that need several events, random events for what no real source does.
    for (const story of stories) watched(note).takeAll(numberedEvents(story))
    const sources = [
      arbHostile(arbSession(), { mutations: 30 }),
      arbEvents(60),
      arbRequests,
      arbEvents(40, "item."),
      arbEvents(
        40,
        "turn.requested",
        "turn.accepted",
        "turn.start",
        "turn.interrupt",
        "effect.delivered",
        "item.started",
      ),
      arbEvents(30, "turn.requested", "effect.", "turn.interrupt", "item."),
      arbEventsOf(30, "turn.started", "turn.completed", "item.started", "item.completed"),
      arbEventsOf(30, "turn.started", "turn.completed", "item.started", "content.delta"),
      arbEvents(30, "request."),
      arbEvents(30, "request.opened", "request.answering"),
      arbEvents(30, "request.opened", "request.answering", "request.answer-failed"),
      arbEvents(60, "inference.", "runtime.error"),
      arbEvents(30, "inference.started", "inference.failed", "runtime.error"),
      arbEventsOf(30, "turn.started", "inference.started", "inference.completed", "runtime.error"),
    ]
    // In small rounds, so that the worker can answer between them, and no more of them than are needed.
    for (let round = 1; round <= 120 && unseen.size > 0; round += 1) {
      for (const source of sources) {
        for (const events of fc.sample(source, { numRuns: 10, seed: round })) {
          await pauses()
          watched(note).takeAll(events)
        }
      }
    }
    expect([...unseen]).toEqual([])
  })

  it("leave an observed end never", () => {
    for (const machine of Object.values(machines)) {
      for (const one of machine.transitions) expect(one.from.filter((from) => from.endsWith("(observed)"))).toEqual([])
    }
  })

  it("print as one page that names every machine and every event", () => {
    const page = transitionsMarkdown()
    for (const machine of Object.values(machines)) {
      expect(page).toContain(`Table \`${machine.table}\``)
      for (const one of machine.transitions) expect(page).toContain(one.note)
    }
  })
})
