import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const on = (inferenceId: string | undefined, turnId: string | undefined = t1) => ({
  channel: "gateway",
  native: { ...(turnId === undefined ? {} : { turnId }), ...(inferenceId === undefined ? {} : { inferenceId }) },
})
const begin = (s: Scenario, name = "r1") => s.send("inference.started", { model: "m", provider: "p" }, on(name))
const begun = () => begin(new Scenario().start().turn(t1))
const row = (s: Scenario, name = "r1") => s.rows.all("inferences").find((one) => one.nativeInferenceId === name)
/** Keys of the output items of an attempt, in order. */
const keys = (s: Scenario, name = "r1") => {
  const items = s.rows.all("inference_items").filter((item) => item.inferenceId === row(s, name)?.inferenceId)
  expect(row(s, name)?.items).toBe(items.length)
  expect(items.map(({ ordinal }) => ordinal)).toEqual(items.map((_, index) => index + 1))
  return items.map(({ itemKey }) => itemKey)
}

describe("rule 7: inference attempts", () => {
  it("an attempt runs from its start, in its turn and session", () => {
    const s = begun()
    expect(row(s)).toMatchObject({
      status: "running",
      evidence: null,
      cause: null,
      startedAt: s.log.at(-1)?.at,
      endedAt: null,
      turnId: s.turnRow(t1)?.turnId,
      sessionId: id("session s1"),
    })
  })

  it.each([
    ["inference.completed", {}, "completed"],
    ["inference.failed", { error: "eof" }, "failed"],
    ["inference.cancelled", { reason: "gone" }, "cancelled"],
  ] as const)("%s ends it, observed", (type, payload, status) => {
    const s = begun().send(type, payload, on("r1"))
    expect(row(s)).toMatchObject({ status, evidence: "observed", cause: "provider", model: "m", provider: "p" })
    expect(s.state.open.inferences).toBe(0)
  })

  it("the first terminal wins; later ones fill empty evidence only", () => {
    const s = begun().send("inference.item", { key: "#0" }, on("r1"))
    s.send("inference.cancelled", { reason: "barge-in", responseId: "resp-1" }, on("r1"))
    s.send(
      "inference.completed",
      {
        responseId: "resp-2",
        upstreamRequestId: "up",
        usage: { totalTokens: 9 },
        items: [{ key: "#0" }, { key: "#1" }],
      },
      on("r1"),
    )
    expect(row(s)).toMatchObject({
      status: "cancelled",
      responseId: "resp-1",
      upstreamRequestId: "up",
      usage: { totalTokens: 9 },
      items: 1,
      error: "barge-in",
    })
    expect(keys(s)).toEqual(["#0"])
    expect(s.reasons()).toEqual(["inference-terminal-duplicate"])
  })

  it("has the first time of a first byte that is told, and is untraced once it is told so", () => {
    const end = (s: Scenario, payload: { readonly firstByteMs?: number; readonly untraced?: boolean }) =>
      s.send("inference.completed", payload, on("r1"))
    expect(row(begun())).toMatchObject({ firstByteMs: null, untraced: 0 })
    const plain = end(begun(), { untraced: false })
    expect(row(plain)).toMatchObject({ firstByteMs: null, untraced: 0 })
    expect(row(end(plain, { firstByteMs: 7, untraced: true }))).toMatchObject({ firstByteMs: 7, untraced: 1 })
    expect(row(end(plain, { firstByteMs: 9 }))).toMatchObject({ firstByteMs: 7, untraced: 1 })
  })

  it.each(["inference.cancelled", "inference.failed"] as const)("complete items seen before %s are kept", (type) => {
    const s = begun().send("inference.item", { key: "#0" }, on("r1")).send("inference.item", { key: "#1" }, on("r1"))
    s.send(type, { items: [{ key: "#1" }, { key: "#2" }, { key: "#2" }] }, on("r1"))
    expect(keys(s)).toEqual(["#0", "#1", "#2"])
  })

  it("a later terminal fills items where there are none", () => {
    const s = begun().send("inference.cancelled", {}, on("r1"))
    s.send("inference.completed", { items: [{ key: "#0" }] }, on("r1"))
    expect(keys(s)).toEqual(["#0"])
    expect(row(s)?.status).toBe("cancelled")
  })

  it("a repeated item adds nothing, a late one is an anomaly", () => {
    const s = begun().send("inference.item", { key: "#0" }, on("r1"))
    const before = row(s)
    s.send("inference.item", { key: "#0" }, on("r1"))
    expect(row(s)).toEqual(before)
    expect(keys(s)).toEqual(["#0"])
    s.send("inference.completed", {}, on("r1")).send("inference.item", { key: "#1" }, on("r1"))
    expect(keys(s)).toEqual(["#0"])
    expect(s.reasons()).toEqual(["inference-item-late"])
  })

  it("attempts have their items apart, and one with many costs no more for the next", () => {
    const s = begin(begun(), "r2")
    for (let n = 0; n < 50; n++) s.send("inference.item", { key: `#${n}` }, on("r1"))
    s.send("inference.item", { key: "#49" }, on("r2")).send("inference.item", { key: "half \ud83d" }, on("r2"))
    expect(keys(s)).toHaveLength(50)
    expect(keys(s, "r2")).toEqual(["#49", "half \ufffd"])
    const rows = s.rows.all("inference_items").length
    s.send("inference.item", { key: "half \ude00" }, on("r2"))
    expect(s.rows.all("inference_items")).toHaveLength(rows)
  })

  it("a retry is an attempt of its own", () => {
    const s = begin(begun().send("inference.failed", { error: "429" }, on("r1")), "r2")
    s.send("inference.completed", {}, on("r2"))
    expect(s.rows.all("inferences").map((one) => one.status)).toEqual(["failed", "completed"])
  })

  it.each([
    ["completed", "cancelled"],
    ["interrupted", "cancelled"],
    ["cancelled", "cancelled"],
    ["unknown", "cancelled"],
    ["failed", "failed"],
  ] as const)("the turn's end (%s) closes what still runs: %s", (outcome, status) => {
    const s = begun().send("inference.item", { key: "#0" }, on("r1")).complete(t1, outcome)
    expect(row(s)).toMatchObject({ status, evidence: "inferred", cause: "turn-ended", items: 1 })
    s.send("inference.completed", {}, on("r1"))
    expect(row(s)?.status).toBe(status)
    expect(s.reasons()).toEqual(["inference-terminal-duplicate"])
  })

  it("a closure from an inferred turn end yields once to the attempt's own terminal", () => {
    const s = begun().status("ready")
    expect(row(s)).toMatchObject({ status: "cancelled", cause: "turn-ended-inferred", evidence: "inferred" })
    s.send("inference.item", { key: "#0" }, on("r1")).send("inference.completed", { responseId: "a" }, on("r1"))
    expect(row(s)).toMatchObject({ status: "completed", evidence: "observed", items: 1, responseId: "a" })
    s.send("inference.failed", { error: "late" }, on("r1"))
    expect(row(s)).toMatchObject({ status: "completed", error: "late" })
    expect(s.reasons()).toEqual(["inference-terminal-duplicate"])
  })

  it("a terminal of an unknown attempt makes a closed row and an anomaly", () => {
    const s = new Scenario().start().turn(t1).send("inference.completed", { responseId: "x" }, on("ghost"))
    expect(row(s, "ghost")).toMatchObject({
      status: "completed",
      evidence: "observed",
      responseId: "x",
      startedAt: null,
      turnId: s.turnRow(t1)?.turnId,
    })
    begin(s, "ghost")
    expect(row(s, "ghost")?.status).toBe("completed")
    expect(s.reasons()).toEqual(["inference-unknown-terminal", "inference-duplicate"])
  })

  it("an item of an unknown attempt is an orphan", () => {
    const s = new Scenario().start().turn(t1).send("inference.item", { key: "#0" }, on("ghost"))
    expect(s.rows.all("inferences")).toEqual([])
    s.send("inference.item", { key: "#0" })
    const session = id("session s1")
    expect(s.anomalies()).toEqual([
      `inference-unknown native-inference:${session}/ghost`,
      `inference-unknown native-inference:${session}/-`,
    ])
  })

  it("a terminal outside any turn makes its row there, too", () => {
    const s = new Scenario().start().send("inference.failed", { error: "eof" }, on("ghost", undefined))
    expect(row(s, "ghost")).toMatchObject({ status: "failed", turnId: null, error: "eof" })
    expect(s.reasons()).toEqual(["inference-unknown-terminal"])
  })

  it.each(["inference.started", "inference.completed"] as const)(
    "%s with an id that is none of ours is kept",
    (type) => {
      const s = new Scenario().start().send(type, {}, { ids: { inferenceId: "no id" } })
      expect(s.rows.all("inferences")).toEqual([])
      expect(s.reasons()).toEqual(["inference-unknown"])
    },
  )

  it("an attempt of a session that was replaced does not start", () => {
    const s = begin(new Scenario().start().start("s2"))
    expect(s.rows.all("inferences")).toEqual([])
    expect(s.anomalies()).toEqual([`session-stale session:${id("session s1")} (inference.started)`])
  })

  it("an attempt that starts in a turn that is over is closed as its end would have done", () => {
    const s = begin(new Scenario().start().turn(t1).status("error"))
    expect(row(s)).toMatchObject({ status: "failed", evidence: "inferred" })
    s.send("inference.completed", {}, on("r1"))
    expect(row(s)?.status).toBe("completed")
    expect(row(begin(new Scenario().start().turn(t1).complete(t1)))).toMatchObject({
      status: "cancelled",
      cause: "turn-ended",
    })
  })

  it("one outside any turn that starts after the end of its session is closed as that end would have done", () => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" })
    s.send("inference.started", {}, on("r1", undefined))
    expect(row(s)).toMatchObject({ status: "aborted", cause: "session-ended", evidence: "inferred" })
    expect(row(s)?.endedAt).toBe(row(s)?.startedAt)
    expect(s.reasons()).toEqual([])
  })

  it("one outside any turn outlives turns and is aborted with its session", () => {
    const s = new Scenario()
      .start()
      .send("inference.started", { model: "titles" }, { channel: "gateway", native: { inferenceId: "r1" } })
    s.turn(t1).complete(t1)
    expect(row(s)?.status).toBe("running")
    s.send("session.exited", { reason: "exit" })
    expect(row(s)).toMatchObject({ status: "aborted", cause: "session-ended", evidence: "inferred" })
  })

  it("one of a turn that never ran ends with that turn, and with the session that the turn survives", () => {
    const asked = () =>
      new Scenario()
        .start()
        .send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
    const accepted = begin(asked().send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } }))
    expect(row(accepted.complete(t1, "failed"))?.status).toBe("failed")
    expect(accepted.reasons()).toEqual([])
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: false }, { channel: "client" })
    const turnId = s.rows.all("turns")[0]?.turnId ?? null
    s.send("inference.started", {}, { channel: "gateway", ids: { turnId }, native: { inferenceId: "r1" } })
    s.send("session.exited", { reason: "exit" })
    expect(row(s)?.status).toBe("aborted")
    expect(s.state.requested).toHaveLength(1)
    expect(s.reasons()).toEqual([])
  })
})

