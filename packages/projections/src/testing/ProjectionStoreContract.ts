/** What every `ProjectionStore` must do. A package that brings a store of its own runs this against it. */

import { type Change, canonicalJson } from "@threadfold/core"
import { MapStore, Overlay, type RowsSource } from "@threadfold/core/model"
import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import type { ProjectionStore } from "../ProjectionStore.js"
import { expectSame, makeRow, putRow } from "./fixtures.js"
import { listQuestions, questions, randomBatches, randomStreams } from "./randomChanges.js"

/** A fresh, empty store and how to get rid of it. */
export interface StoreUnderTest {
  readonly store: ProjectionStore
  readonly dispose: () => void
}

/** Everything a store holds about a stream, in plain values. */
export const contentsOf = (store: ProjectionStore, streamId: string): readonly unknown[] => [
  ...[...store.rowsOf(streamId)].map(({ table, row }) => [table, { ...row }]),
  store.loadFoldState(streamId),
]

const byText = (a: unknown, b: unknown): number => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)

const answers = (source: RowsSource): readonly unknown[] => [
  ...questions.map(({ table, lookup, values }) => [
    { table, lookup, values, one: source.find(table, lookup, values), all: source.findAll(table, lookup, values) },
    ...(lookup === "key" ? [{ table, values, whole: source.whole(table, present(values)) }] : []),
  ]),
  // A list has no order of its own.
  ...listQuestions.map(({ table, name, values }) => [
    { table, name, values, listed: [...source.list(table, name, values)].sort(byText) },
  ]),
]

const present = (values: readonly (string | number | null)[]): readonly (string | number)[] =>
  values.flatMap((one) => one ?? [])

/** Pending rows hold text as the fold made it; what no database can hold of it is replaced when it is stored. */
const storable = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === "string" ? Buffer.from(each).toString() : each)))

