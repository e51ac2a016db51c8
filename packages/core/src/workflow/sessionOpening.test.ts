import type { SessionRow } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { sessionRow, threadRow } from "../../test/workflowRows.js"
import { afterFailedResume, conversationToResume } from "./sessionOpening.js"

describe("a session is opened", () => {
  it("by a resume where the agent has told its id of the conversation, whatever the id", () => {
    const last = sessionRow({ nativeSessionId: "native session", endedAt: 1 })
    const resumed = (nativeThreadId: string | null, session: SessionRow | null = last) =>
      conversationToResume({ thread: threadRow({ nativeThreadId }), last: session })
    expect(resumed("native")).toEqual({ nativeThreadId: "native", nativeSessionId: "native session" })
    expect(resumed("")).toEqual({ nativeThreadId: "", nativeSessionId: "native session" })
    expect(resumed("native", null)).toEqual({ nativeThreadId: "native", nativeSessionId: null })
    expect(resumed("native", sessionRow())).toEqual({ nativeThreadId: "native", nativeSessionId: null })
    expect(resumed(null)).toBeNull()
  })
})

describe("after a resume that failed", () => {
  it.each<readonly [items: number, isLost: boolean, fresh: boolean, what: ReturnType<typeof afterFailedResume>]>([
    [0, false, false, "failed"],
    [0, true, false, "start"],
    [0, false, true, "start"],
    [0, true, true, "start"],
    [1, false, false, "failed"],
    [1, true, false, "lost"],
    [1, false, true, "start"],
    [1, true, true, "start"],
  ])("with %d items, lost: %s, given up: %s, it is: %s", (items, isLost, fresh, what) =>
    expect(afterFailedResume({ thread: { items }, isLost, fresh })).toBe(what),
  )
})