describe("hard scenario 20, the coding side: a cancelled inference", () => {
  const running = () => {
    const s = begun().send("inference.item", { key: "#0" }, on("r1")).item("msg", t1)
    for (let count = 0; count < 40; count++) s.delta("msg", t1, "ab")
    return s.item("tool", t1, { kind: "tool_call" })
  }
  it.each([
    [
      "a user's interrupt",
      (s: Scenario) =>
        s
          .send("turn.interrupt-requested", {}, { channel: "client", native: { turnId: t1 } })
          .send("turn.aborted", { reason: "interrupted" }, { native: { turnId: t1 } }),
      "observed",
    ],
    ["the turn's end without an event of the attempt", (s: Scenario) => s.complete(t1, "interrupted"), "observed"],
    ["the server's kill", (s: Scenario) => s.send("session.exited", { reason: "exit", signal: "SIGKILL" }), "inferred"],
    [
      "the socket's loss",
      (s: Scenario) => s.send("session.lease-lapsed", { leaseMs: 1 }, { session: null }),
      "inferred",
    ],
  ] as const)("after %s nothing of the turn runs, and what was complete is kept", (_, end, evidence) => {
    const s = end(running())
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence })
    expect(row(s)).toMatchObject({ status: "cancelled", items: 1 })
    expect(s.textOf("msg")).toBe("ab".repeat(40))
    expect(s.itemRow("msg")?.status).toBe("interrupted")
    expect(s.itemRow("tool")?.status).toBe("interrupted")
    expect(s.state.open.inferences).toBe(0)
    expect(s.reasons()).toEqual([])
  })

  it.each([
    ["before the turn's end", true],
    ["after it", false],
  ])("a tool whose result comes %s has it, once, and the next turn is accepted", (_, isFirst) => {
    const s = running()
    const result = () =>
      s.send("item.completed", { kind: "tool_call", status: "completed" }, { native: { turnId: t1, itemId: "tool" } })
    if (isFirst) result()
    s.send("turn.aborted", { reason: "interrupted" }, { native: { turnId: t1 } })
    if (!isFirst) result()
    expect(s.itemRow("tool")).toMatchObject({ status: "completed", evidence: "observed" })
    result()
    expect(s.itemRow("tool")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual(["item-terminal-duplicate"])
    const t2 = strong("t2")
    expect(s.turn(t2).turnRow(t2)?.status).toBe("running")
    expect([s.state.open.inferences, s.turnRow(t1)?.outcome]).toEqual([0, "interrupted"])
  })

  it("retries are attempts of their own, and what they used is counted once", () => {
    const usage = (total: number) => ({ inputTokens: total, totalTokens: total })
    const s = begun().send("inference.failed", { error: "cut off", items: [{ key: "#0" }] }, on("r1"))
    begin(s, "r2").send("inference.completed", { usage: usage(100), responseId: "resp" }, on("r2"))
    const total = { mode: "cumulative-thread", total: usage(100) } as const
    s.send("thread.token-usage.updated", total, { native: { turnId: t1 } })
    s.send("thread.token-usage.updated", total, { native: { turnId: t1 } }).complete(t1)
    expect([row(s, "r1")?.status, row(s, "r2")?.status, keys(s, "r1")]).toEqual(["failed", "completed", ["#0"]])
    expect(s.turnRow(t1)?.usage).toMatchObject({ totalTokens: 100 })
    expect(s.reasons()).toEqual([])
  })
})
