/**
 * Scenario 16, the writer's half: a model that is faster than any reader. Its pieces go through our translator and the group
 * commit as they do live. Counted, never timed; `CHUNKS` in the environment makes it a soak (300,000: ten minutes).
 */
import { CommitLoop, ConnectionIngestion, makeWriter, memoryWork, type Outcome } from "@threadfold/engine"
import { makeCodexTranslator, type WireLine } from "@threadfold/providers"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "../recordings/Library.js"
import { idOf, t0 } from "./ThreadFixture.js"

const chunks = Number(process.env.CHUNKS ?? 10_000)
/** 500 pieces a second. */
const pieceMs = 2
const nativeThread = "01a1f74e-0000-7000-8000-000000000001"
const turn = "01a1f74e-1111-7000-8000-000000000001"
const item = "msg_1"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const recv = (at: number, message: object): WireLine => ({
  at: t0 + at,
  dir: "recv",
  raw: JSON.stringify({ ts: new Date(t0 + at).toISOString(), dir: "recv", msg: message }),
  message,
})
const notify = (at: number, method: string, params: object): WireLine =>
  recv(at, { method, params: { threadId: nativeThread, ...params } })

/** A session whose turn has one message that is being written. */
const opening: readonly WireLine[] = [
  notify(0, "thread/started", { thread: { id: nativeThread } }),
  notify(1, "turn/started", { turn: { id: turn, status: "inProgress", items: [] } }),
  notify(2, "item/started", { turnId: turn, item: { type: "agentMessage", id: item, text: "" } }),
]
const piece = (at: number, delta: string): WireLine =>
  notify(at, "item/agentMessage/delta", { turnId: turn, itemId: item, delta })
const closing = (at: number, text: string): readonly WireLine[] => [
  notify(at, "item/completed", { turnId: turn, item: { type: "agentMessage", id: item, text } }),
]
const ended = (at: number): WireLine =>
  notify(at, "turn/completed", { turn: { id: turn, status: "completed", items: [] } })

/** Plays a wire into the library as a live connection does; returns what it cost. */
const play = (lines: Iterable<WireLine>) =>
  library.own(async ({ driver, store }) => {
    const writer = makeWriter({ driver, store, work: memoryWork(), clock: () => t0 })
    const cost = { commits: 0, submissions: 0, events: 0 }
    const outcomes: Outcome[] = []
    const loop = new CommitLoop({
      process: (batch) => writer.process(batch),
      defer: setImmediate,
      onCommit: () => {
        cost.commits += 1
      },
    })
    const translator = makeCodexTranslator({ mode: "managed" })
    const ingestion = new ConnectionIngestion({
      connectionId: idOf("connection"),
      sourceKind: "codex",
      imported: false,
      threadId: (native) => idOf(`thread ${native}`),
      sessionId: (native, ordinal) => idOf(`session ${native} ${ordinal}`),
    })
    const offer = (drafts: ReturnType<typeof ingestion.drafts>): void => {
      if (drafts.length === 0) return
      cost.submissions += 1
      cost.events += drafts.length
      loop.offer({ drafts }, (outcome) => outcomes.push(outcome))
    }
    let lineNumber = 0
    for (const line of lines) {
      offer(ingestion.drafts(translator.tick(line.at)))
      offer(ingestion.drafts(translator.push(line).emitted))
      // The wire comes in pieces: now and then the writer gets its turn.
      if (lineNumber++ % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    offer(ingestion.drafts(translator.flush()))
    loop.drain()
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([])
    return cost
  })

const theItem = () => {
  const [thread] = library.threads()
  const [found] = thread?.items ?? []
  if (thread === undefined || found === undefined) throw new Error("no item")
  return { thread, found }
}

/** Words, line breaks, quotes, and characters of two, three and four bytes. */
const words = ["the ", "quick ", "brown\n", '"fox" ', "jümps ", "über ", "das — ", "🦊 ", "end. "]
const wordAt = (index: number): string => words[(index * 7) % words.length] ?? ""

describe("a model that writes 500 pieces a second", () => {
  it("leads to far fewer commits than pieces, and its text is whole while it is written", {
    timeout: 600_000,
  }, async () => {
    function* wire(): Iterable<WireLine> {
      yield* opening
      for (let index = 0; index < chunks; index++) yield piece(10 + index * pieceMs, wordAt(index))
    }
    const cost = await play(wire())
    expect(cost.commits).toBeLessThanOrEqual(cost.submissions)
    // A merge takes what comes in 50 ms.
    expect(cost.commits).toBeLessThan(chunks / 15)
    expect(cost.events).toBeLessThan(chunks / 20)
    const joined = Array.from({ length: chunks }, (_, index) => wordAt(index)).join("")
    expect(theItem().found).toMatchObject({ status: "open" })
    expect(theItem().found.text === joined).toBe(true)
    const frames = library
      .events()
      .reduce(
        (sum, { payload, type }) =>
          sum + (type === "content.delta" ? Number(Reflect.get(Object(payload), "frames")) : 0),
        0,
      )
    expect(frames).toBe(chunks)
    expect(library.verify().ok).toBe(true)
  })

  it("has the last word: the final text stands byte for byte, and what comes late changes nothing", async () => {
    const final = `${"Not what the pieces said: ".repeat(50)}\u0000 \ud83e\udd8a "end"\r\n`
    const late = [piece(5_000, "too late"), piece(5_100, "much too late")]
    const text = Array.from({ length: 1_000 }, (_, index) => piece(10 + index * pieceMs, wordAt(index)))
    await play([...opening, ...text, ...closing(3_000, final), ...late, ended(6_000), piece(7_000, "after the end")])
    const { found, thread } = theItem()
    expect(found.status).toBe("completed")
    expect(Buffer.from(found.text ?? "").equals(Buffer.from(final))).toBe(true)
    expect(thread.turns).toMatchObject([{ status: "ended", outcome: "completed", evidence: "observed" }])
    // Every late word is in the log, and says of itself why it was not applied.
    const kept = library
      .events()
      .filter(
        ({ payload, type }) =>
          type === "content.delta" && /late|after the end/.test(String(Reflect.get(Object(payload), "delta"))),
      )
    expect(kept).toHaveLength(3)
    expect(thread.anomalies.reduce((sum, { count }) => sum + count, 0)).toBe(3)
    for (const { maps, sql } of library.bothStores()) {
      expect(sql).toEqual(maps)
      expect(sql.filter(({ table }) => table === "item_chunks")).toEqual([])
    }
    expect(library.verify().ok).toBe(true)
  })

  it("costs at most three times its bytes in the log for an answer of 10,000 characters", async () => {
    const answer = "The answer is long, and a client reads it. ".repeat(300).slice(0, 10_000)
    const pieces = Array.from({ length: 2_500 }, (_, index) =>
      piece(10 + index * pieceMs, answer.slice(index * 4, index * 4 + 4)),
    )
    await play([...opening, ...pieces, ...closing(6_000, answer), ended(6_001)])
    expect(theItem().found.text).toBe(answer)
    // What the log says of it, final text included; the rows' ids are a fixed cost beside, once per merge.
    const bytes = library.rows().reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0)
    expect(bytes).toBeLessThanOrEqual(3 * Buffer.byteLength(answer))
    expect(library.rows().length).toBeLessThan(pieces.length / 20)
  })
})
