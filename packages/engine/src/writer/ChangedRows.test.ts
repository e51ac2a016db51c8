import { describe, expect, it } from "@effect/vitest"
import type { Change } from "@threadfold/core"
import { ChangedRows } from "./ChangedRows.js"

const removed: Change = { op: "delete", table: "queue", key: ["message"] }
const noted = (sequence: number): Change => ({
  op: "anomaly",
  threadId: "a",
  subject: "turn:\ud83d",
  reason: "turn-unknown",
  sequence,
  detail: null,
})
const cleared: Change = { op: "clear-chunks", itemId: "item" }

const watching = (): ChangedRows => {
  const changed = new ChangedRows()
  changed.watch(true)
  return changed
}

describe("ChangedRows", () => {
  it("gives the keys of what committed batches changed, each once, with the last sequence of its stream", () => {
    const changed = watching()
    changed.note("a", 1, [removed, noted(1)])
    changed.note("b", 2, [cleared])
    changed.note("a", 3, [noted(3)])
    expect(changed.take()).toEqual([])
    changed.commit()
    expect(changed.take()).toEqual([
      {
        streamId: "a",
        sequence: 3,
        refolded: false,
        keys: [
          { table: "queue", key: ["message"] },
          // As the row holds it.
          { table: "anomalies", key: ["a", "turn:\ufffd", "turn-unknown"] },
        ],
      },
      { streamId: "b", sequence: 2, refolded: false, keys: [{ table: "item_chunks", key: ["item"] }] },
    ])
    expect(changed.take()).toEqual([])
  })

  it("forgets a batch that never happened, and keeps the one before it", () => {
    const changed = watching()
    changed.note("a", 1, [removed])
    changed.commit()
    changed.note("a", 2, [cleared])
    changed.refolded("b", 2)
    changed.discard()
    expect(changed.take()?.map(({ keys, sequence, streamId }) => [streamId, sequence, keys.length])).toEqual([
      ["a", 1, 1],
    ])
  })

  it("reports which streams were made again", () => {
    const changed = watching()
    changed.refolded("a", 7)
    changed.commit()
    expect(changed.take()).toEqual([{ streamId: "a", sequence: 7, refolded: true, keys: [] }])
  })

  it("notes nothing without a listener, nor anything of the time before", () => {
    const changed = new ChangedRows()
    changed.note("a", 1, [removed])
    changed.commit()
    expect(changed.take()).toBeNull()
    changed.watch(true)
    expect(changed.take()).toEqual([])
    changed.note("a", 2, [removed])
    changed.commit()
    changed.watch(false)
    changed.watch(true)
    expect(changed.take()).toEqual([])
  })

  it("keeps what is noted when another listener joins", () => {
    const changed = watching()
    changed.note("a", 1, [removed])
    changed.commit()
    changed.note("a", 2, [cleared])
    changed.watch(true)
    changed.commit()
    expect(changed.take()).toMatchObject([{ streamId: "a", sequence: 2, keys: { length: 2 } }])
  })
})
