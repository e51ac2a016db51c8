import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario } from "../../test/Scenario.js"
import { checkLog, checkRows } from "../index.js"
import {
  closeAfter,
  settledVoiceRun,
  startingVoiceRun,
  stepVoiceRun,
  takesInput,
  type VoiceEnding,
  type VoiceInput,
  type VoiceRecord,
  type VoiceRun,
} from "./voiceLife.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "150")

/** Steps a run through inputs; what was recorded, and the run after them. */
const through = (...inputs: readonly VoiceInput[]): { readonly run: VoiceRun; readonly records: readonly string[] } => {
  let run = startingVoiceRun
  const records: VoiceRecord[] = []
  for (const input of inputs) {
    const step = stepVoiceRun(run, input)
    run = step.run
    records.push(...step.records)
  }
  return { run, records: records.map((one) => ("reason" in one ? `${one.type} ${one.reason}` : one.type)) }
}

const up: VoiceInput = { type: "up" }
const quiet: VoiceInput = { type: "quiet" }
const ends = (ending: VoiceEnding): VoiceInput => ({ type: "ends", ending })
const recorded = (event: string): VoiceInput => ({ type: "recorded", event, message: "said" })
const failed: VoiceEnding = { kind: "failed", message: "reset" }
const endings: readonly VoiceEnding[] = [
  { kind: "stopped" },
  { kind: "replaced" },
  { kind: "session-ended" },
  { kind: "server-ends" },
  { kind: "hung-up" },
  failed,
]

