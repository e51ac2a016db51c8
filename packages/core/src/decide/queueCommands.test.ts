import type { EffectRow } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const send = (c: CommandScenario, text: string, settings?: object) =>
  c.run({ type: "message.send", text, settings }).messageId
const drain = (c: CommandScenario) => c.run({ type: "queue.drain" })
const texts = (c: CommandScenario) =>
  [...c.s.rows.all("queue")].sort((a, b) => a.position - b.position).map(({ text }) => text)
const ids = (c: CommandScenario) => c.s.state.queue
const drained = ["message.dequeued", "turn.requested"]

/** A turn runs, and these messages wait. */
const busy = (...messages: readonly string[]) => {
  const c = live()
  c.s.turn(t1)
  for (const text of messages) send(c, text)
  return c
}
/** The same, and the turn is done. */
const free = (...messages: readonly string[]) => {
  const c = busy(...messages)
  c.s.complete(t1)
  return c
}

describe("queue.cancel", () => {
  it("takes a message out, once", () => {
    const c = busy("a", "b")
    const [a] = ids(c)
    expect(c.answerTo({ type: "queue.cancel", messageId: a })).toEqual(["message.cancelled"])
    expect(texts(c)).toEqual(["b"])
    expect(c.answerTo({ type: "queue.cancel", messageId: a })).toBe("resource-not-found")
  })

  it("of a message that runs already, of another thread's, or of no thread is refused", () => {
    const c = free("a")
    const [a] = ids(c)
    drain(c)
    expect(c.answerTo({ type: "queue.cancel", messageId: a })).toBe("resource-not-found")
    c.s.rows.apply([{ op: "put", table: "queue", row: { ...foreign, threadId: id("theirs") } }])
    expect(c.answerTo({ type: "queue.cancel", messageId: foreign.messageId })).toBe("resource-not-found")
    expect(new CommandScenario().answerTo({ type: "queue.cancel", messageId: a })).toBe("thread-not-found")
  })
})

const foreign = {
  messageId: id("foreign"),
  threadId: id("thread"),
  position: 1,
  text: "x",
  parts: null,
  settings: null,
  commandId: "queued-by",
  queuedAt: 1,
  sequence: 1,
}

/** A message is steered into the turn that runs. */
const steering = () => {
  const c = live()
  c.s.turn(t1)
  const { messageId } = c.run({ type: "message.send", text: "b", mode: "steer" })
  const at = (status: EffectRow["status"]) => c.steers.set(messageId ?? "", { status, sessionId: id("session s1") })
  return { c, messageId, at }
}

describe("a message on its way into a turn", () => {
  it("is cancelled before its delivery begins, and not while the agent may have it", () => {
    for (const status of ["attempting", "delivered"] as const) {
      const { at, c, messageId } = steering()
      at(status)
      expect(c.answerTo({ type: "queue.cancel", messageId })).toBe("queue-conflict")
      c.s.send("session.exited", { reason: "exit" })
      expect(c.answerTo({ type: "queue.cancel", messageId })).toEqual(["message.cancelled"])
    }
    for (const status of ["pending", "failed", "uncertain", "retired"] as const) {
      const { at, c, messageId } = steering()
      at(status)
      expect(c.answerTo({ type: "queue.cancel", messageId })).toEqual(["message.cancelled"])
    }
  })

  it("does not run as a turn of its own meanwhile, and does when the agent has not taken it", () => {
    for (const status of ["pending", "attempting", "delivered"] as const) {
      const { at, c } = steering()
      at(status)
      c.s.complete(t1)
      expect(drain(c)).toMatchObject({ refused: null, events: [] })
      at("failed")
      expect(drain(c).events).toEqual(drained)
    }
  })

  it("runs with a person's consent when its session ended before the outcome was known", () => {
    const { at, c } = steering()
    at("delivered")
    c.s.send("session.exited", { reason: "exit" })
    c.run({ type: "queue.resume" })
    expect(drain(c).events).toEqual(drained)
  })
})

