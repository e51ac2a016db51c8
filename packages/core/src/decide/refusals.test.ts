/** Every refusal: its reason and its whole sentence, which names what stands in the way and what to do. */
import { queueLimit, requestedTurnLimit, voiceStartLimit } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { CommandScenario, created, type GivenCommand, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const T = id("thread")
const S = id("session s1")
const t1 = strong("t1")
const ours = { session: null } as const
const nobody = () => new CommandScenario()
const deleted = () => {
  const c = created()
  c.run({ type: "thread.delete" })
  return c
}
const purged = () => {
  const c = created()
  c.run({ type: "thread.purge", sealedHash: "h", streamVersion: c.s.state.streamVersion })
  return c
}
const waiting = () => {
  const c = created()
  c.run({ type: "message.send", text: "x" })
  return c
}
const running = () => {
  const c = live()
  c.s.turn(t1)
  return c
}
const turnId = (c: CommandScenario) => c.s.rows.all("turns")[0]?.turnId ?? ""
const attached = (c = nobody()) => {
  c.run({ type: "session.attach", sessionId: S, provider: "mine", leaseMs: 1_000 })
  return c
}
const imported = () =>
  new CommandScenario(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
const fork = () =>
  new CommandScenario(
    new Scenario()
      .send("thread.created", { provider: "codex" }, ours)
      .send("thread.forked", { fromThreadId: id("origin") }, ours),
  )
const times = (c: CommandScenario, count: number, given: (n: number) => GivenCommand) => {
  for (let n = 0; n < count; n += 1) expect(c.run(given(n)).refused).toBeNull()
  return c
}

type Case = readonly [string, () => CommandScenario, GivenCommand, string | ((c: CommandScenario) => string)]
const refused = (cases: readonly Case[]) =>
  it.each(cases)("%s", (_, of, given, expected) => {
    const c = of()
    expect(c.refusalOf(given)).toBe(typeof expected === "string" ? expected : expected(c))
  })
const rename: GivenCommand = { type: "thread.rename", title: "x" }
const send: GivenCommand = { type: "message.send", text: "x" }

describe("a command about a thread", () => {
  const fresh: GivenCommand = { type: "thread.create", agent: "coder", provider: "codex" }
  refused([
    ["that there is not", nobody, rename, `thread-not-found: Thread ${T} does not exist.`],
    ["that was deleted", deleted, rename, `thread-not-found: Thread ${T} was deleted; restore it first.`],
    ["that was purged", purged, rename, `thread-purged: Thread ${T} was purged: its content is gone for good.`],
    [
      "that exists with other content",
      created,
      { ...fresh, agent: "other" },
      `thread-conflict: Thread ${T} exists with other content.`,
    ],
    [
      "with a session that lives",
      live,
      { type: "thread.delete" },
      `thread-busy: Session ${S} of thread ${T} is ready.`,
    ],
    [
      "with a turn that waits",
      waiting,
      { type: "thread.delete" },
      (c) => `thread-busy: Turn ${turnId(c)} of thread ${T} waits to start.`,
    ],
    ["that is a fork", fork, send, `thread-read-only: Thread ${T} is a fork of thread ${id("origin")}, and read-only.`],
    [
      "that was attached",
      attached,
      send,
      `thread-not-run: No agent of this server works in thread ${T}: it was attached.`,
    ],
    [
      "that was imported",
      () => new CommandScenario(new Scenario().send("thread.imported", { source: "codex-rollout" }, ours)),
      send,
      `thread-not-run: No agent of this server works in thread ${T}: it was imported.`,
    ],
    [
      "whose questions are answered by an adapter",
      attached,
      { type: "thread.unattended", rules: [{ action: "decline", afterMs: 0 }] },
      `thread-not-run: No agent of this server works in thread ${T}: it was attached.`,
    ],
    ["that an adapter feeds", () => attached(created()), send, `thread-busy: Session ${S} of thread ${T} is attached.`],
    [
      "that is a recording",
      imported,
      { type: "session.stop" },
      `thread-not-run: Session ${S} of thread ${T} is a recording.`,
    ],
    [
      "read up to what is to come",
      created,
      { type: "thread.read", version: 9 },
      `precondition-failed: Thread ${T} is at version 1, not 9.`,
    ],
  ])

  it("is taken where our agent works in it, also where it was made of another one", () => {
    const c = created()
    c.s.send("thread.forked", { fromThreadId: id("origin") }, ours)
    expect(c.s.state.thread).toMatchObject({ forkedFromThreadId: id("origin"), agent: "coder" })
    expect(c.refusalOf(send)).toBeNull()
  })

  it("of another version is refused with both", () => {
    expect(created().refusalOf(rename, 7)).toBe("precondition-failed: It is at version 1, not 7.")
  })
})

describe("a command about a turn", () => {
  const at = (turn: string): GivenCommand => ({ type: "thread.fork", turnId: turn, intoThreadId: id("fork") })
  const none = `resource-not-found: Thread ${T} has no turn ${id("no turn")}.`
  const theirs = () => {
    const c = running()
    const foreign = { ...c.s.turnRow(t1), status: "ended", turnId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("turns")?.set(JSON.stringify([id("foreign")]), foreign)
    return c
  }
  refused([
    ["an interrupt of none", live, { type: "turn.interrupt", turnId: id("no turn") }, none],
    ["a fork at none", live, at(id("no turn")), none],
    [
      "a fork at another thread's",
      theirs,
      at(id("foreign")),
      `resource-not-found: Thread ${T} has no turn ${id("foreign")}.`,
    ],
  ])

  it("a fork at one that has not ended", () => {
    const c = running()
    const turn = turnId(c)
    expect(c.refusalOf(at(turn))).toBe(
      `turn-active: Turn ${turn} of thread ${T} is running: fork at one that has ended.`,
    )
  })
})

describe("a message", () => {
  const missing = "a".repeat(64)
  const full = `queue-conflict: The queue of thread ${T} is full: it has 100 messages.`
  const image = { type: "image", hash: missing, mediaType: "image/png", size: 3 }
  refused([
    [
      "without a word",
      live,
      { type: "message.send", text: "" },
      "invalid-request: The message has neither text nor parts.",
    ],
    [
      "with an image that is not stored",
      live,
      { ...send, parts: [image] },
      `blob-not-found: No blob has the hash ${missing}: store it before the message that refers to it.`,
    ],
    [
      "that must start beside a running turn",
      running,
      { ...send, mode: "start" },
      (c) => `turn-active: Turn ${turnId(c)} of thread ${T} is running.`,
    ],
    ["for a full queue", () => times(running(), queueLimit, () => send), send, full],
  ])

  it("is taken as the last one of the queue", () => {
    expect(times(running(), queueLimit - 1, () => send).refusalOf(send)).toBeNull()
  })

  it("is refused beside too many turns that wait or are uncertain", () => {
    const doubted = (count: number) => {
      const c = live()
      for (let n = 0; n < count; n += 1) c.outcome("effect.uncertain", "turn.start", c.run(send).turnId)
      return c
    }
    expect(doubted(requestedTurnLimit).refusalOf(send)).toBe(
      `turn-active: Thread ${T} has 32 turns that wait to start or are uncertain: interrupt some of them first.`,
    )
    expect(doubted(requestedTurnLimit - 1).refusalOf(send)).toBeNull()
  })
})

describe("a command about the queue", () => {
  const cancel: GivenCommand = { type: "queue.cancel", messageId: id("m") }
  refused([
    [
      "a message that is not in it",
      live,
      cancel,
      `resource-not-found: The queue of thread ${T} has no message ${id("m")}.`,
    ],
    [
      "an order that does not name all",
      () => times(running(), 2, () => send),
      { type: "queue.reorder", messageIds: [] },
      `queue-conflict: The order must name each of the 2 messages in the queue of thread ${T} once.`,
    ],
  ])

  it("an order that names one twice beside all others", () => {
    const c = times(running(), 2, () => send)
    const [a, b] = c.s.state.queue
    const reorder = (...messageIds: readonly unknown[]) => c.refusalOf({ type: "queue.reorder", messageIds })
    expect(reorder(a, b, a)).toMatch(/^queue-conflict: /)
    expect(reorder(b, a)).toBeNull()
  })

  it("a message that the agent is just being told, or that has no row", () => {
    const c = running()
    const { messageId } = c.run({ ...send, mode: "steer" })
    c.steers.set(messageId ?? "", { status: "attempting", sessionId: S })
    expect(c.refusalOf({ type: "queue.cancel", messageId })).toBe(
      `queue-conflict: Message ${messageId} is being delivered to the running turn.`,
    )
    // A call of an earlier session delivers nothing.
    c.steers.set(messageId ?? "", { status: "attempting", sessionId: id("session s0") })
    expect(c.refusalOf({ type: "queue.cancel", messageId })).toBeNull()
    c.s.complete(t1)
    c.s.rows.rows.get("queue")?.clear()
    expect(c.refusalOf({ type: "queue.drain" })).toBe(`message-lost: Message ${messageId} of thread ${T} has no row.`)
  })
})

describe("a command about a message that waits", () => {
  const queued = () => {
    const c = running()
    return { c, messageId: c.run(send).messageId ?? "" }
  }

  it("and is on its way, has no row, or runs in a turn that is not ours", () => {
    const { c, messageId } = queued()
    const edit = { type: "message.edit", messageId, text: "y" }
    c.steers.set(messageId, { status: "pending", sessionId: S })
    expect(c.refusalOf(edit)).toBe(`queue-conflict: Message ${messageId} is on its way into the running turn.`)
    c.steers.clear()
    const fed = attached()
    fed.s.turn(t1).send("message.queued", { messageId, text: "x" }, ours)
    expect(fed.refusalOf({ type: "message.promote", messageId, to: "turn" })).toBe(
      `thread-not-run: No agent of this server runs turn ${turnId(fed)} of thread ${T}.`,
    )
    c.s.rows.rows.get("queue")?.clear()
    expect(c.refusalOf(edit)).toBe(`message-lost: Message ${messageId} of thread ${T} has no row.`)
  })

  it("is held to the version of that message", () => {
    const { c, messageId } = queued()
    const version = c.s.rows.find("queue", "key", [messageId])?.sequence
    c.run({ type: "thread.rename", title: "later" })
    for (const given of [
      { type: "message.edit", messageId, text: "y" },
      { type: "message.promote", messageId, to: "front" },
    ]) {
      expect(c.refusalOf(given, version)).toBeNull()
      expect(c.refusalOf(given, 1)).toBe(`precondition-failed: It is at version ${version}, not 1.`)
    }
  })
})

describe("a command about a session", () => {
  const attach: GivenCommand = { type: "session.attach", sessionId: S, provider: "mine", leaseMs: 1_000 }
  const other = `session-conflict: Session ${S} was opened with other content.`
  const detach: GivenCommand = { type: "session.detach", sessionId: S }
  refused([
    ["that is opened with another lease", attached, { ...attach, leaseMs: 2 }, other],
    ["that is opened with another provider", attached, { ...attach, provider: "x" }, other],
    ["that is ours", live, { ...attach, provider: "codex" }, other],
    [
      "that there is not",
      live,
      { ...detach, sessionId: id("x") },
      `session-not-found: Thread ${T} has no session ${id("x")}.`,
    ],
    [
      "that no adapter feeds",
      live,
      detach,
      `session-conflict: Session ${S} is managed; an adapter can end attached sessions only.`,
    ],
    [
      "whose thread has moved on",
      live,
      { type: "session.reap", sessionId: S, ifSequence: 1, idleMs: 9, reason: "idle" },
      `precondition-failed: Thread ${T} has moved on since sequence 1.`,
    ],
  ])
})

describe("a command about a question", () => {
  const native = { native: { turnId: t1, requestId: "0" } }
  const asked = () => {
    const c = running()
    c.s.send("request.opened", { kind: "command_approval", choices: [{ decision: "yes" }] }, native)
    return c
  }
  const respond = (c: CommandScenario, decision = "yes") => ({
    type: "request.respond",
    requestId: c.s.rows.all("requests")[0]?.requestId ?? id("q"),
    decision,
  })
  const over = (c: CommandScenario, decision = "no") => c.refusalOf(respond(c, decision))

  it("that there is not", () => {
    const c = running()
    expect(over(c)).toBe(`resource-not-found: Thread ${T} has no request ${id("q")}.`)
  })

  it("that does not take the answer", () => {
    const c = asked()
    const { requestId } = respond(c)
    expect(over(c)).toBe(`answer-not-taken: Request ${requestId}: The request does not take "no". It takes yes.`)
  })

  it("that is over: it says by which answer", () => {
    const c = asked()
    const { requestId } = respond(c)
    c.run(respond(c))
    const first = `request-ended: Request ${requestId} is`
    expect(over(c)).toBe(`${first} answering; the first answer was "yes".`)
    const expired = asked()
    expired.run({ type: "request.expire", requestId })
    expect(over(expired)).toBe(`${first} expired.`)
    const row = { ...expired.s.rows.all("requests")[0], status: "answered", decidedBy: "elsewhere" }
    expired.s.rows.rows.get("requests")?.set(JSON.stringify([requestId]), row)
    expect(over(expired)).toBe(`${first} answered; another client of the agent answered it.`)
  })
})

describe("a voice conversation", () => {
  const start = (n: number): GivenCommand => ({
    type: "realtime.start",
    realtimeId: id(`voice ${n}`),
    transport: "direct",
  })
  const route = (n: number): GivenCommand => ({
    type: "delegation.route",
    realtimeId: id("voice"),
    delegationId: id(`delegation ${n}`),
    nativeHandoffId: `call-${n}`,
    text: "please",
  })
  refused([
    [
      "beside too many that start",
      () => times(live(), voiceStartLimit, start),
      start(99),
      `voice-busy: Thread ${T} has 32 voice runs that have not started.`,
    ],
    [
      "that hands work to too many turns that wait",
      () => times(live(), requestedTurnLimit, route),
      route(99),
      `turn-active: Thread ${T} has 32 turns that wait to start.`,
    ],
    [
      "that hands work to a full queue",
      () => times(running(), queueLimit, () => send),
      route(99),
      `queue-conflict: The queue of thread ${T} is full: it has 100 messages.`,
    ],
  ])

  it("may hand work to the last place of each", () => {
    expect(times(live(), voiceStartLimit - 1, start).refusalOf(start(99))).toBeNull()
    expect(times(live(), requestedTurnLimit - 1, route).refusalOf(route(99))).toBeNull()
    expect(times(running(), queueLimit - 1, () => send).refusalOf(route(99))).toBeNull()
  })
})
