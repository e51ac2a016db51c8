import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { describe, expect, it } from "@effect/vitest"
import type { Rows, StorageUnavailable, TableName } from "@threadfold/contracts"
import type { Put } from "@threadfold/core"
import { ruleHoldersLimit } from "@threadfold/core"
import { Effect, Layer } from "effect"
import { SqlStore } from "../SqlStore.js"
import { openProjections, putRow } from "../testing/fixtures.js"
import { idFor } from "../testing/TestLog.js"
import { afterEndWork, agentOpened, livingFacts, openQuestions, runningTurns, startingTurns } from "./living.js"
import { Projections } from "./Projections.js"
import { threadsToFollowUp } from "./upkeep.js"

const thread = (label: string) => idFor(`thread ${label}`)
const session = (label: string) => idFor(`session ${label}`)

const stopped = { status: "stopped", cause: "exit", evidence: "observed", endedAt: 9 } as const

/** A thread with a session that lives, and what else belongs to it. */
const living = (label: string, of: Partial<Rows["threads"]> = {}, its: Partial<Rows["sessions"]> = {}): Put[] => [
  putRow("threads", { threadId: thread(label), status: "idle", sessionId: session(label), ...of }),
  putRow("sessions", {
    sessionId: session(label),
    threadId: thread(label),
    epoch: 1,
    mode: "managed",
    status: "ready",
    startedAt: 5,
    ...its,
  }),
]
const of = <N extends TableName>(table: N, label: string, row: Partial<Rows[N]>): Put =>
  putRow(table, { threadId: thread(label), sessionId: session(label), ...row })

/** The queries over a database on disk that holds these rows; the log says when its events were recorded. */
const over = (
  rows: readonly Put[],
  recorded: Readonly<Record<number, number>> = {},
): Layer.Layer<Projections | SqlClient.SqlClient> =>
  Layer.unwrapScoped(
    Effect.acquireRelease(
      Effect.sync(() => {
        const directory = mkdtempSync(join(tmpdir(), "threadfold-living-"))
        const file = join(directory, "threadfold.db")
        const database = openProjections(file)
        database.exec(
          "CREATE TABLE events (sequence INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, type TEXT, payload TEXT)",
        )
        for (const [sequence, at] of Object.entries(recorded)) {
          database.prepare("INSERT INTO events (sequence, recorded_at) VALUES (?, ?)").run(Number(sequence), at)
        }
        const store = new SqlStore(database)
        store.atomically(() => store.apply(rows))
        database.close()
        const client = Layer.orDie(SqliteClient.layer({ filename: file, readonly: true, disableWAL: true }))
        return { directory, layer: Layer.merge(Projections.layer(file), client) }
      }),
      ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
    ).pipe(Effect.map(({ layer }) => layer)),
  )

