import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { putRow } from "../testing/fixtures.js"
import { event, setUp, sevenTurns, started, thread, walk, withQueries } from "../testing/queryDatabase.js"
import { idFor } from "../testing/TestLog.js"
import { allInferencesList, allItemsList, allRequestsList, allTurnsList, openRows } from "./allRows.js"
import { type List, mostLookedAt, pageSelection } from "./Page.js"
import { Projections } from "./Projections.js"
import type { Condition } from "./select.js"
import { updatedList } from "./threads.js"

const threadRow = (threadId: string, more: object) =>
  putRow("threads", { threadId, createdAt: 1, updatedAt: 1, status: "idle", provider: "codex", ...more })

describe("filters of threads", () => {
  it.effect("take several values, folders, times and texts, and apply together", () =>
    withQueries(
      ({ store }) =>
        store.apply([
          threadRow("a", { agent: "codex", model: "m1", cwd: "/w/app", title: "Fix 100% of it", createdAt: 1 }),
          threadRow("b", { agent: "claude", model: "m2", cwd: "/w/app/sub", firstWords: "fix the ROOF", createdAt: 2 }),
          threadRow("c", { agent: "codex", model: "m2", cwd: "/w/app2", status: "working", createdAt: 3 }),
          threadRow("d", { cwd: "/", parentThreadId: "a", status: "waiting", createdAt: 4 }),
          threadRow("e", { cwd: "C:\\w\\app\\x", parentNativeThreadId: "n", createdAt: 5, updatedAt: 9 }),
        ]),
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const ids = (query: Parameters<typeof queries.threads>[0]) =>
            Effect.map(queries.threads(query), (page) => page.items.map(({ threadId }) => threadId).join(""))
          expect(yield* ids({ agent: ["codex", "claude"] })).toBe("cba")
          expect(yield* ids({ agent: "codex", model: ["m2", "m3"] })).toBe("c")
          expect(yield* ids({ status: ["working", "waiting"] })).toBe("dc")
          expect(yield* ids({ folder: "/w/app" })).toBe("ba")
          expect(yield* ids({ folder: ["/w/app/", "/w/app2"] })).toBe("cba")
          expect(yield* ids({ folder: "/" })).toBe("dcba")
          expect(yield* ids({ folder: "C:\\w\\app" })).toBe("e")
          expect(yield* ids({ root: true })).toBe("cba")
          expect(yield* ids({ root: false })).toBe("ed")
          expect(yield* ids({ text: "fix" })).toBe("ba")
          expect(yield* ids({ text: "100%" })).toBe("a")
          expect(yield* ids({ text: "1_0" })).toBe("")
          expect(yield* ids({ createdFrom: 2, createdTo: 4 })).toBe("cb")
          expect(yield* ids({ updatedFrom: 2 })).toBe("e")
          expect(yield* ids({ sort: "updatedAt" })).toBe("edcba")
          expect(yield* ids({ sort: "updatedAt", order: "asc", folder: "/w" })).toBe("abc")
        }),
    ),
  )

  it.effect("page by the last event both ways, and go on from a page that looked at many rows for nothing", () =>
    withQueries(
      ({ database, store }) => {
        store.apply([threadRow("first", { agent: "rare", updatedAt: 1 })])
        database.exec("CREATE TEMP TABLE copied AS SELECT * FROM threads; UPDATE copied SET agent = NULL; BEGIN")
        const change = database.prepare("UPDATE temp.copied SET thread_id = ?, updated_at = ?")
        const insert = database.prepare("INSERT INTO threads SELECT * FROM temp.copied")
        for (let at = 2; at < 2 * mostLookedAt + 10; at++) {
          change.run(`t${String(at).padStart(6, "0")}`, at)
          insert.run()
        }
        database.exec("COMMIT")
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const query = { sort: "updatedAt", agent: "rare", limit: 5 } as const
          const lengths: number[] = []
          let page = yield* queries.threads(query)
          for (;;) {
            lengths.push(page.items.length)
            if (page.next === null) break
            page = yield* queries.threads({ ...query, cursor: page.next })
          }
          expect(lengths).toEqual([0, 0, 1])
          // The same from the other end, and back again.
          const start = yield* queries.threads({ ...query, order: "asc" })
          expect(start.items.map(({ threadId }) => threadId)).toEqual(["first"])
          const newest = yield* queries.threads({ sort: "updatedAt", limit: 2 })
          const second = yield* queries.threads({ sort: "updatedAt", limit: 2, cursor: newest.next ?? "" })
          const back = yield* queries.threads({ sort: "updatedAt", limit: 2, cursor: second.previous ?? "" })
          expect(back.items).toEqual(newest.items)
        }),
    ),
  )
})

describe("threads by their last event", () => {
  it.effect("of one millisecond are in the order of the log, on every page", () =>
    withQueries(
      ({ store }) =>
        store.apply([7, 3, 9, 5].map((sequence) => threadRow(`t${10 - sequence}`, { updatedAt: 4, sequence }))),
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const newest = ["t1", "t3", "t5", "t7"]
          for (const order of ["asc", "desc"] as const) {
            const pages = yield* walk((query) => queries.threads({ ...query, sort: "updatedAt" }), { limit: 1, order })
            const ids = pages.flat().map(({ threadId }) => threadId)
            expect(ids).toEqual(order === "desc" ? newest : newest.toReversed())
          }
        }),
    ),
  )
})

