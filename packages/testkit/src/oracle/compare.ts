/** Compares what the wire demands with what the read model says, and tells every difference in words. */
import type { ItemView, ThreadSnapshot, TurnView, UsageView } from "@threadfold/contracts"
import type { ExpectedSession, ExpectedThread, ExpectedTurn, OracleExpectation } from "./OracleExpectation.js"

/** What is known about one session beyond the snapshot, which shows the current one only. */
export interface SessionFacts {
  readonly epoch: number
  readonly status: string
  readonly code: number | null
  readonly signal: string | null
}

/** `threadfold thread ID --json`, and the sessions' rows where the caller has them. Other fields are ignored. */
export type ObservedThread = ThreadSnapshot & { readonly sessions?: readonly SessionFacts[] }

/** Collects differences under the place they were found at. */
interface Report {
  readonly same: (what: string, expected: unknown, actual: unknown) => void
  readonly at: (place: string) => Report
}

const reportTo = (differences: string[], place: string): Report => ({
  same: (what, expected, actual) => {
    const [wanted, got] = [JSON.stringify(expected), JSON.stringify(actual)]
    if (wanted !== got) differences.push(`${place}: ${what} should be ${wanted}, is ${got}`)
  },
  at: (inner) => reportTo(differences, `${place}, ${inner}`),
})

const usageNames = ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "totalTokens"] as const

const compareUsage = (report: Report, expected: UsageView | null, actual: UsageView | null): void => {
  for (const name of usageNames) report.same(`usage.${name}`, expected?.[name] ?? null, actual?.[name] ?? null)
}

const compareItems = (report: Report, expected: ExpectedTurn, actual: readonly ItemView[]): void => {
  report.same(
    "items, in order",
    expected.items.map((item) => item.nativeItemId),
    actual.map((item) => item.nativeItemId),
  )
  for (const item of expected.items) {
    const found = actual.find((one) => one.nativeItemId === item.nativeItemId)
    if (found === undefined) continue
    const inner = report.at(`item ${item.nativeItemId}`)
    if (item.kind !== null) inner.same("kind", item.kind, found.kind)
    inner.same("status", item.status, found.status)
    inner.same("text", item.text, found.text)
  }
}

const steered = (turn: TurnView): boolean => turn.steeredInto !== null || turn.cause === "steered"

/** Turns that ran, those that were refused, and those whose message went elsewhere are three different things. */
const compareTurns = (report: Report, expected: ExpectedThread, actual: ThreadSnapshot): void => {
  const nativeOf = new Map(actual.turns.map((turn) => [turn.turnId, turn.nativeTurnId]))
  const others = actual.turns.filter((turn) => !steered(turn))
  const refused = others.filter((turn) => turn.nativeTurnId === null && turn.outcome === "failed")
  const waiting = others.filter((turn) => turn.status === "requested")
  const expectedIds = expected.turns.map((turn) => turn.nativeTurnId)
  // A turn that was accepted and never started may have been ended with its session.
  const unstarted = others.filter(
    (turn) =>
      !refused.includes(turn) &&
      !waiting.includes(turn) &&
      (turn.nativeTurnId === null || !expectedIds.includes(turn.nativeTurnId)),
  )
  const ran = others.filter((turn) => ![...refused, ...waiting, ...unstarted].includes(turn))
  report.same(
    "turns, in order",
    expectedIds,
    ran.map((turn) => turn.nativeTurnId),
  )
  if (waiting.length + unstarted.length > expected.unstarted)
    report.same("turns that never started, at most", expected.unstarted, waiting.length + unstarted.length)
  for (const turn of unstarted)
    report.same(`turn ${turn.nativeTurnId} that never started: status`, "ended", turn.status)

  const mustRefuse = expected.refused.filter((one) => one.wellFormed).length
  if (refused.length < mustRefuse || refused.length > expected.refused.length)
    report.same("refused turns", expected.refused.length, refused.length)

  // Lists omit the rows of steered messages; where they are shown, they must say where the message went.
  const targets = expected.steered.map((one) => one.steeredInto)
  for (const row of actual.turns.filter(steered)) {
    report.same("steered turn: outcome", "cancelled", row.outcome)
    const target = row.steeredInto === null ? null : (nativeOf.get(row.steeredInto) ?? null)
    if (target === null || !targets.includes(target)) report.same("steered turn: goes into one of", targets, target)
  }

  for (const turn of expected.turns) {
    const found = ran.find((one) => one.nativeTurnId === turn.nativeTurnId)
    if (found === undefined) continue
    const inner = report.at(`turn ${turn.nativeTurnId}`)
    inner.same("status", turn.status, found.status)
    inner.same("outcome", turn.outcome, found.outcome)
    inner.same("evidence", turn.evidence, found.evidence)
    inner.same("rewound", turn.rewound, found.rewound)
    compareUsage(inner, turn.usage, found.usage)
    compareItems(
      inner,
      turn,
      actual.items.filter((item) => item.turnId === found.turnId),
    )
  }
  const known = new Set(ran.map((turn) => turn.turnId))
  const stray = actual.items.filter((item) => item.turnId === null || !known.has(item.turnId))
  report.same(
    "items of no expected turn",
    [],
    stray.map((item) => item.nativeItemId),
  )
}

