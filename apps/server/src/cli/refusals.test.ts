/**
 * Command lines that are refused, in this process: `test/cli/offline.test.ts` runs some of them through the built program, which
 * takes a third of a second each.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Problem, ProblemDetails, type ProblemSlug, problems } from "@threadfold/contracts/problem"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { refused } from "../../test/cli/inProcess.js"
import type { KnownCommand } from "./arguments.js"
import { problemText } from "./failures.js"
import { knownCommands } from "./main.js"

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
  ["invalid-request", 2, ["step"]],
  ["invalid-request", 2, ["step", "01", "--thread", "02"]],
  ["invalid-request", 2, ["step", "01", "--from", "0"]],
  ["invalid-request", 2, ["diff", "01", "--from", "1", "--to", "1e3"]],
  ["invalid-request", 2, ["why", "--thread", "01", "--data-dir", directory]],
  ["database-not-found", 3, ["why", "--thread", "01", "thread#status", "--data-dir", directory]],
  ["invalid-request", 2, ["whatif", "01", "--edits", join(directory, "none.json")]],
  ["database-not-found", 3, ["threads", "--data-dir", directory]],
  ["database-not-found", 3, ["verify", "--db", join(directory, "threadfold.db")]],
  ["database-not-found", 3, ["rebuild", "--data-dir", directory]],
  ["invalid-request", 2, ["retain", "--older", "90"]],
  ["invalid-request", 2, ["retain", "--older", "-1d"]],
  ["invalid-request", 2, ["retain", "--older", "3m"]],
  ["invalid-request", 2, ["retain", "--older", "90d", "--yes"]],
  ["invalid-request", 2, ["retain", "--older", "90d", "--yes", "--dry-run", "--into", "."]],
  ["invalid-request", 2, ["retain", "--older", "90d", "--yes", "--into", join(directory, "folder", "file")]],
  ["server-not-running", 3, ["retain", "--older", "90d", "--data-dir", directory]],
  ["invalid-request", 2, ["agents", "--login", "key", "--data-dir", directory]],
  ["invalid-request", 2, ["agents", "codex", "models", "--login", "key", "--data-dir", directory]],
  ["invalid-request", 2, ["agents", "codex", "--refresh", "--data-dir", directory]],
  ["invalid-request", 2, ["configure", "01", "--data-dir", directory]],
  ["invalid-request", 2, ["unattended", "01", "--rule", "accept", "--data-dir", directory]],
  ["invalid-request", 2, ["unattended", "01", "--rule", "wait", "--off", "--data-dir", directory]],
  ["server-not-running", 3, ["unattended", "01", "--data-dir", directory]],
  ["invalid-request", 2, ["read", "01", "--up-to", "0", "--data-dir", directory]],
  ["invalid-request", 2, ["talk"]],
  ["invalid-request", 2, ["talk", "01", "--thread", "02"]],
  ["server-not-running", 3, ["talk", "--thread", "01", "--data-dir", directory]],
  ["invalid-request", 2, ["serve", "--data-dir", "--port", "0"]],
  ["invalid-request", 2, ["threads", "--data-dir", plain]],
  ["invalid-request", 2, ["import", "codex-app-server", plain, "--data-dir", plain]],
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
  [["salvage", "out.db"], "Missing: --db."],
  [["diff", "01"], "Missing: --from, --to."],
  [["delte", "x"], "Did you mean delete?"],
  [["threads", "--limit", "1", "--limit", "2"], "--limit is given twice; give it once."],
  [["bisect", "01", "--where", "session.statsu == 'x'"], 'there is no field "statsu"; the nearest is "status"'],
  [["at", "01", "--event", "first"], "--event takes an event: its sequence of the log (from 1), or its whole id."],
  [["step", "01", "--data-dir", directory, "--from"], "--from takes a value, and has none."],
  [["serve", "--data-dir", plain], "codex-01-plain.jsonl is a file, and a data directory is a folder."],
  [["check", "--invariant", "WRONG"], 'there is no invariant "WRONG"; known are'],
  [["check", "--invariant", "log.event-id-uniqe"], 'the nearest is "log.event-id-unique"'],
  [["import"], "threadfold import threadfold FILE"],
  [["thread"], "A THREAD is missing"],
  [["salvge"], "Did you mean salvage?"],
  [["salvage", "--db", join(directory, "none.db"), "out.db"], "none.db is not there."],
])("threadfold %j: %s", async (args, said) => {
  expect((await refused(args)).stderr).toContain(said)
})

it.each<readonly [readonly string[], string]>([
  [["at", "01"], "For example: `threadfold at 01a1f87e --sequence 120`. `threadfold at --help` says what it takes."],
  [["threads", "--unknown"], "For example: `threadfold threads`."],
  [["import", "claud"], "`threadfold import --help` says what it takes."],
  [["bogus"], "`threadfold --help` lists the commands"],
])("threadfold %j is told the right usage: %s", async (args, next) => {
  const { stderr } = await refused([...args, "--json"])
  expect(decodeProblem(stderr)).toMatchObject({ next: expect.stringContaining(next) })
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

it.each(Object.keys(problems) as ProblemSlug[])(
  "%s tells a person what to do without naming a field of JSON",
  (slug) => {
    const text = problemText(new Problem({ slug, detail: "What happened." }))
    expect(text).not.toContain("`detail`")
    expect(text).toMatch(/^threadfold: .*What happened\.\n {2}\S/)
  },
)

/** Every command that does something, with the words that name it. */
const leaves = (
  commands: readonly KnownCommand[],
  before: readonly string[] = [],
): readonly (readonly [readonly string[], KnownCommand])[] =>
  commands.flatMap((one) => {
    const words = [...before, one.name]
    return one.below.length > 0 ? leaves(one.below, words) : [[words, one] as const]
  })

it("refuses an empty value of every option of every command, before anything is done", async () => {
  const options = leaves(knownCommands()).flatMap(([words, { valued }]) =>
    valued.map((option) => [words, option] as const),
  )
  expect(options.length).toBeGreaterThan(200)
  expect(options.some(([, option]) => option === "--allowed-origin")).toBe(true)
  for (const [words, option] of options) {
    for (const given of [[option, ""], [`${option}=`]]) {
      const { code, stderr } = await refused([...words, ...given])
      const line = [...words, ...given].join(" ")
      expect([line, code, stderr]).toEqual([
        line,
        2,
        expect.stringContaining(`${option} takes a value, and it is empty`),
      ])
    }
  }
})
