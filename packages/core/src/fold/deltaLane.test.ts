import type { EventEnvelope } from "@threadfold/contracts"
import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario } from "../../test/Scenario.js"
import type { Fold } from "../Change.js"
import { MapStore } from "../model/MapStore.js"
import { walk } from "../model/walk.js"
import { initialState } from "../state/FoldState.js"
import { foldDelta, foldDeltaRun, isOrdinary, pieceOf, streamedItem } from "./deltaLane.js"
import { fold, foldByRules } from "./fold.js"
import { foldPage } from "./foldPage.js"

/** A thread whose events are recorded in batches, as the writer records them: those of one batch at one time. */
class Batches extends Scenario {
  private recordedAt = 1_795_150_600_000

  constructor(foldWith: Fold) {
    super(id("thread"), foldWith)
  }
  override append(event: EventEnvelope): this {
    return super.append({ ...event, recordedAt: this.recordedAt })
  }
  nextBatch(): void {
    this.recordedAt += 10
  }
}

type Act = (scenario: Batches) => void

const native = (turn: string, item: string) => ({ native: { turnId: turn, itemId: item } })
const turns = ["turn-1", "turn-2"] as const
const items = ["a", "b"] as const

/** Mostly deltas, and everything that can make one unusual. */
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Act>((s) => s.nextBatch()) },
  {
    weight: 12,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...turns),
        fc.constantFrom(...items),
        fc.string(),
        fc.constantFrom("text", "output", "summary"),
        fc.nat(2),
      )
      .map(
        ([turn, item, delta, stream, part]): Act =>
          (s) =>
            void s.sendRaw("content.delta", { stream, delta, ...(part === 0 ? {} : { part }) }, native(turn, item)),
      ),
  },
  fc.constantFrom<Act>(
    (s) => s.start(),
    (s) => s.start("s2"),
    (s) => s.turn("turn-1"),
    (s) => s.turn("turn-2"),
    (s) => s.item("a", "turn-1"),
    (s) => s.item("b", "turn-1", { kind: "command", processId: "7" }),
    (s) => s.item("a", "turn-2", { kind: "reasoning" }),
    (s) => s.complete("turn-1"),
    (s) => s.status("ready"),
    (s) => s.send("turn.stalled", {}, { session: null, ids: { turnId: s.state.active?.turnId ?? null } }),
    (s) => s.send("session.exited", { reason: "exit" }),
    (s) => s.send("request.opened", { kind: "other" }, { native: { turnId: "turn-1", requestId: "0" } }),
    (s) => s.send("request.resolved", {}, { native: { turnId: "turn-1", requestId: "0" } }),
    (s) => s.sendRaw("content.delta", { stream: "text" }, native("turn-1", "a")),
    (s) => s.sendRaw("content.delta", { stream: "text", delta: "new" }, { ...native("turn-1", "a"), v: 9 }),
    (s) => s.send("content.delta", { stream: "text", delta: "gap" }, { ...native("turn-1", "a"), seq: 900 }),
    (s) => s.send("content.delta", { stream: "text", delta: "no turn" }, { native: { itemId: "a" } }),
    (s) =>
      s.send("content.delta", { stream: "text", delta: "other session" }, { session: "s2", ...native("turn-1", "a") }),
    (s) =>
      s.send("item.completed", { kind: "agent_message", status: "completed", text: "final" }, native("turn-1", "a")),
  ),
)

describe("the fast path for streamed content", () => {
  it("leads to what the rules lead to, whatever came before", async () => {
    let taken = 0
    const counting: Fold = (before, event, rows) => {
      if (foldDelta(before, event) !== null) taken += 1
      return fold(before, event, rows)
    }
    await fc.assert(
      pausing(fc.array(acts, { maxLength: 60 }), (script) => {
        const short = new Batches(counting).start().turn("turn-1").item("a", "turn-1")
        const long = new Batches(foldByRules).start().turn("turn-1").item("a", "turn-1")
        for (const act of script) {
          act(short)
          act(long)
          expect(short.state).toEqual(long.state)
        }
        expect(short.rows.rows).toEqual(long.rows.rows)
        expect(short.log).toEqual(long.log)
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "400") },
    )
    expect(taken).toBeGreaterThan(500)
  })

  it("folds pages of a log to the state and the rows of its events one by one", async () => {
    let events = 0
    let steps = 0
    await fc.assert(
      pausing(fc.tuple(fc.array(acts, { maxLength: 60 }), fc.integer({ min: 1, max: 40 })), ([script, size]) => {
        const s = new Batches(foldByRules).start().turn("turn-1").item("a", "turn-1")
        for (const act of script) act(s)
        const store = new MapStore()
        let state = initialState(s.state.streamId)
        for (let from = 0; from < s.log.length; from += size) {
          state = foldPage(state, s.log.slice(from, from + size), store, (changes) => {
            steps += 1
            store.apply(changes)
          })
        }
        const single = new MapStore()
        for (const _ of walk(s.state.streamId, s.log, foldByRules, single));
        events += s.log.length
        expect(state).toEqual(s.state)
        expect([...store.rowsOf(state.streamId)]).toEqual([...single.rowsOf(state.streamId)])
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "150") },
    )
    expect(steps).toBeLessThan(events)
  })

  it("folds a run in one step to the same state as its events one by one, in a new batch, too", () => {
    const s = new Batches(foldByRules).start().turn("turn-1").item("a", "turn-1").delta("a", "turn-1", "x")
    s.nextBatch()
    const before = s.state
    const item = before.recentItems[0]
    for (const word of ["one ", "two ", "three"]) s.delta("a", "turn-1", word)
    const events = s.log.slice(-3)
    const [first] = events
    if (item === undefined || first === undefined) throw new Error("no item")
    const { channel, recordedAt, seq, sessionId } = first
    const run = { sessionId, channel: channel ?? "", seq: seq ?? 0, recordedAt }
    const pieces = events.flatMap(({ at, payload, sequence, v }) => pieceOf(v, payload, at, sequence) ?? [])
    expect(isOrdinary(before, run)).toBe(true)
    const { changes, state } = foldDeltaRun(before, run, item, pieces)
    expect(state).toEqual(s.state)
    const put = (table: string) =>
      changes.flatMap((change) => (change.op === "put" && change.table === table ? [change.row] : []))
    expect(put("sessions")).toEqual([s.state.session])
    expect(put("threads")).toEqual([s.state.thread])
  })

  it("finds the item that resolve would find", () => {
    const s = new Batches(fold).start().turn("turn-1").item("a", "turn-1").delta("a", "turn-1", "x")
    const last = s.log.at(-1)
    expect(last).toMatchObject({ turnId: s.turnRow("turn-1")?.turnId, itemId: s.itemRow("a")?.itemId })
    const event = { ...last, turnId: null, itemId: null } as EventEnvelope
    expect(streamedItem(s.state, event)?.itemId).toBe(last?.itemId)
    expect(streamedItem(s.state, { ...event, native: { turnId: "turn-2", itemId: "a" } })).toBeNull()
    expect(streamedItem(s.state, { ...event, native: { turnId: "turn-1", itemId: "a", requestId: "0" } })).toBeNull()
  })
})