describe("message.edit", () => {
  const edit = (c: CommandScenario, messageId: string | undefined, text: string, more: object = {}) =>
    c.answerTo({ type: "message.edit", messageId, text, ...more })

  it("writes a message again; its place and settings stay, and the same words again change nothing", () => {
    const c = busy("a")
    const messageId = send(c, "b", { model: "m" })
    send(c, "c")
    expect(edit(c, messageId ?? "", "B")).toEqual(["message.edited"])
    expect(texts(c)).toEqual(["a", "B", "c"])
    expect(edit(c, messageId ?? "", "B")).toEqual([])
    c.s.complete(t1)
    c.run({ type: "message.promote", messageId })
    drain(c)
    expect(c.effects.at(-1)).toMatchObject({ kind: "turn.start", payload: { text: "B", settings: { model: "m" } } })
  })

  it("takes parts whose blobs are stored, and a text alone in their place", () => {
    const c = busy("a")
    const [a] = ids(c)
    const hash = "a".repeat(64)
    const parts = [{ type: "image", hash, mediaType: "image/png", size: 3 }]
    expect(edit(c, a, "", { parts })).toBe("blob-not-found")
    expect(edit(c, a, "")).toBe("invalid-request")
    c.blobs.add(hash)
    expect(edit(c, a, "", { parts })).toEqual(["message.edited"])
    expect(c.s.rows.all("queue")[0]?.parts).toEqual(parts)
    expect(edit(c, a, "words")).toEqual(["message.edited"])
    expect(c.s.rows.all("queue")[0]?.parts).toBeNull()
  })

  it("is refused of a message that does not wait any more, or is on its way into the turn", () => {
    const gone = free("a")
    const [a] = ids(gone)
    drain(gone)
    expect(edit(gone, a, "late")).toBe("resource-not-found")
    for (const status of ["pending", "attempting", "delivered"] as const) {
      const { at, c, messageId } = steering()
      at(status)
      expect(edit(c, messageId ?? "", "late")).toBe("queue-conflict")
    }
    for (const status of ["failed", "uncertain", "retired"] as const) {
      const { at, c, messageId } = steering()
      at(status)
      expect(edit(c, messageId ?? "", "again")).toEqual(["message.edited"])
    }
  })
})

describe("message.promote", () => {
  const promote = (c: CommandScenario, messageId: string | undefined, to?: string) =>
    c.run({ type: "message.promote", messageId, to })

  it("has a message go first, and the first one stays", () => {
    const c = busy("a", "b", "c")
    const [a, , third] = ids(c)
    expect(promote(c, third)).toMatchObject({ events: ["queue.reordered"], effects: [], messageId: third })
    expect(texts(c)).toEqual(["c", "a", "b"])
    expect(promote(c, third, "front").events).toEqual([])
    expect(promote(c, a).events).toEqual(["queue.reordered"])
  })

  it("has it go into the running turn, once, and it waits until the agent has it", () => {
    const c = busy("a", "b")
    const [, b] = ids(c)
    expect(promote(c, b, "turn")).toMatchObject({
      events: [],
      effects: ["turn.steer"],
      turnId: c.s.state.active?.turnId,
    })
    expect(c.effects.at(-1)).toMatchObject({ messageId: b, payload: { text: "b" } })
    expect(texts(c)).toEqual(["a", "b"])
    c.steers.set(b ?? "", { status: "delivered", sessionId: id("session s1") })
    expect(promote(c, b, "turn")).toMatchObject({ refused: null, effects: [], messageId: b })
    c.steers.set(b ?? "", { status: "failed", sessionId: id("session s1") })
    expect(promote(c, b, "turn").effects).toEqual(["turn.steer"])
  })

  it("goes to the front where no turn runs, and is refused where the message does not wait", () => {
    const c = free("a", "b")
    const [, b] = ids(c)
    expect(promote(c, b, "turn")).toMatchObject({ events: ["queue.reordered"], effects: [] })
    drain(c)
    expect(promote(c, b).refused).toBe("resource-not-found")
  })
})