describe("rows of all threads", () => {
  const two = (opened: Parameters<typeof sevenTurns>[0]) => {
    sevenTurns(opened)
    const other = { stream: "b", session: "session of b" }
    opened.append([
      { ...started, ...other },
      { ...event("turn.started", {}, { turnId: "u1" }), ...other },
      {
        ...event("item.completed", { kind: "command", status: "failed", title: "make" }, { turnId: "u1", itemId: "x" }),
        ...other,
      },
      { ...event("turn.completed", { outcome: "failed" }, { turnId: "u1" }), ...other },
      { ...event("request.opened", { kind: "command_approval", title: "rm -r" }, { requestId: "r" }), ...other },
      { ...event("inference.started", { model: "m" }, { inferenceId: "i" }), ...other },
    ])
  }

  it.effect("are chosen by their own fields, by their threads and by their time", () =>
    withQueries(two, () =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const b = idFor("b")
        const turns = (query: Parameters<typeof queries.allTurns>[0]) =>
          Effect.map(queries.allTurns(query), ({ items }) => items.map(({ nativeTurnId }) => nativeTurnId).sort())
        expect(yield* turns({})).toEqual(["t1", "t2", "t3", "t4", "t5", "t6", "t7", "u1"])
        expect(yield* turns({ threadId: b })).toEqual(["u1"])
        expect(yield* turns({ threadId: [b, thread], outcome: ["failed", "interrupted"] })).toEqual(["u1"])
        expect(yield* turns({ status: "running" })).toEqual(["t7"])
        expect(yield* turns({ status: ["running", "ended"], provider: "codex" })).toHaveLength(8)
        expect(yield* turns({ provider: "acp" })).toEqual([])
        expect(yield* turns({ to: 0 })).toEqual([])
        expect(yield* turns({ from: 2 ** 48 })).toEqual([])
        expect(yield* turns({ from: 0, to: 2 ** 50 })).toHaveLength(8)
        const items = yield* queries.allItems({ kind: "command", text: "MAKE" })
        expect(items.items).toMatchObject([{ threadId: b, title: "make", status: "failed" }])
        expect((yield* queries.allItems({ status: "open" })).items.map(({ text }) => text)).toEqual(["one more\n\ntwo"])
        expect((yield* queries.items(thread, { text: "text 3" })).items.map(({ text }) => text)).toEqual(["text 3"])
        expect((yield* queries.allRequests({ kind: "command_approval", text: "rm" })).items).toHaveLength(1)
        expect((yield* queries.allInferences({ calledModel: "m", status: "running" })).items).toMatchObject([
          { threadId: b, model: "m" },
        ])
        const pages = yield* walk((query) => queries.allTurns({ ...query, outcome: "completed" }), { limit: 2 })
        expect(pages.flat()).toHaveLength(6)
      }),
    ),
  )

  it.effect("of deleted threads are left out, unless their thread is named", () =>
    withQueries(
      (opened) => {
        two(opened)
        opened.database.prepare("UPDATE threads SET deleted_at = 1 WHERE thread_id = ?").run(thread)
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          expect((yield* queries.allItems({})).items.map(({ threadId }) => threadId)).toEqual([idFor("b")])
          expect((yield* queries.allItems({ threadId: thread })).items).toHaveLength(7)
        }),
    ),
  )
})

describe("plans", () => {
  it("find what a sidebar and lists of all rows ask for by an index: nothing is sorted, no table is read through", () => {
    const { database, dispose } = setUp()
    const explain = (text: string, params: readonly unknown[]): string =>
      database
        .prepare<unknown[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
        .all([...params])
        .map(({ detail }) => detail)
        .join("; ")
    const plan = <N extends Parameters<typeof putRow>[0]>(list: List<N>, conditions: readonly Condition[]): string => {
      const place = { key: list.columns.map(({ type }) => (type === "string" ? "x" : 1)), direction: "next" } as const
      const { where, tail } = pageSelection(list, conditions, list.order, place, 50)
      return explain(
        `SELECT * FROM ${list.table} WHERE ${where.map((each) => each.sql).join(" AND ")} ${tail}`,
        where.flatMap(({ params }) => params),
      )
    }
    for (const text of [
      plan(updatedList, []),
      plan(allTurnsList, []),
      plan(allItemsList, []),
      plan(allRequestsList, []),
      plan(allInferencesList, []),
    ]) {
      expect(text).toMatch(/^SEARCH \w+ USING (COVERING )?INDEX/)
      expect(text).not.toContain("TEMP B-TREE")
    }
    for (const list of [openRows(allItemsList), openRows(allRequestsList), openRows(allInferencesList)]) {
      expect(plan(list as List<"items">, list.conditions ?? [])).toMatch(/USING (COVERING )?INDEX \w+_open/)
    }
    expect(plan(openRows(allTurnsList), openRows(allTurnsList).conditions ?? [])).toContain("turns_running")
    const few = (condition: string) =>
      explain(`SELECT count(*) AS n FROM (SELECT 1 FROM threads WHERE ${condition} LIMIT 501)`, ["x", "y", "z"])
    expect(few("threads.status IN (SELECT value FROM json_each(?)) AND ? <> ?")).toContain("threads_by_status")
    expect(few("(threads.cwd = ? OR (threads.cwd >= ? AND threads.cwd < ?))")).toContain("threads_by_folder")
    dispose()
  })
})
