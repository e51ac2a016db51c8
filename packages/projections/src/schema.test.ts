import { Migrator, SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { columnName, type Rows, tableNames, tables } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import { layouts } from "@threadfold/core/model"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { projectionMigrations, projectionMigrationsTable } from "./migrations.js"
import { SqlStore } from "./SqlStore.js"
import { selectMatches } from "./SqlText.js"
import { openProjections, putRow } from "./testing/fixtures.js"

const running: Partial<Rows["turns"]> = {
  turnId: "u1",
  threadId: "t",
  sessionId: "s",
  ordinal: 1,
  nativeTurnId: "n",
  origin: "provider",
  status: "running",
}
const over = {
  status: "ended",
  outcome: "completed",
  cause: "provider",
  evidence: "observed",
  settled: 1,
  endedAt: 1,
} as const
const session: Partial<Rows["sessions"]> = {
  sessionId: "s1",
  threadId: "t",
  epoch: 1,
  mode: "managed",
  status: "running",
  activeTurnId: "u1",
}
const item: Partial<Rows["items"]> = { itemId: "i", threadId: "t", ordinal: 1, kind: "command", status: "open" }
const voice: Partial<Rows["realtime_runs"]> = { realtimeId: "r1", threadId: "t", status: "started" }
const request: Partial<Rows["requests"]> = {
  requestId: "q1",
  threadId: "t",
  sessionId: "s",
  nativeRequestId: "0",
  kind: "other",
  status: "open",
}

/** What is written first (and fits), and what must not be written then. */
const impossible: readonly (readonly [string, readonly Change[], Change])[] = [
  ["an inactive session with an active turn", [], putRow("sessions", { ...session, status: "ready" })],
  [
    "two live sessions of a thread",
    [putRow("sessions", session)],
    putRow("sessions", { ...session, sessionId: "s2", epoch: 2 }),
  ],
  [
    "two sessions of one epoch",
    [putRow("sessions", { ...session, status: "stopped", activeTurnId: null, endedAt: 1, evidence: "observed" })],
    putRow("sessions", { ...session, sessionId: "s2" }),
  ],
  ["a stopped session that says not on what evidence", [], putRow("sessions", { ...session, endedAt: 1 })],
  [
    "two running turns of a thread",
    [putRow("turns", running)],
    putRow("turns", { ...running, turnId: "u2", ordinal: 2, nativeTurnId: "n2" }),
  ],
  [
    "one native turn twice in a session",
    [putRow("turns", { ...running, ...over })],
    putRow("turns", { ...running, ...over, turnId: "u2", ordinal: 2 }),
  ],
  ["an ended turn without an outcome", [], putRow("turns", { ...running, ...over, outcome: null })],
  ["an ended turn without evidence", [], putRow("turns", { ...running, ...over, evidence: null })],
  ["a running turn with an outcome", [], putRow("turns", { ...running, outcome: "failed" })],
  ["a running turn with an end", [], putRow("turns", { ...running, endedAt: 1 })],
  ["an observed end that is not final", [], putRow("turns", { ...running, ...over, settled: 0 })],
  ["a running turn in doubt", [], putRow("turns", { ...running, uncertain: 1 })],
  ["a turn that steered and yet completed", [], putRow("turns", { ...running, ...over, steeredInto: "u2" })],
  ["an item that ended without a cause", [], putRow("items", { ...item, status: "failed", evidence: "observed" })],
  ["an open item with evidence of its end", [], putRow("items", { ...item, evidence: "observed" })],
  ["chunks beside a final text", [], putRow("items", { ...item, hasFinal: 1, chunks: 1 })],
  ["a chunk without an item", [], putRow("item_chunks", { itemId: "missing", ordinal: 0, threadId: "t", text: "x" })],
  ["an answer on its way without a decision", [], putRow("requests", { ...request, status: "answering" })],
  [
    "one native request twice in a session",
    [putRow("requests", request)],
    putRow("requests", { ...request, requestId: "q2" }),
  ],
  ["a running attempt that has ended", [], putRow("inferences", { inferenceId: "x", status: "running", cause: "x" })],
  [
    "an output item twice in an attempt",
    [putRow("inference_items", { threadId: "t", inferenceId: "x", ordinal: 1, itemKey: "#0" })],
    putRow("inference_items", { threadId: "t", inferenceId: "x", ordinal: 2, itemKey: "#0" }),
  ],
  [
    "two live voice runs of a thread",
    [putRow("realtime_runs", voice)],
    putRow("realtime_runs", { ...voice, realtimeId: "r2" }),
  ],
  ["a voice run that closed for no reason", [], putRow("realtime_runs", { ...voice, status: "closed" })],
  [
    "a voice run that never started and yet closed",
    [],
    putRow("realtime_runs", { ...voice, status: "failed", evidence: "observed", reason: "error" }),
  ],
  ["a task that ended without an outcome", [], putRow("tasks", { taskId: "k", status: "ended", cause: "x" })],
]

describe("schema", () => {
  it.each(impossible)("refuses %s", (_name, before, change) => {
    const database = openProjections()
    const store = new SqlStore(database)
    store.apply(before)
    expect(() => store.apply([change])).toThrow(/constraint failed/)
    database.close()
  })

  it("lets a place be taken once it was left", () => {
    const database = openProjections()
    const store = new SqlStore(database)
    store.apply([putRow("turns", running), putRow("realtime_runs", voice)])
    store.apply([
      putRow("turns", { ...running, ...over }),
      putRow("turns", { ...running, turnId: "u2", ordinal: 2, nativeTurnId: "n2" }),
      putRow("realtime_runs", { ...voice, status: "closed", reason: "replaced", evidence: "inferred" }),
      putRow("realtime_runs", { ...voice, realtimeId: "r2" }),
    ])
    expect(store.find("turns", "byNativeInThread", ["t", "n2"])?.turnId).toBe("u2")
    database.close()
  })

  it("has exactly the tables and columns of the contract", () => {
    const database = openProjections()
    for (const table of tableNames) {
      const columns = database.pragma(`table_info(${table})`)
      expect(columns).toEqual(
        Object.entries(tables[table].columns).map(([name, { type, nullable }]) =>
          expect.objectContaining({
            name: columnName(name),
            type: type === "integer" ? "INTEGER" : "TEXT",
            notnull: nullable ? 0 : 1,
          }),
        ),
      )
    }
    database.close()
  })

  it("answers every look-up of the contract by an index", () => {
    const database = openProjections()
    for (const [table, of] of layouts) {
      for (const columns of [of.key, ...of.lookups.values(), [of.owner]]) {
        if (table === "item_chunks" && columns[0] === of.owner) continue
        const condition = columns.map((column) => `${columnName(column)} = ?`).join(" AND ")
        const plan = database
          .prepare<unknown[], { readonly detail: string }>(
            `EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${condition}`,
          )
          .all(columns.map(() => "x"))
        expect(plan.map(({ detail }) => detail).join("; ")).toMatch(/^SEARCH .* USING (COVERING )?(INDEX|PRIMARY KEY)/)
      }
    }
    database.close()
  })

  it("finds the first of many matches of a look-up without sorting them", () => {
    const database = openProjections()
    for (const [table, of] of layouts) {
      if (table === "item_chunks") continue
      for (const columns of of.lookups.values()) {
        const plan = database
          .prepare<unknown[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${selectMatches(of, columns)} LIMIT 1`)
          .all(columns.map(() => "x"))
        expect([table, ...plan.map(({ detail }) => detail)].join("; ")).not.toContain("TEMP B-TREE")
      }
    }
    database.close()
  })

  it("is made by the migrator, once", async () => {
    const migrate = Migrator.make({})({
      loader: Migrator.fromRecord(projectionMigrations),
      table: projectionMigrationsTable,
    })
    const names = await Effect.runPromise(
      Effect.gen(function* () {
        const first = yield* migrate
        expect(first).toEqual([
          [1, "tables"],
          [2, "agents"],
          [3, "wires"],
          [4, "ids"],
          [5, "forked"],
          [6, "model_calls"],
          [7, "purges"],
          [8, "voice"],
          [9, "sidebar"],
          [10, "inbox"],
          [11, "parts"],
          [12, "served"],
          [13, "unattended"],
          [14, "preview"],
          [15, "chosen"],
          [16, "said"],
          [17, "opened_for"],
          [18, "opening"],
        ])
        expect(yield* migrate).toEqual([])
        const sql = yield* SqlClient.SqlClient
        return yield* sql.unsafe<{ readonly name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
      }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:" }))),
    )
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...tableNames, "fold_state", "projection_meta", projectionMigrationsTable]),
    )
  })
})
