import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { livingSession } from "../../test/workflowRows.js"
import { decideSession, type KeepPolicy, type Liveness, type LivingSession, reaperReasons } from "./reaper.js"

const minute = 60_000
const hour = 60 * minute
const now = 1_000 * hour

/** What holds where the configuration says nothing. */
const policyByDefault: KeepPolicy = { idleMs: 30 * minute, startingGraceMs: 5 * minute, backgroundCapMs: 24 * hour }

/** A session of ours that was not used for a while. */
const unused = (idleMs: number, more: Partial<LivingSession> = {}): LivingSession =>
  livingSession({ lastActivityAt: now - idleMs, ...more })

const judge = (
  session: LivingSession,
  {
    liveness = "alive",
    children = [],
    awakeSince = null,
    policy = {},
  }: {
    readonly liveness?: Liveness
    readonly children?: readonly LivingSession[]
    readonly awakeSince?: number | null
    readonly policy?: Partial<KeepPolicy>
  } = {},
) => {
  const verdict = decideSession(
    { session, liveness, children },
    { now, awakeSince, toleranceMs: minute },
    { ...policyByDefault, ...policy },
  )
  return `${verdict.decision} ${verdict.reason}`
}

type Case = readonly [what: string, verdict: string, expected: string]

const task = (silentMs: number) => ({ runningTasks: 1, taskHeardAt: now - silentMs })
const cases: readonly Case[] = [
  ["idle for a little less than the window", judge(unused(30 * minute - 1)), "keep in-use"],
  ["idle for the window", judge(unused(30 * minute)), "reap idle"],
  ["the window of another policy", judge(unused(2_000), { policy: { idleMs: 2_000 } }), "reap idle"],
  [
    "starting for the grace, beyond a shorter window",
    judge(unused(5 * minute, { status: "starting" }), { policy: { idleMs: minute } }),
    "reap idle",
  ],
  ["a policy that never reaps", judge(unused(900 * hour), { policy: { idleMs: 0 } }), "keep off"],
  ["in error, without a turn", judge(unused(hour, { status: "error" })), "reap idle"],
  ["running by its status, without a turn", judge(unused(hour, { status: "running" })), "reap idle"],
  ["a turn that has run for long", judge(unused(3 * hour, { activeTurnId: "t" })), "keep turn-active"],
  ["a turn that is about to start", judge(unused(3 * hour, { waitingTurns: 1 })), "keep turn-requested"],
  ["a question", judge(unused(200 * hour, { openRequests: 1, activeTurnId: "t" })), "keep request-open"],
  ["work after a turn's end", judge(unused(3 * hour, { afterEndItems: 1 })), "keep after-end-work"],
  ["work after a turn's end, silent for the cap", judge(unused(24 * hour, { afterEndItems: 1 })), "reap idle"],
  ["a voice conversation", judge(unused(3 * hour, { voice: 1 })), "keep voice-live"],
  ["a task, heard of within the cap", judge(unused(20 * hour, task(24 * hour - 1))), "keep task-running"],
  ["a task, silent for the cap", judge(unused(20 * hour, task(24 * hour))), "reap task-overdue"],
  ["a silent task, in a thread in use", judge(unused(minute, task(24 * hour))), "keep in-use"],
  ["a task whose log is gone", judge(unused(2 * hour, { runningTasks: 1 })), "keep task-running"],
  [
    "a task with another cap",
    judge(unused(2 * hour, task(hour)), { policy: { backgroundCapMs: hour } }),
    "reap task-overdue",
  ],
  ["messages that wait", judge(unused(hour, { queued: 2 })), "keep queue-waiting"],
  ["messages that are held", judge(unused(hour, { queued: 2, queueHeld: 1 })), "reap idle"],
  ["a start within its grace", judge(unused(4 * minute, { status: "starting" })), "keep starting"],
  [
    "a start within its grace, beyond a short window",
    judge(unused(4 * minute, { status: "starting" }), { policy: { idleMs: minute } }),
    "keep starting",
  ],
  ["a start beyond its grace", judge(unused(30 * minute, { status: "starting" })), "reap idle"],
  ["kept alive until later", judge(unused(9 * hour, { keepAliveUntil: now + 1 })), "keep keep-alive"],
  ["kept alive until now", judge(unused(9 * hour, { keepAliveUntil: now })), "reap idle"],
  ["attached, whatever it does", judge(unused(9 * hour, { mode: "attached" }), { liveness: "gone" }), "keep attached"],
  ["imported", judge(unused(9 * hour, { mode: "imported" }), { liveness: "gone" }), "keep imported"],
  ["forked", judge(unused(9 * hour, { mode: "forked" }), { liveness: "gone" }), "keep forked"],
  ["gone, just used", judge(unused(0), { liveness: "gone" }), "repair process-gone"],
  [
    "gone, with a question and a turn and a keep-alive",
    judge(unused(0, { openRequests: 1, activeTurnId: "t", keepAliveUntil: now + hour }), { liveness: "gone" }),
    "repair process-gone",
  ],
  [
    "gone, of a thread that its agent opened",
    judge(unused(0, { agent: null }), { liveness: "gone" }),
    "repair process-gone",
  ],
  ["unknown settles nothing", judge(unused(99 * hour), { liveness: "unknown" }), "keep liveness-unknown"],
  ["of a thread that its agent opened", judge(unused(99 * hour, { agent: null })), "keep agent-opened"],
  [
    "with a busy child",
    judge(unused(hour), { children: [unused(2 * hour), unused(hour, { activeTurnId: "t" })] }),
    "keep child-active",
  ],
  ["with a child that was used since", judge(unused(hour), { children: [unused(minute)] }), "keep in-use"],
  ["with idle children", judge(unused(hour), { children: [unused(2 * hour), unused(3 * hour)] }), "reap idle"],
  ["after a sleep", judge(unused(8 * hour), { awakeSince: now - minute }), "keep in-use"],
  ["a window after a sleep", judge(unused(8 * hour), { awakeSince: now - 30 * minute }), "reap idle"],
  [
    "a task after a sleep of days, a window later",
    judge(unused(90 * hour, task(90 * hour)), { awakeSince: now - 31 * minute }),
    "keep task-running",
  ],
  ["used since it woke", judge(unused(minute), { awakeSince: now - hour }), "keep in-use"],
  ["used in the future: the clock was set back", judge(unused(-hour)), "keep in-use"],
  [
    "the same, and the clock was seen to be set, just now",
    judge(unused(-hour), { awakeSince: now - minute }),
    "keep in-use",
  ],
  ["the same, a window ago", judge(unused(-hour), { awakeSince: now - 30 * minute }), "reap idle"],
  ["used in this moment, long after a sleep", judge(unused(-5), { awakeSince: now - 30 * minute }), "keep in-use"],
]

