import { describe, expect, it } from "vitest"
import { readMessage } from "../../runtime/Message.js"
import { makeLiveThreads, threadNamedBy } from "./LiveThreads.js"

const method = "item/commandExecution/requestApproval"

const hearing = () => {
  const threads = makeLiveThreads()
  const observe = (message: unknown) => threads.observe(readMessage(message))
  const turn = (what: "started" | "completed", id: string, threadId = "T") =>
    observe({ method: `turn/${what}`, params: { threadId, turn: { id } } })
  const ask = (id: unknown, turnId: string, threadId = "T") => observe({ id, method, params: { threadId, turnId } })
  return { threads, observe, turn, ask }
}

describe("what a connection knows of its threads", () => {
  it("is which turn runs, until it ends or its thread goes", () => {
    const { observe, threads, turn } = hearing()
    turn("started", "X")
    turn("started", "Z", "U")
    expect(threads.runningTurn("T")).toBe("X")
    turn("completed", "X")
    expect([threads.runningTurn("T"), threads.runningTurn("U")]).toEqual([null, "Z"])
    threads.opened("U", "ours")
    observe({ method: "thread/status/changed", params: { threadId: "U", status: { type: "notLoaded" } } })
    expect([threads.runningTurn("U"), threads.isOpen("U"), threads.reference("U")]).toEqual([null, false, "ours"])
  })

  it("names the turn that runs in the place of one whose end was not reported", () => {
    const { threads, turn } = hearing()
    turn("started", "X")
    turn("started", "X")
    expect(threads.inPlaceOf("T", "X")).toBeNull()
    turn("started", "Y")
    expect(["X", "Y", "Z"].map((id) => threads.inPlaceOf("T", id))).toEqual(["Y", null, null])
    expect(threads.inPlaceOf("U", "X")).toBeNull()
    turn("completed", "Y")
    expect(threads.inPlaceOf("T", "X")).toBeNull()
    turn("started", "Z")
    expect(threads.inPlaceOf("T", "X")).toBeNull()
  })

  it("is what it asks, until that is answered, withdrawn, or its turn ends", () => {
    const { ask, observe, threads, turn } = hearing()
    const open = () => [0, 1, "0", 2, 3].filter((id) => threads.question(JSON.stringify(id)) !== undefined)
    ask(0, "X")
    ask(1, "X")
    ask("0", "Y")
    ask(2, "X", "U")
    expect(open()).toEqual([0, 1, "0", 2])
    observe({ method: "serverRequest/resolved", params: { threadId: "T", requestId: 0 } })
    expect(open()).toEqual([1, "0", 2])
    turn("completed", "X")
    expect(open()).toEqual(["0", 2])
    threads.takeQuestion('"0"')
    expect(open()).toEqual([2])
    threads.lose()
    expect(open()).toEqual([])
  })

  it("is the thread that a message names, by whatever name", () => {
    const named = (params: object) => threadNamedBy(readMessage({ method: "m", params }))
    expect(named({ threadId: "T" })).toBe("T")
    expect(named({ thread: { id: "T" } })).toBe("T")
    expect(named({ conversationId: "T" })).toBe("T")
    expect(named({ threadId: 7 })).toBeUndefined()
    expect(threadNamedBy(readMessage({ id: 1, result: { threadId: "T" } }))).toBeUndefined()
  })
})
