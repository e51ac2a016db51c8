/** In which form the built program is loaded: the one that V8 had made of it, or its modules. */
import { execFileSync, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { ImportReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { version } from "../../src/installed.js"
import { document, program, temporary } from "./program.js"

const Coverage = Schema.parseJson(Schema.Struct({ result: Schema.Array(Schema.Struct({ url: Schema.String })) }))

/** What a run printed, and the names of the files of ours that each of its threads ran. */
const runWith = (flags: readonly string[], ...args: readonly string[]) => {
  const directory = temporary()
  const env = { ...process.env, NODE_V8_COVERAGE: directory, NODE_OPTIONS: "" }
  const printed = execFileSync(process.execPath, [...flags, program, ...args], { env, encoding: "utf8" })
  const threads = readdirSync(directory).map((name) =>
    Schema.decodeUnknownSync(Coverage)(readFileSync(join(directory, name), "utf8")).result.map(({ url }) =>
      basename(url),
    ),
  )
  return { printed: printed.trim(), threads }
}

it("this Node runs what V8 made of the program when it was built, in its threads as well", async () => {
  const data = ["--data-dir", join(temporary(), "data")]
  await document(ImportReport, ["import", "codex-app-server", recording("codex-01-plain").path, ...data])
  const { printed, threads } = runWith([], "check", "--json", ...data)
  expect(printed).toBe('{"ok":true,"violations":[]}')
  expect(threads).toHaveLength(2)
  expect(threads.flat()).toContain("jobThread.js")
  for (const files of threads) {
    expect(files.filter((name) => /^(?:main|jobThread)-/.test(name))).toEqual([])
  }
  expect(threads.map((files) => files.find((name) => /^(?:program|jobThread)\.cjs$/.test(name))).sort()).toEqual([
    "jobThread.cjs",
    "program.cjs",
  ])
})

it("a V8 that does not take it runs the modules", () => {
  const { printed, threads } = runWith(["--max-lazy"], "--version")
  const files = threads.flat()
  expect(printed).toBe(version)
  // The first script, whose code V8 does not take, is not run.
  expect(files.filter((name) => name.endsWith(".cjs"))).toEqual([])
  expect(files.filter((name) => name.startsWith("main-"))).toHaveLength(1)
})

it("imports packages and modules by their path in both forms", () => {
  const report = (flags: readonly string[]) => {
    const run = spawnSync(process.execPath, [...flags, program, "doctor", "--data-dir", temporary()], {
      encoding: "utf8",
    })
    return run.stdout.split("\n").find((line) => line.includes("database module"))
  }
  expect(report([])).toMatch(/^ok +database module/)
  expect(report(["--max-lazy"])).toBe(report([]))
})
