import { describe, expect, it } from "vitest"
import type { ExpectedThread } from "./OracleExpectation.js"
import { readOracle } from "./readOracle.js"

/** Writes a recording line by line: `<` from the agent, `>` from the client. */
const ts = "2026-11-20T00:00:00.000Z"
const recv = (method: string, params: object, id?: unknown) =>
  JSON.stringify({ ts, dir: "recv", msg: id === undefined ? { method, params } : { method, id, params } })
const answer = (id: unknown, result: unknown) => JSON.stringify({ ts, dir: "recv", msg: { id, result } })
const refuse = (id: unknown, message: string) =>
  JSON.stringify({ ts, dir: "recv", msg: { id, error: { code: -32_600, message } } })
const call = (id: unknown, method: string, params: object) =>
  JSON.stringify({ ts, dir: "send", msg: { id, method, params } })
const reply = (id: unknown, result: unknown) => JSON.stringify({ ts, dir: "send", msg: { id, result } })
const exit = (code: number | null, sig: string | null) => JSON.stringify({ ts, dir: "meta", event: "exit", code, sig })

const threadId = "t"
const begin = recv("thread/started", { thread: { id: threadId } })
const status = (type: string) => recv("thread/status/changed", { threadId, status: { type } })
const started = (id: string) => recv("turn/started", { threadId, turn: { id, status: "inProgress" } })
const completed = (id: string, how: string) => recv("turn/completed", { threadId, turn: { id, status: how } })
const item = (turnId: string, what: object) => recv("item/started", { threadId, turnId, item: what })
const itemDone = (turnId: string, what: object) => recv("item/completed", { threadId, turnId, item: what })
const delta = (turnId: string, itemId: string, text: string) =>
  recv("item/agentMessage/delta", { threadId, turnId, itemId, delta: text })
const error = (turnId: string, willRetry: boolean) =>
  recv("error", { threadId, turnId, willRetry, error: { message: "no" } })
const usage = (turnId: string, totalTokens: number) =>
  recv("thread/tokenUsage/updated", { threadId, turnId, tokenUsage: { total: { totalTokens } } })
const start = (id: number, words = "go") => call(id, "turn/start", { threadId, input: [{ type: "text", text: words }] })

const read = (...lines: readonly string[]): ExpectedThread => {
  const thread = readOracle(lines.join("\n")).threads[0]
  if (thread === undefined) throw new Error("no thread")
  return thread
}
const ends = (thread: ExpectedThread) => thread.turns.map((turn) => `${turn.outcome} ${turn.evidence}`)
const message = { type: "agentMessage", id: "m", text: "" }

