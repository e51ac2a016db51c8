/** What a thread is said to do, wait for and be about to do: by the rules that decide, at the moment at which they begin to hold. */
import type { AnomalyView } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { livingSession, openEffect, sessionRow, threadRow, turnRow } from "../../test/workflowRows.js"
import { explainThread } from "./explain.js"
import type { ThreadWork } from "./followUp.js"
import type { Moment } from "./Moment.js"
import { decideSession } from "./reaper.js"
import type { ExplainPolicy, ThreadFacts } from "./ThreadFacts.js"

const minute = 60_000
const now = 1_000_000 * minute
const moment: Moment = { now, awakeSince: null, toleranceMs: 0 }

const policy: ExplainPolicy = {
  idleMs: 30 * minute,
  startingGraceMs: 5 * minute,
  backgroundCapMs: 24 * 60 * minute,
  afterEndMs: minute,
  unattended: { action: "wait" },
  stallMs: 10 * minute,
  onStall: "show",
}

const workOf = (turns: ThreadWork["turns"], of: Pick<ThreadWork, "thread" | "session" | "last">): ThreadWork => ({
  ...of,
  turns,
  hasMoreTurns: false,
})

const facts = (given: Partial<ThreadFacts> = {}): ThreadFacts => ({
  work: workOf([], { thread: threadRow(), session: null, last: null }),
  living: null,
  children: [],
  requests: [],
  starting: [],
  waits: [],
  effects: [],
  anomalies: [],
  policy,
  limits: { turnStartMs: minute, turnMs: 240 * minute, retryMs: 5 * minute },
  ...given,
})

/** Topic, name and (in minutes from now) time of each fact. */
const told = (given: Partial<ThreadFacts>): readonly string[] =>
  explainThread(facts(given), moment).map(({ at, fact, topic }) => {
    const when = at === null || topic !== "next" ? "" : ` ${(at - now) / minute}`
    return `${topic} ${fact}${when}`
  })

const session = sessionRow({
  status: "ready",
  mode: "managed",
  lastActivityAt: now - 10 * minute,
  startedAt: now - 60 * minute,
})

describe("explain", () => {
  it("tells when the reaper will stop an idle session: at the first moment at which its rule says so", () => {
    const living = livingSession({ lastActivityAt: now - 10 * minute })
    const said = explainThread(
      facts({ work: workOf([], { thread: threadRow(), session, last: session }), living }),
      moment,
    )
    expect(said.map(({ fact }) => fact)).toEqual(["session-ready", "keep-in-use", "reap-idle"])
    const at = said.at(-1)?.at ?? 0
    expect(at - now).toBe(20 * minute)
    const decides = (when: number) =>
      decideSession({ session: living, liveness: "alive", children: [] }, { ...moment, now: when }, policy).decision
    expect([decides(at - 1), decides(at)]).toEqual(["keep", "reap"])
  })

  it("tells that a running turn stalls, and when the watchdog interrupts it", () => {
    const running = turnRow({ turnId: "t", status: "running", startedAt: now - 4 * minute })
    const live = { ...session, status: "running", lastActivityAt: now - 4 * minute } as const
    const given = {
      work: workOf([running], {
        thread: threadRow({ status: "working", activeTurnId: "t" }),
        session: live,
        last: live,
      }),
      living: livingSession({ activeTurnId: "t", lastActivityAt: now - 4 * minute }),
    }
    expect(told(given)).toEqual([
      "now session-running",
      "now turn-running",
      "next turn-stalls 6",
      "next turn-interrupted 236",
      "next keep-turn-active",
    ])
    // A turn that waits for a person is not silent, and its session stays.
    const asking = { ...given, work: { ...given.work, thread: { ...given.work.thread, openRequests: 1 } } }
    const request = {
      requestId: "r",
      turnId: "t",
      kind: "command_approval",
      status: "open",
      title: "ls",
      openedAt: now - minute,
    } as const
    expect(told({ ...asking, requests: [request] })).toContain("waits request-open")
    expect(told({ ...asking, requests: [request] }).some((one) => one.startsWith("next turn-stalls"))).toBe(false)
    const declining = { ...policy, unattended: { action: "deny", afterMs: 5 * minute } } as const
    expect(told({ ...asking, requests: [request], policy: declining })).toContain("next request-unattended 4")
  })

  it("tells what the queue waits for, or that it goes on", () => {
    const queued = { queued: 2, queueHeld: 0 } as const
    const work = (given: Parameters<typeof threadRow>[0], turns: ThreadFacts["work"]["turns"] = []) =>
      workOf(turns, { thread: threadRow(given), session, last: session })
    expect(told({ work: work(queued) })).toContain("next queue-drains")
    expect(told({ work: work(queued), effects: [{ ...openEffect("turn.steer"), createdAt: now }] })).toContain(
      "next queue-waits",
    )
    const held = told({ work: work({ ...queued, queueHeld: 1 }) })
    expect(held).toEqual(expect.arrayContaining(["waits queue-held", "next queue-stays"]))
    const running = turnRow({ turnId: "t", status: "running", startedAt: now })
    const waiting = explainThread(facts({ work: work(queued, [running]) }), moment)
    expect(waiting.find(({ fact }) => fact === "queue-waits")?.row).toBe("turns/t")
    expect(told({ work: work({ ...queued, agent: null }) })).toContain("next queue-stays")
  })

  it("tells of turns that wait, of work after the end, and of an end that becomes final", () => {
    const asked = turnRow({ turnId: "t", status: "requested", handedOver: 1, requestedAt: now - minute / 2 })
    const starting = {
      ...asked,
      threadId: "thread",
      mode: "managed",
      agent: "mine",
      ordinal: 1,
      sequence: 1,
      since: now - minute / 2,
    } as const
    const work = workOf([asked], { thread: threadRow(), session, last: session })
    expect(told({ work, starting: [starting] })).toEqual([
      "now session-ready",
      "waits turn-delivered",
      "next start-times-out 0.5",
    ])
    expect(told({ work: { ...work, session: null } })).toContain("waits session-start")
    const ended = turnRow({
      turnId: "t",
      status: "ended",
      evidence: "inferred",
      settled: 0,
      startedAt: now - minute,
      endedAt: now,
    })
    const settles = explainThread(
      facts({ work: workOf([ended], { thread: threadRow(), session, last: session }) }),
      moment,
    )
    expect(settles.find(({ fact }) => fact === "turn-settles")?.at).toBe(now + 1000)
    const after = threadRow({ afterEndItems: 1, lastActivityAt: now - minute / 4 })
    expect(told({ work: workOf([], { thread: after, session, last: session }) })).toContain(
      "next after-end-settles 0.75",
    )
  })

  it("tells of recordings, of adapters, and what was refused", () => {
    const of = (mode: "imported" | "attached") => {
      const last = { ...session, mode }
      return told({ work: workOf([], { thread: threadRow({ agent: null }), session: last, last }) })
    }
    expect(of("imported")).toContain("now imported")
    expect(of("attached")).toEqual(expect.arrayContaining(["now attached", "waits lease"]))
    const anomaly: AnomalyView = {
      threadId: "thread",
      reason: "turn-unknown",
      subject: "native-turn:a/b",
      count: 2,
      firstSequence: 3,
      lastSequence: 9,
      detail: null,
    }
    const [said] = explainThread(facts({ anomalies: [anomaly] }), moment).slice(-1)
    expect(said?.row).toBe("anomalies/native-turn:a~1b/turn-unknown")
    expect(said?.sentence).toBe(
      "The event named a turn that was never seen. Noted 2 times, last at event 9, about native-turn:a/b.",
    )
  })
})
