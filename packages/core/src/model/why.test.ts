/** Why a field has its value, and the proof: without the event that `why` names, the field is another at that event. */
import type { EventEnvelope, ThreadSnapshot, WhyRow } from "@threadfold/contracts"
import { arbHostile, arbSession, pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams } from "../../test/ManyStreams.js"
import { arbEvents } from "../../test/randomEvents.js"
import { digest, id, Scenario } from "../../test/Scenario.js"
import { areBad } from "./edits.js"
import { formatRowPath, isBadPath, keysIn, type RowKind, rowKinds } from "./rowPath.js"
import { snapshotOf } from "./snapshotOf.js"
import { walk } from "./walk.js"
import { whatIf } from "./whatIf.js"
import { why } from "./why.js"
import { whyEvent } from "./whyEvent.js"

const threadId = id("thread")

/** A turn with a streamed item, an approval, and an end after the session was ready. */
const story = (): Scenario =>
  new Scenario(threadId)
    .send("session.started", { provider: "codex", mode: "managed" })
    .send("turn.started", {}, { native: { turnId: "t1" } })
    .send("item.started", { kind: "agent_message" }, { native: { turnId: "t1", itemId: "i1" } })
    .send("content.delta", { stream: "text", delta: "Hel" }, { native: { turnId: "t1", itemId: "i1" } })
    .send("content.delta", { stream: "text", delta: "lo" }, { native: { turnId: "t1", itemId: "i1" } })
    .send("session.state.changed", { state: "ready" })
    .send("turn.completed", { outcome: "completed" }, { native: { turnId: "t1" } })
    .send("turn.completed", { outcome: "completed" }, { native: { turnId: "t1" } })

const answer = (events: readonly EventEnvelope[], path: string, of = threadId): WhyRow => {
  const found = why(of, () => events, path)
  if (isBadPath(found)) throw new Error(found.problem)
  return found
}

describe("why", () => {
  const { log } = story()
  const turnId = log.find(({ type }) => type === "turn.started")?.turnId ?? ""
  const itemId = log.find(({ type }) => type === "item.started")?.itemId ?? ""

  it("names the event that set a field last, the rule, and what it was before", () => {
    const { earlier, hasMore, path, setBy, value } = answer(log, `turns/${turnId}#outcome`)
    expect({ path, value, hasMore }).toEqual({ path: `turns/${turnId}#outcome`, value: "completed", hasMore: false })
    expect(setBy.event.type).toBe("turn.completed")
    expect(setBy.fields).toMatchObject([
      { field: "outcome", before: "unknown", after: "completed", rule: { number: 2 } },
    ])
    // The session turned inactive first, which ended the turn by inference.
    expect(earlier.map(({ change, event }) => [event.type, change])).toEqual([
      ["session.state.changed", "changed"],
      ["turn.started", "added"],
    ])
    expect(earlier[0]?.fields[0]?.through).toMatchObject([{ number: 1 }, { number: 2 }])
    expect(earlier[0]?.alsoChanged).toContain("session")
  })

  it("follows streamed text to its last piece, and an item that the turn's end closed to the rule of items", () => {
    const text = answer(log, `items/${itemId.slice(0, 20)}#text`)
    expect(text).toMatchObject({ value: "Hello", derivedFrom: ["streamed pieces"] })
    expect(text.setBy.fields).toMatchObject([{ before: "Hel", after: "Hello", rule: { number: 5 } }])
    const status = answer(log, `items/${itemId}#status`).setBy
    expect([status.event.type, status.fields[0]?.rule.number]).toEqual(["session.state.changed", 5])
  })

  it("names the event at which a derived field changed, and what it is made of", () => {
    const { derivedFrom, setBy } = answer(log, "thread#status")
    expect(derivedFrom).toContain("session#status")
    expect([setBy.event.type, setBy.fields[0]?.after]).toEqual(["session.state.changed", "idle"])
    expect(setBy.fields[0]?.rule).toEqual({ number: 16, name: "The summary" })
    expect(setBy.alsoChanged).toContain("session")
  })

  it("tells of a fact by which rule it was told, although the thread's row is written by the summary", () => {
    const named = story().send("thread.renamed", { title: "A name" }, { session: null })
    expect(answer(named.log, "thread#title").setBy.fields[0]?.rule.number).toBe(15)
  })

  it("finds a row that has left the document", () => {
    const queued = story()
      .send("message.queued", { messageId: id("m"), text: "next" }, { session: null })
      .send("message.cancelled", { messageId: id("m") }, { session: null })
    const { exists, setBy, value } = answer(queued.log, "queue/0")
    expect({ exists, value, change: setBy.change }).toEqual({ exists: false, value: null, change: "removed" })
    expect(setBy.event.type).toBe("message.cancelled")
  })

  it("says what there is where the path names nothing", () => {
    const problemOf = (path: string) => {
      const found = why(threadId, () => log, path)
      return isBadPath(found) ? found.problem : null
    }
    expect(problemOf("turns/nope")).toBe(`There is no row turns/nope; there are turns/${turnId}.`)
    expect(problemOf("turn")).toContain('the nearest is "turns"')
    expect(problemOf("usage")).toBe("The thread has no usage.")
  })

  it("says of an event that changed nothing which anomaly it was noted with, and by which rule", () => {
    const last = log.at(-1)
    const found = whyEvent(threadId, log, last?.eventId ?? "")
    expect(found?.changed).toEqual([])
    expect(found?.anomalies).toMatchObject([{ reason: "turn-terminal-duplicate", rule: { number: 2 } }])
    expect(whyEvent(threadId, log, "none")).toBeNull()
    const first = whyEvent(threadId, log, log[0]?.eventId ?? "")
    expect(first?.rule).toEqual({ number: 4, name: "The epoch fence" })
    expect(first?.changed.map(({ row }) => row)).toEqual(["session", "thread"])
  })
})

