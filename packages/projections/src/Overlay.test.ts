import type { Change } from "@threadfold/core"
import { MapStore, Overlay } from "@threadfold/core/model"
import { describe, expect, it } from "vitest"
import { putRow } from "./testing/fixtures.js"

const turn = { turnId: "u1", threadId: "t", sessionId: "s", ordinal: 1, origin: "client" } as const
const over = { outcome: "completed", cause: "provider", evidence: "observed", settled: 1 } as const
const item = { itemId: "i", threadId: "t", ordinal: 1, kind: "command", status: "open" } as const
const chunk = (ordinal: number) => putRow("item_chunks", { itemId: "i", ordinal, threadId: "t", text: "x" })

const net = (changes: readonly Change[], overlay = new Overlay(new MapStore())): readonly Change[] => {
  overlay.stage(changes)
  return overlay.net()
}

describe("Overlay", () => {
  it("nets to one change per row: the last one", () => {
    const last = putRow("turns", { ...turn, status: "running", items: 2 })
    expect(net([putRow("turns", { ...turn, status: "running" }), last])).toEqual([last])
  })

  it("keeps a pending heavy column that a later change leaves out", () => {
    const changes = [
      putRow("turns", { ...turn, status: "running", diff: "+1" }),
      putRow("turns", { ...turn, status: "running" }),
    ]
    expect(net(changes)).toEqual([putRow("turns", { ...turn, status: "running", diff: "+1" })])
  })

  it("keeps heavy columns of any earlier change, an empty one too, until the row is deleted", () => {
    const row = { ...turn, status: "running" } as const
    const changes = [
      putRow("turns", { ...row, diff: "+1", text: "a" }),
      putRow("turns", { ...row, items: 1, diff: null }),
      putRow("turns", { ...row, items: 2 }),
    ]
    const overlay = new Overlay(new MapStore())
    expect(net(changes, overlay)).toEqual([putRow("turns", { ...row, items: 2, diff: null, text: "a" })])
    expect(overlay.find("turns", "key", ["u1"])).not.toHaveProperty("text")
    expect(overlay.whole("turns", ["u1"])).toMatchObject({ items: 2, diff: null, text: "a" })
    const back = net([{ op: "delete", table: "turns", key: ["u1"] }, putRow("turns", row)], overlay)
    expect(back).toEqual([putRow("turns", { ...row, text: null, parts: null, diff: null, proposal: null })])
  })

  it("says which rows are new: those that it has looked for in vain, and those with an id that was made just now", () => {
    const overlay = new Overlay(new MapStore())
    const second = { ...turn, turnId: "u2", ordinal: 2, status: "requested" } as const
    expect(overlay.find("items", "key", ["i"])).toBeNull()
    overlay.minted("u1")
    const changes = [putRow("turns", { ...turn, status: "running" }), putRow("turns", second), putRow("items", item)]
    expect(net(changes, overlay)).toEqual([
      putRow("turns", second),
      { ...putRow("turns", { ...turn, status: "running" }), isNew: true },
      { ...putRow("items", item), isNew: true },
    ])
    overlay.clear()
    expect(net([putRow("items", item)], overlay)).toEqual([putRow("items", item)])
  })

  it("writes the row that leaves an active state before the one that enters, however they were staged", () => {
    const enters = putRow("turns", { ...turn, turnId: "u2", ordinal: 2, status: "running" })
    const leaves = putRow("turns", { ...turn, status: "ended", ...over })
    expect(net([putRow("turns", { ...turn, turnId: "u2", ordinal: 2, status: "requested" }), leaves, enters])).toEqual([
      leaves,
      enters,
    ])
  })

  it("drops pending chunks of an item whose final text came, and keeps later ones", () => {
    const clear: Change = { op: "clear-chunks", itemId: "i" }
    const held = putRow("items", item)
    expect(net([held, chunk(0), chunk(1), clear, chunk(0)])).toEqual([held, clear, chunk(0)])
  })

  it("sees a stored chunk no more once it was cleared", () => {
    const store = new MapStore()
    store.apply([putRow("items", item), chunk(0)])
    const overlay = new Overlay(store)
    overlay.stage([{ op: "clear-chunks", itemId: "i" }])
    expect(overlay.find("item_chunks", "key", ["i", 0])).toBeNull()
    overlay.clear()
    expect(overlay.find("item_chunks", "key", ["i", 0])).not.toBeNull()
  })

  it("never reads all of many stored rows of one native id, as long as the newest is still called so", () => {
    const store = new MapStore()
    const named = (n: number, status: "open" | "completed") =>
      putRow("items", {
        ...item,
        itemId: `i${n}`,
        ordinal: n,
        sessionId: "s",
        nativeItemId: "item-1",
        status,
        ...(status === "open" ? {} : { cause: "provider", evidence: "observed" as const, endedAt: 1 }),
      })
    for (let n = 1; n <= 20; n++) store.apply([named(n, "completed")])
    const findAll: MapStore["findAll"] = () => expect.fail("all of them were read")
    const overlay = new Overlay(Object.assign(Object.create(store), { findAll }))
    overlay.stage([named(20, "completed")])
    expect(overlay.find("items", "byNativeInSession", ["s", "item-1"])?.itemId).toBe("i20")
    overlay.stage([named(3, "completed")])
    expect(overlay.find("items", "byNativeInSession", ["s", "item-1"])?.itemId).toBe("i20")
    overlay.stage([named(21, "open")])
    expect(overlay.find("items", "byNativeInSession", ["s", "item-1"])?.itemId).toBe("i21")
  })

  it("judges a stored row by its pending change alone, and falls back to the next match", () => {
    const store = new MapStore()
    const native = { nativeTurnId: "n", status: "ended", ...over } as const
    store.apply([
      putRow("turns", { ...turn, ...native }),
      putRow("turns", { ...turn, ...native, turnId: "u2", ordinal: 2 }),
    ])
    const overlay = new Overlay(store)
    expect(overlay.find("turns", "byNativeInThread", ["t", "n"])?.turnId).toBe("u2")
    overlay.stage([putRow("turns", { ...turn, ...native, turnId: "u2", ordinal: 2, nativeTurnId: "m" })])
    expect(overlay.find("turns", "byNativeInThread", ["t", "n"])?.turnId).toBe("u1")
    expect(overlay.find("turns", "byNativeInThread", ["t", "m"])?.turnId).toBe("u2")
    overlay.stage([{ op: "delete", table: "turns", key: ["u1"] }])
    expect(overlay.find("turns", "byNativeInThread", ["t", "n"])).toBeNull()
  })

  it("brings a deleted row back empty: nothing that was stored shines through", () => {
    const store = new MapStore()
    store.apply([putRow("turns", { ...turn, status: "running", text: "old" })])
    const overlay = new Overlay(store)
    overlay.stage([{ op: "delete", table: "turns", key: ["u1"] }, putRow("turns", { ...turn, status: "running" })])
    store.apply(overlay.net())
    expect([...store.rowsOf("t")].map(({ row }) => row)).toEqual([expect.objectContaining({ text: null })])
  })

  it("is empty before the first change and after the batch", () => {
    const overlay = new Overlay(new MapStore())
    expect([overlay.isEmpty, overlay.net()]).toEqual([true, []])
    overlay.stage([{ op: "clear-chunks", itemId: "i" }])
    expect(overlay.isEmpty).toBe(false)
    overlay.clear()
    expect(overlay.isEmpty).toBe(true)
  })
})
