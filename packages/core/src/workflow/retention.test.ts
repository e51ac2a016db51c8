import { Struct } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decideRetention, type RetentionFacts, type RetentionReason, retentionReasons } from "./retention.js"

const day = 86_400_000
const now = 1_000 * day
const policy = { now, olderMs: 90 * day }

/** A thread that nothing has happened in for 100 days. */
const old = (more: Partial<RetentionFacts> = {}): RetentionFacts => ({
  threadId: "t",
  provider: "codex",
  nativeThreadId: "n",
  source: null,
  createdAt: 0,
  deletedAt: null,
  activeTurnId: null,
  lastActivityAt: now - 100 * day,
  updatedAt: now - 100 * day,
  keepAliveUntil: null,
  openRequests: 0,
  runningTasks: 0,
  queued: 0,
  sessionLives: 0,
  requestedTurns: 0,
  openEffects: 0,
  childLives: 0,
  frozen: 0,
  importing: 0,
  ...more,
})

const wordOf = (facts: RetentionFacts, mirrors: readonly RetentionFacts[] = []): RetentionReason | "archive" => {
  const verdict = decideRetention(facts, mirrors, policy)
  return verdict.decision === "keep" ? verdict.reason : verdict.decision
}

/** Each alone keeps a thread. */
const keeps: { readonly [R in Exclude<RetentionReason, "mirrored">]: Partial<RetentionFacts> } = {
  recent: { lastActivityAt: now - 90 * day },
  "session-lives": { sessionLives: 1 },
  "turn-open": { requestedTurns: 1 },
  "call-open": { openEffects: 1 },
  "request-open": { openRequests: 1 },
  "task-running": { runningTasks: 1 },
  "queue-waits": { queued: 1 },
  "keep-alive": { keepAliveUntil: now + 1 },
  "child-lives": { childLives: 1 },
  importing: { importing: 1 },
  frozen: { frozen: 1 },
}

type Case = readonly [string, RetentionReason | "archive", RetentionFacts, readonly RetentionFacts[]]

describe("what is archived", () => {
  it.each<readonly [string, RetentionReason | "archive", RetentionFacts, readonly RetentionFacts[]]>([
    ["older than the time", "archive", old({ lastActivityAt: now - 90 * day - 1 }), []],
    ["a deleted one", "archive", old({ deletedAt: now }), []],
    ["a keep-alive that is over", "archive", old({ keepAliveUntil: now }), []],
    ["a running turn", "turn-open", old({ activeTurnId: "turn" }), []],
    ["no activity, and a last event long ago", "archive", old({ lastActivityAt: null }), []],
    ["no activity, and a last event of today", "recent", old({ lastActivityAt: null, updatedAt: now }), []],
    ["no time at all", "recent", old({ lastActivityAt: null, updatedAt: null, createdAt: null }), []],
    ["activity in the future: the clock was set back", "recent", old({ lastActivityAt: now + day }), []],
    ["a mirror that goes, too", "archive", old(), [old({ threadId: "m", source: "codex-rollout" })]],
    ["a mirror that stays", "mirrored", old(), [old(), old({ threadId: "m", lastActivityAt: now })]],
    ...Struct.keys(keeps).map((reason): Case => [reason, reason, old(keeps[reason]), []]),
  ])("%s: %s", (_name, expected, facts, mirrors) => expect(wordOf(facts, mirrors)).toBe(expected))

  it("takes none that has a reason to stay, and tells the first one that holds", () => {
    const reasons = Struct.keys(retentionReasons)
    fc.assert(
      fc.property(fc.subarray(Struct.keys(keeps)), fc.boolean(), (chosen, mirrored) => {
        const facts = old(Object.assign({}, ...chosen.map((reason) => keeps[reason])))
        const names: readonly RetentionReason[] = [...chosen, ...(mirrored ? (["mirrored"] as const) : [])]
        const first = reasons.find((reason) => names.includes(reason)) ?? "archive"
        expect(wordOf(facts, mirrored ? [old({ queued: 1 })] : [])).toBe(first)
      }),
    )
  })
})