describe("the life of a voice run", () => {
  for (const ending of endings) {
    it(`ends by one close, after it was live: ${ending.kind}`, () => {
      const close = `realtime.closed ${closeAfter[ending.kind]}`
      const error = ending.kind === "failed" ? ["realtime.error"] : []
      expect(through(up, ends(ending), quiet).records).toEqual(["realtime.started", ...error, close])
    })

    it(`has no close where it never came up: ${ending.kind}`, () => {
      expect(through(ends(ending), up, quiet).records).toEqual(["realtime.failed"])
    })

    it(`records nothing before its tasks have ended: ${ending.kind}`, () => {
      expect(through(up, ends(ending)).records).toEqual(["realtime.started"])
      expect(takesInput(through(up, ends(ending)).run)).toBe(false)
    })
  }

  it("keeps to the first reason", () => {
    const { records } = through(up, ends({ kind: "stopped" }), ends(failed), ends({ kind: "replaced" }), quiet, quiet)
    expect(records).toEqual(["realtime.started", "realtime.closed requested"])
  })

  it("records nothing that its transport has recorded", () => {
    const started = recorded("realtime.started")
    const closed = recorded("realtime.closed")
    expect(through(started, up, recorded("realtime.error"), closed, quiet).records).toEqual([])
    expect(through(started, up, ends({ kind: "stopped" }), closed, quiet).records).toEqual([])
    expect(through(started, up, recorded("session.exited"), quiet).records).toEqual([])
    expect(through(recorded("realtime.error"), quiet).records).toEqual([])
  })

  it("closes a run itself whose transport does not say that it closed", () => {
    const started = recorded("realtime.started")
    expect(through(started, up, ends({ kind: "stopped" }), quiet).records).toEqual(["realtime.closed requested"])
    expect(through(started, up, recorded("realtime.error"), ends({ kind: "hung-up" }), quiet).records).toEqual([
      "realtime.closed error",
    ])
    // It had started when its start was called off.
    expect(through(started, ends({ kind: "stopped" }), quiet).records).toEqual(["realtime.closed requested"])
  })

  it("starts with nothing recorded", () => {
    expect(startingVoiceRun).toEqual({
      phase: "starting",
      cameUp: false,
      ending: null,
      recorded: { started: false, error: false, closed: false },
    })
    expect(takesInput(startingVoiceRun)).toBe(false)
  })

  it("takes input while it is live, and then only", () => {
    const live = { ...startingVoiceRun, phase: "live", cameUp: true } as const
    expect(stepVoiceRun(startingVoiceRun, up)).toEqual({
      run: live,
      records: [{ type: "realtime.started" }],
      shutsDown: false,
    })
    expect(takesInput(live)).toBe(true)
    for (const input of [up, quiet, recorded("realtime.item-added")]) {
      expect(stepVoiceRun(live, input)).toEqual({ run: live, records: [], shutsDown: false })
    }
    const ending = { ...live, phase: "ending", ending: failed } as const
    expect(stepVoiceRun(live, ends(failed))).toEqual({ run: ending, records: [], shutsDown: true })
    expect(takesInput(ending)).toBe(false)
    // It shuts down once.
    expect(stepVoiceRun(ending, ends({ kind: "stopped" }))).toEqual({ run: ending, records: [], shutsDown: false })
    const over = { ...ending, phase: "over" } as const
    expect(stepVoiceRun(ending, quiet)).toEqual({
      run: over,
      records: [
        { type: "realtime.error", message: "reset" },
        { type: "realtime.closed", reason: "error" },
      ],
      shutsDown: false,
    })
    expect(takesInput(over)).toBe(false)
    for (const input of [
      up,
      quiet,
      ends({ kind: "stopped" }),
      recorded("realtime.started"),
      recorded("session.exited"),
    ])
      expect(stepVoiceRun(over, input)).toEqual({ run: over, records: [], shutsDown: false })
  })

  it("is not over before there is a reason for it to end", () => {
    expect(stepVoiceRun(startingVoiceRun, quiet)).toEqual({ run: startingVoiceRun, records: [], shutsDown: false })
  })

  it.each([
    ["realtime.failed", { error: true }, { kind: "failed", message: "said" }],
    ["realtime.error", { error: true }, { kind: "failed", message: "said" }],
    ["realtime.closed", { closed: true }, { kind: "hung-up" }],
    ["session.exited", { closed: true }, { kind: "session-ended" }],
  ] as const)("ends when its transport records %s in its start", (event, more, ending) => {
    const note = { started: false, error: false, closed: false, ...more }
    expect(stepVoiceRun(startingVoiceRun, recorded(event))).toEqual({
      run: { phase: "ending", cameUp: false, ending, recorded: note },
      records: [],
      shutsDown: true,
    })
    expect(through(recorded(event), quiet).records).toEqual([])
  })

  it.each([
    ["realtime.failed", { error: true }, null],
    ["realtime.error", { error: true }, null],
    ["realtime.closed", { closed: true }, { kind: "hung-up" }],
    ["session.exited", { closed: true }, { kind: "session-ended" }],
  ] as const)("ends when its transport records %s of the live run, but for an error alone", (event, more, ending) => {
    const phase = ending === null ? "live" : "ending"
    expect(stepVoiceRun(through(up).run, recorded(event))).toEqual({
      run: { phase, cameUp: true, ending, recorded: { started: false, error: false, closed: false, ...more } },
      records: [],
      shutsDown: ending !== null,
    })
  })

  it("has failed without words, where its transport has none", () => {
    const { run } = stepVoiceRun(startingVoiceRun, { type: "recorded", event: "realtime.failed" })
    expect(run.ending).toEqual({ kind: "failed", message: "" })
  })

  it.each([
    ["stopped", "requested", "stopped before it started"],
    ["replaced", "replaced", "replaced before it started"],
    ["session-ended", "session_ended", "the session ended before it started"],
    ["server-ends", "session_ended", "the server ended before it started"],
    ["hung-up", "transport_closed", "closed before it started"],
  ] as const)("says why: %s", (kind, reason, message) => {
    const live = through(up, ends({ kind })).run
    expect(stepVoiceRun(live, quiet).records).toEqual([{ type: "realtime.closed", reason }])
    const starting = through(ends({ kind })).run
    expect(stepVoiceRun(starting, quiet).records).toEqual([{ type: "realtime.failed", message }])
  })

  it("says what has failed", () => {
    expect(stepVoiceRun(through(ends(failed)).run, quiet).records).toEqual([
      { type: "realtime.failed", message: "reset" },
    ])
    expect(stepVoiceRun(through(up, recorded("realtime.error"), ends(failed)).run, quiet).records).toEqual([
      { type: "realtime.closed", reason: "error" },
    ])
  })

  it("settles the runs of a server that was killed, but for those of a session", () => {
    const ids = { realtimeId: "r", threadId: "t" }
    const run = { ...ids, sessionId: null }
    expect(settledVoiceRun({ ...run, status: "started" })).toEqual({
      ...ids,
      type: "realtime.closed",
      reason: "transport_closed",
    })
    expect(settledVoiceRun({ ...run, status: "requested" })).toEqual({
      ...ids,
      type: "realtime.failed",
      message: "the server ended before it started",
    })
    expect(settledVoiceRun({ ...run, status: "closed" })).toBeNull()
    expect(settledVoiceRun({ ...run, status: "failed" })).toBeNull()
    expect(settledVoiceRun({ ...run, sessionId: "s", status: "started" })).toBeNull()
    expect(settledVoiceRun({ ...run, sessionId: "s", status: "requested" })).toBeNull()
  })
})

