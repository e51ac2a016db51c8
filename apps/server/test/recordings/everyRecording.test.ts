/** Every recording, one by one and all together, against what its own wire demands and what the design promises. */
import type { ProjectionsReport } from "@threadfold/contracts"
import type { ImportOutcome } from "@threadfold/imports"
import { cases, compare, readOracle, recordings } from "@threadfold/testkit"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openLocalReader } from "../../src/offline/LocalReader.js"
import { Library } from "./Library.js"

/** Nothing wrong with log, rows and the way from one to the other. */
const expectClean = (of: Library): ProjectionsReport => {
  expect(of.check()).toEqual({ ok: true, violations: [] })
  const report = of.verify()
  expect(report).toMatchObject({ ok: true, differences: [], stale: [] })
  return report
}

describe.each([...recordings, ...cases].map((one) => [one.name, one] as const))("%s", (_name, one) => {
  let library: Library
  let outcome: ImportOutcome
  beforeAll(async () => {
    library = new Library()
    outcome = await library.import([one.path])
  })
  afterAll(() => library.close())

  it("imports as its wire demands, adds up, and comes out the same on every way", async () => {
    const text = one.text()
    const expectation = readOracle(text)
    expect(outcome.lines).toBe(expectation.lines)
    expect(outcome.mapped + outcome.kept).toBe(outcome.lines)
    expect([outcome.unreadable, outcome.unreadableLines]).toEqual([0, []])

    // Through the queries that people and programs read with.
    const snapshots = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const reader = yield* openLocalReader(library.file)
          const { threads } = yield* reader.threads({ limit: null })
          return yield* Effect.forEach(threads, ({ threadId }) => reader.thread(threadId, true))
        }),
      ),
    )
    expect(compare(expectation, snapshots)).toEqual([])
    // And with the sessions' rows, which a snapshot shows the last of.
    expect(compare(expectation, library.threads())).toEqual([])

    const before = { rows: library.rows(), verify: expectClean(library) }
    for (const { maps, sql } of library.bothStores()) expect(sql).toEqual(maps)

    const again = await library.import([one.path])
    const nothing = outcome.threads.map((thread) => ({ ...thread, events: 0 }))
    expect(again).toEqual({ ...outcome, events: 0, threads: nothing })
    expect(again.events).toBe(0)
    expect(library.rows()).toEqual(before.rows)
    expect(await library.rebuild()).toMatchObject({ refused: [] })
    expect(library.verify()).toEqual(before.verify)
    expect(await library.mend()).toBeGreaterThan(0)
    expect(library.verify()).toEqual(before.verify)
  })

  it("leaves nothing open, unsettled or alive after its end", () => {
    for (const { sql } of library.bothStores()) {
      for (const { row, table } of sql) {
        const place = `${table} ${JSON.stringify(row)}`
        if (table === "sessions") expect(Reflect.get(row, "endedAt"), place).not.toBeNull()
        if ("settled" in row) expect([row.status, row.settled], place).toEqual(["ended", 1])
        else if ("status" in row) {
          expect(["open", "answering", "running", "started", "requested", "starting"], place).not.toContain(row.status)
        }
      }
    }
    for (const { session, thread } of library.threads()) {
      expect([session?.activeTurnId, thread.activeTurnId, thread.openRequests]).toEqual([null, null, 0])
    }
  })
})

/** The same order for the same seed (Fisher-Yates over a small generator). */
const shuffled = <A>(list: readonly A[], seed: number): readonly A[] => {
  const out = [...list]
  let state = seed
  for (let index = out.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const other = (state >>> 8) % (index + 1)
    const [a, b] = [out[index], out[other]]
    if (a !== undefined && b !== undefined) [out[index], out[other]] = [b, a]
  }
  return out
}

describe("all recordings in one database", () => {
  /** Recording → the native threads that its wire names. */
  const speaksOf = new Map(
    recordings.map((one) => [one.name, new Set(readOracle(one.text()).threads.map((each) => each.nativeThreadId))]),
  )
  const related = (a: string, b: string): boolean =>
    [...(speaksOf.get(a) ?? [])].some((id) => speaksOf.get(b)?.has(id) === true)
  /** Recordings that speak of one thread stand in the order in which they were made: epochs are told in that order. */
  const inTheirOrder = (order: readonly (typeof recordings)[number][]) => {
    const groups = order.map((one) => recordings.filter((other) => related(one.name, other.name)))
    const taken = new Map<string, number>()
    return order.map((one, index) => {
      const group = groups[index] ?? [one]
      const key = group.map(({ name }) => name).join()
      const place = taken.get(key) ?? 0
      taken.set(key, place + 1)
      return group[place] ?? one
    })
  }
  const seeds = Array.from({ length: Number(process.env.ORDERS ?? 1) }, (_, index) => index + 1)
  const orders = [[...recordings], [...recordings].reverse(), ...seeds.map((seed) => shuffled(recordings, seed))]

  type Imported = Promise<{ readonly hashes: readonly unknown[]; readonly differences: readonly unknown[] }>
  /** Order → what was looked at after the import. Some orders are asked for by more than one test. */
  const imported = new Map<string, Imported>()
  const importAll = (order: readonly (typeof recordings)[number][]): Imported => {
    const key = order.map(({ name }) => name).join()
    const found = imported.get(key) ?? importInto(order)
    imported.set(key, found)
    return found
  }
  const importInto = async (order: readonly (typeof recordings)[number][]) => {
    const made = new Library()
    try {
      await made.import(order.map(({ path }) => path))
      expectClean(made)
      const texts = order.map((one) => one.text())
      return { hashes: [...made.hashes()].sort(), differences: compare(readOracle(texts), made.threads()) }
    } finally {
      made.close()
    }
  }

  it("has two recordings of one thread among them", () => {
    const pairs = recordings.flatMap((a) => recordings.filter((b) => a.name < b.name && related(a.name, b.name)))
    expect(pairs.length).toBeGreaterThan(0)
  })

  it("are as the wires demand in whatever order they come", async () => {
    for (const order of orders) expect((await importAll(order)).differences).toEqual([])
  })

  it("give every thread the same rows whatever stands between its recordings", async () => {
    const { hashes } = await importAll(recordings)
    for (const order of orders) {
      const kept = inTheirOrder(order)
      expect([...kept].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(recordings)
      expect((await importAll(kept)).hashes).toEqual(hashes)
    }
  })
})
