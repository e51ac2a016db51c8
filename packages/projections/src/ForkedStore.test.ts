/** A store whose copies cost nothing, held to `MapStore`: the same rows and finds after any changes, and copies that stay as they were. */
import { canonicalJson } from "@threadfold/core"
import {
  compareTreeKeys,
  diffSnapshots,
  diffStores,
  ForkedStore,
  MapStore,
  type RowChange,
  type RowMove,
  type RowsSource,
  SortedTree,
  snapshotOf,
  type TreeKey,
} from "@threadfold/core/model"
import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { listQuestions, questions, randomBatches, randomStreams } from "./testing/randomChanges.js"

const byText = (a: unknown, b: unknown): number => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)

const answers = (source: RowsSource): readonly unknown[] => [
  ...questions.map(({ table, lookup, values }) => [
    { table, lookup, values, one: source.find(table, lookup, values), all: source.findAll(table, lookup, values) },
  ]),
  ...listQuestions.map(({ table, name, values }) => [
    { table, name, values, listed: [...source.list(table, name, values)].sort(byText) },
  ]),
]

const ofStream = (store: ForkedStore, streamId: string): readonly unknown[] =>
  [...store.rows()].filter(({ row, table }) =>
    table === "connections"
      ? "connectionId" in row && row.connectionId === streamId
      : "threadId" in row && row.threadId === streamId,
  )

describe("ForkedStore", () => {
  it("holds and finds what MapStore does, and a copy stays as it was", () =>
    fc.assert(
      pausing(randomBatches, (batches) => {
        let store = new ForkedStore()
        const model = new MapStore()
        const copies: { readonly copy: ForkedStore; readonly held: readonly unknown[] }[] = []
        for (const { fails, steps } of batches) {
          for (const changes of steps) {
            store.apply(changes)
            model.apply(changes)
          }
          expect(answers(store)).toEqual(answers(model))
          for (const streamId of randomStreams) expect(ofStream(store, streamId)).toEqual([...model.rowsOf(streamId)])
          copies.push({ copy: store.fork(), held: [...store.rows()] })
          // Either of the two may be gone on with.
          if (fails) store = store.fork()
        }
        for (const { copy, held } of copies) expect([...copy.rows()]).toEqual(held)
      }),
    ))

  it("tells the difference of two copies as that of their documents, and the rows that moved", () =>
    fc.assert(
      pausing(randomBatches, (batches) => {
        const store = new ForkedStore()
        const steps = batches.flatMap((batch) => batch.steps)
        const copies = [store.fork()]
        for (const changes of steps) {
          const moves: RowMove[] = []
          store.onMove = (move) => void moves.push(move)
          store.apply(changes)
          store.onMove = null
          const before = copies.at(-1) ?? store
          if (moves.length === 0) expect([...store.differences(before)]).toEqual([])
          copies.push(store.fork())
        }
        for (const threadId of randomStreams) {
          const document = (of: ForkedStore) =>
            snapshotOf(
              [...of.rows()].filter(({ row }) => "threadId" in row && row.threadId === threadId),
              0,
            )
          const [first, middle, last] = [copies[0], copies[copies.length >> 1], copies.at(-1)]
          for (const [from, to] of [
            [first, middle],
            [middle, last],
          ]) {
            if (from === undefined || to === undefined) continue
            const after = document(to)
            if (after === null) continue
            const byRow = (rows: readonly RowChange[]) => [...rows].sort((a, b) => (a.row < b.row ? -1 : 1))
            expect(byRow(diffStores(threadId, from, to))).toEqual(byRow(diffSnapshots(document(from), after).rows))
          }
        }
      }),
    ))
})

const key: fc.Arbitrary<TreeKey> = fc.array(fc.constantFrom(null, 0, 1, 2, "a", "b", "é", "\u{1f600}", "\uffee"), {
  minLength: 1,
  maxLength: 3,
})

describe("SortedTree", () => {
  it("is a sorted map: it finds, goes in order from anywhere both ways, and copies do not see each other", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.option(fc.nat()), fc.boolean()), { maxLength: 400 }),
        key,
        (steps, from) => {
          let tree = new SortedTree<number>()
          const model = new Map<string, readonly [TreeKey, number]>()
          const earlier: { readonly tree: SortedTree<number>; readonly held: readonly unknown[] }[] = []
          const sorted = () => [...model.values()].sort(([a], [b]) => compareTreeKeys(a, b))
          for (const [at, value, forks] of steps) {
            if (value === null) {
              tree.delete(at)
              model.delete(JSON.stringify(at))
            } else {
              tree.set(at, value)
              model.set(JSON.stringify(at), [at, value])
            }
            if (!forks) continue
            earlier.push({ tree, held: sorted() })
            tree = tree.fork()
          }
          const all = sorted()
          expect([...tree.from([])]).toEqual(all)
          expect([...tree.before(null)]).toEqual([...all].reverse())
          expect([...tree.from(from)]).toEqual(all.filter(([one]) => compareTreeKeys(one, from) >= 0))
          expect([...tree.before(from)]).toEqual(all.filter(([one]) => compareTreeKeys(one, from) < 0).reverse())
          const under = all.filter(([one]) => from.every((value, index) => one[index] === value))
          expect([...tree.under(from)]).toEqual(under)
          expect(tree.first(from)).toBe(under[0]?.[1])
          for (const [one] of steps) expect(tree.get(one)).toBe(model.get(JSON.stringify(one))?.[1])
          for (const { held, tree } of earlier) expect([...tree.from([])]).toEqual(held)
        },
      ),
    ))
})
