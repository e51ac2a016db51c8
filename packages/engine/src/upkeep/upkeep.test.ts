import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FOLD_VERSION, type Fold, fold } from "@threadfold/core"
import { openSqlite } from "@threadfold/event-log"
import { CatchUp, rebuild, SqlStore, verify } from "@threadfold/projections"
import { Effect } from "effect"
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { type Bench, databases, FakeSource, submit } from "../../test/support.js"
import { Engine } from "../Engine.js"
import { databaseGroups, eventSourceOf } from "../writer/index.js"
import { inBackground } from "./inBackground.js"

const clean = ({ driver, store }: Pick<Bench, "driver" | "store">) =>
  verify({ source: eventSourceOf(driver), store, readTransaction: (body) => body() })

/** Makes a stream's rows those of another fold. */
const age = ({ driver, store }: Bench, streamId: string): void => {
  const stored = store.loadFoldState(streamId)
  if (stored === null) throw new Error(`${streamId} has no state`)
  const row = store.find("threads", "key", [streamId])
  driver.transaction(() => {
    store.saveFoldState({ ...stored, foldVersion: FOLD_VERSION - 1, state: "{}" })
    if (row !== null) store.apply([{ op: "put", table: "threads", row: { ...row, title: "as it was before" } }])
  })
}

const catchUp = (b: Bench, more: Partial<ConstructorParameters<typeof CatchUp>[0]> = {}) =>
  new CatchUp({
    source: eventSourceOf(b.driver),
    store: b.store,
    transaction: b.driver.transaction,
    ...more,
  })

describe.each(databases)("catching up %s", (_name, open) => {
  let bench: Bench | undefined
  afterEach(() => bench?.close())
  const threads = (count: number, deltas: number, withFold?: Fold) => {
    const made = open(withFold)
    bench = made
    const sources = Array.from({ length: count }, (_, index) => new FakeSource(`thread ${index}`))
    for (const one of sources) {
      made.writer.process([submit(one.start(), one.turn("t"), one.item("t", "i"))])
      made.writer.process([submit(...Array.from({ length: deltas }, (_, n) => one.delta("t", "i", `word ${n} `)))])
    }
    return { b: made, sources }
  }

  it("folds every stale stream again, a few at a step, and nothing else", () => {
    const { b, sources } = threads(7, 20)
    const before = clean(b)
    for (const one of sources.slice(0, 5)) age(b, one.streamId)
    expect(clean(b)).toMatchObject({ ok: true, stale: { length: 5 } })
    const fresh = b.store.loadFoldState(sources[6]?.streamId ?? "")
    const work = catchUp(b, { eventsPerStep: 50 })
    let steps = 1
    while (work.step()) steps += 1
    expect(work.refolded).toBe(5)
    // 23 events a stream: no step takes three of them.
    expect(steps).toBeGreaterThanOrEqual(3)
    expect(clean(b)).toEqual(before)
    expect(b.store.loadFoldState(sources[6]?.streamId ?? "")).toEqual(fresh)
  })

  it("takes a long stream over several steps, whose rows stay whole until the last", () => {
    const { b, sources } = threads(1, 400)
    const [one] = sources
    const before = clean(b)
    age(b, one?.streamId ?? "")
    const reads: number[] = []
    const source = eventSourceOf(b.driver)
    const work = catchUp(b, {
      eventsPerStep: 100,
      source: {
        ...source,
        read: (streamId, after, limit) => {
          const page = source.read(streamId, after, limit)
          reads.push(page.length)
          return page
        },
      },
    })
    for (let step = 0; step < 4; step++) {
      reads.length = 0
      expect(work.step()).toBe(true)
      expect(reads.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(100)
      expect(b.store.find("threads", "key", [one?.streamId ?? ""])?.title).toBe("as it was before")
    }
    while (work.step());
    expect(clean(b)).toEqual(before)
  })

  it("leaves a stream to the writer that appended to it meanwhile", () => {
    const { b, sources } = threads(1, 100)
    const [one] = sources
    if (one === undefined) throw new Error("no thread")
    age(b, one.streamId)
    const work = catchUp(b, { eventsPerStep: 60 })
    expect(work.step()).toBe(true)
    const writer = b.restart()
    expect(writer.process([submit(one.complete("t"))])).toMatchObject([{ ok: true }])
    while (work.step());
    expect(work.refolded).toBe(0)
    expect(clean(b)).toMatchObject({ ok: true, stale: [] })
    expect(b.store.find("threads", "key", [one.streamId])?.status).toBe("idle")
    // And the writer continues where the background was first.
    age(b, one.streamId)
    const later = catchUp(b)
    while (later.step());
    expect(later.refolded).toBe(1)
    expect(b.restart().process([submit(one.turn("t2"))])).toMatchObject([{ ok: true }])
    expect(clean(b)).toMatchObject({ ok: true, stale: [] })
  })

  it("gives back a state that was lost", () => {
    const { b, sources } = threads(2, 3)
    const before = clean(b)
    for (const one of sources) b.driver.transaction(() => b.store.clearStream(one.streamId))
    expect(clean(b).stale).toHaveLength(2)
    const work = catchUp(b)
    while (work.step());
    expect(clean(b)).toEqual(before)
  })

  it("continues after a step that the database refused", () => {
    const { b, sources } = threads(3, 3)
    for (const one of sources) age(b, one.streamId)
    let broken = true
    const work = catchUp(b, {
      eventsPerStep: 1,
      transaction: (body) => {
        if (broken) throw new Error("disk full")
        return b.driver.transaction(body)
      },
    })
    expect(() => {
      while (work.step());
    }).toThrow("disk full")
    broken = false
    while (work.step());
    expect(clean(b)).toMatchObject({ ok: true, stale: { length: 1 } })
  })
})

/** A row that only the table refuses: a thread with a negative count of requests. */
const impossible =
  (streamId: string): Fold =>
  (state, event, rows) => {
    const result = fold(state, event, rows)
    if (event.streamId !== streamId) return result
    return {
      ...result,
      changes: result.changes.map((change) =>
        change.op === "put" && change.table === "threads"
          ? { ...change, row: { ...change.row, openRequests: -1 } }
          : change,
      ),
    }
  }

describe("a stream whose new rows the tables refuse", () => {
  const stale = () => {
    const [, open] = databases[1] ?? []
    const b = open?.()
    if (b === undefined) throw new Error("no SQLite")
    onTestFinished(() => b.close())
    const [bad, good] = [new FakeSource("bad"), new FakeSource("good")]
    for (const one of [bad, good]) {
      b.writer.process([submit(one.start(), one.turn("t"))])
      age(b, one.streamId)
    }
    return { b, bad, good, broken: impossible(bad.streamId) }
  }

  it("keeps the old ones, is frozen and marked, and the other streams are brought up to date", () => {
    const { b, bad, broken, good } = stale()
    const work = catchUp(b, { fold: broken })
    while (work.step());
    expect(b.store.loadFoldState(bad.streamId)).toMatchObject({ status: "frozen", foldVersion: FOLD_VERSION })
    expect(b.store.loadFoldState(good.streamId)).toMatchObject({ status: "ok", foldVersion: FOLD_VERSION })
    expect(b.store.find("threads", "key", [bad.streamId])?.title).toBe("as it was before")
    expect(
      b.store.find("anomalies", "key", [bad.streamId, `stream:${bad.streamId}`, "projection-frozen"]),
    ).toMatchObject({ count: 1, firstSequence: 2 })
    expect(clean(b).ok).toBe(false)
    rebuild({ source: eventSourceOf(b.driver), store: b.store })
    expect(clean(b)).toMatchObject({ ok: true, stale: [] })
  })

  it("takes its next events all the same", () => {
    const { b, bad, broken, good } = stale()
    const outcomes = b.restart(broken).process([submit(bad.complete("t")), submit(good.complete("t"))])
    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }])
    expect(b.store.loadFoldState(bad.streamId)).toMatchObject({ status: "frozen", streamVersion: 3 })
    expect(b.store.find("threads", "key", [good.streamId])?.status).toBe("idle")
    rebuild({ source: eventSourceOf(b.driver), store: b.store })
    expect(clean(b)).toMatchObject({ ok: true, stale: [] })
  })
})

