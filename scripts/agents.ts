/**
 * Installs the real agents that tests run against loopback model servers, each pinned and in a folder of its own under
 * `.agents/` (not in git). What is there already is left alone, so a second run costs nothing. One agent that cannot be
 * installed does not stop the others: its tests are skipped and say why.
 *
 *   node scripts/run.mjs agents              all of them
 *   node scripts/run.mjs agents codex acp    some of them
 *   THREADFOLD_AGENTS=none npm test          none; `THREADFOLD_AGENTS=codex,acp` names some
 */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isMain, root, step } from "./tools.mjs"

const claudeProgram = "@anthropic-ai/claude-agent-sdk-"

interface Pin {
  readonly package: string
  readonly version: string
  readonly program: string
  readonly megabytes: number
}

/**
 * Name → npm package and version: versions that run on Node 20. `program`: start of the name of the optional package
 * that brings the program for this platform. Installed size on Linux x64 in MB, which says why none of them is a
 * dependency. `acp` is pinned below its latest version, which needs Node 22.
 */
const pins: Readonly<Record<string, Pin>> = {
  codex: { package: "@openai/codex", version: "0.169.0", program: "@openai/codex-", megabytes: 404 },
  claude: { package: "@anthropic-ai/claude-agent-sdk", version: "0.3.328", program: claudeProgram, megabytes: 421 },
  acp: { package: "@agentclientprotocol/claude-agent-acp", version: "0.49.0", program: claudeProgram, megabytes: 290 },
}

const folder = join(root, ".agents")

/** For one agent, ms: hundreds of megabytes through a slow line, but not for ever. */
const timeLimit = 5 * 60_000

/** Names asked for by the environment; null where it says nothing. An unknown name is a mistake worth an error. */
const askedByEnvironment = (): readonly string[] | null => {
  const text = process.env.THREADFOLD_AGENTS?.trim()
  if (text === undefined || text === "") return null
  return text === "none" ? [] : text.split(",").map((name) => name.trim())
}

/** npm passes over an optional package that it cannot fetch, and says that all went well. */
const hasProgram = (modules: string, prefix: string): boolean => {
  const [scope = "", start = ""] = prefix.split("/")
  return existsSync(join(modules, scope)) && readdirSync(join(modules, scope)).some((name) => name.startsWith(start))
}

const isInstalled = (name: string, pin: Pin): boolean => {
  const modules = join(folder, name, "node_modules")
  const manifest = join(modules, ...pin.package.split("/"), "package.json")
  if (!existsSync(manifest) || !hasProgram(modules, pin.program)) return false
  return JSON.parse(readFileSync(manifest, "utf8")).version === pin.version
}

/** Why the last installation failed, for the tests that are then skipped (packages/testkit, `installedAgent`). */
const problemFile = (name: string): string => join(folder, `${name}.problem`)

/** Runs npm; resolves to what went wrong, or null. */
const npm = (args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(process.platform === "win32" ? "npm.cmd" : "npm", args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      shell: process.platform === "win32",
      timeout: timeLimit,
    })
    const kept: Buffer[] = []
    child.stderr.on("data", (bytes) => kept.push(bytes))
    child.on("error", (error) => resolve(error.message))
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(null)
      const said = Buffer.concat(kept).toString("utf8").split("\n")
      const errors = said.filter((line) => /npm (error|ERR!)/.test(line)).slice(0, 3)
      resolve(errors.join(" ") || `npm ended by ${signal ?? `exit code ${code}`}`)
    })
  })

const remove = (path: string): void => rmSync(path, { recursive: true, force: true })

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Removes what runs left behind that were killed in the middle; theirs are named after their process. */
const removeLeftovers = () => {
  for (const name of readdirSync(folder)) {
    const owner = /^\.\w+-(\d+)$/.exec(name)
    if (owner !== null && !isAlive(Number(owner[1]))) remove(join(folder, name))
  }
}

/** Installs one agent beside and moves it into place: an installation that was cut short, or two at a time, leave a whole one. */
const install = async (name: string, pin: Pin): Promise<string | null> => {
  const work = join(folder, `.${name}-${process.pid}`)
  remove(work)
  mkdirSync(work, { recursive: true })
  writeFileSync(
    join(work, "package.json"),
    `${JSON.stringify({ name: `agent-${name}`, private: true, dependencies: { [pin.package]: pin.version } }, null, 2)}\n`,
  )
  // Few and short retries: a machine without a network should not wait minutes before its tests.
  const retries = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"]
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", "--prefer-offline"]
  const failure = await npm(["install", "--prefix", work, ...options, ...retries])
  const complete = failure !== null || hasProgram(join(work, "node_modules"), pin.program)
  const problem = complete ? failure : "its program for this platform is missing, or could not be fetched"
  if (problem !== null) {
    remove(work)
    writeFileSync(problemFile(name), `${problem}\n`)
    return problem
  }
  const place = join(folder, name)
  remove(place)
  try {
    renameSync(work, place)
  } catch (error) {
    // Another run was faster; what it put there is the same.
    remove(work)
    if (!isInstalled(name, pin)) throw error
  }
  rmSync(problemFile(name), { force: true })
  return null
}

/** Installs the agents of these names, all unless told, and tells what it did; resolves to the names that failed. */
export const installAgents = async (
  names: readonly string[] = askedByEnvironment() ?? Object.keys(pins),
): Promise<readonly string[]> => {
  const unknown = names.filter((name) => !Object.hasOwn(pins, name))
  if (unknown.length > 0) {
    throw new Error(`There is no agent ${unknown.join(", ")}; there are ${Object.keys(pins).join(", ")}.`)
  }
  mkdirSync(folder, { recursive: true })
  removeLeftovers()
  const failed: string[] = []
  for (const name of names) {
    const pin = pins[name]
    if (pin === undefined || isInstalled(name, pin)) continue
    const { package: packageName, version, megabytes } = pin
    const what = `installing ${packageName} ${version} for tests (about ${megabytes} MB on disk)`
    const problem = await step(what, () => install(name, pin))
    if (problem === null) continue
    console.error(`  not installed, its tests will be skipped: ${problem}`)
    failed.push(name)
  }
  return failed
}

/** The agents whose tests are skipped, and why. */
export const missingAgents = (): ReadonlyArray<{ readonly name: string; readonly why: string }> => {
  const asked = askedByEnvironment()
  return Object.entries(pins).flatMap(([name, pin]) => {
    if (asked !== null && !asked.includes(name)) return [{ name, why: "left out by THREADFOLD_AGENTS" }]
    if (isInstalled(name, pin)) return []
    const why = existsSync(problemFile(name)) ? readFileSync(problemFile(name), "utf8").trim() : "not installed"
    return [{ name, why }]
  })
}

if (isMain(import.meta.url)) {
  const names = process.argv.slice(2)
  try {
    const failed = await installAgents(names.length === 0 ? undefined : names)
    process.exitCode = failed.length === 0 ? 0 : 3
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
