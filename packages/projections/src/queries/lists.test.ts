import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { putRow } from "../testing/fixtures.js"
import { event, failureOf, setUp, sevenTurns, started, thread, walk, withQueries } from "../testing/queryDatabase.js"
import { idFor } from "../testing/TestLog.js"
import { anomalyList } from "./anomalies.js"
import { encodeCursor } from "./Cursor.js"
import { itemList } from "./items.js"
import { delegationList, inferenceList, queueList, realtimeRunList, taskList } from "./lists.js"
import { type List, pageSelection } from "./Page.js"
import { Projections } from "./Projections.js"
import { ofThread } from "./read.js"
import { requestList } from "./requests.js"
import { sessionList } from "./sessions.js"
import { threadList } from "./threads.js"
import { turnList } from "./turns.js"

describe("lists", () => {
  it.effect("page both ways, in both orders, without a gap or a repeat", () =>
    withQueries(sevenTurns, () =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const natives = ["t1", "t2", "t3", "t4", "t5", "t6", "t7"]
        for (const limit of [1, 2, 3, 7, 8]) {
          for (const order of ["asc", "desc"] as const) {
            const pages = yield* walk((query) => queries.turns(thread, query), { limit, order })
            expect(pages.flat().map(({ nativeTurnId }) => nativeTurnId)).toEqual(
              order === "asc" ? natives : [...natives].reverse(),
            )
            expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true)
          }
        }
      }),
    ),
  )

  it.effect("refuse cursors that were cut, made up, or taken from elsewhere, and limits out of range", () =>
    withQueries(
      (opened) => {
        sevenTurns(opened)
        opened.append([{ ...started, stream: "other", session: "session of other" }])
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const { next } = yield* queries.turns(thread, { limit: 2 })
          const cursor = next ?? ""
          const bad = [
            queries.turns(idFor("other"), { cursor }),
            queries.turns(thread, { cursor, order: "asc" }),
            queries.turns(thread, { cursor: cursor.slice(0, -4) }),
            queries.turns(thread, { cursor: "" }),
            queries.turns(thread, { cursor: "null" }),
            queries.turns(thread, { cursor: encodeCursor(`turns/${thread}/desc`, { key: ["x"], direction: "next" }) }),
            queries.turns(thread, { cursor: encodeCursor(`turns/${thread}/desc`, { key: [], direction: "next" }) }),
          ]
          expect(failureOf(yield* Effect.exit(queries.items(thread, { cursor })))).toBe("CursorInvalid")
          for (const query of bad) expect(failureOf(yield* Effect.exit(query))).toBe("CursorInvalid")
          for (const limit of [0, 501, 1.5, Number.NaN]) {
            expect(failureOf(yield* Effect.exit(queries.turns(thread, { limit })))).toBe("LimitInvalid")
          }
        }),
    ),
  )

  it.effect("have requests in the order of the log, not of their ids or their clocks", () =>
    withQueries(
      ({ store }) => {
        const request = (requestId: string, threadId: string, openedSequence: number, sequence: number) =>
          putRow("requests", { requestId, threadId, openedSequence, sequence, status: "open", kind: "other" })
        store.apply([
          ...["a", "b"].map((threadId) => putRow("threads", { threadId, status: "idle", provider: "codex" })),
          request("id 3", "a", 10, 40),
          request("id 1", "a", 11, 11),
          request("id 4", "b", 12, 12),
          request("id 2", "a", 13, 13),
          // Made by an older version, and not folded again yet.
          request("id 9", "a", 0, 9),
          request("id 8", "a", 0, 8),
        ])
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const asked = ["id 8", "id 9", "id 3", "id 1", "id 4", "id 2"]
          const ofThread = asked.filter((id) => id !== "id 4")
          for (const limit of [1, 2, 3]) {
            for (const order of ["asc", "desc"] as const) {
              const inOrder = (ids: readonly string[]) => (order === "asc" ? ids : [...ids].reverse())
              const idsOf = (pages: readonly (readonly { readonly requestId: string }[])[]) =>
                pages.flat().map(({ requestId }) => requestId)
              const some = yield* walk((query) => queries.requests("a", query), { limit, order })
              expect(idsOf(some)).toEqual(inOrder(ofThread))
              const all = yield* walk((query) => queries.allRequests(query), { limit, order })
              expect(idsOf(all)).toEqual(inOrder(asked))
              const open = yield* walk((query) => queries.allRequests({ ...query, status: "open" }), { limit, order })
              expect(idsOf(open)).toEqual(inOrder(asked))
            }
          }
          const { items } = yield* queries.inbox()
          expect(items.map(({ requestId }) => requestId)).toEqual(asked)
        }),
    ),
  )

  it.effect("filter threads, newest first, and leave deleted ones out", () =>
    withQueries(
      ({ store }) => {
        const row = (threadId: string, createdAt: number | null, more: object) =>
          putRow("threads", { threadId, createdAt, status: "idle", provider: "codex", ...more })
        store.apply([
          row("old", 1, {}),
          row("unknown", null, { provider: "acp" }),
          row("child", 5, { parentThreadId: "old", status: "working" }),
          row("twin", 5, { nativeThreadId: "n" }),
          row("archived", 7, { archivedAt: 8, status: "archived" }),
          row("deleted", 9, { deletedAt: 9, settings: { a: 1 }, plan: { steps: [] } }),
        ])
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const ids = (query: Parameters<typeof queries.threads>[0]) =>
            Effect.map(queries.threads(query), (page) => page.items.map(({ threadId }) => threadId))
          expect(yield* ids({})).toEqual(["archived", "twin", "child", "old", "unknown"])
          expect(yield* ids({ deleted: true })).toEqual(["deleted"])
          expect(yield* ids({ deleted: false, limit: 1 })).toEqual(["archived"])
          const shown = { deletedAt: 9, settings: { a: 1 }, plan: { steps: [] } }
          expect((yield* queries.thread("deleted")).value).toMatchObject(shown)
          expect((yield* queries.threadSnapshot("deleted")).snapshot.thread).toMatchObject(shown)
          expect(yield* ids({ archived: true })).toEqual(["archived"])
          expect(yield* ids({ archived: false, status: "idle" })).toEqual(["twin", "old", "unknown"])
          expect(yield* ids({ provider: "acp" })).toEqual(["unknown"])
          expect(yield* ids({ parentThreadId: "old" })).toEqual(["child"])
          expect(yield* ids({ nativeThreadId: "n" })).toEqual(["twin"])
          const pages = yield* walk((query) => queries.threads(query), { limit: 2 })
          expect(pages.flat().map(({ threadId }) => threadId)).toEqual(["archived", "twin", "child", "old", "unknown"])
        }),
    ),
  )

  it.effect("leave out turns that were taken back, and their items, or give those alone", () =>
    withQueries(
      (opened) => {
        sevenTurns(opened)
        opened.append([event("item.started", { kind: "agent_message" }, { turnId: "t7", itemId: "of-7" })])
        opened.append([event("thread.rewound", { count: 2 }), event("thread.rewound", {})])
      },
      ({ database }) =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const turns = (rewound?: boolean) =>
            Effect.map(queries.turns(thread, { rewound }), (page) => page.items.map(({ nativeTurnId }) => nativeTurnId))
          expect(yield* turns(false)).toEqual(["t4", "t3", "t2", "t1"])
          expect(yield* turns(true)).toEqual(["t7", "t6", "t5"])
          expect(yield* turns()).toHaveLength(7)
          const marked = (yield* queries.turns(thread)).items.map(({ rewoundSequence }) => rewoundSequence)
          const [first, second] = database
            .prepare("SELECT sequence FROM rewinds ORDER BY ordinal")
            .all()
            .map((row) => Object(row).sequence)
          expect(marked).toEqual([first, first, second, null, null, null, null])
          const [newest] = (yield* queries.turns(thread)).items
          const { value, version } = yield* queries.turn(newest?.turnId ?? "")
          expect([value.rewound, value.version, version]).toEqual([true, first, first])
          const items = (rewound: boolean) =>
            Effect.map(queries.items(thread, { rewound }), (page) => page.items.map(({ turnId }) => turnId))
          const gone = new Set((yield* queries.turns(thread, { rewound: true })).items.map(({ turnId }) => turnId))
          const inView = yield* items(false)
          expect(inView.length).toBeGreaterThan(0)
          expect(inView.some((turnId) => gone.has(turnId ?? ""))).toBe(false)
          expect((yield* items(true)).every((turnId) => gone.has(turnId ?? ""))).toBe(true)
          const { snapshot } = yield* queries.threadSnapshot(thread, { rewound: false })
          expect([snapshot.turns.length, snapshot.items.length]).toEqual([4, inView.length])
        }),
    ),
  )

  it.effect("filter items by turn and anomalies by stream, reason and subject", () =>
    withQueries(
      (opened) => {
        sevenTurns(opened)
        opened.append([
          event("turn.completed", { outcome: "failed" }, { turnId: "t1" }),
          event("content.delta", { stream: "text", delta: "x" }, { turnId: "t1", itemId: "ghost" }),
          event("turn.completed", { outcome: "failed" }, { turnId: "t1" }),
        ])
      },
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const turns = yield* queries.turns(thread, { limit: 1 })
          const items = yield* queries.items(thread, { turnId: turns.items[0]?.turnId })
          expect(items.items.map(({ nativeItemId }) => nativeItemId)).toEqual(["i7"])
          const all = yield* queries.anomalies({})
          expect(all.items.map(({ reason, count }) => [reason, count])).toEqual([
            ["turn-terminal-duplicate", 2],
            ["item-unknown", 1],
          ])
          const one = yield* queries.anomalies({ threadId: thread, reason: "item-unknown" })
          expect(one.items).toEqual([all.items[1]])
          const subject = all.items[0]?.subject
          expect((yield* queries.anomalies({ subject })).items).toEqual([all.items[0]])
          expect((yield* queries.anomalies({ threadId: "other" })).items).toEqual([])
        }),
    ),
  )

  it("leave out a message that steered another turn", () =>
    Effect.runPromise(
      withQueries(
        ({ store }) => {
          store.apply([
            putRow("threads", { threadId: thread, status: "idle" }),
            putRow("turns", {
              turnId: "u",
              threadId: thread,
              ordinal: 1,
              origin: "client",
              status: "ended",
              outcome: "cancelled",
              cause: "steered",
              evidence: "observed",
              settled: 1,
              steeredInto: "v",
            }),
          ])
        },
        () => Effect.flatMap(Projections, (queries) => queries.turns(thread)),
      ),
    ).then(({ items }) => expect(items).toEqual([])))

  it.effect("of requests over all threads: those that wait, newest first, page by page", () =>
    withQueries(
      ({ append }) =>
        append([
          { ...started, session: "session" },
          ...["1", "2", "3"].map((n) => event("request.opened", { kind: "command_approval" }, { requestId: n })),
          { ...started, stream: "b", session: "session of b" },
          {
            ...event("request.opened", { kind: "command_approval" }, { requestId: "4" }),
            stream: "b",
            session: "session of b",
          },
          event("request.resolved", { decision: "accept" }, { requestId: "2" }),
        ]),
      () =>
        Effect.gen(function* () {
          const queries = yield* Projections
          const natives = (items: readonly { readonly nativeRequestId: string | null }[]) =>
            items.map(({ nativeRequestId }) => nativeRequestId)
          const { items } = yield* queries.allRequests({})
          expect(natives(items)).toEqual(["4", "3", "2", "1"])
          const open = yield* queries.allRequests({ status: "open", limit: 2 })
          expect(natives(open.items)).toEqual(["4", "3"])
          expect(open.items[0]).toMatchObject({ threadId: idFor("b"), status: "open" })
          const rest = yield* queries.allRequests({ status: "open", limit: 2, cursor: open.next ?? "" })
          expect([natives(rest.items), rest.next]).toEqual([["1"], null])
          expect((yield* queries.allRequests({ status: "answering" })).items).toEqual([])
          const [first] = items
          const found = yield* queries.request(first?.requestId ?? "")
          expect(found).toMatchObject({ value: first, version: first?.version })
          expect(failureOf(yield* Effect.exit(queries.request("missing")))).toBe("RowNotFound request")
        }),
    ),
  )

  it("find every page by an index: nothing is sorted", () => {
    const { database, dispose } = setUp()
    const plan = <N extends Parameters<typeof putRow>[0]>(list: List<N>, scoped: boolean): string => {
      const place = { key: list.columns.map(({ type }) => (type === "string" ? "x" : 1)), direction: "next" } as const
      const { where, tail } = pageSelection(list, scoped ? [ofThread("t")] : [], list.order, place, 50)
      const text = `SELECT * FROM ${list.table} WHERE ${where.map((each) => each.sql).join(" AND ")} ${tail}`
      return database
        .prepare<unknown[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
        .all(where.flatMap(({ params }) => params))
        .map(({ detail }) => detail)
        .join("; ")
    }
    const plans = [
      plan(threadList, false),
      plan(sessionList, true),
      plan(turnList, true),
      plan(itemList, true),
      plan(requestList, true),
      plan(inferenceList, true),
      plan(realtimeRunList, true),
      plan(delegationList, true),
      plan(taskList, true),
      plan(queueList, true),
      plan(anomalyList, true),
      plan(anomalyList, false),
    ]
    for (const each of plans) {
      expect(each).toMatch(/^SEARCH \w+ USING (COVERING )?INDEX/)
      expect(each).not.toContain("TEMP B-TREE")
    }
    dispose()
  })
})
