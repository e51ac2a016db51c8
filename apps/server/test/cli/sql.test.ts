/** Statements by the built program: rows, refusals, and processes that are ended at their limits. */
import { join } from "node:path"
import { SqlRows } from "@threadfold/contracts/api"
import { recording } from "@threadfold/testkit"
import { describe, expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"

const numbers = (until: string) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n ${until})`
const endless = `${numbers("")} SELECT count(*) FROM n`
const large = `SELECT length(group_concat(hex(randomblob(1000000)))) FROM (${numbers("WHERE i < 2000")} SELECT i FROM n)`
const joined = "SELECT count(*) FROM v_events a, v_events b, v_events c, v_events d, v_events e, v_events f"

describe("threadfold sql", () => {
  it("reads views, and is ended at its limits", async () => {
    const directory = join(temporary(), "data")
    const { path } = recording("codex-02-approval-untrusted-accept")
    await threadfold(["import", "codex-app-server", path, "--data-dir", directory])
    const line = (...args: readonly string[]) => ["sql", ...args, "--data-dir", directory]
    const found = await document(SqlRows, line("SELECT count(*) AS n, min(status) AS s FROM v_turns"))
    expect([found.columns, found.rows]).toEqual([["n", "s"], [[1, "ended"]]])
    for (const [problem, said, ...args] of [
      ["sql-refused", "begins with", "ATTACH 'x.db' AS x"],
      ["sql-refused", "views are", "SELECT * FROM meta"],
      ["sql-limit", "1000 ms", endless, "--timeout", "1"],
      ["sql-limit", "1000 ms", joined, "--timeout", "1"],
      ["sql-limit", "memory", large, "--timeout", "60"],
    ] as const) {
      const { detail, type } = problemOf(await threadfold([...line(...args), "--json"]))
      expect([type.endsWith(problem), detail]).toEqual([true, expect.stringContaining(said)])
    }
  })
})
