/** The way to the first wrong event of a stuck thread by the built program: `check`, `bisect`, and what they refuse. */

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { CheckReport } from "@threadfold/contracts"
import { brokenFoldModule, stuckStates, stuckThreadId } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeStuckDatabase } from "../stuck/StuckDatabase.js"
import { refused } from "./inProcess.js"
import { temporary, threadfold } from "./program.js"

const state = stuckStates.find(({ name }) => name === "inference-runs-after-cancel")
if (state === undefined) throw new Error("the stuck state is not there")
const threadId = stuckThreadId(state)

const database = async (): Promise<string> => {
  const library = await makeStuckDatabase(state)
  onTestFinished(() => library.close())
  return library.file
}

const Bisected = Schema.Struct({ found: Schema.Null, evaluations: Schema.Positive })

describe("a stuck thread", () => {
  it("is led to its first wrong event by check, and by bisect with the fold that left it", async () => {
    const db = await database()
    const checked = await threadfold(["check", threadId, "--invariant", state.invariant, "--db", db, "--json"])
    const report = Schema.decodeUnknownSync(Schema.parseJson(CheckReport))(checked.stdout)
    expect([checked.code, report.violations.map(({ invariant }) => invariant)]).toEqual([1, [state.invariant]])
    // The log goes on after it, and other threads have events before and between.
    const first = report.violations[0]?.sequence ?? 0
    expect(first).toBeGreaterThan(state.event)
    const fold = join(temporary(), "fold.mjs")
    const flaws = JSON.stringify(state.flaws)
    writeFileSync(
      fold,
      `import { brokenFold } from ${JSON.stringify(pathToFileURL(brokenFoldModule).href)}\nexport const fold = brokenFold(${flaws})\n`,
    )
    const where = ["bisect", threadId, "--where", state.where, "--db", db]
    const page = await threadfold([...where, "--fold", fold, "--monotone"])
    expect([page.code, page.stdout]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`^First true after event ${first}: turn\\.aborted\\n[\\s\\S]*before false[\\s\\S]*What it changed`),
      ),
    ])
    // Our fold closes the model call with its turn.
    const none = await threadfold([...where, "--json"])
    const bisected = Schema.decodeUnknownSync(Schema.parseJson(Bisected))(none.stdout)
    expect([none.code, bisected.found]).toEqual([1, null])
  })
})

describe("arguments", () => {
  it("that name no invariant or no expression are refused before a database is looked at", async () => {
    const nowhere = ["--db", "/nowhere.db"]
    const misspelt = await refused(["check", "--invariant", "row.one-runing-turn", ...nowhere])
    expect([misspelt.code, misspelt.stderr]).toEqual([
      2,
      expect.stringContaining('there is no invariant "row.one-runing-turn"; the nearest is "row.one-running-turn"'),
    ])
    const ofFold = await refused(["check", "--invariant", "fold.active-turn-runs", ...nowhere])
    expect(ofFold.stderr).toContain("is about the steps of the fold, which no database holds")
    const wrong = await refused(["bisect", "01", "--where", "turns.exists(t, t.status = 'x')", ...nowhere])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/at character 26: .*\n {2}turns.*\n {27}\^\n/),
    ])
    const range = await refused(["bisect", "01", "--where", "true", "--from", "5", "--to", "4", ...nowhere])
    expect([range.code, range.stderr]).toEqual([2, expect.stringContaining("--from is behind --to")])
  })

  it("ask for the list of invariants without a database", async () => {
    const { code, stdout } = await threadfold(["check", "--list", "--json"])
    const Listed = Schema.Struct({ items: Schema.Array(Schema.Struct({ id: Schema.String, kind: Schema.String })) })
    const { items } = Schema.decodeUnknownSync(Schema.parseJson(Listed))(stdout)
    expect([code, new Set(items.map(({ kind }) => kind))]).toEqual([0, new Set(["log", "row", "fold"])])
    expect(items.map(({ id }) => id)).toContain("row.one-running-turn")
  })
})
