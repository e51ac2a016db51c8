import { describe, expect, it } from "vitest"
import { interruptedEarly, sessionRow, turnIn, turnRow } from "../../test/workflowRows.js"
import { type TurnPhase, turnPhase, turnPhases, turnsThat } from "./turnPhase.js"

const living = sessionRow()
const phases = Object.keys(turnPhases) as readonly TurnPhase[]

describe("where a turn stands", () => {
  it.each(phases)("is %s", (phase) => expect(turnPhase(turnIn[phase], living)).toBe(phase))

  it("is lost for one in doubt where no session lives, or another one", () => {
    expect(turnPhase(turnIn.doubted, null)).toBe("lost")
    expect(turnPhase(turnIn.doubted, { sessionId: "next" })).toBe("lost")
  })

  it("is provisional for one that was interrupted early, while its session lives or once it has started after all", () => {
    expect(turnPhase(interruptedEarly, living)).toBe("provisional")
    expect(turnPhase(interruptedEarly, null)).toBe("closing")
    expect(turnPhase(interruptedEarly, { sessionId: "next" })).toBe("closing")
    expect(turnPhase({ ...interruptedEarly, startedAt: 1 }, null)).toBe("provisional")
    expect(turnPhase({ ...interruptedEarly, handedOver: 0 }, living)).toBe("closing")
    expect(turnPhase({ ...interruptedEarly, settled: 1 }, living)).toBe("over")
  })

  it("is provisional for one that ran, whatever became of its session", () => {
    expect(turnPhase(turnIn.provisional, null)).toBe("provisional")
  })
})

describe("what waits for a turn", () => {
  // Rule 2: the queue waits for whatever may be running; a person's turn waits only for what surely is.
  const expected: Record<keyof (typeof turnPhases)["waiting"], readonly TurnPhase[]> = {
    holdsQueue: ["waiting", "delivered", "doubted", "running", "provisional"],
    holdsDelivery: ["delivered", "running", "provisional"],
    settles: ["provisional", "closing"],
  }

  it.each(Object.keys(expected) as (keyof typeof expected)[])("%s", (does) => {
    const turns = phases.map((phase) => turnIn[phase])
    expect(turnsThat(does, turns, living)).toEqual(expected[does].map((phase) => turnIn[phase]))
    expect(turnsThat(does, [], living)).toEqual([])
  })

  it("is seen from the session that lives", () => {
    const doubted = turnRow({ handedOver: 1, uncertain: 1, sessionId: "next" })
    expect(turnsThat("holdsQueue", [doubted], living)).toEqual([])
    expect(turnsThat("holdsQueue", [doubted], { sessionId: "next" })).toEqual([doubted])
  })
})
