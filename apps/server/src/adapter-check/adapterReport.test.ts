/** The checks of adapters, over traces that are written down here. */
import { describe, expect, it } from "vitest"
import { adapterReport } from "./adapterReport.js"
import type { Call, Trace } from "./Call.js"
import { faultOfPush, longestOutageMs } from "./faultPlan.js"

const session = { threadId: "t", provider: "test", status: "ready", cause: null, leaseMs: 1_000, sequence: 1 }

/** A trace, call by call, 100 ms apart. */
const traceOf = (
  calls: readonly Partial<Call>[],
  {
    endedAt = 100 * (calls.length + 1),
    lapses = [],
    lostAt = null,
  }: { endedAt?: number; lapses?: readonly [string, number][]; lostAt?: number | null } = {},
): Trace => ({
  calls: calls.map((call, index) => ({
    number: index + 1,
    method: "POST",
    path: "/v1/sessions/s/events",
    operation: "push",
    sessionId: "s",
    startedAt: 100 * (index + 1),
    endedAt: 100 * (index + 1) + 10,
    mediaType: "application/x-ndjson",
    body: "",
    status: 200,
    fault: null,
    answer: "",
    ...call,
  })),
  endedAt,
  lapses: new Map(lapses),
  lostAt,
})

const opening = (sessionId = "s", epoch = 1): Partial<Call> => ({
  operation: "open",
  sessionId,
  mediaType: "application/json",
  answer: JSON.stringify({ ...session, sessionId, epoch, leaseExpiresAt: null }),
})
const closing: Partial<Call> = { operation: "close" }

interface Said {
  readonly type?: string
  readonly seq: number
  readonly native?: object
  readonly payload?: object
}
const line = ({ type = "runtime.warning", ...more }: Said) => ({ type, channel: "agent", at: 1, ...more })
const push = (...lines: readonly Said[]): Partial<Call> => ({
  body: lines.map((one) => `${JSON.stringify(line(one))}\n`).join(""),
  answer: JSON.stringify({ results: lines.map(({ seq }, index) => ({ line: index + 1, seq, status: "appended" })) }),
})

const checkOf = (trace: Trace, name: string) => {
  const found = adapterReport(trace).checks.find(({ check }) => check === name)
  return [found?.status, ...(found?.findings ?? []).map(({ call, line, seen }) => `${call}:${line} ${seen}`)]
}