describe("queue.reorder", () => {
  const reorder = (c: CommandScenario, messageIds: readonly (string | undefined)[]) =>
    c.answerTo({ type: "queue.reorder", messageIds })
  it("takes an order of all messages, and the same one again changes nothing", () => {
    const c = busy("a", "b", "c")
    const [a, b, x] = ids(c)
    expect(reorder(c, [x, a, b])).toEqual(["queue.reordered"])
    expect(texts(c)).toEqual(["c", "a", "b"])
    expect(reorder(c, [x, a, b])).toEqual([])
  })

  it("refuses an order that misses one, names one twice, or one that is not there", () => {
    const c = busy("a", "b")
    const [a, b] = ids(c)
    for (const order of [[a], [a, a], [a, b, id("x")], [a, id("x")], []]) {
      expect(reorder(c, order)).toBe("queue-conflict")
    }
    expect(texts(c)).toEqual(["a", "b"])
    expect(reorder(live(), [])).toEqual([])
    expect(reorder(new CommandScenario(), [])).toBe("thread-not-found")
  })
})

describe("queue.resume", () => {
  it("lets a held queue run, once; one that is not held stays as it is", () => {
    const c = busy("a")
    c.s.complete(t1, "failed")
    expect(drain(c).events).toEqual([])
    expect(c.answerTo({ type: "queue.resume" })).toEqual(["queue.resumed"])
    expect(c.answerTo({ type: "queue.resume" })).toEqual([])
    expect(drain(c).events).toEqual(drained)
    expect(live().answerTo({ type: "queue.resume" })).toEqual([])
    expect(new CommandScenario().answerTo({ type: "queue.resume" })).toBe("thread-not-found")
  })
})

