import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const talk = () => new Scenario().start().send("realtime.started", {})
const hand = (s: Scenario, turnId?: string) =>
  s.send(
    "realtime.handoff",
    { text: "fix it" },
    { native: { handoffId: "h1", ...(turnId === undefined ? {} : { turnId }) } },
  )
const rows = (s: Scenario) => s.rows.all("delegations")
const mine = { delegationId: id("delegation") }

describe("rule 9: delegations", () => {
  it("routed by the provider, its turn known already: linked at once", () => {
    const s = hand(talk().turn(t1), t1)
    expect(rows(s)).toMatchObject([
      {
        status: "open",
        routedBy: "provider",
        turnId: s.turnRow(t1)?.turnId,
        realtimeId: s.state.realtime?.realtimeId,
        text: "fix it",
        nativeTurnId: null,
        cause: null,
        endedAt: null,
      },
    ])
  })

  it("routed by the provider, the delegation first: linked by the item that it became", () => {
    const s = hand(talk())
    expect(rows(s)).toMatchObject([{ status: "open", turnId: null }])
    s.turn(t1)
    s.send("item.started", { kind: "user_message" }, { native: { turnId: t1, itemId: "i1", handoffId: "h1" } })
    expect(rows(s)).toMatchObject([{ status: "open", turnId: s.turnRow(t1)?.turnId }])
    s.complete(t1)
    expect(rows(s)).toMatchObject([{ status: "closed", cause: "turn-ended" }])
  })

  it.each(["completed", "failed", "interrupted"] as const)("any terminal of its turn closes it: %s", (outcome) => {
    expect(rows(hand(talk().turn(t1), t1).complete(t1, outcome))).toMatchObject([{ status: "closed" }])
  })

  it("an inferred end waits for the observed one, or for turn.settled", () => {
    const s = hand(talk().turn(t1), t1).status("ready")
    expect(rows(s)).toMatchObject([{ status: "open" }])
    const settled = hand(talk().turn(t1), t1).status("ready")
    settled.send("turn.settled", {}, { session: null, ids: { turnId: settled.turnRow(t1)?.turnId ?? null } })
    expect(rows(settled)).toMatchObject([{ status: "closed" }])
    expect(rows(s.complete(t1))).toMatchObject([{ status: "closed" }])
  })

  it("one of a turn that is over, or linked to one by a late item, is closed at once", () => {
    expect(rows(hand(talk().turn(t1).complete(t1), t1))).toMatchObject([{ status: "closed", cause: "turn-ended" }])
    const s = hand(talk().turn(t1).status("ready"))
    s.send("turn.settled", {}, { session: null, ids: { turnId: s.turnRow(t1)?.turnId ?? null } })
    s.send("item.started", { kind: "user_message" }, { native: { turnId: t1, itemId: "i1", handoffId: "h1" } })
    expect(rows(s)).toMatchObject([{ status: "closed", cause: "turn-ended", turnId: s.turnRow(t1)?.turnId }])
  })

  it("routed by us to an idle thread: a turn with exactly that id", () => {
    const s = talk().send("delegation.opened", { route: "turn", text: "go" }, { session: null, ids: mine })
    s.send("turn.requested", { origin: "realtime" }, { session: null, ids: { turnId: mine.delegationId } })
    s.send("turn.started", {}, { ids: { turnId: mine.delegationId }, native: { turnId: t1 } })
    expect(s.turnRow(t1)).toMatchObject({ turnId: mine.delegationId, origin: "realtime", status: "running" })
    expect(rows(s)).toMatchObject([{ status: "open", routedBy: "client", turnId: mine.delegationId, text: "go" }])
    s.complete(t1)
    expect(rows(s)).toMatchObject([{ status: "closed" }])
  })

  it("routed by us into a running turn: its id never becomes a turn", () => {
    const s = talk().turn(t1)
    const turnId = s.turnRow(t1)?.turnId ?? null
    s.send("delegation.opened", { route: "steered" }, { session: null, ids: { ...mine, turnId } })
    s.send("turn.requested", {}, { session: null, ids: { turnId: mine.delegationId } })
    expect(s.rows.all("turns")).toHaveLength(1)
    expect(rows(s)).toMatchObject([{ turnId, status: "open" }])
    expect(s.reasons()).toEqual(["turn-conflict"])
    expect(rows(s.complete(t1))).toMatchObject([{ status: "closed" }])
  })

  it("is closed by its own event, once", () => {
    const s = hand(talk()).send("delegation.closed", { reason: "declined" }, { native: { handoffId: "h1" } })
    s.send("delegation.closed", { reason: "again" }, { native: { handoffId: "h1" } })
    expect(rows(s)).toMatchObject([{ status: "closed", cause: "declined" }])
    expect(s.reasons()).toEqual([])
    expect(rows(hand(talk()).send("delegation.closed", {}, { native: { handoffId: "h1" } }))).toMatchObject([
      { status: "closed", cause: "closed" },
    ])
  })

  it("is linked once: neither an item of another turn nor one of no turn links it, nor any after its close", () => {
    const told = (s: Scenario, turnId?: string) =>
      s.send(
        "item.started",
        { kind: "user_message" },
        { native: { itemId: "i1", handoffId: "h1", ...(turnId === undefined ? {} : { turnId }) } },
      )
    const s = told(hand(talk()))
    expect(rows(s)).toMatchObject([{ status: "open", turnId: null }])
    told(s.turn(t1), t1)
    const first = s.turnRow(t1)?.turnId
    told(s.status("ready").turn(strong("t2")), strong("t2"))
    expect(rows(s)).toMatchObject([{ status: "open", turnId: first }])
    const closed = hand(talk()).send("delegation.closed", { reason: "declined" }, { native: { handoffId: "h1" } })
    told(closed.turn(t1), t1)
    expect(rows(closed)).toMatchObject([{ status: "closed", cause: "declined", turnId: null }])
    expect([...s.reasons(), ...closed.reasons()]).toEqual([])
  })

  it("the same delegation again is a duplicate, an unknown one an orphan", () => {
    const s = hand(hand(talk())).send("delegation.closed", {}, { native: { handoffId: "h9" } })
    s.send("delegation.opened", { route: "turn" }, { session: null, ids: mine })
    s.send("delegation.opened", { route: "turn" }, { session: null, ids: mine })
    expect(rows(s)).toHaveLength(2)
    const session = id("session s1")
    expect(s.anomalies()).toEqual([
      `delegation-duplicate native-handoff:${session}/h1`,
      `delegation-unknown native-handoff:${session}/h9`,
      "delegation-duplicate native-handoff:-/-",
    ])
  })

  it("one without a name of the provider is known by the id that its event brings", () => {
    const s = talk().send("realtime.handoff", {}, { ids: mine }).send("realtime.handoff", {}, { ids: mine })
    expect(rows(s)).toMatchObject([{ delegationId: mine.delegationId, nativeHandoffId: null, text: null }])
    s.send("delegation.closed", {})
    const unnamed = `native-handoff:${id("session s1")}/-`
    expect(s.anomalies()).toEqual([`delegation-duplicate ${unnamed}`, `delegation-unknown ${unnamed}`])
  })

  it.each(["realtime.handoff", "delegation.opened"] as const)("%s with an id that is none of ours is kept", (type) => {
    const s = talk().sendRaw(type, { route: "turn" }, { ids: { delegationId: "no id" } })
    expect(rows(s)).toEqual([])
    expect(s.reasons()).toEqual(["delegation-unknown"])
  })

  it("one that found no turn ends with the session, the others wait for their turn", () => {
    expect(rows(hand(talk()).send("session.exited", { reason: "exit" }))).toMatchObject([
      { status: "closed", cause: "session-ended" },
    ])
    const s = hand(talk().turn(t1), t1).send("session.exited", { reason: "exit" })
    expect(rows(s)).toMatchObject([{ status: "open" }])
    s.send("turn.settled", {}, { session: null, ids: { turnId: s.turnRow(t1)?.turnId ?? null } })
    expect(rows(s)).toMatchObject([{ status: "closed" }])
  })

  it("one that comes from a session that is over is refused", () => {
    const s = hand(talk().send("session.exited", { reason: "exit" }))
    expect(rows(s)).toEqual([])
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })
})

