import { describe, expect, it } from "vitest"
import { livingSession } from "../../test/workflowRows.js"
import { childrenOf } from "./children.js"
import type { LivingSession } from "./reaper.js"

/** A session of a thread that an agent opened. */
const opened = (threadId: string, from: { readonly parent?: string; readonly fork?: string } = {}): LivingSession =>
  livingSession({
    threadId,
    sessionId: `session of ${threadId}`,
    agent: null,
    parentThreadId: from.parent ?? null,
    forkedFromThreadId: from.fork ?? null,
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