describe("queue.drain", () => {
  it("starts the turn of the first message, with its settings; again it adds nothing", () => {
    const c = busy()
    send(c, "a", { model: "m" })
    send(c, "b")
    c.s.complete(t1)
    const result = drain(c)
    expect(result).toMatchObject({ events: drained, effects: ["turn.start"] })
    expect(c.effects.at(-1)).toEqual({
      kind: "turn.start",
      turnId: result.turnId,
      payload: { text: "a", settings: { model: "m" } },
    })
    expect(c.s.rows.find("turns", "key", [result.turnId])).toMatchObject({
      status: "requested",
      origin: "queue",
      text: "a",
    })
    expect(texts(c)).toEqual(["b"])
    expect(drain(c)).toMatchObject({ refused: null, events: [], effects: [] })
  })

  it("runs message after message, in order, each after the end of the one before", () => {
    const c = free("a", "b", "c")
    const said: string[] = []
    for (const native of [strong("1"), strong("2"), strong("3")]) {
      const { turnId } = drain(c)
      said.push(c.s.rows.find("turns", "key", [turnId])?.text ?? "")
      c.s.send("turn.started", {}, { ids: { turnId }, native: { turnId: native } })
      expect(drain(c).events).toEqual([])
      c.s.complete(native)
    }
    expect(said).toEqual(["a", "b", "c"])
    expect(drain(c).events).toEqual([])
  })

  it("goes on without a session: the turn's start brings one up", () => {
    const c = busy("a")
    c.s.complete(t1).send("session.exited", { reason: "exit" })
    expect(c.s.state.thread?.queueHeld).toBe(1)
    c.run({ type: "queue.resume" })
    expect(drain(c)).toMatchObject({ events: drained, effects: ["turn.start"] })
  })

  it("takes the order as it is", () => {
    const c = free("a", "b")
    c.run({ type: "queue.reorder", messageIds: [...ids(c)].reverse() })
    const { turnId } = drain(c)
    expect(c.s.rows.find("turns", "key", [turnId])?.text).toBe("b")
  })

  const blocked: readonly (readonly [string, () => CommandScenario])[] = [
    ["a thread that there is not", () => new CommandScenario()],
    ["an empty queue", () => free()],
    ["a turn that runs", () => busy("a")],
    [
      "a turn that waits to start",
      () => {
        const c = free("a")
        c.run({ type: "message.send", mode: "start", text: "now" })
        return c
      },
    ],
    [
      "an inferred end that is not final",
      () => {
        const c = busy("a")
        c.s.status("ready")
        return c
      },
    ],
    [
      "a queue that is held",
      () => {
        const c = busy("a")
        c.s.complete(t1, "interrupted")
        return c
      },
    ],
    [
      "a stop that is under way",
      () => {
        const c = free("a")
        c.run({ type: "session.stop" })
        return c
      },
    ],
    [
      "a turn of the living session that is in doubt: it may be running",
      () => {
        const c = live()
        c.outcome("effect.uncertain", "turn.start", c.run({ type: "message.send", text: "?" }).turnId)
        c.append({ type: "message.queued", sessionId: null, native: null, payload: { messageId: id("m"), text: "a" } })
        return c
      },
    ],
    [
      "a thread that was deleted",
      () => {
        const c = created()
        c.append({ type: "message.queued", sessionId: null, native: null, payload: { messageId: id("m"), text: "a" } })
        c.run({ type: "thread.delete" })
        return c
      },
    ],
    [
      "a thread that we do not run",
      () => {
        const c = new CommandScenario(new Scenario().start())
        c.append({ type: "message.queued", sessionId: null, native: null, payload: { messageId: id("m"), text: "a" } })
        return c
      },
    ],
    [
      "an adapter that feeds the thread",
      () => {
        const c = created()
        c.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1 })
        c.append({ type: "message.queued", sessionId: null, native: null, payload: { messageId: id("m"), text: "a" } })
        return c
      },
    ],
  ]
  it.each(blocked)("does nothing for %s", (_, make) => {
    const c = make()
    expect(drain(c)).toMatchObject({ refused: null, events: [], effects: [], turnId: null })
  })

  it("goes on when an inferred end is final, settled by the orchestrator or observed from the provider", () => {
    const settled = busy("a")
    settled.s.status("ready")
    settled.run({ type: "turn.settle", turnId: settled.s.turnRow(t1)?.turnId })
    expect(drain(settled).events).toEqual(drained)
    const confirmed = busy("a")
    confirmed.s.status("ready").complete(t1)
    expect(drain(confirmed).events).toEqual(drained)
  })

  it("goes on when the doubt is over, or belongs to a session that is", () => {
    const doubted = () => {
      const c = live()
      const { turnId } = c.run({ type: "message.send", text: "?" })
      c.outcome("effect.uncertain", "turn.start", turnId)
      c.append({ type: "message.queued", sessionId: null, native: null, payload: { messageId: id("m"), text: "a" } })
      return { c, turnId }
    }
    const resolved = doubted()
    resolved.c.s.send("turn.started", {}, { ids: { turnId: resolved.turnId }, native: { turnId: t2 } }).complete(t2)
    expect(drain(resolved.c).events).toEqual(drained)
    const gone = doubted()
    gone.c.s.send("session.exited", { reason: "exit" })
    gone.c.run({ type: "queue.resume" })
    expect(drain(gone.c).events).toEqual(drained)
    const cancelled = doubted()
    cancelled.c.run({ type: "turn.interrupt", turnId: cancelled.turnId })
    cancelled.c.run({ type: "queue.resume" })
    expect(drain(cancelled.c).events).toEqual(drained)
  })

  it("says so when a message has lost its row", () => {
    const c = free("a")
    c.s.rows.apply([{ op: "delete", table: "queue", key: [ids(c)[0] ?? ""] }])
    expect(drain(c).refused).toBe("message-lost")
  })
})