/** Fields that are asked about per log; all runs together are what the soak counts. */
const perLog = 8
const numRuns = Math.ceil(Number(process.env.THREADFOLD_WHY_FIELDS ?? "120") / perLog)

/** Every field of a document, as a path. */
const fieldsIn = (snapshot: ThreadSnapshot): readonly string[] =>
  (Object.keys(rowKinds) as RowKind[]).flatMap((kind) => {
    const isThere = rowKinds[kind].key.length > 0 || snapshot[kind] !== null
    const keys = rowKinds[kind].key.length > 0 ? keysIn(snapshot, kind) : isThere ? [[]] : []
    return keys.flatMap((key) => rowKinds[kind].fields.map((field) => formatRowPath(kind, key, field)))
  })

const documentOf = (streamId: string, events: readonly EventEnvelope[]): ThreadSnapshot | null => {
  let last = null
  for (const step of walk(streamId, events)) last = step
  return last === null ? null : snapshotOf(last.store.rowsOf(streamId), last.event.sequence)
}

/** Fails unless the field is another at the event that `why` names, had that event not come. */
const prove = (streamId: string, events: readonly EventEnvelope[], path: string): void => {
  const { sequence } = answer(events, path, streamId).setBy.event
  const without = whatIf(streamId, () => events, [{ op: "drop", sequence }], { digest, until: sequence })
  if (without === null || areBad(without)) throw new Error(`${path}: no answer`)
  const [row = "", field = ""] = path.split("#")
  const change = without.rows.find((one) => one.row === row || (one.row === "thread" && one.change === "removed"))
  if (change?.change === "changed")
    expect(
      change.fields.map((one) => one.field),
      path,
    ).toContain(field)
  else expect(change, path).toBeDefined()
}

describe("the event that why names", () => {
  it("is the one without which the field is another, at that event, in any log", async () => {
    const arbWell = arbSession()
    const arbLog = fc.oneof(
      arbWell,
      arbHostile(arbWell),
      arbEvents(30, "turn.", "item.", "content.", "session.", "request."),
    )
    let proved = 0
    const property = pausing(fc.tuple(arbLog, fc.infiniteStream(fc.nat())), ([generated, choices]) => {
      const world = new ManyStreams().takeAll(generated)
      const fields = [...world.logs].flatMap(([streamId, events]) => {
        const snapshot = documentOf(streamId, events)
        return snapshot === null ? [] : fieldsIn(snapshot).map((path) => ({ streamId, events, path }))
      })
      for (const choice of choices) {
        const one = fields[choice % Math.max(1, fields.length)]
        if (one === undefined) return
        prove(one.streamId, one.events, one.path)
        proved += 1
        if (proved % perLog === 0) return
      }
    })
    await fc.assert(property, { numRuns })
    expect(proved).toBeGreaterThanOrEqual(numRuns)
  })
})
