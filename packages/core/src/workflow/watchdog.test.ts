import { RequestStatus } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import {
  type AfterEndWork,
  afterEndOverdue,
  decideTurn,
  isStartTimed,
  type OpenQuestion,
  type RunningTurn,
  startOverdue,
  type TurnFacts,
  type TurnLimits,
  type UnattendedPolicy,
  unattended,
  type WatchPolicy,
} from "./watchdog.js"

const minute = 60_000
const hour = 60 * minute
const now = 1_000 * hour

/** What holds where the configuration says nothing. */
const defaultLimits: TurnLimits = { turnStartMs: minute, turnMs: 4 * hour, retryMs: 5 * minute }
const policyByDefault: WatchPolicy = { stallMs: 10 * minute, onStall: "show" }

/** A turn of ours that has run for a while, and whose last event came a while ago. */
const turn = (runMs: number, silentMs: number, more: Partial<RunningTurn> = {}): RunningTurn => ({
  threadId: "thread",
  turnId: "turn",
  mode: "managed",
  agent: "mine",
  startedAt: now - runMs,
  lastActivityAt: now - silentMs,
  stalled: 0,
  interruptRequestedAt: null,
  openRequests: 0,
  ...more,
})

const judge = (
  given: RunningTurn,
  more: Partial<TurnFacts> = {},
  policy: Partial<WatchPolicy> = {},
  awakeSince: number | null = null,
) =>
  decideTurn(
    { turn: given, limits: defaultLimits, retriesSince: null, waits: [], sleeps: [], ...more },
    { now, awakeSince, toleranceMs: minute },
    { ...policyByDefault, ...policy },
  )
const nothing = { silentMs: null, interrupt: null }

describe("a running turn that has fallen silent", () => {
  it("is shown as stalled after ten minutes, once", () => {
    expect(judge(turn(hour, 10 * minute - 1))).toEqual(nothing)
    expect(judge(turn(hour, 10 * minute))).toEqual({ silentMs: 10 * minute, interrupt: null })
    expect(judge(turn(hour, hour, { stalled: 1 }))).toEqual(nothing)
    expect(judge(turn(hour, 2_000), {}, { stallMs: 2_000 }).silentMs).toBe(2_000)
    expect(judge(turn(hour, hour), {}, { stallMs: 0 })).toEqual(nothing)
  })

  it("is not while it waits for a person, and counts from the answer", () => {
    expect(judge(turn(hour, hour, { openRequests: 1 }))).toEqual(nothing)
    const answered = (ago: number) => ({ waits: [{ from: now - hour, until: now - ago }] })
    expect(judge(turn(2 * hour, hour), answered(10 * minute - 1))).toEqual(nothing)
    expect(judge(turn(2 * hour, hour), answered(10 * minute)).silentMs).toBe(10 * minute)
  })

  it("is not for the time that the host slept", () => {
    expect(judge(turn(hour, hour), {}, {}, now - minute)).toEqual(nothing)
  })

  it("counts from its start where no event came, and ignores what has not begun", () => {
    expect(judge(turn(11 * minute, 0, { lastActivityAt: null })).silentMs).toBe(11 * minute)
    expect(judge(turn(0, 0, { lastActivityAt: null, startedAt: null }))).toEqual(nothing)
  })

  it("of an outside adapter is shown and never ended; of a recording it says nothing", () => {
    const policy = { onStall: "interrupt" } as const
    const theirs = { mode: "attached", agent: null } as const
    expect(judge(turn(9 * hour, hour, theirs), { limits: null }, policy)).toEqual({ silentMs: hour, interrupt: null })
    const inOurThread = { mode: "attached" } as const
    expect(judge(turn(9 * hour, hour, inOurThread), {}, policy)).toEqual({ silentMs: hour, interrupt: null })
    const recorded = { mode: "imported", agent: null } as const
    expect(judge(turn(9 * hour, hour, recorded), { limits: null }, policy)).toEqual(nothing)
  })

  it("is interrupted where the policy says so, once, also when it was shown before", () => {
    const policy = { onStall: "interrupt" } as const
    expect(judge(turn(hour, hour), {}, policy).interrupt).toMatch(/^stalled: .* 600000 ms \(reaper\.stallMs\)$/)
    expect(judge(turn(hour, hour, { stalled: 1 }), {}, policy).interrupt).toMatch(/^stalled/)
    expect(judge(turn(hour, hour, { interruptRequestedAt: 1 }), {}, policy).interrupt).toBeNull()
    expect(judge(turn(hour, minute), {}, policy)).toEqual(nothing)
  })
})