describe("what lives", () => {
  it.effect("is listed page by page, in the order of the threads' ids; what has ended is left out", () => {
    const labels = ["a", "b", "c", "d", "e"]
    const rows = labels.flatMap((label) => living(label, {}, label === "c" ? stopped : {}))
    return Effect.gen(function* () {
      const projections = yield* Projections
      const first = yield* projections.livingFacts(null, 3)
      const second = yield* projections.livingFacts(first.at(-1)?.threadId ?? null, 3)
      expect([...first, ...second].map(({ threadId }) => threadId)).toEqual(
        labels
          .filter((label) => label !== "c")
          .map(thread)
          .sort(),
      )
      expect([first.length, second.length]).toEqual([3, 1])
    }).pipe(Effect.provide(over(rows)))
  })

  it.effect("comes with what speaks for it, and nothing of another thread", () => {
    const turn = (n: number, row: Partial<Rows["turns"]>) =>
      of("turns", "a", { turnId: idFor(`turn ${n}`), ordinal: n, origin: "client", status: "requested", ...row })
    const task = (n: number, row: Partial<Rows["tasks"]>) =>
      of("tasks", "a", { taskId: idFor(`task ${n}`), status: "running", ...row })
    const ended = { status: "ended", outcome: "completed", cause: "x", evidence: "observed" } as const
    const rows = [
      ...living("a", { agent: "x", sequence: 70, lastActivityAt: 40, keepAliveUntil: 99, runningTasks: 2, queued: 1 }),
      ...living("b", { lastActivityAt: null }, { lastActivityAt: null }),
      turn(1, {}),
      turn(2, { handedOver: 1 }),
      turn(3, { handedOver: 1, uncertain: 1 }),
      task(1, { sequence: 20 }),
      task(2, { sequence: 30 }),
      task(3, { sequence: 60, endedAt: 1, ...ended }),
      of("realtime_runs", "a", { realtimeId: idFor("voice"), status: "started", startedAt: 3, requestedAt: 2 }),
    ]
    return Effect.gen(function* () {
      const projections = yield* Projections
      const found = yield* projections.livingFacts(null, 10)
      expect(found.find(({ threadId }) => threadId === thread("a"))).toMatchObject({
        sessionId: session("a"),
        mode: "managed",
        agent: "x",
        threadSequence: 70,
        lastActivityAt: 40,
        keepAliveUntil: 99,
        waitingTurns: 2,
        runningTasks: 2,
        taskHeardAt: 3_000,
        voice: 1,
        queued: 1,
      })
      expect(found.find(({ threadId }) => threadId === thread("b"))).toMatchObject({
        agent: null,
        lastActivityAt: 5,
        waitingTurns: 0,
        taskHeardAt: null,
        voice: 0,
      })
    }).pipe(Effect.provide(over(rows, { 20: 2_000, 30: 3_000, 60: 6_000 })))
  })

  it.effect("on a connection lists the threads that the agent opened by itself", () => {
    const on = idFor("connection")
    const rows = [
      ...living("parent", { agent: "x" }, { connectionId: on }),
      ...living("child", { parentThreadId: thread("parent") }, { connectionId: on }),
      ...living("gone", {}, { connectionId: on, ...stopped }),
      ...living("elsewhere", {}, { connectionId: idFor("another") }),
    ]
    return Effect.gen(function* () {
      const projections = yield* Projections
      const found = yield* projections.agentOpened(on, 10)
      expect(found).toMatchObject([{ threadId: thread("child"), parentThreadId: thread("parent") }])
    }).pipe(Effect.provide(over(rows)))
  })
})

const turnOf = (label: string, row: Partial<Rows["turns"]> = {}) =>
  of("turns", label, { turnId: idFor(`turn of ${label}`), ordinal: 1, origin: "client", status: "running", ...row })
const question = (label: string, name: string, row: Partial<Rows["requests"]> = {}) =>
  of("requests", label, {
    requestId: idFor(`request ${name}`),
    turnId: idFor(`turn of ${label}`),
    kind: "other",
    status: "open",
    openedAt: 1,
    ...row,
  })
const answered = { status: "answered", decision: "yes", cause: "answered", evidence: "observed" } as const

