import type { TokenCounts, UsageMode } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const count = (s: Scenario, mode: UsageMode, total: TokenCounts, turnId?: string, session = "s1") =>
  s.send("thread.token-usage.updated", { mode, total }, { session, native: turnId === undefined ? {} : { turnId } })
const thread = (s: Scenario, totalTokens: number, turnId?: string, session = "s1") =>
  count(s, "cumulative-thread", { totalTokens }, turnId, session)
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

  it("a total that names no running turn only moves the baseline", () => {
    const s = thread(new Scenario().start(), 1000).turn(t1)
    thread(thread(s, 1000, strong("an old turn")), 1800, t1)
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([800, 800])
    expect(s.rows.all("turns")).toHaveLength(1)
  })

  it("a total of a turn with an observed end only moves the baseline", () => {
    const s = thread(new Scenario().start().turn(t1).complete(t1), 100, t1)
    thread(s.turn(t2), 130, t2)
    expect([ofTurn(s, t1), ofTurn(s, t2), ofThread(s)]).toEqual([null, 30, 30])
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

  it("what nobody reported stays unknown, and a count that is left out once is not counted twice", () => {
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

  it("a total that goes down becomes the new baseline, and is told", () => {
    const s = thread(thread(thread(new Scenario().start().turn(t1), 100, t1), 40, t1), 60, t1)
    expect([ofTurn(s, t1), ofThread(s)]).toEqual([120, 120])
    expect(s.reasons()).toEqual(["usage-regressed"])
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
