import { ThreadSnapshot } from "@threadfold/contracts"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { recording, recordings } from "../recordings/recordings.js"
import { compare, type ObservedThread } from "./compare.js"
import type { ExpectedThread, OracleExpectation } from "./OracleExpectation.js"
import { readOracle } from "./readOracle.js"

type Json = Record<string, unknown>
/** Fields that no comparison looks at. */
const always = { cause: null, startedAt: null, endedAt: null, title: null, data: null, error: null }

/** A snapshot as a right import would show it, written in the read model's words. */
const shown = (thread: ExpectedThread, all: OracleExpectation): Json => {
  const idOf = (native: string | null) =>
    native !== null && all.threads.some((one) => one.nativeThreadId === native) ? `ours-${native}` : null
  const last = thread.sessions.at(-1)
  const row = {
    ...always,
    nativeTurnId: null,
    sessionId: "s",
    status: "ended",
    evidence: "observed",
    usage: null,
    origin: "import",
    settled: true,
    stalled: false,
    rejoined: false,
    steeredInto: null,
    text: null,
    parts: null,
    diff: null,
    proposal: null,
    rewound: false,
    rewoundAt: null,
    rewoundSequence: null,
  }
  const refused = thread.refused.map((_, index) => ({ ...row, turnId: `refused-${index}`, outcome: "failed" }))
  const steered = thread.steered.map((one, index) => ({
    ...row,
    turnId: `steered-${index}`,
    outcome: "cancelled",
    cause: "steered",
    steeredInto: `turn-${one.steeredInto}`,
  }))
  return {
    sequence: 1,
    thread: {
      threadId: idOf(thread.nativeThreadId),
      title: null,
      provider: "codex",
      nativeThreadId: thread.nativeThreadId,
      parentThreadId: idOf(thread.parent),
      forkedFromThreadId: idOf(thread.forkedFrom),
      status: "stopped",
      activeTurnId: null,
      openRequests: 0,
      queued: 0,
      queueHeld: false,
      uncertainTurns: 0,
      failedTurnId: null,
      unread: false,
      turns: thread.turns.length,
      agent: null,
      cwd: null,
      model: null,
      createdAt: null,
      updatedAt: null,
      lastActivityAt: null,
      archivedAt: null,
      deletedAt: null,
      streamVersion: 1,
      settings: null,
      firstWords: thread.firstWords,
      preview: null,
      goal: thread.goal,
      plan: null,
      pinnedAt: null,
      keepAliveUntil: null,
      unattended: null,
      chosen: null,
    },
    session: {
      sessionId: "s",
      threadId: "t",
      connectionId: null,
      epoch: last?.epoch,
      provider: "codex",
      mode: "imported",
      nativeSessionId: null,
      model: null,
      cwd: null,
      config: null,
      status: "stopped",
      activeTurnId: null,
      pendingTurnId: null,
      lastError: null,
      cause: null,
      evidence: null,
      startedAt: null,
      endedAt: null,
      lastActivityAt: null,
    },
    turns: [
      ...refused,
      ...thread.turns.map(({ nativeTurnId, items: _, ...turn }) => ({
        ...row,
        ...turn,
        turnId: `turn-${nativeTurnId}`,
        nativeTurnId,
      })),
      ...steered,
    ],
    items: thread.turns.flatMap((turn) =>
      turn.items.map((item) => ({
        ...always,
        ...item,
        itemId: `item-${item.nativeItemId}`,
        turnId: `turn-${turn.nativeTurnId}`,
        kind: item.kind ?? "other",
        evidence: null,
        afterEnd: false,
        phase: null,
        exitCode: null,
      })),
    ),
    requests: thread.requests.map((request) => ({
      ...always,
      ...request,
      requestId: `request-${request.nativeRequestId}`,
      turnId: null,
      itemId: null,
      decidedBy: null,
      answer: request.answers === null ? null : { answers: request.answers },
      lastError: null,
      openedAt: null,
    })),
    inferences: [],
    realtimeRuns: thread.voiceRuns.map((run) => ({ ...always, ...run, realtimeId: "r", version: null })),
    delegations: thread.handoffs.map((one) => ({
      delegationId: "d",
      realtimeId: null,
      turnId: one.nativeTurnId === null ? null : `turn-${one.nativeTurnId}`,
      status: one.status ?? "open",
      text: one.text,
    })),
    tasks: [],
    queue: [],
    usage: thread.usage === null ? null : { ...thread.usage, contextWindow: null, last: null },
    anomalies: [],
  }
}