describe("what the reaper decides about a session", () => {
  it.each(cases)("%s: %s", (_, verdict, expected) => expect(verdict).toBe(expected))

  it("tells for how long it has been idle, from the wake-up on", () => {
    const idle = (session: LivingSession, awakeSince: number | null) =>
      decideSession(
        { session, liveness: "alive", children: [] },
        { now, awakeSince, toleranceMs: minute },
        policyByDefault,
      ).idleMs
    expect([idle(unused(hour), null), idle(unused(hour), now - minute), idle(unused(-5), null)]).toEqual([
      hour,
      minute,
      0,
    ])
  })

  it("is total, and stops or settles only sessions of ours", () => {
    const time = fc.option(fc.integer({ min: now - 99 * hour, max: now + hour }))
    const count = fc.integer({ min: 0, max: 2 })
    const session = fc.record({
      mode: fc.constantFrom<LivingSession["mode"]>("managed", "attached", "imported", "forked"),
      status: fc.constantFrom<LivingSession["status"]>("starting", "running", "ready", "interrupted", "error"),
      agent: fc.constantFrom("mine", null),
      lastActivityAt: fc.integer({ min: 0, max: now + hour }),
      keepAliveUntil: time,
      activeTurnId: fc.constantFrom("t", null),
      waitingTurns: count,
      openRequests: count,
      runningTasks: count,
      taskHeardAt: time,
      voice: fc.constantFrom<LivingSession["voice"]>(0, 1),
      queued: count,
      queueHeld: fc.constantFrom(0, 1),
    })
    fc.assert(
      fc.property(
        session,
        fc.constantFrom<Liveness>("alive", "gone", "unknown"),
        time,
        (given, liveness, awakeSince) => {
          const facts = { session: unused(0, given), liveness, children: [] }
          const { decision, idleMs } = decideSession(facts, { now, awakeSince, toleranceMs: minute }, policyByDefault)
          expect(idleMs).toBeGreaterThanOrEqual(0)
          if (decision !== "keep") expect(given.mode).toBe("managed")
          if (decision === "repair") expect(liveness).toBe("gone")
          if (decision !== "reap") return
          expect({ liveness, activeTurnId: given.activeTurnId, openRequests: given.openRequests }).toEqual({
            liveness: "alive",
            activeTurnId: null,
            openRequests: 0,
          })
          expect(idleMs).toBeGreaterThanOrEqual(policyByDefault.idleMs)
        },
      ),
    )
  })

  it("gives reasons that its page explains, and that can all come about", () => {
    const page = readFileSync(new URL("../../../../docs/how-to/reaper.md", import.meta.url), "utf8")
    const all = Object.entries(reaperReasons).flatMap(([decision, of]) =>
      Object.entries(of).map(([reason, meaning]) => ({ decision, reason, meaning })),
    )
    for (const { meaning, reason } of all) {
      expect(page).toContain(`\`${reason}\``)
      expect(meaning).toMatch(/^[A-Z].+\.$/)
    }
    // These follow from what the sweep does, not from what it decides.
    const later = ["moved-on", "not-taken", "process-left"]
    const expected = all.filter(({ reason }) => !later.includes(reason))
    expect(new Set(cases.map(([, , given]) => given))).toEqual(
      new Set(expected.map(({ decision, reason }) => `${decision} ${reason}`)),
    )
  })
})
