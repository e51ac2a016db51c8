import type { TokenCounts, UsageMode } from "@threadfold/contracts"
import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"
import { isRewound } from "./rewind.js"

const t1 = strong("t1")
const t2 = strong("t2")
const count = (s: Scenario, mode: UsageMode, total: TokenCounts, turnId?: string, session = "s1") =>
  s.send("thread.token-usage.updated", { mode, total }, { session, native: turnId === undefined ? {} : { turnId } })
const thread = (s: Scenario, totalTokens: number, turnId?: string, session = "s1") =>
  count(s, "cumulative-thread", { totalTokens }, turnId, session)
/** A total of the thread with what its last call used. */
const last = (s: Scenario, totalTokens: number, used: number, turnId?: string, session = "s1") =>
  s.send(
    "thread.token-usage.updated",
    { mode: "cumulative-thread", total: { totalTokens }, last: { totalTokens: used } },
    { session, native: turnId === undefined ? {} : { turnId } },
  )
const ofTurn = (s: Scenario, turnId: string) => s.turnRow(turnId)?.usage?.totalTokens ?? null
const ofThread = (s: Scenario) => s.rows.all("usage")[0]?.totalTokens ?? null

describe("rule 10: usage", () => {
  it("totals become differences from the last total", () => {
    const s = thread(thread(new Scenario().start().turn(t1), 100, t1), 150, t1).complete(t1)
    thread(s.turn(t2), 400, t2)
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([150, 250, 400])
  })

  it("the same total again adds nothing", () => {
    const s = thread(thread(new Scenario().start().turn(t1), 100, t1), 100, t1)
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([100, 100])
  })

  it("a total that names no known turn only moves the baseline", () => {
    const s = thread(new Scenario().start(), 1000).turn(t1)
    thread(thread(s, 1000, strong("an old turn")), 1800, t1)
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([800, 800])
    expect(s.rows.all("turns")).toHaveLength(1)
  })

  it("a total of an ended turn is that turn's while its session lives, and moves the baseline afterwards", () => {
    const s = thread(new Scenario().start().turn(t1).complete(t1), 100, t1)
    thread(s.turn(t2), 130, t2)
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([100, 30, 130])
    s.complete(t2).start("s2")
    thread(thread(s, 180, t2, "s2").turn("turn-3", "s2"), 200, "turn-3", "s2")
    expect([ofTurn(s, t2), ofTurn(s, "turn-3"), ofThread(s)]).toEqual([30, 20, 150])
  })

  it("a provisionally ended turn still counts as running", () => {
    const s = thread(new Scenario().start().turn(t1).status("ready"), 100, t1).complete(t1)
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([100, 100])
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
  })

  it("a total of the session counts from each session's start", () => {
    const s = count(new Scenario().start().turn(t1), "cumulative-session", { totalTokens: 100 }, t1).complete(t1)
    count(s.start("s2").turn(t2, "s2"), "cumulative-session", { totalTokens: 40 }, t2, "s2")
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([100, 40, 140])
  })

  it("a total of the thread goes on over a resume", () => {
    const s = thread(new Scenario().start().turn(t1), 1000, t1).complete(t1).start("s2")
    thread(thread(s, 1000, t1, "s2").turn(t2, "s2"), 1800, t2, "s2")
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([1000, 800, 1800])
  })

  it("per-turn counts replace each other, the terminal's is the last", () => {
    const s = count(new Scenario().start().turn(t1), "per-turn", { totalTokens: 10 }, t1)
    count(s, "per-turn", { totalTokens: 25 }, t1)
    s.send("turn.completed", { outcome: "completed", usage: { totalTokens: 30 } }, { native: { turnId: t1 } })
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([30, 30])
  })

  it("the terminal's count is kept when it replaces an inferred end", () => {
    const s = new Scenario().start().turn(t1).status("ready")
    s.send("turn.completed", { outcome: "completed", usage: { totalTokens: 30 } }, { native: { turnId: t1 } })
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([30, 30])
  })

  it("a second or unknown terminal counts nothing", () => {
    const s = new Scenario().start().turn(t1)
    s.send("turn.completed", { outcome: "completed", usage: { totalTokens: 30 } }, { native: { turnId: t1 } })
    s.send("turn.completed", { outcome: "completed", usage: { totalTokens: 99 } }, { native: { turnId: t1 } })
    s.send("turn.completed", { outcome: "completed", usage: { totalTokens: 99 } }, { native: { turnId: t2 } })
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([30, 30])
  })

  it("a count without a report stays unknown, and a count that is left out once is not counted twice", () => {
    const s = new Scenario().start().turn(t1)
    count(s, "cumulative-thread", { inputTokens: 10, cachedInputTokens: 5 }, t1)
    count(s, "cumulative-thread", { inputTokens: 20 }, t1)
    count(s, "cumulative-thread", { inputTokens: 30, cachedInputTokens: 8 }, t1)
    expect(s.turnRow(t1)?.usage).toEqual({
      inputTokens: 30,
      cachedInputTokens: 8,
      outputTokens: null,
      reasoningTokens: null,
      totalTokens: null,
    })
  })

  it("a total that falls is a repeat: it changes no row, and the next one counts from the highest", () => {
    const s = thread(new Scenario().start().turn(t1), 120, t1).complete(t1)
    const before = thread(s.turn(t2), 240, t2).rows.all("usage")
    expect(thread(s, 120, t1).rows.all("usage")).toEqual(before)
    expect(s.reasons()).toEqual(["usage-regressed"])
    thread(s, 360, t2)
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([120, 240, 360])
  })

  it("after a turn has started, a fall of its own total is a new base, and its last call counts once", () => {
    const s = last(thread(new Scenario().start().turn(t1), 500, t1).complete(t1).turn(t2), 70, 30, t2)
    last(s, 90, 20, t2)
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([500, 50, 550])
    expect(s.reasons()).toEqual(["usage-regressed"])
    last(s, 60, 5, t2)
    expect([ofTurn(s, t2), ofThread(s)]).toEqual([50, 550])
  })

  describe("after a rewind", () => {
    const rewound = () =>
      thread(thread(new Scenario().start().turn(t1), 120, t1).complete(t1).turn(t2), 240, t2)
        .complete(t2)
        .send("thread.rewound", {})
    const t3 = strong("t3")

    it.each([
      ["equal to the one before", 240, 120],
      ["lower", 200, 80],
      ["higher", 320, 200],
    ])("the first total of a new turn counts its last call: %s", (_, total, used) => {
      const s = last(rewound().turn(t3), total, used, t3)
      last(last(s, total, used, t3), total + 7, 7, t3)
      expect([ofTurn(s, t1), ofTurn(s, t2), ofTurn(s, t3), ofThread(s)]).toEqual([120, 120, used + 7, 247 + used])
    })

    it.each([
      ["of the kept turn", t1],
      ["of no turn", undefined],
    ])("a total that is reported again before a turn starts is the new base: %s", (_, turnId) => {
      const s = last(last(rewound(), 120, 120, turnId).turn(t3), 200, 80, t3)
      expect([ofTurn(s, t1), ofTurn(s, t3), ofThread(s)]).toEqual([120, 80, 320])
    })

    it("older totals that are reported again before a turn starts count nothing, in any order", () => {
      const s = new Scenario().start()
      for (const [index, turn] of [t1, t2, t3].entries())
        last(s.turn(turn), 100 * (index + 1), 100, turn).complete(turn)
      s.send("thread.rewound", {})
      last(last(s, 100, 100, t1), 200, 100, t2)
      last(s.turn(strong("t4")), 230, 30, strong("t4"))
      expect([ofTurn(s, t1), ofTurn(s, t2), ofTurn(s, t3), ofTurn(s, strong("t4")), ofThread(s)]).toEqual([
        100, 100, 100, 30, 330,
      ])
    })

    it("a source that counts on is counted on", () => {
      const s = thread(thread(rewound().turn(t3), 300, t3), 330, t3)
      expect([ofTurn(s, t3), ofThread(s)]).toEqual([90, 330])
    })
  })

  it.each([
    ["falls to what is left", true],
    ["goes on", false],
  ])(
    "is what the calls used, whatever is reported again, where the source's total %s at a rewind",
    async (_, falls) => {
      const step = fc.record({
        does: fc.constantFrom("call", "call", "call", "turn", "turn", "rewind", "repeat", "repeat"),
        used: fc.integer({ min: 1, max: 50 }),
      })
      await fc.assert(
        paused(
          fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
            const s = new Scenario().start()
            const calls: { readonly turn: string; readonly used: number; readonly total: number; kept: boolean }[] = []
            let turns = 0
            let open: string | null = null
            let total = 0
            const end = () => {
              if (open !== null) s.complete(open)
              open = null
            }
            for (const { does, used } of steps) {
              if (does === "turn") {
                end()
                turns += 1
                open = strong(`turn ${turns}`)
                s.turn(open)
              } else if (does === "call" && open !== null) {
                total += used
                calls.push({ turn: open, used, total, kept: true })
                last(s, total, used, open)
              } else if (does === "rewind") {
                end()
                const [newest] = s.rows
                  .all("turns")
                  .filter((row) => !isRewound(s.state, s.rows, row))
                  .slice(-1)
                if (newest === undefined) continue
                s.send("thread.rewound", {})
                for (const call of calls) if (call.turn === newest.nativeTurnId) call.kept = false
                if (falls) total = calls.reduce((sum, call) => sum + (call.kept ? call.used : 0), 0)
              } else if (does === "repeat") {
                const reported = calls.filter(({ kept, turn }) => kept && turn !== open)
                const again = reported[used % Math.max(1, reported.length)]
                if (again !== undefined) last(s, again.total, again.used, again.turn)
              }
            }
            const used = (turn?: string) =>
              calls.reduce((sum, call) => sum + (turn === undefined || call.turn === turn ? call.used : 0), 0)
            for (const { turn } of calls) expect([turn, ofTurn(s, turn)]).toEqual([turn, used(turn)])
            expect(ofThread(s) ?? 0).toBe(used())
          }),
        ),
        { numRuns: Number(process.env.THREADFOLD_RUNS ?? "150") },
      )
    },
  )

  it("what is shown of the last call is no row of its own: a repeat writes nothing", () => {
    const s = last(new Scenario().start(), 50, 5).turn(t1)
    expect(s.rows.all("usage")[0]).toMatchObject({ totalTokens: null, last: { totalTokens: 5 } })
    const { sequence } = last(s, 80, 30, t1).rows.all("usage")[0] ?? { sequence: 0 }
    expect(last(s, 80, 30, t1).rows.all("usage")[0]).toMatchObject({ sequence, totalTokens: 30 })
  })

  it("a stale session moves no baseline", () => {
    const s = thread(new Scenario().start().turn(t1), 100, t1).complete(t1).start("s2")
    thread(s, 5).turn(t2, "s2")
    expect(ofTurn(thread(s, 130, t2, "s2"), t2)).toBe(30)
    expect(s.reasons()).toEqual(["session-stale"])
  })

  it("remembers the context window", () => {
    const s = new Scenario().start().turn(t1)
    const payload = { mode: "cumulative-thread", total: { totalTokens: 1 }, contextWindow: 200_000 } as const
    s.send("thread.token-usage.updated", payload, { native: { turnId: t1 } })
    expect(s.rows.all("usage")[0]?.contextWindow).toBe(200_000)
  })
})