describe("what runs", () => {
  it.effect("is the running turn of every thread whose session lives", () => {
    const rows = [
      ...living("a", { agent: "x", openRequests: 1 }, { lastActivityAt: 7, status: "running" }),
      turnOf("a", { startedAt: 6, stalled: 1 }),
      ...living("b"),
      turnOf("b", { status: "requested" }),
    ]
    return Effect.gen(function* () {
      const projections = yield* Projections
      expect(yield* projections.runningTurns(null, 10)).toEqual([
        {
          threadId: thread("a"),
          turnId: idFor("turn of a"),
          mode: "managed",
          agent: "x",
          startedAt: 6,
          lastActivityAt: 7,
          stalled: 1,
          interruptRequestedAt: null,
          openRequests: 1,
        },
      ])
      expect(yield* projections.runningTurns(thread("a"), 10)).toEqual([])
    }).pipe(Effect.provide(over(rows)))
  })

  it.effect("asks under the rules of its thread and of those that this was spawned from, nearest first", () => {
    const rules = [{ kind: "permissions", action: "accept", afterMs: 5 }, { action: "wait" }] as const
    const parentThreadId = thread("a")
    const rows = [
      ...living("a", { agent: "x", unattended: rules }),
      ...living("b", { parentThreadId }),
      ...living("c", { parentThreadId: thread("b") }),
      question("c", "1"),
      // A circle is followed as far as a line goes.
      ...living("d", { parentThreadId: thread("d") }),
      question("d", "2"),
    ]
    return Effect.gen(function* () {
      const projections = yield* Projections
      const found = yield* projections.openQuestions(null, 9)
      const lineOf = (label: string) => found.find(({ threadId }) => threadId === thread(label))?.line
      expect(lineOf("c")).toEqual([
        { threadId: thread("c"), agent: null, rules: null },
        { threadId: thread("b"), agent: null, rules: null },
        { threadId: thread("a"), agent: "x", rules },
      ])
      expect(lineOf("d")).toHaveLength(ruleHoldersLimit)
    }).pipe(Effect.provide(over(rows)))
  })

  it.effect("waits for a person in its questions, page by page, with what says whether they are ours to end", () => {
    const names = ["1", "2", "3"]
    const rows = [
      ...living("a"),
      turnOf("a"),
      ...names.map((name) => question("a", name, { openedAt: Number(name) })),
      question("a", "4", { endedAt: 9, ...answered }),
      ...living("b", {}, { mode: "attached" }),
      question("b", "5"),
    ]
    return Effect.gen(function* () {
      const projections = yield* Projections
      const first = yield* projections.openQuestions(null, 2)
      const second = yield* projections.openQuestions(first.at(-1) ?? null, 2)
      const third = yield* projections.openQuestions(second.at(-1) ?? null, 2)
      const expected = names.map((name) => ({
        threadId: thread("a"),
        requestId: idFor(`request ${name}`),
        turnId: idFor("turn of a"),
        kind: "other",
        line: [{ threadId: thread("a"), agent: null, rules: null }],
        status: "open",
        mode: "managed",
        openedAt: Number(name),
      }))
      const [all, ofAdapter] = [[...first, ...second, ...third], thread("b")]
      const ours = all.filter(({ threadId }) => threadId !== ofAdapter)
      expect(ours).toEqual(expected.sort((x, y) => (x.requestId < y.requestId ? -1 : 1)))
      expect(all.filter(({ threadId }) => threadId === ofAdapter)).toMatchObject([
        { requestId: idFor("request 5"), status: "open", mode: "attached" },
      ])
      const waits = yield* projections.waitsOfTurn(thread("a"), idFor("turn of a"), 10)
      expect([...waits].sort((x, y) => (x.until ?? 0) - (y.until ?? 0) || (x.from ?? 0) - (y.from ?? 0))).toEqual([
        { from: 1, until: null },
        { from: 2, until: null },
        { from: 3, until: null },
        { from: 1, until: 9 },
      ])
    }).pipe(Effect.provide(over(rows)))
  })
})

describe("a sweep", () => {
  it.effect("walks indexes of what is open, however much has ended", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const details: string[] = []
      const explaining: typeof sql = Object.assign(Object.create(sql), {
        unsafe: (text: string, params: readonly unknown[]) =>
          Effect.map(sql.unsafe(`EXPLAIN QUERY PLAN ${text}`, params), (steps) => {
            details.push(JSON.stringify(steps))
            return []
          }),
      })
      const queries: readonly Effect.Effect<unknown, StorageUnavailable>[] = [
        livingFacts(explaining, null, 1),
        agentOpened(explaining, "x", 1),
        runningTurns(explaining, null, 1),
        startingTurns(explaining, null, 1),
        afterEndWork(explaining, null, 1),
        openQuestions(explaining, null, 1),
        threadsToFollowUp(explaining, null, 1),
      ]
      yield* Effect.all(queries)
      expect(details).toHaveLength(queries.length)
      for (const detail of details) {
        expect(detail).toContain("SEARCH")
        // A thread and those that it was spawned from are few.
        expect(detail).not.toMatch(/SCAN (?!CONSTANT|line)/)
        expect(detail).not.toContain("TEMP B-TREE")
      }
    }).pipe(Effect.provide(over([]))),
  )
})
