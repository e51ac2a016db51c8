/** The contract of every `WorkStore`. A new kind of store runs this suite. */
import { type EffectRow, EffectStatus } from "@threadfold/contracts"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import type { StoredReceipt, WorkStore } from "../work/index.js"

/** A fresh, empty store, the transaction that it takes part in, and how to get rid of it. */
export interface WorkUnderTest {
  readonly work: WorkStore
  /** Runs `body` as the log's transaction does; its writes are rolled back when it throws. */
  readonly atomically: <A>(body: () => A) => A
  readonly dispose: () => void
}

/** A new effect, with these fields. */
export const sampleEffect = (effectId: string, fields: Partial<EffectRow> = {}): EffectRow => ({
  effectId,
  threadId: "thread",
  kind: "turn.start",
  status: "pending",
  commandId: "command",
  sessionId: null,
  turnId: null,
  requestId: null,
  messageId: null,
  payload: null,
  token: null,
  attempts: 0,
  message: null,
  createdAt: 1,
  endedAt: null,
  ...fields,
})

const receipt = (key: string, at = 1): StoredReceipt => ({
  key,
  content: `content of ${key}`,
  answer: { accepted: { commandId: key, threadId: "t", turnId: null, messageId: null, sequence: 7 } },
  at,
})

/** The fields that go with a status. */
const going = (status: EffectRow["status"]): Pick<EffectRow, "status" | "token" | "endedAt"> => ({
  status,
  token: status === "attempting" ? "token" : null,
  endedAt: status === "pending" || status === "attempting" ? null : 9,
})

