/** However the rows of a log are made, they are the same: one hash. `THREADFOLD_RUNS` makes it a soak. */
import { fold, initialState } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CatchUp, type Refolded } from "./CatchUp.js"
import { DatabaseHash } from "./hash.js"
import { isAsFolded } from "./isAsFolded.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { rebuild } from "./rebuild.js"
import { refold } from "./refold.js"
import { SqlStore } from "./SqlStore.js"
import { openProjections } from "./testing/fixtures.js"
import { randomLog } from "./testing/randomEvents.js"
import { type TestEvent, TestLog } from "./testing/TestLog.js"
import { verify } from "./verify.js"

const numRuns = Number(process.env.THREADFOLD_RUNS ?? "20")

const hashOf = (store: Pick<ProjectionStore, "rowsOf">, streams: readonly string[]): string => {
  const hash = new DatabaseHash()
  for (const streamId of streams) hash.addStream(store.rowsOf(streamId))
  return hash.finish().hash
}

/** The rows of a stream, folded and written so many events at a time. */
const inPages = (log: TestLog, size: number): MapStore => {
  const rows = new MapStore()
  for (const streamId of log.streams(null, 100)) {
    for (let state = initialState(streamId); ; ) {
      const page = refold(log, rows, fold, streamId, state.streamVersion + size, state)
      state = page.state
      if (page.events < size) break
    }
  }
  return rows
}

/** What a broken fold may have left: other values, rows too few. */
const damage = (store: ProjectionStore, streams: readonly string[]): void => {
  for (const streamId of streams) {
    for (const { row, table } of [...store.rowsOf(streamId)]) {
      if (table === "threads" && "title" in row && "cwd" in row) {
        const thread = store.whole("threads", [streamId])
        if (thread !== null) store.apply([{ op: "put", table, row: { ...thread, title: "planted" } }])
      }
      if (table === "anomalies" && "subject" in row) {
        store.apply([{ op: "delete", table, key: [streamId, String(row.subject), String(row.reason)] }])
      }
    }
  }
}

/** A rebuild whose process is killed when it has read so many pages, and that goes on afterwards. */
const killedAndResumed = (log: TestLog, store: ProjectionStore, after: number): void => {
  let reads = 0
  const dying = {
    streams: log.streams,
    read: (...args: Parameters<TestLog["read"]>) => {
      reads += 1
      if (reads > after) throw new Error("killed")
      return log.read(...args)
    },
  }
  try {
    rebuild({ source: dying, store, eventsPerTransaction: 1 })
  } catch (error) {
    if (!(error instanceof Error) || error.message !== "killed") throw error
  }
  rebuild({ source: log, store, eventsPerTransaction: 1, resume: true })
}

/** Rebuilds beside appends, as a server does: streams that differ are folded again in short steps, between the batches. */
const besideAppends = (
  log: TestLog,
  store: SqlStore,
  readTransaction: <A>(body: () => A) => A,
  rest: readonly (readonly TestEvent[])[],
): void => {
  const catchUp = new CatchUp({ source: log, store, transaction: (body) => store.atomically(body), eventsPerStep: 3 })
  const waiting = [...rest]
  const appendNext = (): void => {
    const batch = waiting.shift()
    if (batch !== undefined) log.append(store, batch)
  }
  for (const streamId of log.streams(null, 100)) {
    if (isAsFolded({ source: log, store, readTransaction, table: null }, streamId)) continue
    const ended: Refolded[] = []
    catchUp.demand(streamId, null, (outcome) => ended.push(outcome))
    while (ended.length === 0) {
      catchUp.step()
      appendNext()
    }
    expect(ended).toMatchObject([{ ok: true, refused: null }])
  }
  while (waiting.length > 0) appendNext()
}

/** A turn that is accepted by another name in the batch in which its first name comes again, as that of a new turn. */
const namedAgain = ((): readonly (readonly TestEvent[])[] => {
  const session = "first"
  const ours = { stream: "thread a", session }
  const accepted = (turnId: string) => ({
    ...ours,
    type: "turn.accepted",
    payload: {},
    native: { callId: "2", turnId },
  })
  return [
    [{ ...ours, type: "session.started", payload: { provider: "codex", mode: "managed" } }],
    [
      { ...ours, session: null, type: "turn.requested", payload: { text: "" }, native: { callId: "2" } },
      accepted("turn-1"),
    ],
    [
      accepted("turn-2"),
      {
        ...ours,
        type: "content.delta",
        payload: { stream: "text", part: 0, delta: "a", kind: "command" },
        native: { turnId: "turn-1", itemId: "item-1" },
      },
      { ...ours, type: "turn.started", payload: {}, native: { turnId: "turn-2" } },
    ],
  ]
})()

describe("the rows of any log", () => {
  it("have one hash: written live, in pages of any size, by a rebuild that was killed, and by one beside appends", () =>
    fc.assert(
      pausing(fc.tuple(randomLog, fc.nat(8), fc.nat(100)), ([batches, kill, cut]) => {
        const database = openProjections()
        const store = new SqlStore(database)
        const readTransaction = <A>(body: () => A): A => database.transaction(body).deferred()
        try {
          const log = new TestLog()
          const half = Math.floor((batches.length * cut) / 100)
          for (const batch of batches.slice(0, half)) log.append(store, batch)
          const early = log.streams(null, 100)
          damage(store, early)
          besideAppends(log, store, readTransaction, batches.slice(half))
          const streams = log.streams(null, 100)
          const live = hashOf(store, streams)
          expect(verify({ source: log, store, readTransaction })).toMatchObject({
            ok: true,
            differences: [],
            stale: [],
          })
          for (const size of [1, 7, 500]) expect(hashOf(inPages(log, size), streams)).toBe(live)
          damage(store, streams)
          killedAndResumed(log, store, kill)
          expect(hashOf(store, streams)).toBe(live)
        } finally {
          database.close()
        }
      }),
      { numRuns, examples: [[[namedAgain, 0, 0]]] },
    ))
})
