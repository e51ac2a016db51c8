import { describe, expect, it } from "vitest"
import {
  interruptedEarly,
  openEffect,
  requestRow,
  sessionRow,
  threadWork,
  turnIn,
  turnRow,
} from "../../test/workflowRows.js"
import { initialState } from "../state/FoldState.js"
import {
  answersRequest,
  changesConversation,
  interruptsTurn,
  interruptWithoutAgent,
  isAsExpected,
  isDeliverable,
  isMessageQueued,
  isTurnDeliverable,
  isWorkedOn,
  mayDeliverAgain,
  startsBefore,
  startsSession,
  startsTurn,
  steeredInto,
  stopsSession,
} from "./eligibility.js"
import { type TurnPhase, turnPhases } from "./turnPhase.js"

const phases = Object.keys(turnPhases) as readonly TurnPhase[]
const stop = openEffect("session.stop")
const next = turnRow({ turnId: "next" })

describe("a change of the conversation", () => {
  it("is attempted now where nothing goes first, and never where the thread is gone", () => {
    expect(changesConversation(threadWork(), [openEffect("turn.interrupt")])).toBe("now")
    expect(changesConversation(null, [])).toBe("never")
    expect(changesConversation(threadWork([], { deletedAt: 1 }), [])).toBe("never")
  })

  it.each(phases)("beside a turn that is %s: as the table says", (phase) => {
    const work = threadWork([turnIn.over, turnIn[phase]])
    expect(changesConversation(work, [])).toBe(turnPhases[phase].holdsDelivery ? "later" : "now")
  })

  it("waits until all open turns were read, and while the session is about to end", () => {
    expect(changesConversation({ ...threadWork(), hasMoreTurns: true }, [])).toBe("later")
    expect(changesConversation(threadWork(), [stop])).toBe("later")
  })
})

describe("a turn's start", () => {
  it("is attempted now where nothing goes first", () => {
    expect(startsTurn(next, threadWork([next]), [openEffect("turn.start")])).toBe("now")
    expect(startsTurn(next, threadWork([next], {}, null), [])).toBe("now")
  })

  it("never where the turn or its thread is gone", () => {
    expect(startsTurn(null, threadWork(), [])).toBe("never")
    expect(startsTurn(next, null, [])).toBe("never")
  })

  it.each(phases)("of a turn that is %s: only one of which no byte went out", (phase) => {
    const turn = turnIn[phase]
    expect(startsTurn(turn, threadWork([turn]), [])).toBe(phase === "waiting" ? "now" : "never")
    expect(isDeliverable(turn)).toBe(phase === "waiting")
  })

  it.each(phases)("beside a turn that is %s: as the table says", (phase) => {
    const work = threadWork([turnIn.over, turnIn[phase], next])
    expect(startsTurn(next, work, [])).toBe(turnPhases[phase].holdsDelivery ? "later" : "now")
  })

  it("does not wait for itself, where another row of it was read a moment earlier", () => {
    expect(startsTurn(next, threadWork([{ ...next, handedOver: 1 }]), [])).toBe("now")
  })

  it("waits for what was interrupted early in the session that lives", () => {
    expect(startsTurn(next, threadWork([interruptedEarly, next]), [])).toBe("later")
    expect(startsTurn(next, threadWork([interruptedEarly, next], {}, null), [])).toBe("now")
  })

  it("waits until all open turns of its thread were read", () => {
    expect(startsTurn(next, { ...threadWork([next]), hasMoreTurns: true }, [])).toBe("later")
  })

  it("waits while the session is about to end", () => {
    expect(startsTurn(next, threadWork([next]), [openEffect("turn.start"), stop])).toBe("later")
  })

  it("is tried three times where it certainly did not reach the agent", () => {
    expect([1, 2, 3, 4].map((attempts) => mayDeliverAgain({ attempts }))).toEqual([true, true, false, false])
  })
})

describe("a session's start", () => {
  it("waits for the end of the one before, and is over with its thread", () => {
    expect(startsSession(threadWork(), [openEffect("session.start")])).toBe("now")
    expect(startsSession(threadWork(), [openEffect("session.start"), stop])).toBe("later")
    expect(startsSession(threadWork([], { deletedAt: 0 }), [stop])).toBe("never")
    expect(startsSession(null, [])).toBe("never")
  })
})

describe("a steer", () => {
  it("goes into a turn that runs and that the agent has a name for", () => {
    expect(steeredInto(turnIn.running)).toBe("native")
    expect(steeredInto({ ...turnIn.running, nativeTurnId: null })).toBeNull()
    expect(steeredInto({ ...turnIn.running, status: "ended" })).toBeNull()
    expect(steeredInto(turnRow({ nativeTurnId: "native" }))).toBeNull()
    expect(steeredInto(null)).toBeNull()
  })
})