const decode = Schema.decodeUnknownSync(ThreadSnapshot)
const observe = (expectation: OracleExpectation): ObservedThread[] =>
  expectation.threads.map((thread) => {
    const json = shown(thread, expectation)
    return {
      ...decode(json),
      sessions: thread.sessions.map(({ epoch, ended }) => ({
        epoch,
        status: "stopped",
        code: ended?.code ?? null,
        signal: ended?.signal ?? null,
      })),
    }
  })

/** The text of an expectation with one thing changed in what was observed. */
const differencesAfter = (name: string, change: (observed: ObservedThread) => ObservedThread): readonly string[] => {
  const expectation = readOracle(recording(name).text())
  return compare(
    expectation,
    observe(expectation).map((one, index) => (index === 0 ? change(one) : one)),
  )
}

describe("compare", () => {
  it("finds nothing wrong with a right import of any recording", () => {
    for (const one of recordings) {
      const expectation = readOracle(one.text())
      expect(compare(expectation, observe(expectation))).toEqual([])
    }
  })

  it("takes a list without the rows of steered messages, as lists are", () => {
    const listed = differencesAfter("codex-31-resume-after-kill", (one) => ({
      ...one,
      turns: one.turns.filter((turn) => turn.steeredInto === null),
    }))
    expect(listed).toEqual([])
  })

  it("misses no thread and lets none be added", () => {
    const expectation = readOracle(recording("codex-31-resume-after-kill").text())
    const [first, second] = observe(expectation)
    if (first === undefined || second === undefined) throw new Error("two threads were expected")
    expect(compare(expectation, [first])[0]).toContain("native threads")
    expect(compare(expectation, [first, second, second])[0]).toContain("native threads")
  })

  const interrupted = "codex-09-interrupt-midstream"
  const cases: readonly (readonly [string, string, (one: ObservedThread) => ObservedThread, string])[] = [
    ["a missing turn", interrupted, (one) => ({ ...one, turns: one.turns.slice(1) }), "turns, in order"],
    ["turns in another order", interrupted, (one) => ({ ...one, turns: one.turns.toReversed() }), "turns, in order"],
    [
      "a wrong outcome",
      interrupted,
      (one) => ({ ...one, turns: one.turns.map((turn) => ({ ...turn, outcome: "completed" })) }),
      'outcome should be "interrupted"',
    ],
    [
      "a guess sold as a fact",
      "codex-30-kill9-midturn",
      (one) => ({ ...one, turns: one.turns.map((turn) => ({ ...turn, evidence: "observed" })) }),
      'evidence should be "inferred"',
    ],
    [
      "a lost turn's tokens",
      interrupted,
      (one) => ({ ...one, turns: one.turns.map((turn) => ({ ...turn, usage: null })) }),
      "usage.inputTokens should be 120, is null",
    ],
    ["tokens added up wrongly", interrupted, (one) => ({ ...one, usage: null }), "usage.totalTokens should be 150"],
    ["a missing item", interrupted, (one) => ({ ...one, items: one.items.slice(1) }), "items, in order"],
    [
      "an item of no turn",
      interrupted,
      (one) => ({ ...one, items: one.items.map((item, index) => (index === 0 ? { ...item, turnId: null } : item)) }),
      "items of no expected turn",
    ],
    [
      "one byte of text",
      interrupted,
      (one) => ({ ...one, items: one.items.map((item) => ({ ...item, text: item.text?.trimEnd() ?? null })) }),
      'text should be "word0 ',
    ],
    [
      "an open item",
      interrupted,
      (one) => ({
        ...one,
        items: one.items.map((item) => (item.status === "interrupted" ? { ...item, status: "open" as const } : item)),
      }),
      'status should be "interrupted", is "open"',
    ],
    [
      "a wrong kind",
      interrupted,
      (one) => ({ ...one, items: one.items.map((item) => ({ ...item, kind: "other" })) }),
      "kind should be",
    ],
    [
      "an open request",
      "codex-02-approval-untrusted-accept",
      (one) => ({ ...one, requests: one.requests.map((request) => ({ ...request, status: "open" as const })) }),
      'request 0: status should be "answered"',
    ],
    [
      "a wrong decision",
      "codex-04-approval-untrusted-cancel",
      (one) => ({ ...one, requests: one.requests.map((request) => ({ ...request, decision: "accept" })) }),
      'decision should be "cancel"',
    ],
    [
      "a voice run closed for another reason",
      "codex-43-realtime-wsurl-token",
      (one) => ({ ...one, realtimeRuns: one.realtimeRuns.map((run) => ({ ...run, reason: "session_ended" })) }),
      "voice runs",
    ],
    [
      "a lost voice error",
      "codex-40-realtime-base",
      (one) => ({ ...one, realtimeRuns: one.realtimeRuns.map((run) => ({ ...run, lastError: null })) }),
      "voice run 1: lastError",
    ],
    [
      "a handoff left open",
      "codex-40-realtime-handoff-v2",
      (one) => ({ ...one, delegations: one.delegations.map((one) => ({ ...one, status: "open" as const })) }),
      'handoff 1: status should be "closed"',
    ],
    [
      "an unlinked handoff",
      "codex-40-realtime-handoff-v2",
      (one) => ({ ...one, delegations: one.delegations.map((delegation) => ({ ...delegation, turnId: null })) }),
      "handoffs",
    ],
    [
      "an active turn after the end",
      interrupted,
      (one) => ({ ...one, thread: { ...one.thread, activeTurnId: "turn" } }),
      "thread's active turn",
    ],
    [
      "a session that still runs",
      interrupted,
      (one) => ({ ...one, session: one.session && { ...one.session, status: "running" as const } }),
      "current session's status",
    ],
    [
      "a lost signal",
      "codex-30-kill9-midturn",
      (one) => ({ ...one, sessions: (one.sessions ?? []).map((session) => ({ ...session, signal: null })) }),
      'signal should be "SIGKILL"',
    ],
    [
      "a session too many",
      interrupted,
      (one) => ({ ...one, session: one.session && { ...one.session, epoch: 2 } }),
      "current session's epoch",
    ],
    [
      "a steered message that became a turn",
      "codex-31-resume-after-kill",
      (one) => ({
        ...one,
        turns: one.turns.map((turn) =>
          turn.steeredInto === null
            ? turn
            : { ...turn, steeredInto: null, cause: null, outcome: "completed", nativeTurnId: "phantom" },
        ),
      }),
      "turns that never started, at most",
    ],
    [
      "a message steered into the wrong turn",
      "codex-31-resume-after-kill",
      (one) => ({
        ...one,
        turns: one.turns.map((turn) => (turn.steeredInto === null ? turn : { ...turn, steeredInto: "nowhere" })),
      }),
      "steered turn",
    ],
  ]
  it.each(cases)("tells %s", (_, name, change, words) => {
    expect(differencesAfter(name, change).join("\n")).toContain(words)
  })

  it("tells a lost fork link", () => {
    const expectation = readOracle(recording("codex-31-resume-after-kill").text())
    const observed = observe(expectation).map((one) => ({
      ...one,
      thread: { ...one.thread, forkedFromThreadId: null },
    }))
    expect(compare(expectation, observed).join("\n")).toContain("forkedFromThreadId")
  })
})
