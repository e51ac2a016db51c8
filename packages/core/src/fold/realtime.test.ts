import type { EventType, PayloadOf } from "@threadfold/contracts"
import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
/** Codex names the thread as the voice session, run after run: never a key. */
const voice = { native: { realtimeId: strong("thread") } }
const ask = (s: Scenario, callId = "7") =>
  s.send("realtime.start-requested", {}, { channel: "client", native: { ...voice.native, callId } })
const go = (s: Scenario) => s.send("realtime.started", { version: "v2" }, voice)
const live = () => go(ask(new Scenario().start()))
const runs = (s: Scenario) => s.rows.all("realtime_runs")

describe("rule 8: voice runs", () => {
  it("goes requested → started → closed, once", () => {
    const s = ask(new Scenario().start())
    expect(runs(s)).toMatchObject([{ status: "requested", callId: "7", startedAt: null, evidence: null }])
    go(s)
    expect(runs(s)).toMatchObject([{ status: "started", version: "v2" }])
    s.send("realtime.closed", { reason: "requested" }, voice)
    expect(runs(s)).toMatchObject([{ status: "closed", reason: "requested", evidence: "observed" }])
    s.send("realtime.closed", { reason: "error" }, voice)
    expect(runs(s)).toMatchObject([{ status: "closed", reason: "requested" }])
    expect(s.reasons()).toEqual(["realtime-close-without-run"])
  })

  it("an error before started fails the pending start only, without a close", () => {
    const s = ask(live()).send("realtime.error", { message: "no key" }, voice)
    expect(runs(s).map((run) => [run.status, run.lastError, run.reason, run.evidence])).toEqual([
      ["started", null, null, null],
      ["failed", "no key", null, "observed"],
    ])
  })

  it("an error on a live run precedes its close", () => {
    const s = live().send("realtime.error", { message: "reset" }, voice)
    expect(runs(s)).toMatchObject([{ status: "started", lastError: "reset" }])
    s.send("realtime.closed", { reason: "error" }, voice)
    expect(runs(s)).toMatchObject([{ status: "closed", reason: "error", lastError: "reset" }])
  })

  it("our own failed start touches the start that it names", () => {
    const s = ask(ask(new Scenario().start(), "7"), "8")
    const second = runs(s)[1]?.realtimeId ?? null
    s.send("realtime.failed", { message: "refused" }, { session: null, ids: { realtimeId: second } })
    expect(runs(s).map((run) => run.status)).toEqual(["requested", "failed"])
    s.send("realtime.failed", { message: "refused" }, { session: null, ids: { realtimeId: second } })
    expect(runs(s).map((run) => run.status)).toEqual(["requested", "failed"])
    expect(s.reasons()).toEqual(["realtime-error-without-run"])
  })

  it("nothing applies after the close, and a second run is a run of its own", () => {
    const s = live().send("realtime.closed", { reason: "transport_closed", nativeReason: "gone" }, voice)
    s.send("realtime.item-added", {}, voice).send("realtime.transcript.done", { text: "late" }, voice)
    s.send("realtime.error", { message: "late" }, voice).send("realtime.audio", { direction: "output" }, voice)
    s.send("realtime.stop-requested", {}, { channel: "client", ...voice })
    expect(runs(s)).toMatchObject([{ status: "closed", items: 0, utterances: 0, lastError: null, stopRequested: 0 }])
    expect(s.reasons()).toEqual(["realtime-event-without-run", "realtime-error-without-run"])
    go(ask(s))
    expect(runs(s).map((run) => run.status)).toEqual(["closed", "started"])
  })

  it("a replaced run is closed by us", () => {
    const s = go(ask(live(), "8"))
    expect(runs(s).map((run) => [run.status, run.reason, run.evidence])).toEqual([
      ["closed", "replaced", "inferred"],
      ["started", null, null],
    ])
  })

  it("the session's end closes the live run and fails the pending one", () => {
    const s = ask(live(), "8").send("session.exited", { reason: "exit", code: 0 })
    expect(runs(s).map((run) => [run.status, run.reason, run.lastError, run.evidence])).toEqual([
      ["closed", "session_ended", null, "inferred"],
      ["failed", null, "the session ended", "inferred"],
    ])
    go(s)
    expect(runs(s)).toHaveLength(2)
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })

  it("the session's end leaves a start and a run that it does not carry", () => {
    const ours = (realtimeId: string) => ({ session: null, ids: { realtimeId } }) as const
    const start = (s: Scenario, name: string) => s.send("realtime.start-requested", {}, ours(id(name)))
    const s = start(start(new Scenario().start(), "one").send("realtime.started", {}, ours(id("one"))), "two")
    s.send("session.exited", { reason: "exit" })
    expect(runs(s)).toMatchObject([
      { realtimeId: id("one"), sessionId: null, status: "started" },
      { realtimeId: id("two"), sessionId: null, status: "requested", evidence: null },
    ])
  })

  it("the start of the next epoch does the same", () => {
    expect(runs(live().start("s2"))).toMatchObject([{ status: "closed", reason: "session_ended" }])
  })

  it("voice never changes the session's status or the coding turn", () => {
    const s = go(ask(new Scenario().start().turn(t1)))
    const before = [s.session?.status, s.session?.activeTurnId, s.turnRow(t1)?.status]
    s.send("realtime.error", { message: "reset" }, voice).send("realtime.closed", { reason: "error" }, voice)
    expect([s.session?.status, s.session?.activeTurnId, s.turnRow(t1)?.status]).toEqual(before)
    const idle = live().send("realtime.closed", { reason: "error" }, voice)
    expect(idle.session).toMatchObject({ status: "ready", activeTurnId: null })
  })

  it("counts items and finished utterances; a repeated transcript is counted, never appended", () => {
    const s = live().send("realtime.item-added", { kind: "message" }, voice)
    s.send("realtime.transcript.delta", { delta: "Hel" }, voice).send(
      "realtime.transcript.done",
      { text: "Hello" },
      voice,
    )
    const before = runs(s)
    s.send("realtime.sdp", { sdp: "v=0" }, voice)
    expect(runs(s)).toEqual(before)
    expect(runs(s)).toMatchObject([{ items: 1, utterances: 1 }])
    expect(s.rows.all("items")).toEqual([])
    expect(s.reasons()).toEqual([])
  })

  it("input audio may be offered before a run is live, output audio may not come", () => {
    const s = new Scenario().start().send("realtime.audio", { direction: "input" }, voice)
    expect(s.reasons()).toEqual([])
    s.send("realtime.audio", { direction: "output" }, voice)
    expect(s.reasons()).toEqual(["realtime-event-without-run"])
  })

  it("records a request to stop, and changes nothing else", () => {
    const s = live().send("realtime.stop-requested", {}, { channel: "client", ...voice })
    expect(runs(s)).toMatchObject([{ status: "started", stopRequested: 1 }])
  })

  it("an id is used for one run only", () => {
    const ids = { realtimeId: id("run") }
    const s = new Scenario().start().send("realtime.start-requested", {}, { session: null, ids })
    s.send("realtime.started", {}, { ids }).send("realtime.started", {}, { ids })
    s.send("realtime.closed", { reason: "requested" }).send("realtime.start-requested", {}, { session: null, ids })
    s.send("realtime.started", {}, { ids })
    expect(runs(s)).toMatchObject([{ status: "closed", reason: "requested" }])
    expect(s.reasons()).toEqual(["realtime-duplicate"])
  })

  it("one that we asked for gets the session that starts it", () => {
    const s = new Scenario()
      .start()
      .send("realtime.start-requested", {}, { session: null, ids: { realtimeId: id("run") } })
    expect(runs(s)).toMatchObject([{ sessionId: null, nativeRealtimeId: null }])
    expect(runs(go(s))).toMatchObject([{ sessionId: id("session s1"), nativeRealtimeId: voice.native.realtimeId }])
    const ours = live().send("realtime.started", {}, { session: null, ids: { realtimeId: id("other") } })
    expect(runs(ours)[1]).toMatchObject({ status: "started", sessionId: null, nativeRealtimeId: null })
  })

  it("a start that is closed before it is live has failed", () => {
    const s = ask(new Scenario().start()).send("realtime.closed", { reason: "error" })
    expect(runs(s)).toMatchObject([
      { status: "failed", reason: null, lastError: "closed before it started", evidence: "observed" },
    ])
    expect(s.reasons()).toEqual([])
  })

  it("what cannot be about a run is kept with the run or the session that it names", () => {
    const s = live().send("realtime.closed", { reason: "error" }, voice)
    const run = `realtime:${runs(s)[0]?.realtimeId}`
    const session = `session:${id("session s1")}`
    s.send("realtime.item-added", {}, voice).send("realtime.item-added", {})
    s.send("realtime.error", { message: "late" }, voice).send("realtime.closed", { reason: "error" })
    const nameless = { ids: { realtimeId: "no id" } }
    s.send("realtime.started", {}, nameless).send("realtime.start-requested", {}, nameless)
    expect(runs(s)).toHaveLength(1)
    expect(s.anomalies()).toEqual([
      `realtime-event-without-run ${run} (realtime.item-added)`,
      `realtime-event-without-run ${session} (realtime.start-requested)`,
      `realtime-error-without-run ${run} (late)`,
      `realtime-close-without-run ${session} (error)`,
    ])
  })

  it.each([
    ["realtime.start-requested", {}],
    ["realtime.started", {}],
    ["realtime.error", { message: "late" }],
    ["realtime.item-added", {}],
    ["realtime.closed", { reason: "error" }],
  ] as const)("%s of a session that has ended opens nothing", (type, payload) => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" }).send(type, payload)
    expect(runs(s)).toEqual([])
    expect(s.anomalies()).toEqual([`session-event-after-exit session:${id("session s1")} (${type})`])
  })

  it("a stale session's voice changes nothing", () => {
    const s = go(
      new Scenario()
        .start()
        .start("s2")
        .send("realtime.started", {}, { session: "s2", ...voice }),
    )
    s.send("realtime.closed", { reason: "error" }, voice)
    expect(runs(s)).toMatchObject([{ status: "started", sessionId: id("session s2") }])
    expect(s.reasons()).toEqual(["session-stale"])
  })
})

