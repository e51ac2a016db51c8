/**
 * Command lines that are refused, in this process: `test/cli/offline.test.ts` runs some of them through the built program, which
 * takes a third of a second each.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { refused } from "../../test/cli/inProcess.js"

const decodeProblem = Schema.decodeUnknownSync(Schema.parseJson(ProblemDetails))

const plain = recording("codex-01-plain").path
const directory = "/nonexistent/threadfold"

it.each<readonly [string, number, readonly string[]]>([
  ["invalid-request", 2, ["bogus"]],
  ["invalid-request", 2, ["thread"]],
  ["invalid-request", 2, ["import"]],
  ["invalid-request", 2, ["events", "--limit", "none"]],
  ["invalid-request", 2, ["events", "--limit", "0"]],
  ["invalid-request", 2, ["events", "--after", "-1"]],
  ["invalid-request", 2, ["events", "--type", "turn.strated", "--data-dir", directory]],
  ["invalid-request", 2, ["threads", "--unknown"]],
  ["invalid-request", 2, ["threads", "--db", "a", "--data-dir", "b"]],
  ["invalid-request", 2, ["rebuild", "--db", "a"]],
  ["invalid-request", 2, ["at", "01"]],
  ["invalid-request", 2, ["at", "01", "--sequence", "1", "--turn", "a"]],
  ["invalid-request", 2, ["at", "01", "--time", "yesterday"]],
  ["invalid-request", 2, ["diff", "01", "--from", "1"]],
  ["invalid-request", 2, ["why", "01"]],
  ["invalid-request", 2, ["why", "01", "thread#status", "--event", "02"]],
  ["invalid-request", 2, ["why", "01", "thread#statsu", "--data-dir", directory]],
  ["invalid-request", 2, ["whatif", "01"]],
  ["invalid-request", 2, ["whatif", "01", "--edits", join(directory, "none.json")]],
  ["database-not-found", 3, ["threads", "--data-dir", directory]],
  ["database-not-found", 3, ["verify", "--db", join(directory, "threadfold.db")]],
  ["database-not-found", 3, ["rebuild", "--data-dir", directory]],
  ["storage-failed", 3, ["import", "codex-app-server", plain, "--data-dir", "/dev/null/data"]],
])("%s, exit code %i: threadfold %j", async (slug, code, args) => {
  const run = await refused([...args, "--json"])
  expect([run.code, decodeProblem(run.stderr).type]).toEqual([code, `urn:threadfold:problem:${slug}`])
})

it("names the event type that is nearest to a mistyped one", async () => {
  const { stderr } = await refused(["events", "--type", "turn.strated", "--db", "any", "--json"])
  expect(decodeProblem(stderr).detail).toBe(
    '--type: there is no event type "turn.strated"; the nearest is "turn.started".',
  )
})

it.each<readonly [readonly string[], string]>([
  [["threads", "--limit", "abc"], "--limit takes a whole number from 1."],
  [["threads", "--limit", "0"], "--limit takes a whole number from 1."],
  [["threads", "--status", "foo"], "--status takes one of idle, "],
  [["serve", "--port", "65536"], "--port takes a whole number from 0 to 65535."],
  [["salvage", "out.db"], "--db"],
  [["delte", "x"], "Did you mean delete?"],
  [["salvge"], "Did you mean salvage?"],
  [["salvage", "--db", join(directory, "none.db"), "out.db"], "none.db is not there."],
])("threadfold %j: %s", async (args, said) => {
  expect((await refused(args)).stderr).toContain(said)
})

it("says what a file is that is no recording, and leaves no database behind", async () => {
  const home = mkdtempSync(join(tmpdir(), "threadfold-refusals-"))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const notes = join(home, "notes.md")
  writeFileSync(notes, '# Notes\n\nA line of it:\n{"a": 1}\n')
  const fresh = join(home, "data")
  const { stderr } = await refused(["import", "codex-app-server", notes, "--data-dir", fresh])
  expect(stderr).toContain("It seems to be a text that is no JSON.")
  expect(existsSync(fresh)).toBe(false)
})
