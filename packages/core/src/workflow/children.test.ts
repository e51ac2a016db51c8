import { describe, expect, it } from "vitest"
import { childrenOf } from "./children.js"
import type { LivingSession } from "./reaper.js"

const opened = (threadId: string, from: { readonly parent?: string; readonly fork?: string } = {}): LivingSession => ({
  threadId,
  sessionId: `session of ${threadId}`,
  connectionId: "connection",
  mode: "managed",
  status: "ready",
  agent: null,
  parentThreadId: from.parent ?? null,
  forkedFromThreadId: from.fork ?? null,
  threadSequence: 1,
  lastActivityAt: 0,
  keepAliveUntil: null,
  activeTurnId: null,
  waitingTurns: 0,
  openRequests: 0,
  runningTasks: 0,
  afterEndItems: 0,
  taskHeardAt: null,
  voice: 0,
  queued: 0,
  queueHeld: 0,
})

const isRun = (threadId: string) => threadId === "a" || threadId === "b"
const of = (threadId: string, sessions: readonly LivingSession[]) =>
  childrenOf(threadId, sessions, isRun).map((session) => session.threadId)

describe("threads that an agent opened by itself", () => {
  it("belong to the thread that they were opened from, and so do theirs", () => {
    const all = [opened("a1", { parent: "a" }), opened("a11", { parent: "a1" }), opened("b1", { fork: "b" })]
    expect([of("a", all), of("b", all)]).toEqual([["a1", "a11"], ["b1"]])
  })

  it("belong to each thread where the opener is unknown: not reported, a session in between that has ended, a circle", () => {
    const all = [
      opened("x"),
      opened("y", { parent: "over" }),
      opened("p", { parent: "q" }),
      opened("q", { parent: "p" }),
    ]
    expect(of("a", all)).toEqual(["x", "y", "p", "q"])
    expect(of("b", all)).toEqual(of("a", all))
  })
})