describe("turns", () => {
  it("end unknown and inferred when the agent goes idle, until their own event comes", () => {
    expect(ends(read(begin, started("a"), status("idle")))).toEqual(["unknown inferred"])
    expect(ends(read(begin, started("a"), status("idle"), completed("a", "failed")))).toEqual(["failed observed"])
  })

  it("keep the first observed end", () => {
    const twice = read(begin, started("a"), completed("a", "completed"), completed("a", "failed"))
    expect(ends(twice)).toEqual(["completed observed"])
  })

  it("are not ended by retried errors, by errors of others, or by systemError", () => {
    const noise = [error("a", true), error("unknown", false), status("systemError")]
    const left = readOracle([begin, started("a"), ...noise].join("\n"), { leaveOpen: true }).threads[0]
    expect(left?.turns[0]?.status).toBe("running")
    expect(ends(read(begin, started("a"), error("a", false)))).toEqual(["failed inferred"])
  })

  it("are interrupted by the end of the process, whatever its exit code, and by the end of the recording", () => {
    expect(ends(read(begin, started("a"), exit(0, null)))).toEqual(["interrupted inferred"])
    expect(ends(read(begin, started("a"), exit(null, "SIGKILL")))).toEqual(["interrupted inferred"])
    const cut = read(begin, started("a"))
    expect(ends(cut)).toEqual(["interrupted inferred"])
    expect(cut.sessions).toEqual([{ epoch: 1, ended: { how: "recording-ended", code: null, signal: null } }])
  })

  it("do not open after their end was seen, nor beside a running one that was not to be replaced", () => {
    expect(read(begin, completed("a", "completed"), started("a")).turns).toEqual([])
    const two = read(begin, started("a"), started("b"), completed("b", "failed"), completed("a", "completed"))
    expect(two.turns.map((turn) => turn.nativeTurnId)).toEqual(["a"])
  })

  it("that the client asked for take the place of a running one", () => {
    const accepted = answer(1, { turn: { id: "b" } })
    const two = read(begin, started("a"), start(1), accepted, started("b"), completed("b", "completed"))
    expect(ends(two)).toEqual(["cancelled inferred", "completed observed"])
  })

  it("open by an item alone where no start is sent", () => {
    const review = read(begin, item("r", message), completed("r", "completed"))
    expect(ends(review)).toEqual(["completed observed"])
  })

  it("take a steered message when the answer names them", () => {
    const accepted = (id: number) => answer(id, { turn: { id: "a" } })
    const steered = read(begin, start(1), accepted(1), started("a"), start(2, "more"), accepted(2))
    expect(steered.steered).toEqual([{ text: "more", steeredInto: "a" }])
    // A turn that the agent began by itself takes it too.
    const own = read(begin, started("a"), start(2, "more"), accepted(2))
    expect(own.steered).toEqual([{ text: "more", steeredInto: "a" }])
    // But an answer that comes after the start of the very turn it asked for steers nothing.
    const late = read(begin, start(1), started("a"), accepted(1))
    expect(late.steered).toEqual([])
  })

  it("are refused, or never start, without becoming turns", () => {
    const refused = read(begin, start(1, "go"), refuse(1, "no"))
    expect(refused.turns).toEqual([])
    expect(refused.refused).toEqual([{ text: "go", wellFormed: true }])
    expect(read(begin, start(1)).unstarted).toBe(1)
    expect(read(begin, start(1), answer(1, { turn: { id: "a" } })).unstarted).toBe(1)
  })
})