describe("a delegation whose message waits in the queue", () => {
  const ours = { session: null } as const
  const messageId = mine.delegationId
  const turnIdOf = (s: Scenario, native = t1) => s.turnRow(native)?.turnId ?? null
  /** A turn runs, into which the message is to go. */
  const waiting = () => {
    const s = talk().turn(t1)
    return s
      .send("message.queued", { messageId, text: "go" }, ours)
      .send("delegation.opened", { route: "steered" }, { ...ours, ids: { ...mine, turnId: turnIdOf(s) } })
  }
  const steered = (s: Scenario, turnId: string | null) =>
    s.send("message.steered", { messageId }, { ...ours, ids: { turnId } })

  it("waits with it, also after the end of its turn", () => {
    const s = waiting().complete(t1)
    expect(rows(s)).toMatchObject([{ status: "open", turnId: turnIdOf(s) }])
  })

  it("is over when it is cancelled, of whatever turn it was", () => {
    const s = waiting().send("message.cancelled", { messageId }, ours)
    expect(rows(s)).toMatchObject([{ status: "closed", cause: "message-cancelled", turnId: null }])
    expect(rows(s)).toMatchObject([{ ...mine, text: null, openedAt: expect.any(Number), endedAt: s.log.at(-1)?.at }])
    expect(s.state.open.delegations).toBe(0)
  })

  it("has no turn when it has left the queue, until it is one of its own", () => {
    const s = waiting().complete(t1).send("message.dequeued", { messageId }, ours)
    expect(rows(s)).toMatchObject([{ ...mine, status: "open", cause: null, turnId: null }])
    s.send("turn.requested", { origin: "queue" }, { ...ours, ids: { turnId: id("own"), ...mine } })
    expect(rows(s)).toMatchObject([{ status: "open", turnId: id("own") }])
  })

  it("works in the turn that took it, and is over where that has ended for good", () => {
    const s = steered(waiting(), null)
    expect(rows(s)).toMatchObject([{ ...mine, status: "open", turnId: turnIdOf(s) }])
    const late = waiting().complete(t1)
    steered(late, null)
    expect(rows(late)).toMatchObject([{ ...mine, status: "closed", cause: "turn-ended", turnId: turnIdOf(late) }])
    const inferred = steered(waiting().status("ready"), null)
    expect(rows(inferred)).toMatchObject([{ status: "open" }])
    const next = waiting().complete(t1).turn(strong("t2"))
    steered(next, turnIdOf(next, strong("t2")))
    expect(rows(next)).toMatchObject([{ ...mine, status: "open", turnId: turnIdOf(next, strong("t2")) }])
    // A turn that is not known is none.
    const unknown = waiting()
    steered(unknown, id("unknown"))
    expect(rows(unknown)).toMatchObject([{ ...mine, status: "open", turnId: turnIdOf(unknown) }])
  })

  it("is over for its own reason where it was closed before, and no other message moves it", () => {
    const closed = { ...mine, status: "closed", cause: "declined" }
    for (const leave of ["message.cancelled", "message.dequeued"] as const) {
      const s = hand(waiting())
      s.send("delegation.closed", { reason: "declined" }, { ...ours, ids: mine })
      const before = rows(s)
      expect(before).toMatchObject([closed, { status: "open" }])
      expect(rows(s.send(leave, { messageId }, ours))).toEqual(before)
    }
    const s = waiting().send("message.queued", { messageId: id("other"), text: "x" }, ours)
    const before = rows(s)
    expect(rows(s.send("message.cancelled", { messageId: id("other") }, ours))).toEqual(before)
  })
})