describe("the checks of a conversation", () => {
  it("judge nothing that did not happen, but that a session is opened", () => {
    const { checks, ok } = adapterReport(traceOf([]))
    expect(ok).toBe(false)
    expect(checks.filter(({ status }) => status !== "not-exercised").map(({ check }) => check)).toEqual([
      "session-opened",
    ])
    expect(checkOf(traceOf([{ ...opening(), status: 400, answer: "" }]), "session-opened")).toEqual([
      "failed",
      "1:null the opening was refused with 400",
    ])
    // A thread that is busy may be free later.
    expect(checkOf(traceOf([{ ...opening("x"), status: 409, answer: "" }, opening()]), "session-opened")).toEqual([
      "passed",
    ])
  })

  it("name the request of a finding, its time and the numbers of its lines", () => {
    const found = (trace: Trace, name: string) =>
      adapterReport(trace).checks.find(({ check }) => check === name)?.findings[0]
    const bad = { ...push({ seq: 1 }, { seq: 2 }), mediaType: "text/plain" }
    const request = { call: 2, method: "POST", path: "/v1/sessions/s/events", at: 200 }
    expect(found(traceOf([opening(), bad]), "media-type")).toMatchObject({ ...request, firstSeq: 1, lastSeq: 2 })
    const gap = traceOf([opening(), push({ seq: 1 }, { seq: 4 })])
    expect(found(gap, "seq-gapless")).toMatchObject({ ...request, line: 2, firstSeq: 4, lastSeq: 4 })
    expect(found(traceOf([]), "session-opened")).toMatchObject({ call: null, method: null, at: null, firstSeq: null })
  })

  it("name the line where numbers leave a gap, in NDJSON and in an array", () => {
    const array = JSON.stringify([line({ seq: 1 }), line({ seq: 4 })])
    const trace = traceOf([opening(), { body: array, mediaType: "application/json" }, push({ seq: 5 })])
    expect(checkOf(trace, "seq-gapless")).toEqual([
      "failed",
      "2:2 runtime.warning (agent, seq 4) came where seq 2 was due",
    ])
    expect(checkOf(traceOf([opening(), push({ seq: 1 }), push({ seq: 1 }, { seq: 2 })]), "seq-gapless")).toEqual([
      "passed",
    ])
  })

  it("compare what is sent twice by its content, whatever the order of its members", () => {
    const body = `${JSON.stringify({ seq: 1, at: 1, channel: "agent", type: "runtime.warning" })}\n`
    expect(checkOf(traceOf([opening(), push({ seq: 1 }), { body }]), "seq-content")).toEqual(["passed"])
    const other = traceOf([opening(), push({ seq: 1 }), push({ seq: 1, payload: { message: "other" } })])
    expect(checkOf(other, "seq-content")).toEqual([
      "failed",
      "3:1 runtime.warning (agent, seq 1) differs from what call 2 sent in line 1",
    ])
  })

  it("tell what the server says of a line", () => {
    const answer = (status: string, problem: string) =>
      JSON.stringify({ results: [{ line: 1, seq: 1, status, problem, place: "payload.delta" }] })
    const said = (text: string) => checkOf(traceOf([opening(), { ...push({ seq: 1 }), answer: text }]), "line-valid")
    expect(said(answer("invalid", "payload-invalid"))).toEqual(["failed", "2:1 payload-invalid at payload.delta"])
    expect(said(answer("appended", "unknown-field"))).toEqual(["failed", "2:1 unknown-field at payload.delta"])
    expect(said('{"line":1,"seq":1,"status":"invalid","problem":"not-an-event"}\n')).toEqual([
      "failed",
      "2:1 not-an-event",
    ])
  })

  it("see a type that this version does not know, once, with the nearest name", () => {
    const sent = push({ type: "content.dleta", seq: 1 }, { type: "turn.started", seq: 2 })
    expect(checkOf(traceOf([opening(), sent, sent]), "line-valid")).toEqual([
      "failed",
      '2:1 content.dleta (agent, seq 1) changes nothing: there is no event type "content.dleta"; the nearest is "content.delta"',
    ])
    expect(checkOf(traceOf([opening(), push({ type: "turn.started", seq: 1 })]), "line-valid")).toEqual(["passed"])
    // What is not the adapter's to tell is no name to propose to it.
    const [, seen = ""] = checkOf(traceOf([opening(), push({ type: "thread.creatde", seq: 1 })]), "line-valid")
    expect(seen).not.toContain("thread.created")
  })

  it("see a lease that nothing renewed, and no fault where it was ended or cut off before", () => {
    const late = traceOf([opening(), push({ seq: 1 }), { operation: "heartbeat", startedAt: 1_500, endedAt: 1_501 }], {
      endedAt: 1_600,
    })
    expect(checkOf(late, "lease-renewed")).toEqual(["failed", "2:null nothing came for 1000 ms after this call"])
    expect(checkOf(traceOf([opening(), closing], { endedAt: 9_000 }), "lease-renewed")).toEqual(["not-exercised"])
    // Calls that failed meanwhile renew nothing: the lease counts from the last one that succeeded.
    const failing = [400, 800, 1_150].map((startedAt) => ({ ...push({ seq: 2 }), status: null, answer: "", startedAt }))
    expect(checkOf(traceOf([opening(), push({ seq: 1 }), ...failing], { endedAt: 1_250 }), "lease-renewed")).toEqual([
      "failed",
      "2:null nothing came for 1000 ms after this call",
    ])
    const exit = push({ type: "session.exited", seq: 1 })
    expect(checkOf(traceOf([opening(), exit], { endedAt: 9_000 }), "session-ended")).toEqual(["passed"])
    const beats = Array.from({ length: 20 }, (): Partial<Call> => ({ operation: "heartbeat" }))
    expect(checkOf(traceOf([opening(), ...beats]), "lease-renewed")).toEqual(["passed"])
  })

  it("let a turn that did not complete leave its items open, and a command that goes on", () => {
    const [turn, item] = [{ turnId: "1" }, { turnId: "1", itemId: "a" }]
    const ends = (end: Said, payload: object = { kind: "command" }) =>
      checkOf(
        traceOf([
          opening(),
          push({ type: "turn.started", seq: 1, native: turn }, { type: "item.started", seq: 2, native: item, payload }),
          push(end),
        ]),
        "items-closed",
      )
    const completed = { type: "turn.completed", seq: 3, native: turn, payload: { outcome: "completed" } }
    expect(ends(completed)).toEqual([
      "failed",
      "2:2 item.started (agent, seq 2) was still open when call 3 ended its turn",
    ])
    expect(ends(completed, { kind: "command", processId: "9" })).toEqual(["passed"])
    expect(ends({ ...completed, payload: { outcome: "failed" } })).toEqual(["passed"])
    expect(ends({ ...completed, type: "turn.aborted" })).toEqual(["passed"])
  })
})

