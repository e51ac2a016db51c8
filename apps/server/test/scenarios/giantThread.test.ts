/**
 * Scenario 17: one thread that never ends beside many small ones. Nothing is timed: what is counted is how much is read,
 * written and kept, and it must not depend on how long the thread is. `DELTAS` in the environment makes it a soak.
 */
import { makeWriter, memoryWork, type Submission, type Writer } from "@threadfold/engine"
import { type LogDriver, sqliteDriver } from "@threadfold/event-log"
import { openReadSql, Projections, type ReadSql, type SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Library } from "../recordings/Library.js"
import { submit, ThreadFixture, t0 } from "./ThreadFixture.js"

const deltas = Number(process.env.DELTAS ?? 8_000)
const deltasPerItem = 10
const itemsPerTurn = 10
const turns = Math.ceil(deltas / (deltasPerItem * itemsPerTurn))
const smallThreads = 50

const library = new Library()
const giant = new ThreadFixture("giant")
const small = Array.from({ length: smallThreads }, (_, index) => new ThreadFixture(`small ${index}`))

/** One turn of so many items. */
const turnOf = (one: ThreadFixture, turn: string, items: number): Submission =>
  submit(
    one.turn(turn),
    ...Array.from({ length: items }, (_, n) => [
      one.item(turn, `${turn} item ${n}`),
      ...Array.from({ length: deltasPerItem }, (_, d) => one.delta(turn, `${turn} item ${n}`, `piece ${d} of a text `)),
      one.final(turn, `${turn} item ${n}`, `the final text of ${turn} item ${n}`),
    ]).flat(),
    one.complete(turn),
  )

/** Bytes of the giant thread's open state after each tenth of its turns. */
const stateBytes: number[] = []
const openState = (store: SqlStore, one: ThreadFixture): string => store.loadFoldState(one.threadId)?.state ?? ""

const written = <A>(body: (writer: Writer, store: SqlStore) => A): Promise<A> =>
  library.own(({ driver, store }) => body(makeWriter({ driver, store, work: memoryWork(), clock: () => t0 }), store))

beforeAll(async () => {
  await written((writer, store) => {
    for (const one of small) writer.process([submit(one.start()), turnOf(one, "only", 2)])
    writer.process([submit(giant.start())])
    for (let turn = 0; turn < turns; turn++) {
      const [outcome] = writer.process([turnOf(giant, `turn ${turn}`, itemsPerTurn)])
      if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome))
      if (turn % Math.ceil(turns / 10) === 0) stateBytes.push(openState(store, giant).length)
    }
  })
}, 600_000)
afterAll(() => library.close())

interface Read {
  readonly text: string
  readonly params: readonly unknown[]
  readonly rows: number
}

/** The queries, and every statement they ran with how many rows it gave. */
const asked = <A>(
  query: (projections: Effect.Effect.Success<typeof Projections>) => Effect.Effect<A, unknown>,
): Promise<{ readonly answer: A; readonly reads: readonly Read[] }> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const sql = yield* openReadSql(library.file)
        const reads: Read[] = []
        const watched: ReadSql = {
          ...sql,
          unsafe: <Row extends object>(text: string, params: readonly unknown[] = []) =>
            Effect.tap(sql.unsafe<Row>(text, params), (rows) =>
              Effect.sync(() => reads.push({ text, params, rows: rows.length })),
            ),
        }
        const answer = yield* query(Projections.over(watched))
        return { answer, reads }
      }),
    ),
  )

const rowsRead = (reads: readonly Read[]): number => reads.reduce((sum, { rows }) => sum + rows, 0)