describe("a turn beyond its deadline", () => {
  const overdue = /^turn deadline: .* 14400000 ms \(limits\.turnMs\)$/

  it("is interrupted, once", () => {
    expect(judge(turn(4 * hour - 1, 0))).toEqual(nothing)
    expect(judge(turn(4 * hour, 0)).interrupt).toMatch(overdue)
    expect(judge(turn(9 * hour, 0, { interruptRequestedAt: now - hour }))).toEqual(nothing)
    expect(judge(turn(9 * hour, 0), { limits: { ...defaultLimits, turnMs: 0 } })).toEqual(nothing)
    expect(judge(turn(9 * hour, 0), { limits: null })).toEqual(nothing)
  })

  it("does not count when it waited for a person or the host slept, and counts both at once only once", () => {
    const waits = [
      { from: now - 5 * hour, until: now - 3 * hour },
      { from: null, until: now },
    ]
    expect(judge(turn(6 * hour - 1, 0), { waits })).toEqual(nothing)
    expect(judge(turn(6 * hour, 0), { waits }).interrupt).toMatch(overdue)
    const sleeps = [{ from: now - 4 * hour, until: now - 2 * hour }]
    expect(judge(turn(7 * hour - 1, 0), { waits, sleeps })).toEqual(nothing)
    expect(judge(turn(7 * hour, 0), { waits, sleeps }).interrupt).toMatch(overdue)
    expect(judge(turn(5 * hour, 0), { waits: [{ from: now - 2 * hour, until: null }] })).toEqual(nothing)
  })
})

describe("a turn that does nothing but retry", () => {
  it("is interrupted after five minutes", () => {
    const retrying = (ms: number, limits = defaultLimits, awakeSince: number | null = null) =>
      judge(turn(hour, 0), { retriesSince: now - ms, limits }, {}, awakeSince).interrupt
    expect(retrying(5 * minute - 1)).toBeNull()
    expect(retrying(5 * minute)).toMatch(/^retry deadline: .* 300000 ms \(limits\.retryMs\)$/)
    expect(retrying(hour, { ...defaultLimits, retryMs: 0 })).toBeNull()
    expect(retrying(hour, defaultLimits, now - minute)).toBeNull()
  })
})

describe("a turn that was accepted and has not started", () => {
  const waited = (ms: number, awakeSince: number | null = null, limits = defaultLimits) =>
    startOverdue({ since: now - ms }, limits, { now, awakeSince, toleranceMs: minute })

  it("is overdue after a minute in which the host was awake, or after what its agent may take", () => {
    expect(waited(minute - 1)).toBeNull()
    expect(waited(minute)).toBe(minute)
    expect(waited(hour, now - minute + 1)).toBeNull()
    expect(waited(hour, now - minute)).toBe(minute)
    expect(waited(2_000, null, { ...defaultLimits, turnStartMs: 2_000 })).toBe(2_000)
    expect(waited(hour, null, { ...defaultLimits, turnStartMs: 0 })).toBeNull()
    expect(startOverdue({ since: null }, defaultLimits, { now, awakeSince: null, toleranceMs: minute })).toBeNull()
  })
})