/** What happens in a thread whose runs are made one after the other, each over before the next is asked for or not. */
type Act =
  | { readonly act: "start" }
  | { readonly act: "tell"; readonly of: number; readonly input: VoiceInput }
  | { readonly act: "word"; readonly of: number; readonly word: number }
  | { readonly act: "session"; readonly ends: boolean }

const words = ["realtime.item-added", "realtime.error", "realtime.closed", "realtime.started"] as const

const arbInput: fc.Arbitrary<VoiceInput> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(up) },
  { weight: 4, arbitrary: fc.constant(quiet) },
  { weight: 4, arbitrary: fc.constantFrom(...endings).map(ends) },
)
const arbAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Act>({ act: "start" }) },
  { weight: 8, arbitrary: fc.record({ act: fc.constant("tell" as const), of: fc.nat(9), input: arbInput }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("word" as const), of: fc.nat(9), word: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("session" as const), ends: fc.boolean() }) },
)

const payloads = {
  "realtime.item-added": {},
  "realtime.error": { message: "late" },
  "realtime.closed": { reason: "error" },
  "realtime.started": {},
} as const

describe("any interleaving of runs", () => {
  const arbStory = fc.array(arbAct, { minLength: 5, maxLength: 60 })
  it("closes each started run once, none that never came up, and the late word of one touches no other", () =>
    fc.assert(
      pausing(arbStory, (story) => {
        const s = new Scenario().start()
        const runs: { readonly realtimeId: string; run: VoiceRun; readonly records: VoiceRecord[] }[] = []
        const append = (realtimeId: string, { type, ...payload }: VoiceRecord) =>
          s.sendRaw(type, payload, { session: null, ids: { realtimeId } })
        for (const [index, one] of story.entries()) {
          const before = s.rows.all("realtime_runs")
          if (one.act === "start") {
            // As the service does: the one before it is over first.
            const last = runs.at(-1)
            if (last !== undefined && last.run.phase !== "over") continue
            const realtimeId = id(`run ${index}`)
            runs.push({ realtimeId, run: startingVoiceRun, records: [] })
            s.send("realtime.start-requested", {}, { session: null, ids: { realtimeId } })
            continue
          }
          if (one.act === "session") {
            if (one.ends) s.send("session.exited", { reason: "exit" })
            else s.start(`s${index}`)
            continue
          }
          const of = runs[one.of % Math.max(1, runs.length)]
          if (of === undefined) continue
          if (one.act === "tell") {
            const step = stepVoiceRun(of.run, one.input)
            of.run = step.run
            of.records.push(...step.records)
            for (const record of step.records) append(of.realtimeId, record)
          } else if (of.run.phase === "over") {
            const type = words[one.word] ?? "realtime.closed"
            s.sendRaw(type, payloads[type], { session: null, ids: { realtimeId: of.realtimeId } })
            // The late word of a run that is over changes no run at all.
            const light = (rows: typeof before) => rows.map(({ sequence: _, ...row }) => row)
            expect(light(s.rows.all("realtime_runs"))).toEqual(light(before))
          }
        }
        for (const { realtimeId, records, run } of runs) {
          const types = records.map(({ type }) => type)
          const closes = types.filter((type) => type === "realtime.closed")
          const isOver = run.phase === "over"
          expect(closes).toHaveLength(isOver && run.cameUp ? 1 : 0)
          expect(types.filter((type) => type === "realtime.error").length).toBeLessThanOrEqual(1)
          if (closes.length > 0) expect(types.at(-1)).toBe("realtime.closed")
          const row = s.rows.find("realtime_runs", "key", [realtimeId])
          expect(row?.status).toBe(isOver ? (run.cameUp ? "closed" : "failed") : run.cameUp ? "started" : "requested")
        }
        expect(checkLog(s.threadId, s.log)).toEqual([])
        expect(checkRows(s.threadId, s.rows.of(s.threadId))).toEqual([])
      }),
      { numRuns },
    ))
})
