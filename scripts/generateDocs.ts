/**
 * Writes docs/reference from the code: schemas with their annotations, tables, catalogues, invariants, transition tables,
 * routes and commands. Runs the samples that pages mark to be run, and sees that every relative link leads somewhere.
 *
 *   npm run docs
 *   npm run docs -- --check    changes nothing; ends with 1 where a page is out of date or a link is broken
 */
import { type SpawnSyncOptions, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cliPage } from "./docs/cli.js"
import { examplesModule } from "./docs/examples.js"
import { httpPage } from "./docs/http.js"
import { brokenLinks } from "./docs/links.js"
import { page } from "./docs/markdown.js"
import {
  anomaliesPage,
  type EnvironmentVariable,
  envelopePage,
  environmentPage,
  eventsPage,
  invariantsPage,
  problemsPage,
  readModelPage,
  settlePages,
  tablesPage,
  transitionsPage,
} from "./docs/pages.js"
import { runSamples } from "./docs/samples.js"
import { setupOrExit } from "./setup.mjs"
import { root } from "./tools.mjs"

const folder = join(root, "docs", "reference")
const checks = process.argv.includes("--check")

/** Runs a program; its standard output, or an error with what it said. */
const outputOf = (command: string, args: readonly string[], options: SpawnSyncOptions): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) throw error ?? new Error(stderr)
  return stdout
}

/** The OpenAPI document, made where its library is installed. */
const openApi = (): string =>
  outputOf(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { OpenApi } from "@effect/platform"
       import { Api } from "@threadfold/contracts/api"
       process.stdout.write(JSON.stringify(OpenApi.fromApi(Api), null, 2))`,
    ],
    { cwd: join(root, "apps", "server") },
  )

/** The environment variables, as the program lists them: its bundle exports nothing. */
const environment = (): readonly EnvironmentVariable[] =>
  JSON.parse(
    outputOf(
      process.execPath,
      [
        "--import",
        "tsx",
        "--input-type=module",
        "--eval",
        `import { variables } from "./src/config/Environment.ts"
         process.stdout.write(JSON.stringify(Object.values(variables)))`,
      ],
      { cwd: join(root, "apps", "server") },
    ),
  )

/** A text as the formatter has it, so that it leaves the file alone. */
const formatted = (text: string, name = "openapi.json"): string =>
  outputOf(join(root, "node_modules", ".bin", "biome"), ["format", `--stdin-file-path=${name}`], {
    cwd: root,
    input: text,
    shell: process.platform === "win32",
  })

const contents: readonly (readonly [file: string, says: string])[] = [
  ["events.md", "types of events and their payloads"],
  ["envelope.md", "what is around every payload"],
  ["tables.md", "tables of the projections, column by column"],
  ["read-model.md", "what `--json` prints and HTTP answers"],
  ["transitions.md", "which event takes which row from which state to which"],
  ["invariants.md", "what always holds, and what `check` looks for"],
  ["anomalies.md", "what the fold refuses to apply, and why"],
  ["problems.md", "every error, and what to do next"],
  ["http.md", "routes, parameters and bodies; [openapi.json](openapi.json)"],
  ["cli.md", "commands, options, exit codes"],
  ["environment.md", "environment variables"],
]

const make = async (): Promise<ReadonlyMap<string, string>> => {
  // Imported here: the build may have just been made anew.
  const contracts = {
    ...(await import("../packages/contracts/dist/index.js")),
    ...(await import("../packages/contracts/dist/api/index.js")),
    ...(await import("../packages/contracts/dist/api/Problem.js")),
  }
  const core = await import("../packages/core/dist/index.js")
  const document = openApi()
  settlePages(contracts)
  const titleOf = (text = ""): string => /^# (.*)$/m.exec(text)?.[1] ?? ""
  const pages = new Map([
    ["events.md", eventsPage(contracts)],
    ["envelope.md", envelopePage(contracts)],
    ["tables.md", tablesPage(contracts)],
    ["read-model.md", readModelPage(contracts)],
    ["transitions.md", transitionsPage(core)],
    ["invariants.md", invariantsPage(core)],
    ["anomalies.md", anomaliesPage(contracts)],
    ["problems.md", problemsPage(contracts)],
    ["http.md", httpPage(JSON.parse(document), contracts.publicPaths)],
    ["cli.md", cliPage()],
    ["environment.md", environmentPage(environment())],
    ["openapi.json", formatted(document)],
  ])
  const index = contents.map(([file, says]) => `- [${titleOf(pages.get(file))}](${file}): ${says}`)
  return pages.set("README.md", page("Reference", "All of this is made from the code.", "", ...index))
}

const problems: string[] = []
// The document shows examples that the program prints: they are made first, and built in.
const examplesFile = join(root, "packages", "contracts", "src", "api", "examples.ts")
const examples = formatted(examplesModule(), "examples.ts")
if (readFileSync(examplesFile, "utf8") !== examples) {
  if (checks) problems.push("packages/contracts/src/api/examples.ts is out of date: run `npm run docs`")
  else {
    writeFileSync(examplesFile, examples)
    await setupOrExit()
  }
}
const pages = await make()
mkdirSync(folder, { recursive: true })
for (const [name, text] of pages) {
  const file = join(folder, name)
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue
  if (checks) problems.push(`docs/reference/${name} is out of date: run \`npm run docs\``)
  else writeFileSync(file, text)
}
for (const name of readdirSync(folder)) {
  if (pages.has(name)) continue
  if (checks) problems.push(`docs/reference/${name} is made by nothing: run \`npm run docs\``)
  else rmSync(join(folder, name))
}
const sampled = [
  "import-a-recording.md",
  "debug-a-thread.md",
  "ask-why.md",
  "codex-traces.md",
  "trace-model-calls.md",
].map((name) => `docs/how-to/${name}`)
for (const file of ["README.md", ...sampled]) problems.push(...runSamples(file, checks))
problems.push(...brokenLinks())
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
