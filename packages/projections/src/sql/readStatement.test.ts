import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SqlStore } from "../SqlStore.js"
import { openProjections, putRow } from "../testing/fixtures.js"
import { readStatement, type StatementQuery } from "./readStatement.js"
import { sqlViews } from "./sqlViews.js"

const directory = mkdtempSync(join(tmpdir(), "threadfold-sql-"))
const file = join(directory, "threadfold.db")

beforeAll(() => {
  const database = openProjections(file)
  const columns = (sqlViews.find(({ name }) => name === "v_events")?.columns ?? []).map(({ name }) => name)
  database.exec(`CREATE TABLE events (${columns.join(", ")}); CREATE TABLE meta (key, value)`)
  database.exec(
    "INSERT INTO events (sequence, type) VALUES (7, 'turn.started'); INSERT INTO meta VALUES ('key', 'secret')",
  )
  // An event whose text the log keeps apart, in two segments.
  const parts = JSON.stringify([25, '{"a":1,"text":"', { text: "key" }, '"}'])
  database
    .prepare("INSERT INTO events (sequence, stream_id, type, payload) VALUES (6, 's', 'notice', ?)")
    .run(Buffer.from(parts))
  database.exec("INSERT INTO text_segments VALUES ('s', 'key', 9, char(10) || 'end'), ('s', 'key', 0, 'a \"start\"')")
  new SqlStore(database).apply([
    putRow("threads", { threadId: "a", status: "idle", provider: "codex", title: "it's" }),
    putRow("threads", { threadId: "b", status: "working" }),
  ])
  database.close()
})
afterAll(() => rmSync(directory, { recursive: true }))

const read = (sql: string, more: Partial<StatementQuery> = {}) =>
  readStatement(file, { sql, params: [], rows: 100, bytes: 10_000, ...more })

describe("a statement of a person", () => {
  it("reads views, with values, and is true for a sequence", () => {
    expect(read("SELECT thread_id, title FROM v_threads WHERE provider = ?", { params: ["codex"] })).toEqual({
      sequence: 7,
      columns: ["thread_id", "title"],
      rows: [["a", "it's"]],
      cut: null,
    })
    expect(read("-- what there is\nWITH n AS (SELECT count(*) AS n FROM v_threads) SELECT n FROM n;").rows).toEqual([
      [2],
    ])
    expect(read("VALUES (1), (x'00ff')").rows).toEqual([[1], ["AP8="]])
    expect(read("SELECT turns, items FROM v_threads LIMIT 1").columns).toEqual(["turns", "items"])
  })

  it("finds every view as it is described", () => {
    for (const { columns, name } of sqlViews) {
      expect(read(`SELECT * FROM ${name}`).columns).toEqual(columns.map((column) => column.name))
      expect(columns.every(({ meaning }) => meaning !== "")).toBe(true)
    }
    expect(read("SELECT count(DISTINCT view) FROM v_views").rows).toEqual([[sqlViews.length - 1]])
  })

  it("has payloads whole, also where the log keeps a text of one apart", () => {
    const [[payload] = []] = read("SELECT payload FROM v_events WHERE sequence = 6").rows
    expect(JSON.parse(String(payload))).toEqual({ a: 1, text: 'a "start"\nend' })
  })

  it("ends at the limit of rows, and at that of bytes", () => {
    const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'some words' FROM n"
    expect(read(many, { rows: 3 })).toMatchObject({
      rows: [
        [1, "some words"],
        [2, "some words"],
        [3, "some words"],
      ],
      cut: "rows",
    })
    const cut = read(many, { rows: 1_000, bytes: 200 })
    expect([cut.cut, cut.rows.length < 20]).toEqual(["bytes", true])
  })

  it.each([
    ["", "no statement"],
    ["-- nothing", "no statement"],
    ["ATTACH 'x.db' AS x", "begins with"],
    ["PRAGMA journal_mode", "begins with"],
    ["EXPLAIN SELECT 1", "begins with"],
    ["DELETE FROM v_threads", "begins with"],
    ["/* a */ VACUUM INTO 'x.db'", "begins with"],
    ["SELECT 1; SELECT 2", "more than one"],
    ["SELECT 1; ATTACH 'x.db' AS x", "more than one"],
    ["WITH t AS (SELECT 1) DELETE FROM threads", "views are"],
    ["WITH t AS (SELECT 1) INSERT INTO meta SELECT 1, 2", "views are"],
    ["SELECT * FROM meta", "views are"],
    ["SELECT * FROM threads", "views are"],
    ['SELECT * FROM "fold_state"', "views are"],
    ["SELECT * FROM main.meta", "names of databases"],
    ['SELECT * FROM "main" . [meta]', "names of databases"],
    ["SELECT * FROM 'main'.meta", "names of databases"],
    ["SELECT * FROM main/* */.meta", "names of databases"],
    ["SELECT sql FROM sqlite_schema", "sqlite_schema"],
    ["SELECT sql FROM 'sqlite_master'", "sqlite_master"],
    ["SELECT * FROM [SQLITE_TEMP_SCHEMA]", "sqlite_temp_schema"],
    ["SELECT * FROM pragma_database_list", "pragma_database_list"],
    ["SELECT * FROM `pragma_table_info`('meta')", "pragma_table_info"],
    ["SELECT * FROM dbstat", "dbstat"],
    ["SELECT load_extension('x')", "load_extension"],
    ["SELECT * FROM nowhere", "v_threads"],
    ["SELECT nowhere FROM v_threads", "no such column"],
    ["SELECT ?", "parameter"],
    ["SELECT 'open", "unrecognized"],
    ["SELECT 1\u0000", "NUL"],
    ["x", "begins with"],
  ])("is refused: %j", (sql, why) => {
    expect(() => read(sql)).toThrow(why)
  })

  it("is refused where it is too long", () => {
    expect(() => read(`SELECT ${"1".repeat(100_001)}`)).toThrow("100000 characters")
  })

  it("changes nothing", () => {
    const database = new Sqlite(file, { readonly: true })
    expect(database.prepare("SELECT count(*) AS n FROM meta").get()).toEqual({ n: 1 })
    expect(database.prepare("SELECT count(*) AS n FROM threads").get()).toEqual({ n: 2 })
    database.close()
  })
})
