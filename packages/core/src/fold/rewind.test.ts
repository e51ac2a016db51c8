import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { isRewound } from "./rewind.js"

const t = (n: number) => strong(`t${n}`)

/** A thread whose turns 1 … n have ended. */
const done = (n: number): Scenario => {
  const s = new Scenario().start()
  for (let each = 1; each <= n; each++) s.turn(t(each)).complete(t(each))
  return s
}
const rewind = (s: Scenario, count?: number) => s.send("thread.rewound", count === undefined ? {} : { count })
const ranges = (s: Scenario) => s.rows.all("rewinds").map(({ fromOrdinal, toOrdinal }) => [fromOrdinal, toOrdinal])
/** Ordinals of the turns that were taken back. */
const taken = (s: Scenario) =>
  s.rows.all("turns").flatMap((turn) => (isRewound(s.state, s.rows, turn) ? [turn.ordinal] : []))

describe("rule 13: rewind", () => {
  it("without a count it takes the last turn back, and no turn's row changes", () => {
    const s = done(3)
    const before = s.rows.all("turns")
    rewind(s)
    expect(s.log.at(-1)?.turnId).toBe(s.turnRow(t(3))?.turnId)
    expect(s.rows.all("rewinds")).toMatchObject([{ ordinal: 1, firstTurnId: s.turnRow(t(3))?.turnId, depth: 1 }])
    expect([taken(s), s.rows.all("turns"), s.reasons()]).toEqual([[3], before, []])
  })

  it("lets the end of a turn that was taken back become final: what waits for that waits no longer", () => {
    const s = new Scenario().start().turn(t(1)).send("session.state.changed", { state: "ready" })
    expect(s.turnRow(t(1))).toMatchObject({ outcome: "unknown", evidence: "inferred", settled: 0 })
    rewind(s)
    const turnId = s.turnRow(t(1))?.turnId ?? ""
    s.send("turn.settled", {}, { session: null, ids: { turnId } })
    expect(s.turnRow(t(1))).toMatchObject({ outcome: "unknown", settled: 1 })
    expect([taken(s), s.reasons()]).toEqual([[1], []])
  })

  it("counts turns that were not taken back before, and a range holds the ones inside it", () => {
    const s = rewind(rewind(done(4)), 2)
    expect([taken(s), ranges(s)]).toEqual([
      [2, 3, 4],
      [
        [4, 4],
        [2, 4],
      ],
    ])
    rewind(s.turn(t(5)).complete(t(5)), 2)
    expect(taken(s)).toEqual([1, 2, 3, 4, 5])
    rewind(s)
    expect(s.reasons()).toEqual(["rewind-without-turns"])
  })

  it("begins at the turn that the source names, by either id", () => {
    expect(taken(done(3).send("thread.rewound", {}, { native: { turnId: t(2) } }))).toEqual([2, 3])
    const s = done(3)
    expect(taken(s.send("thread.rewound", { firstTurnId: s.turnRow(t(1))?.turnId }))).toEqual([1, 2, 3])
    const other = done(2).send("thread.rewound", { firstTurnId: id("of another thread") })
    expect([taken(other), other.reasons()]).toEqual([[], ["rewind-without-turns"]])
  })

  it("keeps what the source says is left", () => {
    expect(taken(done(4).send("thread.rewound", { keptNativeTurnId: t(1), count: 1 }))).toEqual([2, 3, 4])
    const s = done(2).send("thread.rewound", { keptNativeTurnId: t(2) })
    expect([taken(s), s.reasons()]).toEqual([[], []])
    expect(taken(done(3).send("thread.rewound", { keptNativeTurnId: strong("unknown"), count: 2 }))).toEqual([2, 3])
  })

  it("only turns that the provider took count: not steered, synthetic or cancelled ones", () => {
    const s = done(1)
    s.send("turn.requested", { handedOver: false }, { session: null, ids: { turnId: id("cancelled") } })
    s.send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id("cancelled") } })
    s.turn(t(2)).send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "4" } })
    s.send("turn.accepted", {}, { native: { turnId: t(2), callId: "4" } }).complete(t(2))
    s.item("i1", t(5)).complete(t(5))
    rewind(s, 2)
    expect(ranges(s)).toEqual([[1, 5]])
  })

  it("ends a turn that runs, and one that was accepted; one that waits to be delivered stays", () => {
    const s = done(1).turn(t(2)).item("i1", t(2))
    s.send("turn.requested", { handedOver: false }, { session: null, ids: { turnId: id("waits") } })
    s.send("turn.requested", { handedOver: true }, { session: null, ids: { turnId: id("accepted") } })
    s.send("turn.accepted", {}, { ids: { turnId: id("accepted") }, native: { turnId: t(4) } })
    rewind(s, 2)
    expect(s.turnRow(t(2))).toMatchObject({
      outcome: "interrupted",
      cause: "rewound",
      evidence: "inferred",
      settled: 1,
    })
    expect(s.turnRow(t(4))).toMatchObject({ outcome: "cancelled", cause: "rewound" })
    expect(s.itemRow("i1")).toMatchObject({ status: "interrupted" })
    expect(s.session).toMatchObject({ status: "starting", activeTurnId: null, pendingTurnId: id("waits") })
    expect([ranges(s), taken(s)]).toEqual([
      [
        [2, 2],
        [4, 4],
      ],
      [2, 4],
    ])
    s.send("turn.started", {}, { ids: { turnId: id("waits") }, native: { turnId: t(5) } }).complete(t(5))
    expect([taken(s), s.reasons()]).toEqual([[2, 4], []])
  })

  it("later events of a turn that was taken back are anomalies and change nothing", () => {
    const s = rewind(done(1).turn(t(2)).item("i1", t(2)))
    const before = [s.rows.all("turns"), s.rows.all("items")]
    s.delta("i1", t(2), "late").item("i2", t(2)).complete(t(2)).turn(t(2))
    s.send("thread.token-usage.updated", { mode: "per-turn", total: { totalTokens: 5 } }, { native: { turnId: t(2) } })
    expect([s.rows.all("turns"), s.rows.all("items")]).toEqual(before)
    expect(s.rows.all("anomalies")).toMatchObject([{ reason: "turn-rewound", count: 5 }])
    expect(rewind(s.turn(t(3)).complete(t(3))).rows.all("anomalies")).toHaveLength(1)
  })

  it("a task that outlives its turn goes on", () => {
    const s = done(1).turn(t(2)).item("i1", t(2), { kind: "command", processId: "7" }).complete(t(2))
    rewind(s).send(
      "item.completed",
      { kind: "command", status: "completed" },
      { native: { turnId: t(2), itemId: "i1" } },
    )
    expect(s.rows.all("tasks")).toMatchObject([{ status: "ended", outcome: "completed" }])
  })

  it("a source that was replaced takes nothing back", () => {
    const s = done(2).start("s2")
    expect([taken(rewind(s)), s.reasons()]).toEqual([[], ["session-stale"]])
  })

  it("is for every turn what a list of the turns in view says", async () => {
    await fc.assert(
      paused(
        fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }), (steps) => {
          const s = new Scenario().start()
          const view: number[] = []
          let turns = 0
          for (const step of steps) {
            if (step === 0 || turns === 0) {
              turns += 1
              s.turn(t(turns)).complete(t(turns))
              view.push(turns)
            } else {
              rewind(s, step)
              view.splice(-step)
            }
          }
          const gone = new Set(taken(s))
          expect(s.rows.all("turns").flatMap(({ ordinal }) => (gone.has(ordinal) ? [] : [ordinal]))).toEqual(view)
        }),
      ),
    )
  })
})