describe("in the background", () => {
  it("waits while the writer is busy, takes one step at a time, and comes back after a failure", () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    let steps = 0
    let busy = true
    const work = inBackground(
      {
        step: () => {
          steps += 1
          if (steps === 2) throw new Error("disk full")
          return steps < 4
        },
      },
      () => busy,
    )
    vi.advanceTimersByTime(100)
    expect(steps).toBe(0)
    busy = false
    vi.advanceTimersByTime(1)
    expect(steps).toBe(1)
    vi.advanceTimersByTime(500)
    expect(steps).toBe(2)
    vi.advanceTimersByTime(5000)
    expect(steps).toBe(4)
    expect(vi.getTimerCount()).toBe(0)
    work.stop()
    const later = inBackground({ step: () => false }, () => false, 1000)
    expect(vi.getTimerCount()).toBe(1)
    later.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it("begins again after a while, where an interval is given, and not after it was stopped", () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    let left = 3
    let steps = 0
    const work = inBackground(
      {
        step: () => {
          steps += 1
          left -= 1
          return left > 0
        },
      },
      () => false,
      100,
      5_000,
    )
    vi.advanceTimersByTime(110)
    expect(steps).toBe(3)
    left = 1
    vi.advanceTimersByTime(4_000)
    expect(steps).toBe(3)
    vi.advanceTimersByTime(1_000)
    expect(steps).toBe(4)
    work.stop()
    vi.advanceTimersByTime(50_000)
    expect(steps).toBe(4)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("brings a database up to date that an engine opens", async () => {
    const directory = mkdtempSync(join(tmpdir(), "threadfold-catch-up-"))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, "threadfold.db")
    const one = new FakeSource("x")
    const withStore = <A>(body: (b: Pick<Bench, "driver" | "store">) => A): Promise<A> =>
      Effect.runPromise(
        Effect.scoped(
          Effect.map(openSqlite({ file, migrations: databaseGroups }), ({ driver, handle }) =>
            body({ driver, store: new SqlStore(handle) }),
          ),
        ),
      )
    const engine = Engine.layerInProcess({ file })
    await Effect.runPromise(
      Effect.provide(
        Effect.flatMap(Engine, ({ submit: take }) => take(submit(one.start(), one.turn("t")))),
        engine,
      ),
    )
    await withStore(({ driver, store }) => driver.transaction(() => store.clearStream(one.streamId)))
    expect((await withStore(clean)).stale).toHaveLength(1)
    await Effect.runPromise(
      Effect.provide(
        Effect.gen(function* () {
          const { log } = yield* Engine
          expect(yield* log.head).toBe(2)
          // Without a request for the thread: the engine finds it by itself.
          yield* Effect.promise(() =>
            vi.waitFor(
              async () => {
                const { default: Sqlite } = await import("better-sqlite3")
                const reader = new Sqlite(file, { readonly: true })
                const found = reader.prepare("SELECT count(*) AS n FROM fold_state").get()
                reader.close()
                expect(found).toEqual({ n: 1 })
              },
              { timeout: 600_000 },
            ),
          )
        }),
        engine,
      ),
    )
    expect(await withStore(clean)).toMatchObject({ ok: true, stale: [] })
  })
})