describe("an interrupt", () => {
  const started = { ...interruptedEarly, startedAt: 1, nativeTurnId: "native" }

  it("reaches a turn that is worked on, and that can be named", () => {
    expect(interruptsTurn(turnIn.running)).toBe("now")
    expect(interruptsTurn(started)).toBe("now")
    expect(interruptsTurn({ ...turnIn.running, nativeTurnId: null })).toBe("later")
    expect(interruptsTurn({ ...started, nativeTurnId: null })).toBe("later")
  })

  it("waits for the start of one that was delivered", () => {
    expect(interruptsTurn({ ...turnIn.delivered, nativeTurnId: "native" })).toBe("later")
    expect(interruptsTurn({ ...interruptedEarly, nativeTurnId: "native" })).toBe("later")
    expect(interruptsTurn(turnIn.waiting)).toBe("later")
  })

  it("is over with its turn", () => {
    expect(interruptsTurn(null)).toBe("never")
    expect(interruptsTurn({ ...turnIn.provisional, nativeTurnId: "native" })).toBe("never")
    expect(interruptsTurn(turnIn.over)).toBe("never")
  })

  it("stops the session of a turn that is worked on all the same", () => {
    expect([turnIn.running, started].map(isWorkedOn)).toEqual([true, true])
    expect([turnIn.delivered, interruptedEarly, turnIn.provisional].map(isWorkedOn)).toEqual([false, false, false])
  })

  it("of a turn whose agent is gone waits for the last event of its session, or is concluded", () => {
    const concluded = (Object.keys(turnIn) as TurnPhase[]).map((phase) => interruptWithoutAgent(turnIn[phase]))
    expect(concluded).toEqual(["conclude", "conclude", "conclude", "conclude", "wait", "over", "over", "over"])
    expect(interruptWithoutAgent(null)).toBe("over")
  })
})

describe("an answer", () => {
  it.each(["open", "answering", "answered", "cancelled", "expired"] as const)("of a question that is %s", (status) =>
    expect(answersRequest(requestRow({ status }))).toBe(status === "answering" ? "now" : "never"),
  )
  it("of no question is over", () => expect(answersRequest(null)).toBe("never"))
})

describe("a stop", () => {
  it("is for the session that it named, or whichever lives", () => {
    expect(stopsSession({ sessionId: "session" }, sessionRow())).toBe("now")
    expect(stopsSession({ sessionId: "another" }, sessionRow())).toBe("never")
    expect(stopsSession({ sessionId: null }, sessionRow())).toBe("now")
    expect(stopsSession({ sessionId: "another" }, null)).toBe("now")
  })

  it("takes along the starts that were asked for before it and were not begun", () => {
    const start = (effectId: string, status: "pending" | "attempting" = "pending") =>
      openEffect("session.start", { effectId, status })
    const [first, begun, ...later] = [start("1"), start("2", "attempting"), start("4"), start("5")]
    const open = [first, begun, openEffect("turn.start", { effectId: "3" }), stop, ...later]
    expect(startsBefore(stop, open)).toEqual([first])
  })

  it("are rewinds, too: none starts the agent again that was stopped after it was asked for", () => {
    const rewind = openEffect("thread.rewind", { effectId: "r" })
    const begun = openEffect("thread.rewind", { effectId: "s", status: "attempting" })
    expect(startsBefore(stop, [rewind, begun, stop, openEffect("thread.rewind", { effectId: "t" })])).toEqual([rewind])
  })
})

describe("what the writer checks before it grants a lease", () => {
  const state = { ...initialState("thread"), requested: [turnIn.waiting, { ...turnIn.delivered, turnId: "gone" }] }

  it("is whether the turn waits for its delivery", () => {
    expect(isTurnDeliverable(state, "turn")).toBe(true)
    expect(isTurnDeliverable(state, "gone")).toBe(false)
    expect(isTurnDeliverable(state, "unknown")).toBe(false)
  })

  it("is whether the message is still in the queue", () => {
    expect(isMessageQueued({ queue: ["a", "b"] }, "b")).toBe(true)
    expect(isMessageQueued({ queue: ["a", "b"] }, "c")).toBe(false)
  })

  it("is whether the effect is in the expected state", () => {
    const held = { status: "attempting", token: "mine" } as const
    expect(isAsExpected(held, { from: "attempting" })).toBe(true)
    expect(isAsExpected(held, { from: "attempting", token: "mine" })).toBe(true)
    expect(isAsExpected(held, { from: "attempting", token: "theirs" })).toBe(false)
    expect(isAsExpected(held, { from: "pending", token: "mine" })).toBe(false)
  })
})