describe("items", () => {
  const texts = (thread: ExpectedThread) => thread.turns[0]?.items.map((one) => `${one.status} ${one.text}`)

  it("keep their partial text when the turn ends first, and their own late end", () => {
    const partial = [begin, started("a"), item("a", message), delta("a", "m", "he"), delta("a", "m", "llo")]
    expect(texts(read(...partial, completed("a", "interrupted")))).toEqual(["interrupted hello"])
    const late = itemDone("a", { ...message, text: "hello!" })
    expect(texts(read(...partial, completed("a", "interrupted"), late))).toEqual(["completed hello!"])
  })

  const whole = (words: string) => itemDone("a", { ...message, text: words })
  const left = (...lines: readonly string[]) =>
    readOracle([begin, ...lines].join("\n"), { leaveOpen: true }).threads[0]?.turns[0]

  it("are whole without a start, and a delta tells its item's type", () => {
    expect(texts(read(begin, started("a"), whole("all")))).toEqual(["completed all"])
    const [first] = read(begin, started("a"), delta("a", "m", "x")).turns[0]?.items ?? []
    expect(first).toMatchObject({ kind: "agent_message", text: "x" })
  })

  it("open their turn by a delta; a whole one alone leaves it ended, unknown", () => {
    expect(ends(read(begin, delta("a", "m", "x"), completed("a", "completed")))).toEqual(["completed observed"])
    expect(ends(read(begin, whole("old")))).toEqual(["unknown inferred"])
    expect(texts(read(begin, whole("old")))).toEqual(["completed old"])
    expect(left(status("active"), whole("now"))?.status).toBe("running")
    expect(read(begin, completed("a", "completed"), whole("late")).turns).toEqual([])
  })

  it("that are reported after the end of their turn go on until something says that they do not", () => {
    const work = [started("a"), completed("a", "completed"), delta("a", "m", "x")]
    expect(left(...work)).toMatchObject({ outcome: "completed", items: [{ status: "open", text: "x" }] })
    for (const over of [status("idle"), started("b"), exit(0, null)]) {
      expect(left(...work, over)).toMatchObject({ outcome: "completed", items: [{ status: "interrupted" }] })
    }
    expect(left(...work, whole("x y"))).toMatchObject({ items: [{ status: "completed", text: "x y" }] })
  })

  it("join parts of a user message and of a reasoning summary by a blank line", () => {
    const user = {
      type: "userMessage",
      id: "u",
      content: [{ type: "text", text: "one" }, { type: "image" }, { type: "text", text: "two" }],
    }
    expect(texts(read(begin, started("a"), item("a", user)))).toEqual(["interrupted one\n\ntwo"])
    const reasoning = { type: "reasoning", id: "r", summary: [] }
    const part = (summaryIndex: number, words: string) =>
      recv("item/reasoning/summaryTextDelta", { threadId, turnId: "a", itemId: "r", summaryIndex, delta: words })
    const streamed = [begin, started("a"), item("a", reasoning), part(0, "think"), part(0, "ing"), part(1, "more")]
    expect(texts(read(...streamed))).toEqual(["interrupted thinking\n\nmore"])
    const final = itemDone("a", { ...reasoning, summary: ["x", "y"] })
    expect(texts(read(...streamed, final))).toEqual(["completed x\n\ny"])
  })

  it("show nothing as null", () => {
    expect(read(begin, started("a"), item("a", message)).turns[0]?.items[0]?.text).toBeNull()
  })

  it("go on as background tasks when they are commands with a process and the turn completes", () => {
    const command = { type: "commandExecution", id: "c", status: "inProgress", processId: "1" }
    const end = (how: string) => read(begin, started("a"), item("a", command), completed("a", how))
    expect(texts(end("completed"))).toEqual(["completed null"])
    expect(texts(end("failed"))).toEqual(["interrupted null"])
    const { processId: _, ...bare } = command
    const without = read(begin, started("a"), item("a", bare), completed("a", "completed"))
    expect(texts(without)).toEqual(["interrupted null"])
  })

  it("keep their first end, and take no delta after it", () => {
    const command = { type: "commandExecution", id: "c", status: "failed" }
    const output = recv("item/commandExecution/outputDelta", { threadId, turnId: "a", itemId: "c", delta: "late" })
    const twice = [itemDone("a", command), output, itemDone("a", { ...command, status: "completed" })]
    expect(texts(read(begin, started("a"), item("a", command), ...twice))).toEqual(["failed null"])
  })
})

describe("requests", () => {
  const ask = recv("item/fileChange/requestApproval", { threadId, turnId: "a", itemId: "f" }, 0)
  const resolved = recv("serverRequest/resolved", { threadId, requestId: 0 })
  const statuses = (...lines: readonly string[]) =>
    read(begin, started("a"), ask, ...lines).requests.map((one) => `${one.kind} ${one.status} ${one.decision}`)

  it("are answered by the client, cancelled by the turn's end or a clean-up, expired by the session's end", () => {
    const kind = "file_change_approval"
    expect(statuses(reply(0, { decision: "decline" }), resolved)).toEqual([`${kind} answered decline`])
    expect(statuses(reply(0, { decision: { acceptWith: 1 } }))).toEqual([`${kind} answered acceptWith`])
    // No interrupt was asked for and the turn goes on: another client has answered.
    expect(statuses(resolved)).toEqual([`${kind} answered null`])
    expect(statuses(resolved, completed("a", "completed"))).toEqual([`${kind} answered null`])
    expect(statuses(resolved, completed("a", "interrupted"))).toEqual([`${kind} cancelled null`])
    expect(statuses(completed("a", "interrupted"), resolved)).toEqual([`${kind} cancelled null`])
    expect(statuses(exit(0, null))).toEqual([`${kind} expired null`])
    expect(statuses(ask)).toEqual([`${kind} expired null`])
    expect(statuses(completed("a", "interrupted"))).toEqual([`${kind} cancelled null`])
    expect(statuses(completed("a", "completed"), exit(0, null))).toEqual([`${kind} cancelled null`])
    // The text "0" is another id than the number 0.
    expect(statuses(reply("0", { decision: "accept" }))).toEqual([`${kind} expired null`])
  })

  it("are the same when they are sent anew in a session, and others after the process began again", () => {
    expect(statuses(reply(0, { decision: "accept" }), ask)).toEqual(["file_change_approval answered accept"])
    const again = statuses(
      reply(0, { decision: "accept" }),
      exit(0, null),
      begin,
      ask,
      reply(0, { decision: "cancel" }),
    )
    expect(again).toEqual(["file_change_approval answered accept", "file_change_approval answered cancel"])
  })
})

