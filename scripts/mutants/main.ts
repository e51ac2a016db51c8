/**
 * `npm run mutants`: small changes of the rules, one at a time, each of which must fail a test of them (docs/testing.md). Not part
 * of CI.
 *
 *   npm run mutants                                                        all areas, one after the other
 *   npm run mutants -- fold                                                one of them
 *   npm run mutants -- --mutate packages/core/src/fold/turn.ts             a file, or lines of it: turn.ts:20-40
 *
 * Other options are Stryker's: `--incremental`, `--concurrency 1`.
 */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { root } from "../tools.mjs"

/** Area → the files of its folder of `packages/core/src` that are changed; the tests are those beside them. */
const areas: Readonly<Record<string, readonly string[]>> = {
  // Rules 1 to 9.
  fold: [
    "closures",
    "configuration",
    "delegation",
    "earlyEnd",
    "echo",
    "elsewhere",
    "inference",
    "item",
    "place",
    "pointer",
    "realtime",
    "request",
    "session",
    "task",
    "turn",
    "turnEnd",
    "turnStart",
  ],
  workflow: ["!(*.test|index)"],
  message: ["!(*.test)"],
  decide: ["!(*.test|index)"],
  payload: ["!(*.test)"],
}

const asked = process.argv.slice(2)
const mutated = asked[asked.indexOf("--mutate") + 1] ?? ""
const names = Object.keys(areas)
const named = asked.filter((word) => names.includes(word))
const about = names.filter((area) => mutated.replaceAll("\\", "/").includes(`/src/${area}/`))
const options = asked.filter((word) => !names.includes(word))
if (options[0] !== undefined && !options[0].startsWith("-")) {
  console.error(`There is no area ${options[0]}; there are ${names.join(", ")}.`)
  process.exit(2)
}

const stryker = join(
  dirname(createRequire(import.meta.url).resolve("@stryker-mutator/core/package.json")),
  "bin/stryker.js",
)
// Stryker's own processes load the runner, too: each has to read TypeScript, and core the sources of contracts.
const typescript = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import tsx --conditions=source`.trim() }
const failed: string[] = []
for (const area of [named, about, names].find((some) => some.length > 0) ?? []) {
  const folder = `packages/core/src/${area}`
  console.log(`\n${area}`)
  const { status } = spawnSync(process.execPath, [stryker, "run", "scripts/mutants/stryker.config.mjs", ...options], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...typescript, MUTATED: folder, MUTATED_FILES: (areas[area] ?? []).join() },
  })
  if (status !== 0) failed.push(area)
}
if (failed.length > 0) console.log(`\nBelow the limit, or not run: ${failed.join(", ")}`)
process.exitCode = failed.length === 0 ? 0 : 1