describe("hard scenario 20, the voice side", () => {
  it("a barge-in during a tool call leaves the coding turn alone, a cancel of nothing is no crash", () => {
    const s = go(ask(new Scenario().start().turn(t1).item("tool", t1, { kind: "tool_call" })))
    s.send("realtime.item-added", { kind: "speech_started" }, voice)
    s.send("realtime.item-added", { kind: "response.cancelled" }, voice)
    s.send("realtime.transcript.done", { role: "assistant", text: "so" }, voice)
    s.send("realtime.transcript.done", { role: "assistant", text: "so" }, voice)
    expect(s.itemRow("tool")?.status).toBe("open")
    expect(s.turnRow(t1)?.status).toBe("running")
    s.send("realtime.closed", { reason: "transport_closed" }, voice)
    expect(s.session).toMatchObject({ status: "running" })
    s.send("item.completed", { kind: "tool_call", status: "completed" }, { native: { turnId: t1, itemId: "tool" } })
    s.complete(t1)
    expect(s.itemRow("tool")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("the next response may be asked for before the cancel of the last one is confirmed", () => {
    const s = go(ask(new Scenario().start().turn(t1)))
    for (const kind of ["response.created", "speech_started", "response.created", "response.cancelled"]) {
      s.send("realtime.item-added", { kind }, voice)
    }
    s.send("realtime.transcript.done", { role: "assistant", text: "next" }, voice)
    expect(runs(s)).toMatchObject([{ status: "started" }])
    expect(s.turnRow(t1)?.status).toBe("running")
    expect(s.reasons()).toEqual([])
  })

  it.each([
    ["its call", (s: Scenario) => s.send("realtime.closed", { reason: "transport_closed" }, voice), "transport_closed"],
    ["its process", (s: Scenario) => s.send("session.exited", { reason: "exit" }), "session_ended"],
  ] as const)(
    "a voice client that vanishes with %s leaves no live run, so that the reaper does not keep it",
    (_, vanish, reason) => {
      const s = go(ask(new Scenario().start().turn(t1)))
      expect(s.state.realtime).not.toBeNull()
      vanish(s)
      expect(s.state.realtime).toBeNull()
      expect(runs(s)).toMatchObject([{ status: "closed", reason }])
      expect(s.turnRow(t1)?.status).toBe(reason === "transport_closed" ? "running" : "ended")
    },
  )
})

describe("a voice run that its events name", () => {
  const of = (name: string) => ({ native: { realtimeId: name } })
  const start = (s: Scenario, name: string) => s.send("realtime.started", {}, of(name))
  const rowOf = (s: Scenario, name: string) => runs(s).filter((run) => run.nativeRealtimeId === name)

  it("a late event of a replaced run changes nothing of the live one", () => {
    const s = start(start(new Scenario().start(), "r1"), "r2")
    s.send("realtime.error", { message: "late" }, of("r1")).send("realtime.item-added", {}, of("r1"))
    s.send("realtime.transcript.done", { text: "late" }, of("r1")).send(
      "realtime.closed",
      { reason: "error" },
      of("r1"),
    )
    expect(rowOf(s, "r1")).toMatchObject([{ status: "closed", reason: "replaced", lastError: null, items: 0 }])
    expect(rowOf(s, "r2")).toMatchObject([{ status: "started", lastError: null, items: 0, utterances: 0 }])
    expect(s.reasons()).toEqual([
      "realtime-error-without-run",
      "realtime-event-without-run",
      "realtime-close-without-run",
    ])
  })

  it("a start of a run that is over opens nothing and replaces nothing", () => {
    const s = start(start(start(new Scenario().start(), "r1"), "r2"), "r1")
    expect(runs(s).map((run) => [run.nativeRealtimeId, run.status])).toEqual([
      ["r1", "closed"],
      ["r2", "started"],
    ])
    expect(s.reasons()).toEqual(["realtime-duplicate"])
  })

  it("a start takes the pending run of its name, else the oldest that has none", () => {
    const s = new Scenario().start()
    const askAs = (callId: string, name?: string) =>
      s.send(
        "realtime.start-requested",
        {},
        { channel: "client", native: { callId, ...(name === undefined ? {} : { realtimeId: name }) } },
      )
    askAs("1", "r1")
    askAs("2")
    askAs("3", "r3")
    start(s, "r3")
    start(s, "r9")
    expect(runs(s).map((run) => [run.callId, run.nativeRealtimeId, run.status])).toEqual([
      ["1", "r1", "requested"],
      ["2", "r9", "started"],
      ["3", "r3", "closed"],
    ])
  })

  it("an unknown name belongs to no run, and an event without a name belongs to the live run", () => {
    const s = start(new Scenario().start(), "r1")
    s.send("realtime.closed", { reason: "error" }, of("r7"))
    expect(rowOf(s, "r1")).toMatchObject([{ status: "started" }])
    s.send("realtime.closed", { reason: "requested" })
    expect(rowOf(s, "r1")).toMatchObject([{ status: "closed", reason: "requested" }])
  })

  it("what an older version took for the live run's is not applied to it when it names another", () => {
    const s = start(start(new Scenario().start(), "r1"), "r2")
    const wrong = { ...of("r1"), ids: { realtimeId: rowOf(s, "r2")[0]?.realtimeId ?? null } }
    s.send("realtime.closed", { reason: "error" }, wrong).send("realtime.error", { message: "late" }, wrong)
    expect(rowOf(s, "r2")).toMatchObject([{ status: "started", lastError: null }])
  })

  it("one without a name takes what names another only where it is resolved to it", () => {
    const s = new Scenario().start().send("realtime.started", {})
    const ids = { realtimeId: runs(s)[0]?.realtimeId ?? null }
    s.send("realtime.item-added", {}, { ...of("r1"), ids })
    expect(runs(s)).toMatchObject([{ items: 1, nativeRealtimeId: null }])
  })

  it("a close that an older version assigned to no run ends the oldest start, where it can be about that only", () => {
    const asRecorded = { asRecorded: true }
    const close = (s: Scenario, options: object) =>
      runs(s.send("realtime.closed", { reason: "error" }, { ...asRecorded, ...options })).map(({ status }) => status)
    const pending = () => new Scenario().start().send("realtime.start-requested", {}, { native: { callId: "1" } })
    expect(close(pending().send("realtime.start-requested", {}, { native: { callId: "2" } }), {})).toEqual([
      "failed",
      "requested",
    ])
    expect(close(pending(), { native: { callId: "9" } })).toEqual(["failed"])
    expect(close(pending(), of("r1"))).toEqual(["requested"])
    expect(close(pending(), { ids: { realtimeId: id("other") } })).toEqual(["requested"])
    expect(close(ask(live(), "8"), {})).toEqual(["started", "requested"])
  })

  it("in any order of events: an event changes its own run only, and nothing after its end", async () => {
    type Said = readonly [EventType, PayloadOf<EventType>]
    const words: readonly Said[] = [
      ["realtime.start-requested", {}],
      ["realtime.started", {}],
      ["realtime.started", {}],
      ["realtime.item-added", {}],
      ["realtime.error", { message: "m" }],
      ["realtime.closed", { reason: "error" }],
      ["realtime.transcript.done", { text: "t" }],
      ["realtime.stop-requested", {}],
    ]
    const word = fc.tuple(fc.constantFrom(...words), fc.constantFrom("r1", "r2", "r3"))
    await fc.assert(
      paused(
        fc.property(fc.array(word, { maxLength: 30 }), (said) => {
          const s = new Scenario().start()
          for (const [[type, payload], name] of said) {
            const before = new Map(runs(s).map((run) => [run.realtimeId, run]))
            s.sendRaw(type, payload, of(name))
            for (const run of runs(s)) {
              const was = before.get(run.realtimeId)
              if (was === undefined || was === run || JSON.stringify(was) === JSON.stringify(run)) continue
              expect(["requested", "started"]).toContain(was.status)
              if (run.nativeRealtimeId === name) continue
              // Only a start touches another run: it replaces the live one.
              expect([type, was.status, run.status, run.reason]).toEqual([
                "realtime.started",
                "started",
                "closed",
                "replaced",
              ])
            }
          }
          expect(runs(s).filter(({ status }) => status === "started").length).toBeLessThanOrEqual(1)
          expect(s.reasons()).not.toContain("fold-defect")
        }),
      ),
    )
  })
})