/** Registers the suite for one kind of store. */
export const workStoreContract = (name: string, open: () => WorkUnderTest): void => {
  describe(`WorkStore: ${name}`, () => {
    const opened: WorkUnderTest[] = []
    const fresh = (): WorkUnderTest => {
      const made = open()
      opened.push(made)
      return made
    }
    afterEach(() => {
      for (const { dispose } of opened.splice(0)) dispose()
    })

    it("keeps answers under their keys, accepted and refused ones, and never another one under the same key", () => {
      const { work } = fresh()
      const refused: StoredReceipt = {
        ...receipt("b"),
        answer: { refused: { reason: "turn-active", detail: "Turn 1 runs; äöü 🧵" } },
      }
      work.putReceipt(receipt("a"))
      work.putReceipt(refused)
      expect(work.receipt("a")).toEqual(receipt("a"))
      expect(work.receipt("b")).toEqual(refused)
      expect(work.receipt("c")).toBeNull()
      expect(() => work.putReceipt({ ...receipt("a"), content: "other" })).toThrow()
      expect(work.receipt("a")).toEqual(receipt("a"))
    })

    it("keeps effects whole, and none twice", () => {
      const { work } = fresh()
      const whole = sampleEffect("whole", {
        kind: "turn.steer",
        sessionId: "s",
        turnId: "t",
        requestId: "r",
        messageId: "m",
        attempts: 3,
        message: "why",
        createdAt: 1_795_150_511_000,
        ...going("failed"),
      })
      work.insertEffect(whole)
      work.insertEffect(sampleEffect("bare"))
      expect(work.effect("whole")).toEqual(whole)
      expect(work.effect("bare")).toEqual(sampleEffect("bare"))
      expect(work.effect("missing")).toBeNull()
      expect(() => work.insertEffect(sampleEffect("bare", { threadId: "other" }))).toThrow()
      expect(work.effect("bare")?.threadId).toBe("thread")
    })

    it("keeps the payload of a call unchanged, whatever JSON it is", () => {
      const { work } = fresh()
      let count = 0
      fc.assert(
        fc.property(fc.jsonValue(), (payload) => {
          const effectId = `effect ${++count}`
          const stored: unknown = JSON.parse(JSON.stringify(payload))
          work.insertEffect(sampleEffect(effectId, { payload: stored }))
          expect(work.effect(effectId)?.payload).toEqual(stored)
        }),
      )
    })

    it("changes only the named fields of an effect, and only of one that exists", () => {
      const { work } = fresh()
      const before = sampleEffect("a", { payload: { text: "x" }, turnId: "t", message: "first" })
      work.insertEffect(before)
      work.insertEffect(sampleEffect("b"))
      work.patchEffect("a", { ...going("attempting"), attempts: 1, sessionId: "s" })
      expect(work.effect("a")).toEqual({ ...before, ...going("attempting"), attempts: 1, sessionId: "s" })
      work.patchEffect("a", going("delivered"))
      expect(work.effect("a")).toMatchObject({ status: "delivered", token: null, attempts: 1, message: "first" })
      work.patchEffect("a", { message: null, sessionId: null })
      expect(work.effect("a")).toMatchObject({ message: null, sessionId: null, status: "delivered" })
      expect(work.effect("b")).toEqual(sampleEffect("b"))
      expect(() => work.patchEffect("missing", going("failed"))).toThrow()
    })

    it("refuses an effect that contradicts itself: a lease without an attempt, an ended status without a time of the end", () => {
      const { work } = fresh()
      work.insertEffect(sampleEffect("a"))
      for (const status of EffectStatus.literals) {
        const right = going(status)
        const wrong = [
          { ...right, token: right.token === null ? "token" : null },
          { ...right, endedAt: right.endedAt === null ? 9 : null },
        ]
        for (const fields of wrong) {
          expect(() => work.patchEffect("a", fields)).toThrow()
          expect(() => work.insertEffect(sampleEffect("b", fields))).toThrow()
          expect(work.effect("a")).toEqual(sampleEffect("a"))
          expect(work.effect("b")).toBeNull()
        }
      }
    })

    it("knows of a turn whether a call about it is being attempted", () => {
      const { work } = fresh()
      work.insertEffect(sampleEffect("other", { turnId: "t2", ...going("attempting") }))
      work.insertEffect(sampleEffect("a", { turnId: "t1" }))
      work.insertEffect(sampleEffect("b", { turnId: "t1", kind: "turn.interrupt" }))
      for (const status of EffectStatus.literals) {
        work.patchEffect("b", going(status))
        expect(work.attempting("t1")).toBe(status === "attempting")
      }
      expect(work.attempting("t2")).toBe(true)
      expect(work.attempting("missing")).toBe(false)
    })

    it("finds the call that carries a message, the latest where there are several", () => {
      const { work } = fresh()
      work.insertEffect(sampleEffect("z", { kind: "turn.steer", messageId: "m1", sessionId: "s" }))
      work.insertEffect(sampleEffect("other", { kind: "turn.steer", messageId: "m2" }))
      work.insertEffect(sampleEffect("none"))
      expect(work.steer("m1")).toEqual(work.effect("z"))
      work.insertEffect(sampleEffect("a", { kind: "turn.steer", messageId: "m1" }))
      work.patchEffect("a", going("delivered"))
      expect(work.steer("m1")).toEqual(work.effect("a"))
      expect(work.steer("m3")).toBeNull()
    })

    it("finds the latest call of a kind about a turn or a question that was begun, of a thread the one under way", () => {
      const { work } = fresh()
      const find = () => [
        work.latestEffect("turn", "t1", "turn.start")?.effectId ?? null,
        work.latestEffect("request", "r1", "request.answer")?.effectId ?? null,
        work.latestEffect("thread", "thread", "turn.start")?.effectId ?? null,
      ]
      work.insertEffect(sampleEffect("z", { turnId: "t1" }))
      work.insertEffect(sampleEffect("q", { kind: "request.answer", requestId: "r1", threadId: "other" }))
      expect(find()).toEqual([null, null, null])
      for (const effectId of ["z", "q"]) work.patchEffect(effectId, { ...going("attempting"), attempts: 1 })
      expect(find()).toEqual(["z", "q", "z"])
      for (const effectId of ["z", "q"]) work.patchEffect(effectId, going("delivered"))
      expect(find()).toEqual(["z", "q", null])
      work.insertEffect(sampleEffect("a", { turnId: "t1", attempts: 1, ...going("attempting") }))
      work.insertEffect(
        sampleEffect("b", { turnId: "t1", kind: "turn.interrupt", attempts: 1, ...going("attempting") }),
      )
      expect(find()).toEqual(["a", "q", "a"])
      expect(work.latestEffect("turn", "t2", "turn.start")).toBeNull()
    })

    it("rolls back what a failed transaction wrote", () => {
      const { atomically, work } = fresh()
      atomically(() => {
        work.putReceipt(receipt("kept"))
        work.insertEffect(sampleEffect("kept"))
      })
      expect(() =>
        atomically(() => {
          work.putReceipt(receipt("gone"))
          work.insertEffect(sampleEffect("gone"))
          work.patchEffect("kept", going("delivered"))
          work.prune(100, 10)
          throw new Error("no")
        }),
      ).toThrow("no")
      expect([work.receipt("gone"), work.effect("gone")]).toEqual([null, null])
      expect([work.receipt("kept"), work.effect("kept")]).toEqual([receipt("kept"), sampleEffect("kept")])
    })

    it("forgets the oldest answers and ended effects first, at most the given number, and nothing that is open or young", () => {
      const { work } = fresh()
      for (const [index, at] of [30, 10, 20, 50].entries()) {
        work.putReceipt(receipt(`receipt at ${at}`, at))
        work.insertEffect(sampleEffect(`ended at ${at}`, { ...going("delivered"), endedAt: at }))
        work.insertEffect(
          sampleEffect(`open ${index}`, { createdAt: 1, ...going(index === 0 ? "attempting" : "pending") }),
        )
      }
      const left = () => [10, 20, 30, 50].map((at) => [work.receipt(`receipt at ${at}`), work.effect(`ended at ${at}`)])
      const kept = () => left().map((both) => both.map((one) => one !== null))
      expect(work.prune(10, 100)).toBe(0)
      expect(work.prune(50, 2)).toBe(4)
      expect(kept()).toEqual([
        [false, false],
        [false, false],
        [true, true],
        [true, true],
      ])
      expect(work.prune(50, 2)).toBe(2)
      expect(work.prune(50, 2)).toBe(0)
      expect(kept().at(-1)).toEqual([true, true])
      expect([0, 1, 2, 3].every((index) => work.effect(`open ${index}`) !== null)).toBe(true)
    })

    it("distinguishes an answer from an effect of the same name", () => {
      const { work } = fresh()
      work.putReceipt(receipt("same", 1))
      work.insertEffect(sampleEffect("same"))
      expect(work.prune(5, 5)).toBe(1)
      expect(work.effect("same")).toEqual(sampleEffect("same"))
    })

    it("removes few effects at a time where they are long, and one that is longer than a step alone", () => {
      for (const remove of [
        (work: WorkStore) => work.removeSome("thread", 100).count,
        (work: WorkStore) => work.prune(50, 100),
      ]) {
        const { work } = fresh()
        const sizes = [...Array.from({ length: 20 }, () => 1), ...Array.from({ length: 5 }, () => 100), 1_000, 1, 1]
        sizes.forEach((kib, index) => {
          work.insertEffect(
            sampleEffect(`effect ${index}`, { ...going("delivered"), payload: { text: "x".repeat(kib * 1_024) } }),
          )
        })
        const isLeft = (_size: number, index: number) => work.effect(`effect ${index}`) !== null
        for (let left = sizes, steps = 0; left.length > 0; steps++) {
          expect(steps).toBeLessThan(6)
          const count = remove(work)
          const after = sizes.filter(isLeft)
          const gone = left.slice(0, count)
          expect(after).toEqual(left.slice(count))
          expect(gone.reduce((sum, kib) => sum + kib, 0) <= 256 || count === 1).toBe(true)
          left = after
        }
        expect(remove(work)).toBe(0)
      }
    })

    it("knows which background tasks of a thread are being ended", () => {
      const { work } = fresh()
      const stop = (effectId: string, taskId: string, more: Partial<EffectRow> = {}) =>
        work.insertEffect(sampleEffect(effectId, { threadId: "one", kind: "task.stop", payload: { taskId }, ...more }))
      stop("ended", "ended", going("failed"))
      stop("pending", "pending")
      stop("called", "called", going("attempting"))
      stop("elsewhere", "elsewhere", { threadId: "two" })
      stop("interrupt", "interrupt", { kind: "turn.interrupt" })
      const asked = ["ended", "pending", "called", "elsewhere", "interrupt", "missing"]
      expect(asked.filter((taskId) => work.stoppingTask("one", taskId))).toEqual(["pending", "called"])
      work.patchEffect("pending", going("delivered"))
      expect(work.stoppingTask("one", "pending")).toBe(false)
    })

    it("removes what is about a thread, so many at a time, and knows its open calls", () => {
      const { work } = fresh()
      const refused = { refused: { reason: "thread-busy", detail: "It runs." } } as const
      for (const n of [1, 2, 3]) work.putReceipt({ ...receipt(`of one ${n}`), answer: refused }, "one")
      work.putReceipt(receipt("accepted of one"), "one")
      work.putReceipt(receipt("of two"), "two")
      work.putReceipt(receipt("of none"))
      work.insertEffect(sampleEffect("ended", { threadId: "one", ...going("failed") }))
      work.insertEffect(sampleEffect("open", { threadId: "one" }))
      work.insertEffect(sampleEffect("other", { threadId: "two", ...going("failed") }))
      expect([work.openEffect("one")?.effectId, work.openEffect("two")]).toEqual(["open", null])
      const steps = [
        work.removeSome("one", 2),
        work.removeSome("one", 2),
        work.removeSome("one", 2),
        work.removeSome("one", 2),
      ]
      expect(steps.map(({ seen }) => seen)).toEqual([2, 2, 1, 0])
      expect(steps.reduce((sum, { count }) => sum + count, 0)).toBe(4)
      expect(steps.every(({ bytes, count }) => bytes > 0 === count > 0)).toBe(true)
      expect([work.receipt("of one 1"), work.receipt("of one 3"), work.effect("ended")]).toEqual([null, null, null])
      expect(work.receipt("accepted of one")).toEqual(receipt("accepted of one"))
      expect(
        [work.receipt("of two"), work.receipt("of none"), work.effect("open"), work.effect("other")].includes(null),
      ).toBe(false)
    })
  })
}