/** How SQLite goes about each statement. */
const plansOf = (reads: readonly Read[]): readonly string[] => {
  const handle = new Sqlite(library.file, { readonly: true })
  try {
    return reads.flatMap(({ params, text }) =>
      handle
        .prepare<unknown[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
        .all(...params)
        .map(({ detail }) => detail),
    )
  } finally {
    handle.close()
  }
}

/** A driver that counts its calls by name. */
const counting = (driver: LogDriver): { readonly driver: LogDriver; readonly calls: Map<string, number> } => {
  const calls = new Map<string, number>()
  const counted = new Proxy(driver, {
    get: (of, name, receiver) => {
      const found: unknown = Reflect.get(of, name, receiver)
      if (typeof found !== "function") return found
      return (...args: readonly unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
        return Reflect.apply(found, of, args)
      }
    },
  })
  return { driver: counted, calls }
}

describe("a thread that never ends", () => {
  it("is as long as it was meant to be", () => {
    expect(library.look(({ driver }) => driver.streamVersion(giant.threadId))).toBe(
      1 + turns * (2 + itemsPerTurn * (2 + deltasPerItem)),
    )
  })

  it("opens at its end with as many rows as any thread, none of them of the log", async () => {
    const limitPerList = 20
    const open = (one: ThreadFixture) =>
      asked((projections) => projections.threadSnapshot(one.threadId, { limitPerList }))
    const [long, short] = [await open(giant), await open(small[0] ?? giant)]
    expect(long.answer.snapshot.items.at(-1)?.text).toBe(`the final text of turn ${turns - 1} item ${itemsPerTurn - 1}`)
    expect(long.answer.snapshot.items).toHaveLength(limitPerList)
    expect(long.answer.more.items).not.toBeNull()
    expect(long.reads.map(({ text }) => text)).toEqual(short.reads.map(({ text }) => text))
    // At most one row more than is shown, per list.
    for (const { rows } of long.reads) expect(rows).toBeLessThanOrEqual(limitPerList + 1)
    expect(rowsRead(long.reads)).toBeLessThan(3 * (limitPerList + 1) + 10)
    for (const plan of plansOf(long.reads)) {
      expect(plan).not.toMatch(/TEMP B-TREE/)
      expect(plan).not.toMatch(/^SCAN (?!json_each)/)
    }
    // The log is asked for its head alone.
    expect(long.reads.filter(({ text }) => /\bevents\b/.test(text)).map(({ text }) => text)).toEqual([
      "SELECT coalesce(max(sequence), 0) AS head FROM events",
    ])
  })

  it("is paged back at the same cost at every depth", async () => {
    const limit = 50
    let cursor: string | undefined
    let seen = 0
    let first: readonly { readonly text: string; readonly rows: number }[] | undefined
    do {
      const page = await asked((projections) => projections.items(giant.threadId, { limit, cursor }))
      const cost = page.reads.map(({ rows, text }) => ({ text, rows }))
      seen += page.answer.items.length
      if (seen === limit * 2) first = cost
      else if (first !== undefined && page.answer.next !== null) expect(cost).toEqual(first)
      for (const plan of plansOf(page.reads)) expect(plan).not.toMatch(/TEMP B-TREE|^SCAN items/)
      cursor = page.answer.next ?? undefined
    } while (cursor !== undefined)
    expect(seen).toBe(turns * itemsPerTurn)
  })

  it("keeps a small open state, however long it is and however much text is open", async () => {
    const bytes = stateBytes.toSorted((a, b) => a - b)
    // Counters grow by digits, nothing else does.
    expect((bytes.at(-1) ?? 0) - (bytes[0] ?? 0)).toBeLessThan(200)
    expect(bytes.at(-1)).toBeLessThan(8 * 1024)
    await written((writer, store) => {
      writer.process([submit(giant.turn("open"), giant.item("open", "long"))])
      const before = openState(store, giant).length
      for (let batch = 0; batch < 10; batch++) {
        writer.process([submit(...Array.from({ length: 200 }, () => giant.delta("open", "long", "x".repeat(100))))])
      }
      expect(openState(store, giant).length - before).toBeLessThan(200)
      writer.process([submit(giant.complete("open"))])
    })
  })

  it("takes an event after a restart with the same calls as a small one, and never reads its past", async () => {
    const first = small[1]
    if (first === undefined) throw new Error("no small thread")
    await library.own(({ handle, store }) => {
      const costOf = (one: ThreadFixture): ReadonlyMap<string, number> => {
        const { calls, driver } = counting(sqliteDriver(handle))
        const writer = makeWriter({ driver, store, work: memoryWork(), clock: () => t0 })
        const [outcome] = writer.process([submit(one.turn("next"), one.item("next", "i"), one.delta("next", "i", "x"))])
        expect(outcome?.ok).toBe(true)
        expect(writer.process([submit(one.complete("next"))])).toMatchObject([{ ok: true }])
        return calls
      }
      const cost = costOf(giant)
      expect(cost).toEqual(costOf(first))
      for (const name of ["read", "readStream", "streams", "readNative"]) expect(cost.get(name)).toBeUndefined()
    })
  })

  it("is still what its log leads to", () => {
    expect(library.verify()).toMatchObject({ ok: true, threads: smallThreads + 1, stale: [] })
    expect(library.check()).toEqual({ ok: true, violations: [] })
  })
})
