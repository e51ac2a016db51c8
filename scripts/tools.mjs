/** What the set-up, test and guard scripts share. Node only: these run before anything is installed. */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Root of the workspace. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * What the scripts read of a package.json.
 * @typedef {{ name: string, packageManager: string, scripts?: Record<string, string>, dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} Manifest
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** The workspace's packages: folder (relative to the root), short name and manifest. */
export const packages = ["packages", "apps"].flatMap((group) =>
  readdirSync(join(root, group))
    .filter((name) => existsSync(join(root, group, name, "package.json")))
    .sort()
    .map((name) => ({ name, folder: `${group}/${name}`, manifest: manifest(join(root, group, name)) })),
)

/** Where a run notes the tests that blocked their worker, a line of JSON each. */
export const blockingFile = join(root, ".turbo", "blocking.jsonl")

/** The built program. */
export const program = join(root, "apps", "server", "dist", "threadfold.js")

/** The one version of pnpm that this workspace is installed with, such as `pnpm@10.34.9`. */
export const packageManager = manifest(root).packageManager

/** Node's own `npx`, with a `pnpm` on the PATH of what it runs: turbo needs one, the machine need not have one. */
const npx = process.platform === "win32" ? "npx.cmd" : "npx"

/**
 * Runs a program of the workspace with pnpm on its PATH. `quiet` keeps its output back and prints it only when the
 * program fails. Resolves to the exit code; a program that a signal ended counts as 1.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ quiet?: boolean, env?: Record<string, string | undefined> }} [options]
 * @returns {Promise<number>}
 */
export const run = (command, args, { quiet = false, env = {} } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(npx, ["-y", `--package=${packageManager}`, "--", command, ...args], {
      cwd: root,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", ...env },
      stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    })
    /** @type {Buffer[]} */
    const kept = []
    child.stdout?.on("data", (bytes) => kept.push(bytes))
    child.stderr?.on("data", (bytes) => kept.push(bytes))
    child.on("error", reject)
    child.on("close", (code) => {
      if (code !== 0 && quiet) process.stderr.write(Buffer.concat(kept))
      resolve(code ?? 1)
    })
  })

/** How often a step that goes on says so, ms. */
const stillMs = 15_000

/** @param {number} since */
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/**
 * Runs one step of a set-up: says on standard error what is done, that it still goes on, and how long it took.
 *
 * @template A
 * @param {string} what
 * @param {() => Promise<A>} work
 * @returns {Promise<A>}
 */
export const step = async (what, work) => {
  const since = performance.now()
  console.error(`${what} …`)
  const still = setInterval(() => console.error(`  still ${what}: ${seconds(since)}`), stillMs)
  try {
    return await work()
  } finally {
    clearInterval(still)
    console.error(`  ${seconds(since)}`)
  }
}

/** Builds what has changed: two packages at a time, output only when one fails. */
export const build = () =>
  run("turbo", ["run", "build", "--output-logs=errors-only", "--concurrency=2", "--no-update-notifier"], {
    quiet: true,
    env: {
      PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(process.platform === "win32" ? ";" : ":"),
    },
  })

/**
 * True when the module is what `node` was asked to run, false when another one imports it.
 *
 * @param {string} url
 */
export const isMain = (url) => process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1]