describe("the checks when the server went away", () => {
  const gone = (...calls: readonly Partial<Call>[]) =>
    adapterReport(traceOf(calls, { endedAt: 60_000, lostAt: 100 * calls.length }))
  const unanswered: Partial<Call> = { ...push({ seq: 3 }), status: null, answer: "" }

  it("blame the adapter for nothing that came of that, and say why", () => {
    const started = push({ type: "turn.started", seq: 1, native: { turnId: "1" }, payload: {} })
    const report = gone(opening(), started, unanswered)
    expect(report.ok).toBe(true)
    const turns = report.checks.find(({ check }) => check === "turn-ends")
    expect([turns?.status, turns?.findings]).toEqual(["not-exercised", []])
    expect(turns?.next).toContain("The server went away")
    expect(gone({ ...opening(), status: null, answer: "" }).ok).toBe(true)
  })

  it("keep what was found before", () => {
    const report = gone(opening(), push({ seq: 1 }, { seq: 5 }), unanswered)
    expect(report.checks.flatMap(({ check, status }) => (status === "failed" ? [check] : []))).toEqual(["seq-gapless"])
  })
})

describe("the checks after a fault", () => {
  const lost = { ...push({ seq: 1 }, { seq: 2 }), status: null, fault: "lost-answer" } as const
  const after = (...calls: readonly Partial<Call>[]) => checkOf(traceOf([opening(), lost, ...calls]), "lost-answer")

  it("want the same numbers again, first of all, in as many pushes as it takes", () => {
    expect(after(push({ seq: 1 }), push({ seq: 2 }, { seq: 3 }))).toEqual(["passed"])
    expect(after()).toEqual(["failed", "2:null seq 1 to 2 on agent was not sent again"])
    expect(after(push({ seq: 3 }))).toEqual([
      "failed",
      "3:null went on with seq 3; seq 1 to 2 on agent of call 2 was not sent again",
    ])
    expect(after(push({ seq: 3 }), push({ seq: 1 }, { seq: 2 }))).toEqual([
      "failed",
      "3:null sent seq 3 first; seq 1 to 2 on agent of call 2 was due",
    ])
    // What was on its way already when the connection was cut is no answer to it.
    expect(after({ ...push({ seq: 3 }), startedAt: 205 }, push({ seq: 1 }, { seq: 2 }))).toEqual(["passed"])
  })

  it("want the wait that was told", () => {
    const busy = { ...push({ seq: 1 }), status: 429, fault: "too-many-requests", answer: "" } as const
    const again = (startedAt: number) =>
      checkOf(traceOf([opening(), busy, { ...push({ seq: 1 }), startedAt }]), "too-many-requests")
    expect(again(1_210)).toEqual(["passed"])
    expect(again(400)).toEqual(["failed", "3:null came 190 ms after call 2, whose Retry-After was 1 s"])
  })

  it("want the next session of the thread after the lapse, and nothing for the old one", () => {
    const cut = { ...push({ seq: 1 }), status: null, fault: "lease-lapse", answer: "" } as const
    const lapsed = (...calls: readonly Partial<Call>[]) =>
      checkOf(traceOf([opening(), cut, ...calls], { lapses: [["s", 300]] }), "lease-lapse")
    expect(lapsed({ operation: "heartbeat" }, opening("s2", 2))).toEqual(["passed"])
    expect(lapsed({ operation: "heartbeat" })).toEqual([
      "failed",
      "3:null is the last of its thread: no new session was opened",
    ])
    expect(lapsed(push({ seq: 1 }), opening("s2", 2))).toEqual([
      "failed",
      "3:null went to a session that had ended: it is stored, and changes nothing",
    ])
  })

  it("come at every second push, the lapse only where the lease is short", () => {
    const faults = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((push) => faultOfPush(push, longestOutageMs))
    expect(faults).toEqual([
      null,
      "lost-answer",
      null,
      "too-many-requests",
      null,
      "unavailable",
      null,
      "lease-lapse",
      null,
    ])
    expect(faultOfPush(8, longestOutageMs + 1)).toBeNull()
    expect(faultOfPush(8, null)).toBeNull()
  })
})
