import { describe, expect, it } from "vitest"
import { makePauses } from "../properties.js"
import { recording, recordings } from "../recordings/recordings.js"
import type { OracleExpectation } from "./OracleExpectation.js"
import { readOracle } from "./readOracle.js"

/**
 * Facts read off every recording by a person, so that the oracle is itself held to something. A turn is
 * `[outcome, evidence, items, status and text of the last item, total tokens]`.
 */
type Turn = readonly [string, "observed" | "inferred", number, string, string | null, number | null]
interface Facts {
  readonly lines: number
  readonly turns: readonly Turn[]
  /** Exit code, or the name of the signal. */
  readonly exit?: string | null | number
  /** Turns that were accepted and never started. */
  readonly unstarted?: number
  /** Sessions before the last one, which the provider unloaded. */
  readonly unloaded?: number
  /** `id status decision`. */
  readonly request?: string
  /** `status reason lastError`. */
  readonly voice?: string
}

const hello = "Hello from the mock model. This is a scripted reply."
const plain: Turn = ["completed", "observed", 3, "completed", hello, 150]
const done = "The command finished."
const noKey = "failed null realtime conversation requires API key auth"

const facts: Readonly<Record<string, Facts>> = {
  "codex-01-plain": { lines: 93, turns: [plain, plain] },
  "codex-02-approval-untrusted-accept": {
    lines: 60,
    turns: [["completed", "observed", 4, "completed", done, 300]],
    request: "0 answered accept",
  },
  "codex-04-approval-untrusted-cancel": {
    lines: 50,
    turns: [["interrupted", "observed", 3, "declined", null, 150]],
    request: "0 answered cancel",
  },
  "codex-06-shell-onrequest-noapproval-sandbox": {
    lines: 59,
    turns: [["completed", "observed", 4, "completed", done, 300]],
  },
  "codex-08-plan": { lines: 45, turns: [["completed", "observed", 2, "completed", "Planned.", 300]] },
  "codex-09-interrupt-midstream": {
    lines: 90,
    turns: [
      ["interrupted", "observed", 3, "interrupted", "word0 word1 word2 word3 word4 word5 word6 word7 word8 ", null],
      plain,
    ],
  },
  "codex-11-interrupt-running-command": {
    lines: 50,
    turns: [["interrupted", "observed", 3, "interrupted", "line 2\n", 150]],
  },
  "codex-20-eof": {
    lines: 94,
    turns: [["failed", "observed", 4, "interrupted", "one two three ", null], plain],
  },
  "codex-22-eof-once-then-ok": {
    lines: 51,
    turns: [["completed", "observed", 3, "completed", "recovered fine after retry", 150]],
  },
  "codex-23-http500": { lines: 43, turns: [["failed", "observed", 1, "completed", "SCEN:http500", null]] },
  "codex-25-response-failed": { lines: 55, turns: [["failed", "observed", 4, "completed", "partial", null]] },
  "codex-27-context-overflow": {
    lines: 36,
    turns: [["failed", "observed", 1, "completed", "SCEN:overflow", 258_400]],
  },
  "codex-29-conn-refused": {
    lines: 46,
    turns: [["interrupted", "inferred", 1, "completed", "SCEN:plain", null]],
  },
  "codex-30-kill9-midturn": {
    lines: 86,
    turns: [
      plain,
      [
        "interrupted",
        "inferred",
        3,
        "interrupted",
        "word0 word1 word2 word3 word4 word5 word6 word7 word8 word9 word10 ",
        null,
      ],
    ],
    exit: "SIGKILL",
  },
  "codex-31-resume-after-kill": { lines: 142, turns: [plain, ["completed", "observed", 4, "completed", hello, 150]] },
  "codex-32-two-procs-A": { lines: 22, turns: [] },
  "codex-34-sigterm-midturn": { lines: 40, turns: [["interrupted", "inferred", 3, "interrupted", "word0 ", null]] },
  "codex-36-rollout-trace": {
    lines: 96,
    turns: [plain, ["completed", "observed", 4, "completed", done, 300]],
    request: "0 answered accept",
  },
  "codex-40-realtime-base": { lines: 43, turns: [], voice: noKey },
  "codex-40-realtime-handoff-v2": { lines: 88, turns: [plain], voice: "closed requested null" },
  "codex-40-realtime-token-noflag": { lines: 53, turns: [], voice: "closed requested null" },
  "codex-40-realtime-wsurl-notoken": { lines: 43, turns: [], voice: noKey },
  "codex-42-realtime-wsurl-v1-noauth-feature": { lines: 43, turns: [], voice: noKey },
  "codex-43-realtime-wsurl-token": { lines: 54, turns: [], voice: "closed requested null" },
  // Two clients of one server: the second joins in the middle of a message, three times.
  "codex-50-two-clients-first": {
    lines: 47,
    turns: [
      ["completed", "observed", 3, "completed", "Hello world", 300],
      ["completed", "observed", 2, "completed", "second answer", 150],
    ],
    exit: null,
  },
  "codex-50-two-clients-joined": {
    lines: 44,
    turns: [
      ["completed", "observed", 3, "completed", "Hello world", 300],
      ["completed", "observed", 2, "completed", "second answer", 150],
    ],
    exit: null,
  },
  "codex-50-revert": {
    lines: 75,
    turns: ["a", "b", "c", "d"].map((text): Turn => ["completed", "observed", 2, "completed", text, 150]),
    // A revert unloads the thread and loads it again.
    unloaded: 1,
  },
  // A review whose model fails, with the reviewer's turn inside it.
  "codex-51-failed-review": {
    lines: 26,
    turns: [
      [
        "failed",
        "observed",
        4,
        "completed",
        "Review was interrupted. Please re-run /review and wait for it to complete.",
        null,
      ],
    ],
  },
  // Steers too early, into another turn and too late are refused; one in between is taken.
  "codex-51-refused-steer": {
    lines: 37,
    turns: [["completed", "observed", 4, "completed", "done", 150]],
  },
  // A review that fails at its start: an error is all that is reported of its turn.
  "codex-51-review-no-git": { lines: 13, turns: [], unstarted: 1 },
  "codex-revert": {
    lines: 36,
    turns: [
      ["completed", "observed", 1, "completed", "one", 120],
      ["completed", "observed", 1, "completed", "two", 120],
      ["completed", "observed", 1, "completed", "three", 60],
      ["completed", "observed", 1, "completed", "four", 190],
      ["completed", "observed", 1, "completed", "five", 20],
    ],
  },
}