describe("tokens", () => {
  const totals = (thread: ExpectedThread) => thread.turns.map((turn) => turn.usage?.totalTokens ?? null)

  it("are differences of the running total", () => {
    const two = read(
      begin,
      started("a"),
      usage("a", 10),
      usage("a", 25),
      completed("a", "completed"),
      started("b"),
      usage("b", 30),
    )
    expect(totals(two)).toEqual([25, 5])
    expect(two.usage?.totalTokens).toBe(30)
  })

  it("that name no known turn only move the baseline; ones that go down are older ones again", () => {
    const thread = read(begin, usage("old", 100), started("a"), usage("a", 110), usage("a", 50), usage("a", 115))
    expect(totals(thread)).toEqual([15])
  })

  it("count for a turn that has ended while its session lives", () => {
    expect(totals(read(begin, started("a"), status("idle"), usage("a", 7), completed("a", "completed")))).toEqual([7])
    expect(totals(read(begin, started("a"), completed("a", "completed"), usage("a", 7)))).toEqual([7])
  })
})

describe("voice", () => {
  const startVoice = call(5, "thread/realtime/start", { threadId })
  const voice = (what: string, params: object = {}) => recv(`thread/realtime/${what}`, { threadId, ...params })
  const runs = (...lines: readonly string[]) =>
    read(begin, ...lines).voiceRuns.map((run) => `${run.status} ${run.reason} ${run.lastError}`)
  const live = [startVoice, answer(5, {}), voice("started")]

  it("fails before it starts, or closes once for the reason given", () => {
    expect(runs(startVoice, voice("error", { message: "key" }))).toEqual(["failed null key"])
    expect(runs(startVoice, refuse(5, "off"))).toEqual(["failed null off"])
    expect(runs(startVoice)).toEqual(["failed null null"])
    expect(runs(...live, voice("error", { message: "x" }), voice("closed", { reason: "error" }))).toEqual([
      "closed error x",
    ])
    expect(runs(...live, voice("closed", { reason: "moon" }))).toEqual(["closed transport_closed null"])
    expect(runs(...live, voice("closed", { reason: "requested" }), voice("closed", { reason: "error" }))).toEqual([
      "closed requested null",
    ])
    expect(runs(voice("closed", { reason: "requested" }))).toEqual([])
  })

  it("settles starts in the order in which they were sent", () => {
    const again = call(6, "thread/realtime/start", { threadId })
    const error = voice("error", { message: "key" })
    expect(runs(startVoice, again, error, voice("started"))).toEqual(["failed null key", "closed session_ended null"])
  })

  it("is replaced by the next start, is untouched by a start that fails, and ends with the session", () => {
    expect(runs(...live, ...live)).toEqual(["closed replaced null", "closed session_ended null"])
    const failed = [startVoice, voice("error", { message: "key" })]
    expect(runs(...live, ...failed, voice("closed", { reason: "requested" }))).toEqual([
      "closed requested null",
      "failed null key",
    ])
  })

  it("hands over to the turn that quotes it, in either order", () => {
    const handoff = voice("itemAdded", { item: { type: "handoff_request", input_transcript: "a < b" } })
    const words = "<realtime_delegation>\n  <input>a &lt; b</input>\n</realtime_delegation>"
    const user = item("a", { type: "userMessage", id: "u", content: [{ type: "text", text: words }] })
    const turn = [started("a"), user]
    const linked = [{ text: "a < b", nativeTurnId: "a", status: "closed" }]
    expect(read(begin, ...live, handoff, ...turn, completed("a", "completed")).handoffs).toEqual(linked)
    expect(read(begin, ...live, ...turn, handoff, completed("a", "failed")).handoffs).toEqual(linked)
    // The same words twice are two handoffs; the second one has no turn yet.
    const second = { ...linked[0], nativeTurnId: null }
    const both = read(begin, ...live, handoff, handoff, ...turn, completed("a", "completed"))
    expect(both.handoffs).toEqual([linked[0], second])
    // An end that is only inferred settles with the session; until then the design leaves it open.
    expect(read(begin, ...live, handoff, ...turn, exit(0, null)).handoffs).toEqual(linked)
    const idle = [begin, ...live, handoff, ...turn, status("idle")].join("\n")
    expect(readOracle(idle, { leaveOpen: true }).threads[0]?.handoffs[0]?.status).toBeNull()
  })
})

