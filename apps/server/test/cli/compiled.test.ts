/** In which form the built program is loaded: the one that V8 had made of it, or its modules. */
import { execFileSync, spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { version } from "../../src/installed.js"
import { program, temporary } from "./program.js"

const Coverage = Schema.parseJson(Schema.Struct({ result: Schema.Array(Schema.Struct({ url: Schema.String })) }))

/** What a run of `--version` printed, and the names of the files of ours that it ran. */
const versionWith = (flags: readonly string[]) => {
  const directory = temporary()
  const env = { ...process.env, NODE_V8_COVERAGE: directory, NODE_OPTIONS: "" }
  const printed = execFileSync(process.execPath, [...flags, program, "--version"], { env, encoding: "utf8" })
  const files = readdirSync(directory).flatMap((name) =>
    Schema.decodeUnknownSync(Coverage)(readFileSync(join(directory, name), "utf8")).result.map(({ url }) =>
      basename(url),
    ),
  )
  return { printed: printed.trim(), files }
}

it("this Node runs what V8 made of the program when it was built", () => {
  const { files, printed } = versionWith([])
  expect(printed).toBe(version)
  expect(files).toContain("program.cjs")
  expect(files.filter((name) => name.startsWith("main-"))).toEqual([])
})

it("a V8 that does not take it runs the modules", () => {
  const { files, printed } = versionWith(["--max-lazy"])
  expect(printed).toBe(version)
  expect(files).not.toContain("program.cjs")
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