const compareRequests = (report: Report, expected: ExpectedThread, actual: ThreadSnapshot): void => {
  report.same(
    "requests, in order",
    expected.requests.map((request) => request.nativeRequestId),
    actual.requests.map((request) => request.nativeRequestId),
  )
  expected.requests.forEach((request, index) => {
    const found = actual.requests[index]
    if (found?.nativeRequestId !== request.nativeRequestId) return
    const inner = report.at(`request ${request.nativeRequestId}`)
    inner.same("kind", request.kind, found.kind)
    inner.same("status", request.status, found.status)
    if (request.decision !== null) inner.same("decision", request.decision, found.decision)
    if (request.answers !== null) inner.same("answer", { answers: request.answers }, found.answer)
  })
}

const compareVoice = (report: Report, expected: ExpectedThread, actual: ThreadSnapshot): void => {
  report.same(
    "voice runs",
    expected.voiceRuns.map(({ status, reason }) => ({ status, reason })),
    actual.realtimeRuns.map(({ status, reason }) => ({ status, reason })),
  )
  expected.voiceRuns.forEach((run, index) => {
    const ours = run.status === "failed" && run.lastError === null
    if (!ours) report.same(`voice run ${index + 1}: lastError`, run.lastError, actual.realtimeRuns[index]?.lastError)
  })
  const nativeOf = new Map(actual.turns.map((turn) => [turn.turnId, turn.nativeTurnId]))
  report.same(
    "handoffs",
    expected.handoffs.map(({ text, nativeTurnId }) => ({ text, nativeTurnId })),
    actual.delegations.map(({ text, turnId }) => ({
      text,
      nativeTurnId: turnId === null ? null : (nativeOf.get(turnId) ?? null),
    })),
  )
  expected.handoffs.forEach((handoff, index) => {
    if (handoff.status !== null)
      report.same(`handoff ${index + 1}: status`, handoff.status, actual.delegations[index]?.status)
  })
}

/** An ended session is stopped, whatever ended it; the cause is a matter of wording. */
const compareSession = (report: Report, expected: ExpectedSession, actual: SessionFacts): void => {
  const inner = report.at(`session ${expected.epoch}`)
  if (expected.ended === null) return
  inner.same("status", "stopped", actual.status)
  inner.same("exit code", expected.ended.code, actual.code)
  inner.same("signal", expected.ended.signal, actual.signal)
}

const compareSessions = (report: Report, expected: ExpectedThread, actual: ObservedThread): void => {
  const last = expected.sessions.at(-1)
  report.same("current session's epoch", last?.epoch ?? null, actual.session?.epoch ?? null)
  if (last !== undefined && last.ended !== null) {
    report.same("current session's status", "stopped", actual.session?.status ?? null)
    report.same("current session's active turn", null, actual.session?.activeTurnId ?? null)
    report.same("thread's active turn", null, actual.thread.activeTurnId)
    report.same("open requests", 0, actual.thread.openRequests)
  }
  if (actual.sessions === undefined) return
  report.same(
    "sessions",
    expected.sessions.map((session) => session.epoch),
    actual.sessions.map((session) => session.epoch),
  )
  for (const session of expected.sessions) {
    const found = actual.sessions.find((one) => one.epoch === session.epoch)
    if (found !== undefined) compareSession(report, session, found)
  }
}

const compareDescent = (
  report: Report,
  expected: ExpectedThread,
  actual: ObservedThread,
  snapshots: readonly ObservedThread[],
): void => {
  const idOf = (native: string | null) =>
    snapshots.find((one) => native !== null && one.thread.nativeThreadId === native)?.thread.threadId ?? null
  report.same("forkedFromThreadId", idOf(expected.forkedFrom), actual.thread.forkedFromThreadId)
  // A child link may also follow from what items say; only what the thread itself says is certain here.
  report.same("firstWords", expected.firstWords, actual.thread.firstWords)
  report.same("goal", expected.goal, actual.thread.goal)
  if (idOf(expected.parent) !== null) report.same("parentThreadId", idOf(expected.parent), actual.thread.parentThreadId)
}

/** The differences in words; none means that the read model is what the wire demands. */
export const compare = (expectation: OracleExpectation, snapshots: readonly ObservedThread[]): readonly string[] => {
  const differences: string[] = []
  reportTo(differences, "import").same(
    "native threads",
    expectation.threads.map((thread) => thread.nativeThreadId).sort(),
    snapshots.map((snapshot) => snapshot.thread.nativeThreadId).sort(),
  )
  for (const thread of expectation.threads) {
    const found = snapshots.find((snapshot) => snapshot.thread.nativeThreadId === thread.nativeThreadId)
    if (found === undefined) continue
    const report = reportTo(differences, `thread ${thread.nativeThreadId}`)
    compareTurns(report, thread, found)
    compareRequests(report, thread, found)
    compareVoice(report, thread, found)
    compareSessions(report, thread, found)
    compareDescent(report, thread, found, snapshots)
    compareUsage(report, thread.usage, found.usage)
  }
  return differences
}
