/**
 * What is passed on: packed, installed by npm into an empty folder, and run there by its name. Native code is installed by its own
 * script from a prebuilt file, as from its download: a compiler would take minutes.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import { isRunning, killProcess, recording } from "@threadfold/testkit"
import { expect, it, onTestFinished } from "vitest"
import { compiledNames } from "../../src/compiledProgram.js"
import { version } from "../../src/installed.js"
import { cleanEnv, temporary } from "./program.js"

const root = join(import.meta.dirname, "..", "..", "..", "..")
const bin = (name: string): string => join(root, "node_modules", ".bin", name)

/** A folder with the installed database module as its maker's server would send it, under the name that its install script asks for. */
const prebuilt = async (folder: string): Promise<string> => {
  const module = dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"))
  const { version: ofModule } = JSON.parse(readFileSync(join(module, "package.json"), "utf8"))
  const inside = join(folder, "build", "Release")
  mkdirSync(inside, { recursive: true })
  cpSync(join(module, "build", "Release", "better_sqlite3.node"), join(inside, "better_sqlite3.node"))
  const { platform, versions } = process
  const name = `better-sqlite3-v${ofModule}-node-v${versions.modules}-${platform}-${process.arch}.tar.gz`
  await promisify(execFile)("tar", ["-czf", name, "build"], { cwd: folder })
  return folder
}

/** What npm says where it reaches no registry. */
const withoutRegistry = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT/

const reader = `
import { applyEvent, connect, type PayloadOf, type ThreadView } from "@threadfold/client"
import { Effect } from "effect"
import { type OpenThreadfold, openThreadfold, type OwnProjectionSpec, Threadfold } from "threadfold"

const turns: OwnProjectionSpec = {
  name: "turns",
  version: 1,
  tables: ["CREATE TABLE turns (turns INTEGER NOT NULL)"],
  types: ["turn.completed"],
  fold: (_event, { run }) => run("INSERT INTO turns VALUES (1)"),
}
const outcome = (payload: PayloadOf<"turn.completed">) => payload.outcome
const opened: OpenThreadfold = await openThreadfold({ dataDir: "own", projections: [turns] })
const { items }: { readonly items: readonly ThreadView[] } = await connect(opened).run((api) =>
  api.threads.list({ urlParams: {} }),
)
const rows = await opened.projection("turns").query("SELECT count(*) FROM turns")
await opened.close()
const agents = Effect.map(Threadfold, ({ url }) => new URL(url).hostname)
const host = await Effect.runPromise(Effect.provide(agents, Threadfold.layer({ dataDir: "own" })))
console.log([items.length, rows.length, host, typeof applyEvent, typeof outcome].join())
`

/** The first line that a process prints on standard output. */
const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text
    })
    child.once("error", reject)
    child.once("close", (code) => reject(new Error(`it ended with ${code}: ${said}`)))
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve)
  })

it("installs into an empty folder and runs there", { timeout: 1_800_000 }, async (test) => {
  const folder = temporary()
  const tarballs = join(folder, "packed")
  const place = join(folder, "app")
  mkdirSync(place)
  const env = cleanEnv({
    npm_config_better_sqlite3_local_prebuilds: await prebuilt(join(folder, "prebuilt")),
    npm_config_update_notifier: "false",
  })
  // Not in one go: the runner of tests wants to hear of its worker meanwhile.
  const run = (command: string, args: readonly string[], cwd = place) =>
    promisify(execFile)(command, [...args], { cwd, env, maxBuffer: 1e8 }).catch((error: Error & { stdout: string }) => {
      // A compiler says what is wrong on standard output.
      error.message += error.stdout
      throw error
    })

  await run(bin("tsx"), ["scripts/pack.ts", "--into", tarballs], root)
  const files = readdirSync(tarballs)
  expect(files.sort()).toEqual(
    ["", "-client", "-contracts", "-core"].map((name) => `threadfold${name}-${version}.tgz`).sort(),
  )
  writeFileSync(join(place, "package.json"), JSON.stringify({ private: true, type: "module" }))
  const install = [
    "install",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    ...files.map((file) => join(tarballs, file)),
  ]
  try {
    await run("npm", install)
  } catch (error) {
    if (withoutRegistry.test(String(error))) test.skip("npm has no registry, and not everything in its cache")
    throw error
  }

  const installed = join(place, "node_modules", "threadfold")
  expect(readdirSync(installed).sort()).toEqual(
    ["LICENSE", "README.md", "THIRD-PARTY-NOTICES", "dist", "examples", "package.json"].sort(),
  )
  expect(readFileSync(join(installed, "THIRD-PARTY-NOTICES"), "utf8")).toMatch(/^effect \S+ \(MIT\)$/m)
  // Made by the install script, for the Node that runs it.
  const compiled = join(installed, "dist", compiledNames.caches)
  expect(existsSync(compiled)).toBe(true)

  // As npx finds it, which takes longer than most commands: the server below is started through npx itself.
  const program = join(place, "node_modules", ".bin", "threadfold")
  const threadfold = async (...args: readonly string[]) => (await run(program, args)).stdout.trim()
  const data = join(folder, "data")
  const server = spawn("npx", ["threadfold", "serve", "--desktop", "--data-dir", data], {
    cwd: place,
    env,
    detached: true,
  })
  onTestFinished(() => {
    // None is left, if all went as it should.
    if (server.pid !== undefined) killProcess(-server.pid)
  })
  const closed = new Promise((resolve) => server.once("close", resolve))
  const { pid, url, version: running } = JSON.parse(await firstLine(server))
  expect([running, (await fetch(`${url}/livez`)).status, (await fetch(`${url}/docs`)).status]).toEqual([
    version,
    200,
    200,
  ])
  await threadfold("import", "codex-app-server", recording("codex-01-plain").path, "--data-dir", data)
  const { threads } = JSON.parse(await threadfold("threads", "--json", "--data-dir", data))
  expect(threads).toHaveLength(1)
  const { turns } = JSON.parse(await threadfold("thread", threads[0].threadId, "--json", "--data-dir", data))
  expect(turns).toMatchObject([{ outcome: "completed" }, { outcome: "completed" }])
  server.stdin?.end()
  await closed
  expect(isRunning(pid)).toBe(false)
  expect(readdirSync(data)).not.toContain("server.json")

  // Another Node than the one that installed it finds nothing that fits, and loads the modules.
  renameSync(compiled, `${compiled}.other`)
  expect(JSON.parse(await threadfold("check", "--json", "--data-dir", data))).toMatchObject({ ok: true })

  // As where npm was not allowed to run install scripts.
  const module = join(place, "node_modules", "better-sqlite3", "build", "Release", "better_sqlite3.node")
  renameSync(module, `${module}.aside`)
  await expect(threadfold("threads", "--data-dir", data)).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringContaining("npm rebuild better-sqlite3"),
  })
  renameSync(`${module}.aside`, module)

  writeFileSync(join(place, "reader.ts"), reader)
  const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck", "--lib", "es2023,dom"]
  await run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), ...options, "reader.ts"])
  expect((await run(process.execPath, ["reader.js"])).stdout.trim()).toBe("0,1,127.0.0.1,function,function")
  rmSync(join(place, "node_modules"), { recursive: true, force: true })
})
