import { describe, expect, it, onTestFinished, vi } from "vitest"
import { databases, t0, upkeepOf } from "../../test/support.js"
import { sampleBlob } from "../testing/BlobStoreContract.js"
import { sampleEffect } from "../testing/WorkStoreContract.js"
import { keptMs, pruningOf, unusedBlobMs } from "./upkeep.js"

const ended = (effectId: string, endedAt: number) => sampleEffect(effectId, { status: "delivered", endedAt })

describe.each(databases)("pruning %s", (_name, open) => {
  it("forgets what was answered and ended more than a week ago, a bounded number at a step, and nothing else", () => {
    const { close, driver, work } = open()
    const old = t0 - keptMs
    driver.transaction(() => {
      for (let index = 0; index < 1200; index++) {
        work.insertEffect(ended(`old ${index}`, old - 1 - index))
        work.putReceipt({
          key: `old ${index}`,
          content: "",
          answer: { refused: { reason: "queue-conflict", detail: "" } },
          at: 1,
        })
      }
      work.insertEffect(ended("young", old))
      work.insertEffect(sampleEffect("open", { createdAt: 1 }))
      work.putReceipt({
        key: "young",
        content: "",
        answer: { refused: { reason: "queue-conflict", detail: "" } },
        at: old,
      })
    })
    const left = () =>
      Array.from({ length: 1200 }, (_, index) => index).filter((index) => work.effect(`old ${index}`) !== null).length
    const pruning = pruningOf({ driver, work, clock: () => t0 })
    expect(pruning.step()).toBe(true)
    const rest = left()
    expect(rest).toBeGreaterThan(0)
    expect(rest).toBeLessThan(1200)
    // The oldest went first.
    expect(work.effect("old 1199")).toBeNull()
    expect(work.effect("old 0")).not.toBeNull()
    while (pruning.step());
    expect(left()).toBe(0)
    expect([work.receipt("old 0"), work.receipt("old 1199")]).toEqual([null, null])
    expect([work.effect("young"), work.effect("open"), work.receipt("young")]).not.toContain(null)
    expect(pruning.step()).toBe(false)
    close()
  })

  it("is done by every writer in the background, and again as time goes on", () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const { close, driver, store, work } = open()
    let now = t0
    const old = () => driver.transaction(() => work.insertEffect(ended(`old at ${now}`, now - keptMs - 1)))
    old()
    const upkeep = upkeepOf({ driver, store, work, clock: () => now }, () => false)
    vi.advanceTimersByTime(120_000)
    expect(work.effect(`old at ${t0}`)).toBeNull()
    now += 1
    old()
    vi.advanceTimersByTime(7_200_000)
    expect(work.effect(`old at ${now}`)).toBeNull()
    upkeep.stop()
    expect(vi.getTimerCount()).toBe(0)
    close()
  })

  it("keeps everything when the database refuses, and goes on later", () => {
    const { close, driver, work } = open()
    driver.transaction(() => work.insertEffect(ended("old", 1)))
    let full = true
    const transaction: typeof driver.transaction = (body) =>
      driver.transaction(() => {
        const result = body()
        if (full) throw new Error("disk full")
        return result
      })
    const pruning = pruningOf({ driver: { transaction }, work, clock: () => t0 })
    expect(() => pruning.step()).toThrow("disk full")
    expect(work.effect("old")).not.toBeNull()
    full = false
    expect(pruning.step()).toBe(true)
    expect(work.effect("old")).toBeNull()
    close()
  })
})

describe.each(databases)("blobs %s", (_name, open) => {
  it("go a day after they were last stored, unless a thread refers to them", () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const { close, driver, store, work } = open()
    let now = t0
    const [unused, used, renewed] = ["unused", "used", "renewed"].map(sampleBlob)
    if (unused === undefined || used === undefined || renewed === undefined) throw new Error("no blobs")
    driver.transaction(() => {
      for (const blob of [unused, used, renewed]) work.blobs.put(blob, now)
      work.blobs.refer("thread", [used.hash])
    })
    const upkeep = upkeepOf({ driver, store, work, clock: () => now }, () => false)
    const left = () => [unused, used, renewed].map(({ hash }) => work.blobs.find(hash) !== null)
    now += unusedBlobMs
    driver.transaction(() => work.blobs.put(renewed, now))
    vi.advanceTimersByTime(120_000)
    expect(left()).toEqual([true, true, true])
    now += 1
    vi.advanceTimersByTime(7_200_000)
    expect(left()).toEqual([false, true, true])
    upkeep.stop()
    close()
  })
})