const first = (expectation: OracleExpectation) => {
  const thread = expectation.threads[0]
  if (thread === undefined) throw new Error("the oracle saw no thread")
  return thread
}

describe("the oracle reads every recording as a person does", () => {
  it("knows all of them", () => {
    expect(recordings.map((one) => one.name)).toEqual(Object.keys(facts).sort())
  })

  it.each(Object.entries(facts))("%s", (name, wanted) => {
    const expectation = readOracle(recording(name).text())
    const thread = first(expectation)
    expect(expectation.lines).toBe(wanted.lines)
    expect(expectation.unreadable).toEqual([[]])
    expect(
      thread.turns.map((turn) => {
        const last = turn.items.at(-1)
        const tokens = turn.usage?.totalTokens ?? null
        return [turn.outcome, turn.evidence, turn.items.length, last?.status, last?.text ?? null, tokens]
      }),
    ).toEqual(wanted.turns)
    const ended = thread.sessions.map((session) => session.ended?.signal ?? session.ended?.code)
    const unloaded = Array.from({ length: wanted.unloaded ?? 0 }, () => null)
    expect(ended).toEqual([...unloaded, wanted.exit === undefined ? 0 : wanted.exit])
    expect(thread.requests.map((one) => `${one.nativeRequestId} ${one.status} ${one.decision}`)).toEqual(
      wanted.request === undefined ? [] : [wanted.request],
    )
    expect(thread.voiceRuns.map((run) => `${run.status} ${run.reason} ${run.lastError}`)).toEqual(
      wanted.voice === undefined ? [] : [wanted.voice],
    )
    expect(expectation.threads).toHaveLength(name === "codex-31-resume-after-kill" ? 2 : 1)
    expect(thread.unstarted).toBe(wanted.unstarted ?? 0)
  })

  it("takes a command's output from its final, which the deltas do not hold whole", () => {
    const items = first(readOracle(recording("codex-06-shell-onrequest-noapproval-sandbox").text())).turns[0]?.items
    const command = items?.find((item) => item.kind === "command")
    expect(command?.text?.split("\n").slice(1)).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5", ""])
  })

  it("charges every kind of token to the turn that spent it", () => {
    const thread = first(readOracle(recording("codex-01-plain").text()))
    const each = { inputTokens: 120, cachedInputTokens: 20, outputTokens: 30, reasoningTokens: 5, totalTokens: 150 }
    expect(thread.turns.map((turn) => turn.usage)).toEqual([each, each])
    expect(thread.usage).toEqual({
      inputTokens: 240,
      cachedInputTokens: 40,
      outputTokens: 60,
      reasoningTokens: 10,
      totalTokens: 300,
    })
  })

  it("sees the steered message, the refused start and the fork of recording 31", () => {
    const expectation = readOracle(recording("codex-31-resume-after-kill").text())
    const [thread, fork] = expectation.threads
    expect(thread?.steered).toEqual([{ text: "SCEN:plain B", steeredInto: thread?.turns[1]?.nativeTurnId }])
    expect(thread?.refused).toEqual([{ text: null, wellFormed: false }])
    expect(thread?.turns[1]?.items.map((item) => item.text).slice(0, 2)).toEqual(["SCEN:long A", "SCEN:plain B"])
    expect(fork).toMatchObject({ forkedFrom: thread?.nativeThreadId, turns: [], usage: null })
  })

  it("sees which turns were taken back, whichever of the clients did it", () => {
    const thread = first(readOracle(recording("codex-revert").text()))
    expect(thread.turns.map((turn) => turn.rewound)).toEqual([false, true, true, false, true])
    expect(thread.usage?.totalTokens).toBe(510)
    const real = first(readOracle(recording("codex-50-revert").text()))
    expect(real.turns.map((turn) => turn.rewound)).toEqual([false, true, true, false])
    expect(real.usage?.totalTokens).toBe(600)
  })

  it("links the handoff to the turn that carries its words", () => {
    const thread = first(readOracle(recording("codex-40-realtime-handoff-v2").text()))
    expect(thread.handoffs).toEqual([
      { text: "SCEN:plain please do it", nativeTurnId: thread.turns[0]?.nativeTurnId, status: "closed" },
    ])
  })

  it("reads recordings of one thread as its sessions", () => {
    const names = ["codex-30-kill9-midturn", "codex-31-resume-after-kill", "codex-32-two-procs-A"]
    const thread = first(readOracle(names.map((name) => recording(name).text())))
    expect(thread.sessions.map((session) => session.epoch)).toEqual([1, 2, 3])
    expect(thread.turns.map((turn) => turn.outcome)).toEqual(["completed", "interrupted", "completed", "completed"])
    // The resume repeats the old total: it is charged once.
    expect(thread.usage?.totalTokens).toBe(450)
  })

  it("leaves nothing open in any recording cut after any line, and nothing but the running turn with leaveOpen", async () => {
    const pauses = makePauses()
    for (const one of recordings) {
      const lines = one.text().split("\n")
      for (let count = 0; count <= lines.length; count += 3) {
        await pauses()
        const text = lines.slice(0, count).join("\n")
        for (const thread of readOracle(text).threads) {
          expect(thread.sessions.filter((session) => session.ended === null)).toEqual([])
          expect(thread.turns.filter((turn) => turn.status !== "ended" || turn.outcome === null)).toEqual([])
          expect(thread.turns.flatMap((turn) => turn.items).filter((item) => item.status === "open")).toEqual([])
          expect(thread.requests.filter((request) => request.status === "open")).toEqual([])
          expect(thread.voiceRuns.filter((run) => run.status === "requested" || run.status === "started")).toEqual([])
        }
        for (const thread of readOracle(text, { leaveOpen: true }).threads)
          expect(thread.turns.filter((turn) => turn.status === "running").length).toBeLessThan(2)
      }
    }
  })
})