describe("a delegation that names a turn which has not been seen", () => {
  it("is linked by that turn's start, and closed by its end", () => {
    const s = hand(talk(), t1)
    expect(rows(s)).toMatchObject([{ status: "open", turnId: null, nativeTurnId: t1 }])
    s.turn(t1)
    expect(rows(s)).toMatchObject([{ status: "open", turnId: s.turnRow(t1)?.turnId, nativeTurnId: null }])
    expect(rows(s.complete(t1))).toMatchObject([{ status: "closed", cause: "turn-ended" }])
  })

  it("is linked by the answer that binds its name, and closed when that turn ends without a start", () => {
    const s = hand(talk(), t1)
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { callId: "1", turnId: t1 } })
    expect(rows(s)).toMatchObject([{ status: "open", turnId: s.turnRow(t1)?.turnId }])
    expect(rows(s.complete(t1))).toMatchObject([{ status: "closed" }])
  })

  it("is over when the turn's end was seen without a start, whichever comes first", () => {
    expect(rows(hand(talk(), t1).complete(t1))).toMatchObject([{ status: "closed", turnId: null, cause: "turn-ended" }])
    expect(rows(hand(talk().complete(t1), t1))).toMatchObject([{ status: "closed", turnId: null, nativeTurnId: null }])
  })

  it("is linked by no turn that has no name either", () => {
    const s = hand(talk()).send("turn.started", {}, { ids: { turnId: id("T") } })
    expect(s.state.active?.turnId).toBe(id("T"))
    expect(rows(s)).toMatchObject([{ status: "open", turnId: null }])
  })

  it("is a turn that it names: without a name it waits, whatever else has ended", () => {
    expect(rows(hand(talk().complete("null").complete("undefined")))).toMatchObject([{ status: "open", cause: null }])
  })

  it("is linked by content that makes the turn known, as one that is over", () => {
    const s = hand(talk(), t1)
    s.send("item.completed", { kind: "agent_message", status: "completed" }, { native: { turnId: t1, itemId: "m1" } })
    expect(rows(s)).toMatchObject([{ status: "closed", turnId: s.turnRow(t1)?.turnId, cause: "turn-ended" }])
  })

  it("another turn's start does not link it, nor one of another session with the same weak name", () => {
    const s = hand(talk(), "turn-1").turn(t1)
    expect(rows(s)).toMatchObject([{ status: "open", turnId: null }])
    s.complete(t1).start("s2").turn("turn-1", "s2")
    expect(rows(s)).toMatchObject([{ status: "closed", cause: "session-ended", turnId: null }])
  })

  it("in every order of what tells of it: linked to its turn, and closed after that turn's end", async () => {
    const tell: Readonly<Record<string, (s: Scenario) => Scenario>> = {
      handoff: (s) => hand(s, t1),
      requested: (s) => s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } }),
      accepted: (s) => s.send("turn.accepted", {}, { native: { callId: "1", turnId: t1 } }),
      started: (s) => s.turn(t1),
      message: (s) =>
        s.send("item.started", { kind: "user_message" }, { native: { turnId: t1, itemId: "i1", handoffId: "h1" } }),
      completed: (s) => s.complete(t1),
      closed: (s) => s.send("realtime.closed", { reason: "requested" }),
    }
    const order = fc.shuffledSubarray(Object.keys(tell), { minLength: 2 })
    await fc.assert(
      paused(
        fc.property(order, (said) => {
          const s = talk()
          for (const word of said) tell[word]?.(s)
          const turn = s.turnRow(t1)
          const [row] = rows(s)
          expect(s.reasons()).not.toContain("fold-defect")
          if (!said.includes("handoff")) {
            expect(row).toBeUndefined()
            return
          }
          // One that was over before the turn had a row stays as it is.
          if (row?.turnId !== null || row.status === "open") expect(row?.turnId ?? null).toBe(turn?.turnId ?? null)
          if (said.includes("completed")) expect(row?.status).toBe("closed")
          expect(row?.status === "open" && row.nativeTurnId !== null).toBe(row?.status === "open" && turn === undefined)
        }),
      ),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "200") },
    )
  })

  it("in sessions that count their turns from zero: each handoff has a turn of its own, and each answer its own turn", () => {
    const arbOrders = fc.array(fc.constantFrom("handoff-first", "turn-first", "turn-named"), {
      minLength: 2,
      maxLength: 6,
    })
    fc.assert(
      fc.property(arbOrders, (orders) => {
        const s = new Scenario()
        for (const [index, order] of orders.entries()) {
          const session = `s${index + 1}`
          // As Codex counted the turns of handoffs: from zero in each process, and the calls of a model alike.
          const turnId = "auto-compact-0"
          const begin = () => s.turn(turnId, session)
          const said = (handoffId?: string) =>
            s.send(
              "item.started",
              { kind: "user_message" },
              { session, native: { turnId, itemId: "i1", ...(handoffId === undefined ? {} : { handoffId }) } },
            )
          const told = (named: boolean) =>
            s.send(
              "realtime.handoff",
              { text: session },
              { session, native: { handoffId: "h1", ...(named ? { turnId } : {}) } },
            )
          s.start(session)
          s.send("realtime.started", {}, { session })
          if (order === "handoff-first") told(false)
          begin()
          if (order === "turn-first") told(false)
          said(order === "turn-named" ? undefined : "h1")
          if (order === "turn-named") told(true)
          s.send(
            "item.completed",
            { kind: "agent_message", status: "completed", text: `answer of ${session}` },
            { session, native: { turnId, itemId: "i2" } },
          )
          s.complete(turnId, "completed", session)
          s.send("session.exited", { reason: "exit" }, { session })
        }
        const turns = s.rows.all("turns")
        expect(new Set(turns.map((turn) => turn.turnId)).size).toBe(orders.length)
        for (const delegation of rows(s)) {
          const turn = turns.find((one) => one.turnId === delegation.turnId)
          expect(delegation).toMatchObject({ status: "closed", sessionId: turn?.sessionId })
          const answers = s.rows
            .all("items")
            .filter((item) => item.turnId === turn?.turnId && item.kind === "agent_message")
          expect(answers.map(({ text }) => text)).toEqual([`answer of ${delegation.text}`])
        }
        expect(rows(s)).toHaveLength(orders.length)
        expect(s.reasons()).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