describe("whether a start is timed", () => {
  const delivered = { status: "requested", handedOver: 1, uncertain: 0 } as const

  it("is of a turn that was delivered to a living session of ours, and waits", () => {
    expect(isStartTimed(delivered, "managed")).toBe(true)
    expect(isStartTimed({ ...delivered, handedOver: 0 }, "managed")).toBe(false)
    expect(isStartTimed({ ...delivered, uncertain: 1 }, "managed")).toBe(false)
    expect(isStartTimed({ ...delivered, status: "running" }, "managed")).toBe(false)
    expect(isStartTimed({ ...delivered, status: "ended" }, "managed")).toBe(false)
  })

  it.each(["attached", "imported", null] as const)("is not where the session is %s", (mode) =>
    expect(isStartTimed(delivered, mode)).toBe(false),
  )
})

describe("work after a turn's end", () => {
  const silent = (
    ms: number,
    more: Partial<AfterEndWork> = {},
    afterEndMs = minute,
    awakeSince: number | null = null,
  ) =>
    afterEndOverdue({ lastActivityAt: now - ms, mode: "managed", openRequests: 0, ...more }, afterEndMs, {
      now,
      awakeSince,
      toleranceMs: minute,
    })

  it("is over when no event came for as long as the policy says, while the host was awake", () => {
    expect(silent(minute - 1)).toBeNull()
    expect(silent(minute)).toBe(minute)
    expect(silent(2_000, {}, 2_000)).toBe(2_000)
    expect(silent(hour, {}, minute, now - 1)).toBeNull()
    expect(silent(hour, { lastActivityAt: null })).toBeNull()
  })

  it("goes on while a person is asked, in a recording, and where the policy never ends it", () => {
    expect(silent(hour, { openRequests: 1 })).toBeNull()
    expect(silent(hour, { mode: "imported" })).toBeNull()
    expect(silent(hour, { mode: "attached" })).toBe(hour)
    expect(silent(hour, {}, 0)).toBeNull()
  })
})

describe("a question that no person answers", () => {
  const asked = { kind: "command_approval", line: [], status: "open", mode: "managed" } as const
  const moment = { now, awakeSince: null, toleranceMs: minute }
  const waited = (ms: number, policy: UnattendedPolicy, more: Partial<OpenQuestion> = {}) =>
    unattended({ ...asked, openedAt: now - ms, ...more }, policy, moment)

  it("waits where the policy says so, whatever time is written beside it", () => {
    const policy = { action: "wait", afterMs: 0 } as const
    expect(waited(hour, policy)).toBeNull()
  })

  it.each(["deny", "expire"] as const)("is over by %s after the policy's time", (action) => {
    const policy = { action, afterMs: minute }
    expect(waited(minute - 1, policy)).toBeNull()
    expect(waited(minute, policy)).toBe(policy)
    expect(waited(hour, policy, { openedAt: null })).toBeNull()
  })

  it("follows the first rule of its thread that is for its kind, before the policy", () => {
    const deny = { action: "deny", afterMs: minute } as const
    const accept = { kind: "command_approval", action: "accept", afterMs: hour } as const
    const decline = { action: "decline", afterMs: 0 } as const
    const line = [
      { threadId: "t", agent: "mine", rules: [{ kind: "permissions", action: "wait" }, accept, decline] },
    ] as const
    expect(waited(hour - 1, deny, { line })).toBeNull()
    expect(waited(hour, { action: "wait" }, { line })).toEqual({ rule: accept, threadId: "t" })
    expect(waited(0, deny, { line, kind: "user_input" })).toEqual({ rule: decline, threadId: "t" })
    expect(waited(9 * hour, deny, { line, kind: "permissions" })).toBeNull()
    const one = [{ threadId: "t", agent: "mine", rules: [accept] }]
    expect(waited(minute, deny, { line: one, kind: "permissions" })).toBe(deny)
    expect(waited(9 * hour, { action: "wait" }, { line, openedAt: null })).toBeNull()
  })

  it("is left to its adapter or its recording, and to the answer that is on its way", () => {
    const policy = { action: "deny", afterMs: minute } as const
    const modes = ["managed", "attached", "imported"] as const
    expect(modes.filter((mode) => waited(hour, policy, { mode }) !== null)).toEqual(["managed"])
    expect(RequestStatus.literals.filter((status) => waited(hour, policy, { status }) !== null)).toEqual(["open"])
  })
})