/** Registers the suite for one kind of store. */
export const projectionStoreContract = (name: string, open: () => StoreUnderTest): void => {
  describe(`ProjectionStore: ${name}`, () => {
    const opened: StoreUnderTest[] = []
    const fresh = (): ProjectionStore => {
      const made = open()
      opened.push(made)
      return made.store
    }
    afterEach(() => {
      for (const { dispose } of opened.splice(0)) dispose()
    })

    it("holds what the model holds, batch for batch, and finds what the overlay should see", () =>
      fc.assert(
        pausing(randomBatches, (batches) => {
          const store = fresh()
          const overlay = new Overlay(store)
          // The model takes every change at once, without an overlay.
          const model = new MapStore()
          for (const { steps, fails } of batches) {
            const run = () => {
              for (const changes of steps) {
                overlay.stage(changes)
                model.apply(changes)
                expectSame(answers(overlay), answers(model), storable)
              }
              store.apply(overlay.net())
              overlay.clear()
              expectSame(answers(store), answers(model))
              if (fails) throw new Error("rolled back")
            }
            const both = () => store.atomically(() => model.atomically(run))
            if (fails) expect(both).toThrow("rolled back")
            else both()
            for (const streamId of randomStreams) {
              expectSame(contentsOf(store, streamId), contentsOf(model, streamId))
            }
          }
        }),
        { numRuns: Number(process.env.THREADFOLD_RUNS ?? "30") },
      ))

    it("takes changes as the fold makes them, without netting", () =>
      fc.assert(
        pausing(randomBatches, (batches) => {
          const store = fresh()
          const model = new MapStore()
          for (const { steps, fails } of batches) {
            if (fails) continue
            for (const changes of steps) {
              store.apply(changes)
              model.apply(changes)
            }
          }
          for (const streamId of randomStreams) {
            expectSame(contentsOf(store, streamId), contentsOf(model, streamId))
          }
        }),
        { numRuns: Number(process.env.THREADFOLD_RUNS ?? "15") },
      ))

    it("lists rows in table order, then by key in the order of UTF-8 bytes", () => {
      const store = fresh()
      const note = (subject: string): Change => ({
        op: "anomaly",
        threadId: "t",
        subject,
        reason: "turn-unknown",
        sequence: 1,
        detail: null,
      })
      store.apply([note("\u{1f600}"), note("\uffff"), note("a"), putRow("threads", { threadId: "t", status: "idle" })])
      expect([...store.rowsOf("t")].map(({ table, row }) => [table, "subject" in row ? row.subject : null])).toEqual([
        ["threads", null],
        ["anomalies", "a"],
        ["anomalies", "\uffff"],
        ["anomalies", "\u{1f600}"],
      ])
    })

    it("puts text behind that of the chunk that is stored, pending, or not there", () => {
      const store = fresh()
      const overlay = new Overlay(store)
      const piece = (text: string, ordinal: number, sequence: number) => ({
        itemId: "i",
        ordinal,
        threadId: "t",
        part: 0,
        text,
        sequence,
      })
      const commit = (): void => {
        store.apply(overlay.net())
        overlay.clear()
      }
      const append = (text: string, ordinal: number, sequence: number, drop?: 1): void =>
        overlay.stage([{ op: "append-chunk", row: piece(text, ordinal, sequence), ...(drop === 1 ? { drop } : {}) }])
      const item = { itemId: "i", threadId: "t", ordinal: 1, kind: "agent_message", status: "open" } as const
      overlay.stage([putRow("threads", { threadId: "t", status: "idle" }), putRow("items", item)])
      append("a", 0, 1)
      append("b", 0, 2)
      commit()
      append("c", 0, 3)
      append("d", 0, 4)
      expect(overlay.find("item_chunks", "key", ["i", 0])).toEqual(piece("abcd", 0, 4))
      commit()
      append("e", 1, 5)
      commit()
      const chunks = () => [...store.rowsOf("t")].flatMap(({ table, row }) => (table === "item_chunks" ? [row] : []))
      expect(chunks()).toEqual([piece("abcd", 0, 4), piece("e", 1, 5)])
      overlay.stage([{ op: "clear-chunks", itemId: "i" }])
      append("new", 0, 6)
      commit()
      expect(chunks()).toEqual([piece("new", 0, 6)])
      // What stands for half a pair gives way to the whole of it, stored or pending; a NUL before it is text like any other.
      append("\0\ufffd", 0, 7)
      append("", 0, 8)
      append("😀", 0, 9, 1)
      commit()
      expect(chunks()).toEqual([piece("new\0😀", 0, 9)])
      append("\ufffd", 0, 10)
      commit()
      append("", 0, 11)
      append("😀!", 0, 12, 1)
      append("\ufffd", 0, 13)
      append("😀", 0, 14, 1)
      expect(overlay.find("item_chunks", "key", ["i", 0])).toEqual(piece("new\0😀😀!😀", 0, 14))
      commit()
      expect(chunks()).toEqual([piece("new\0😀😀!😀", 0, 14)])
    })

    it("keeps heavy columns that a row leaves out, and never returns them from a find", () => {
      const store = fresh()
      const turn = { turnId: "u", threadId: "t", ordinal: 1, origin: "client", status: "running" } as const
      store.apply([putRow("turns", { ...turn, text: "hello", diff: "+1" })])
      store.apply([putRow("turns", { ...turn, diff: null, items: 3 })])
      expect([...store.rowsOf("t")].map(({ row }) => row)).toEqual([
        { ...makeRow("turns", turn), text: "hello", parts: null, diff: null, proposal: null, items: 3 },
      ])
      expect(store.find("turns", "key", ["u"])).toEqual({ ...makeRow("turns", turn), items: 3 })
      const whole = { ...makeRow("turns", turn), text: "hello", parts: null, diff: null, proposal: null, items: 3 }
      expect(store.whole("turns", ["u"])).toEqual(whole)
      const overlay = new Overlay(store)
      overlay.stage([putRow("turns", { ...turn, diff: "+2" })])
      expect(overlay.whole("turns", ["u"])).toEqual({ ...whole, diff: "+2", items: 0 })
      expect([store.whole("turns", ["v"]), overlay.whole("turns", ["v"])]).toEqual([null, null])
    })

    it("counts anomalies per key, with the first and the last sequence", () => {
      const store = fresh()
      const overlay = new Overlay(store)
      const note = (sequence: number, detail: string | null): Change => ({
        op: "anomaly",
        threadId: "t",
        subject: "turn:u",
        reason: "turn-unknown",
        sequence,
        detail,
      })
      overlay.stage([note(3, "first"), note(4, null)])
      store.apply(overlay.net())
      overlay.clear()
      overlay.stage([note(9, "last")])
      store.apply(overlay.net())
      expect(store.find("anomalies", "key", ["t", "turn:u", "turn-unknown"])).toEqual({
        threadId: "t",
        subject: "turn:u",
        reason: "turn-unknown",
        count: 3,
        firstSequence: 3,
        lastSequence: 9,
        detail: "last",
      })
    })

    it("refuses to give a row of one stream to another, in a batch and across batches", () => {
      const store = fresh()
      const mine = putRow("queue", { messageId: "m", threadId: "a", position: 1, text: "mine" })
      const theirs = putRow("queue", { messageId: "m", threadId: "b", position: 1, text: "theirs" })
      const overlay = new Overlay(store)
      overlay.stage([mine])
      expect(() => overlay.stage([theirs])).toThrow("belongs to")
      store.apply([mine])
      expect(() => store.apply([theirs])).toThrow(expect.objectContaining({ code: "SQLITE_CONSTRAINT_TRIGGER" }))
      expect(store.find("queue", "key", ["m"])).toMatchObject({ threadId: "a" })
    })

    it("clears one stream and leaves the others", () => {
      const store = fresh()
      for (const thread of ["a", "b"]) {
        store.apply([
          putRow("threads", { threadId: thread, status: "idle" }),
          putRow("items", { itemId: `${thread}-i`, threadId: thread, ordinal: 1, kind: "other", status: "open" }),
          putRow("item_chunks", { itemId: `${thread}-i`, ordinal: 0, threadId: thread, text: "x" }),
        ])
        store.saveFoldState({ streamId: thread, foldVersion: 1, streamVersion: 2, status: "ok", state: "{}" })
      }
      const neighbour = contentsOf(store, "b")
      store.clearStream("a")
      expect(contentsOf(store, "a")).toEqual([null])
      expect(contentsOf(store, "b")).toEqual(neighbour)
    })

    it("pages fold states in the order of their ids and replaces them", () => {
      const store = fresh()
      const state = (streamId: string, streamVersion: number, status: "ok" | "frozen") => ({
        streamId,
        foldVersion: 2,
        streamVersion,
        status,
        state: `{"n":${streamVersion}}`,
      })
      for (const streamId of ["c", "a", "b"]) store.saveFoldState(state(streamId, 1, "ok"))
      store.saveFoldState(state("b", 7, "frozen"))
      expect(store.streams(null, 2)).toEqual([state("a", 1, "ok"), state("b", 7, "frozen")])
      expect(store.streams("b", 2)).toEqual([state("c", 1, "ok")])
      expect(store.loadFoldState("b")).toEqual(state("b", 7, "frozen"))
      expect(store.loadFoldState("z")).toBeNull()
      store.apply([putRow("usage", { threadId: "d" }), putRow("connections", { connectionId: "aa", status: "open" })])
      expect(store.owners(null, 9)).toEqual(["a", "aa", "b", "c", "d"])
      expect(store.owners("aa", 2)).toEqual(["b", "c"])
    })

    it("takes back rows, states and values of a failed inner step, and keeps those of the outer one", () => {
      const store = fresh()
      store.atomically(() => {
        store.apply([putRow("threads", { threadId: "outer", status: "idle" })])
        store.setMeta("k", "outer")
        expect(() =>
          store.atomically(() => {
            store.apply([putRow("threads", { threadId: "inner", status: "idle" })])
            store.saveFoldState({ streamId: "inner", foldVersion: 1, streamVersion: 1, status: "ok", state: "{}" })
            store.setMeta("k", null)
            store.clearStream("outer")
            throw new Error("inner")
          }),
        ).toThrow("inner")
      })
      expect(contentsOf(store, "inner")).toEqual([null])
      expect(store.find("threads", "key", ["outer"])).not.toBeNull()
      expect(store.getMeta("k")).toBe("outer")
      store.setMeta("k", null)
      expect(store.getMeta("k")).toBeNull()
    })

    it("tells the sessions of a thread in order, and whether another thread has one on a connection", () => {
      const store = fresh()
      const ended = { status: "stopped", mode: "managed", endedAt: 1, evidence: "observed" } as const
      const session = (threadId: string, epoch: number, connectionId: string | null) =>
        putRow("sessions", { ...ended, sessionId: `${threadId} ${epoch}`, threadId, epoch, connectionId })
      store.apply([session("a", 2, null), session("a", 1, "own"), session("a", 3, "shared"), session("b", 1, "shared")])
      expect(store.sessionsAfter("a", 0, 2)).toEqual([
        { epoch: 1, connectionId: "own" },
        { epoch: 2, connectionId: null },
      ])
      expect(store.sessionsAfter("a", 2, 2)).toEqual([{ epoch: 3, connectionId: "shared" }])
      expect(store.sessionsAfter("a", 3, 2)).toEqual([])
      expect(["own", "shared", "nobody's"].map((id) => store.servesOther(id, "a"))).toEqual([false, true, false])
    })

    it("tells which connections were opened for a thread, which another one keeps until it is purged", () => {
      const store = fresh()
      const opened = (connectionId: string, openedFor: string | null) =>
        putRow("connections", { connectionId, status: "closed", openedFor })
      store.apply([
        ...["c3", "c1", "c2"].map((connectionId) => opened(connectionId, "a")),
        opened("theirs", "b"),
        opened("gone", "purged"),
        opened("unknown", null),
        putRow("threads", { threadId: "a", status: "idle" }),
        putRow("threads", { threadId: "b", status: "idle" }),
        putRow("threads", { threadId: "purged", status: "purged" }),
      ])
      expect(store.openedFor("a", "", 2)).toEqual(["c1", "c2"])
      expect(store.openedFor("a", "c2", 2)).toEqual(["c3"])
      expect(store.openedFor("a", "c3", 2)).toEqual([])
      const asked = ["c1", "theirs", "gone", "unknown", "nobody's"]
      expect(asked.filter((connectionId) => store.servesOther(connectionId, "a"))).toEqual(["theirs"])
      expect(store.servesOther("c1", "b")).toBe(true)
    })

    it("removes the rows of a stream but that of its thread, so many at a time, an item behind its chunks", () => {
      const store = fresh()
      const rows = (threadId: string) => [
        putRow("threads", { threadId, status: "idle" }),
        ...[1, 2].flatMap((n) => {
          const itemId = `${threadId} item ${n}`
          const chunk = (ordinal: number) => putRow("item_chunks", { itemId, ordinal, threadId, text: "piece" })
          return [
            putRow("items", { itemId, threadId, ordinal: n, chunks: 3, status: "open" }),
            chunk(0),
            chunk(1),
            chunk(2),
          ]
        }),
        putRow("usage", { threadId }),
      ]
      store.apply([...rows("gone"), ...rows("kept")])
      const kept = contentsOf(store, "kept")
      const steps = [2, 3, 4, 9, 9].map((limit) => store.removeSome("gone", limit))
      expect(steps.map(({ keys }) => keys.length)).toEqual([2, 3, 4, 0, 0])
      expect(steps.map(({ bytes }) => bytes > 0)).toEqual([true, true, true, false, false])
      expect(new Set(steps.flatMap(({ keys }) => keys.map((key) => JSON.stringify(key)))).size).toBe(9)
      expect([...store.rowsOf("gone")].map(({ table }) => table)).toEqual(["threads"])
      expect(contentsOf(store, "kept")).toEqual(kept)
    })

    it("removes few rows of a stream at a time where they are long, and one that is longer than a step alone", () => {
      const store = fresh()
      const sizes = [1, 1, 1, 100, 100, 100, 300, 1]
      store.apply([
        putRow("threads", { threadId: "gone", status: "idle" }),
        putRow("items", { itemId: "item", threadId: "gone", ordinal: 1, chunks: sizes.length, status: "open" }),
        ...sizes.map((kib, ordinal) =>
          putRow("item_chunks", { itemId: "item", ordinal, threadId: "gone", text: "x".repeat(kib * 1_024) }),
        ),
        putRow("usage", { threadId: "gone" }),
      ])
      let rows = 0
      for (let steps = 0; rows < sizes.length + 2; steps++) {
        expect(steps).toBeLessThan(sizes.length)
        const { bytes, keys } = store.removeSome("gone", 100)
        expect(bytes <= 256 * 1_024 || keys.length === 1).toBe(true)
        rows += keys.length
      }
      expect(store.removeSome("gone", 100).keys).toEqual([])
    })
  })
}
