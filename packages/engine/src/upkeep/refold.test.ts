import { FOLD_VERSION } from "@threadfold/core"
import { hashStream, isAsFolded, verify } from "@threadfold/projections"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type Bench, databases, FakeSource, onFullDisk, submit, t0, upkeepOf } from "../../test/support.js"
import { eventSourceOf } from "../writer/index.js"
import type { RefoldAnswer } from "./upkeep.js"

const clock = () => t0
const readTransaction = <A>(body: () => A): A => body()
const report = ({ driver, store }: Bench) => verify({ source: eventSourceOf(driver), store, readTransaction })
const asFolded = ({ driver, store }: Bench, streamId: string, table: "turns" | "threads" | null = null) =>
  isAsFolded({ source: eventSourceOf(driver), store, readTransaction, table }, streamId)

/** Gives the thread a wrong title and takes a turn away. */
const damage = ({ driver, store }: Bench, streamId: string): void =>
  driver.transaction(() => {
    const thread = store.whole("threads", [streamId])
    const [turn] = [...store.rowsOf(streamId)].filter(({ table }) => table === "turns")
    if (thread === null || turn === undefined || !("turnId" in turn.row)) throw new Error("no thread with a turn")
    store.apply([
      { op: "put", table: "threads", row: { ...thread, title: "wrong" } },
      { op: "delete", table: "turns", key: [String(turn.row.turnId)] },
    ])
  })

describe.each(databases)("a stream that is folded again on demand, %s", (_name, open) => {
  let bench: Bench | undefined
  afterEach(() => {
    bench?.close()
    vi.useRealTimers()
  })

  /** A thread of `deltas` events and some, whose rows are wrong. */
  const damaged = (deltas: number) => {
    const b = open()
    bench = b
    const one = new FakeSource("one")
    b.writer.process([submit(one.start(), one.turn("t"), one.item("t", "i"))])
    b.writer.process([submit(...Array.from({ length: deltas }, (_, n) => one.delta("t", "i", `word ${n} `)))])
    const before = report(b)
    damage(b, one.streamId)
    return { b, before, one }
  }

  it("gets the rows that its events lead to, all at once, while others are appended", () => {
    vi.useFakeTimers()
    const { b, one } = damaged(900)
    expect(asFolded(b, one.streamId)).toBe(false)
    const answers: RefoldAnswer[] = []
    const upkeep = upkeepOf(
      { ...b, clock },
      () => false,
      (streamIds) => b.writer.refolded(streamIds),
    )
    vi.advanceTimersByTime(50)
    upkeep.refold(one.streamId, null, (answer) => answers.push(answer))
    vi.advanceTimersByTime(2)
    expect(answers).toEqual([])
    expect(b.store.whole("threads", [one.streamId])?.title).toBe("wrong")
    // The stream goes on while it is folded: what comes is folded, too.
    b.writer.process([submit(one.delta("t", "i", "and more"))])
    vi.advanceTimersByTime(100)
    // The append wrote the thread's row anew; the turn that is missing is one row.
    expect(answers).toEqual([{ ok: true, rows: 1, refused: null }])
    expect(asFolded(b, one.streamId)).toBe(true)
    expect(b.writer.process([submit(one.complete("t"))])).toMatchObject([{ ok: true }])
    expect(report(b)).toMatchObject({ ok: true, differences: [], stale: [] })
    upkeep.stop()
  })

  it("writes the rows of one table alone, and all of them where another fold made them", () => {
    vi.useFakeTimers()
    const { b, one } = damaged(3)
    const upkeep = upkeepOf({ ...b, clock }, () => false)
    vi.advanceTimersByTime(50)
    const refold = (table: "turns" | "threads"): RefoldAnswer[] => {
      const answers: RefoldAnswer[] = []
      upkeep.refold(one.streamId, table, (answer) => answers.push(answer))
      vi.advanceTimersByTime(50)
      return answers
    }
    expect(refold("turns")).toEqual([{ ok: true, rows: 1, refused: null }])
    expect(asFolded(b, one.streamId, "turns")).toBe(true)
    expect(b.store.whole("threads", [one.streamId])?.title).toBe("wrong")
    const stored = b.store.loadFoldState(one.streamId)
    if (stored === null) throw new Error("no state")
    b.driver.transaction(() => b.store.saveFoldState({ ...stored, foldVersion: FOLD_VERSION - 1 }))
    refold("turns")
    expect(asFolded(b, one.streamId)).toBe(true)
    upkeep.stop()
  })

  it("goes on beside a writer that is never idle", () => {
    vi.useFakeTimers()
    const { b, one } = damaged(600)
    const upkeep = upkeepOf({ ...b, clock }, () => true)
    const answers: RefoldAnswer[] = []
    upkeep.refold(one.streamId, null, (answer) => answers.push(answer))
    vi.advanceTimersByTime(50)
    expect(answers).toEqual([])
    vi.advanceTimersByTime(100)
    expect(answers).toMatchObject([{ ok: true }])
    upkeep.stop()
  })

  it("keeps the old rows where the disk is full, says so, and takes the same call later", () => {
    vi.useFakeTimers()
    const { b, one } = damaged(3)
    const disk = onFullDisk(b.driver)
    const upkeep = upkeepOf({ ...b, clock, driver: disk.driver }, () => false)
    vi.advanceTimersByTime(2_000)
    const old = hashStream(b.store.rowsOf(one.streamId))
    const answers: RefoldAnswer[] = []
    upkeep.refold(one.streamId, null, (answer) => answers.push(answer))
    upkeep.noteRebuild("a point", (answer) => answers.push(answer))
    vi.advanceTimersByTime(50)
    expect(answers.map((answer) => !answer.ok && answer.error._tag)).toEqual(["StorageFull", "StorageFull"])
    expect(hashStream(b.store.rowsOf(one.streamId))).toBe(old)
    disk.hasRoom()
    upkeep.refold(one.streamId, null, (answer) => answers.push(answer))
    vi.advanceTimersByTime(50)
    expect(answers.at(-1)).toMatchObject({ ok: true })
    expect(report(b)).toMatchObject({ ok: true })
    upkeep.stop()
  })

  it("removes rows that no event leads to", () => {
    vi.useFakeTimers()
    const { b, before, one } = damaged(3)
    const thread = b.store.whole("threads", [one.streamId])
    if (thread === null) throw new Error("no thread")
    const orphan = "01990000-0000-7000-8000-00000000abcd"
    b.driver.transaction(() =>
      b.store.apply([{ op: "put", table: "threads", row: { ...thread, threadId: orphan, nativeThreadId: null } }]),
    )
    const upkeep = upkeepOf({ ...b, clock }, () => false)
    for (const streamId of [one.streamId, orphan]) upkeep.refold(streamId, null, () => undefined)
    vi.advanceTimersByTime(100)
    expect(report(b)).toEqual(before)
    upkeep.stop()
  })
})