describe("sessions and threads", () => {
  it("begin again after the thread was unloaded", () => {
    const thread = read(begin, started("a"), recv("thread/closed", { threadId }), begin, exit(3, null))
    expect(thread.sessions).toEqual([
      { epoch: 1, ended: { how: "unloaded", code: null, signal: null } },
      { epoch: 2, ended: { how: "exit", code: 3, signal: null } },
    ])
    expect(ends(thread)).toEqual(["interrupted inferred"])
    expect(read(begin, status("notLoaded"), status("notLoaded")).sessions).toHaveLength(1)
  })

  it("are touched by their own events only", () => {
    const other = recv("turn/completed", { threadId: "x", turn: { id: "a", status: "failed" } })
    const both = readOracle([begin, started("a"), other, completed("a", "completed")].join("\n")).threads
    expect(both.map((thread) => [thread.nativeThreadId, ends(thread)])).toEqual([
      ["t", ["completed observed"]],
      ["x", []],
    ])
  })

  it("come from what names a thread, never from lists or failed calls", () => {
    const lines = [
      begin,
      call(1, "thread/list", {}),
      answer(1, { data: [{ id: "listed" }] }),
      call(2, "thread/resume", { threadId: "gone" }),
      refuse(2, "no rollout"),
      call(3, "thread/fork", { threadId }),
      answer(3, { thread: { id: "f", forkedFromId: threadId, parentThreadId: null } }),
    ]
    const threads = readOracle(lines.join("\n")).threads
    expect(threads.map((thread) => [thread.nativeThreadId, thread.forkedFrom])).toEqual([
      ["t", null],
      ["f", "t"],
    ])
  })
})

describe("lines", () => {
  it("are all accounted for", () => {
    const lines = [
      begin,
      "",
      "{",
      "[]",
      "null",
      '{"dir":"recv"}',
      '{"ts":"yesterday","dir":"recv"}',
      "  ",
      exit(0, null),
    ]
    const { lines: count, unreadable } = readOracle(lines.join("\r\n"))
    expect(count).toBe(7)
    expect(unreadable).toEqual([[3, 4, 5, 6, 7]])
  })

  it("that say nothing we know are passed over", () => {
    const odd = [
      JSON.stringify({ ts, dir: "recv" }),
      JSON.stringify({ ts, dir: "send", msg: 7 }),
      JSON.stringify({ ts, dir: "recv", msg: { id: 0 } }),
      JSON.stringify({ ts, dir: "smoke" }),
      recv("turn/started", {}),
      recv("turn/started", { threadId, turn: null }),
      recv("no/such", { threadId: 7 }),
    ]
    expect(read(begin, ...odd).turns).toEqual([])
  })
})
