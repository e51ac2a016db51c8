/**
 * Makes a checkout ready on a machine that has Node and npm: installs what the lockfile says with pnpm (fetched by npx),
 * sees that better-sqlite3 works, and builds. Does nothing twice: a checkout that is in step takes a moment.
 *
 *   node scripts/setup.mjs
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { build, isMain, packageManager, packages, root, run, step } from "./tools.mjs"

const oldest = { major: 20, minor: 19 }

class SetupFailed extends Error {}

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    throw new SetupFailed(
      `Node ${process.versions.node} is too old: Threadfold needs ${oldest.major}.${oldest.minor} or newer.\n` +
        "Install a newer one from https://nodejs.org and run the same command again.",
    )
  }
}

/**
 * Where the C++ headers of the running Node lie, or null. With them better-sqlite3 compiles without the network;
 * without them node-gyp fetches them from nodejs.org.
 */
const nodeHeaders = () => {
  const prefixes = [
    dirname(dirname(process.execPath)),
    dirname(dirname(realpathSync(process.execPath))),
    "/usr",
    "/usr/local",
  ]
  /** @param {string} prefix */
  const version = (prefix) => {
    try {
      const text = readFileSync(join(prefix, "include", "node", "node_version.h"), "utf8")
      return ["MAJOR", "MINOR", "PATCH"]
        .map((part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1])
        .join(".")
    } catch {
      return null
    }
  }
  // Headers of another Node would compile to a module that this one refuses or, worse, takes.
  return prefixes.find((prefix) => version(prefix) === process.versions.node) ?? null
}

/** What an installation depends on: another value of it means that node_modules is out of step. */
const fingerprint = () => {
  const hash = createHash("sha256")
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  }
  for (const { folder } of packages) hash.update(folder).update(readFileSync(join(root, folder, "package.json")))
  return hash
    .update(JSON.stringify([packageManager, process.versions.modules, process.platform, process.arch]))
    .digest("hex")
}

const stampFile = join(root, "node_modules", ".threadfold-setup")

const installed = () => {
  if (!packages.every(({ folder }) => existsSync(join(root, folder, "node_modules")))) return false
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : null
  return stamp === fingerprint()
}

/** Whether better-sqlite3 opens a database, tried in a process of its own: a wrong binary may end the process. */
const sqliteProblem = () => {
  const probe = `const Sqlite = require("better-sqlite3"); const db = new Sqlite(":memory:"); db.prepare("SELECT 1").get(); db.close()`
  const { status, stderr, signal } = spawnSync(process.execPath, ["-e", probe], {
    cwd: join(root, "packages", "event-log"),
    encoding: "utf8",
  })
  return status === 0 ? null : stderr.trim().split("\n").slice(0, 12).join("\n") || `it ended by ${signal}`
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
const have = (command, args) =>
  spawnSync(command, args, { stdio: "ignore", shell: process.platform === "win32" }).status === 0

/** @param {string} problem */
const explain = (problem) => {
  const compiler = ["c++", "g++", "clang++", "cl"].some((name) => have(name, ["--version"]))
  const missing = [
    ...(compiler ? [] : ["a C++ compiler"]),
    ...(process.platform === "win32" || have("make", ["--version"]) ? [] : ["make"]),
    ...(have("python3", ["--version"]) || have("python", ["--version"]) ? [] : ["python3"]),
    ...(nodeHeaders() === null ? [`the headers of Node ${process.versions.node} (or a way to nodejs.org)`] : []),
  ]
  return [
    "better-sqlite3, the database module, does not work here. It comes as a prebuilt binary from GitHub, or is compiled.",
    missing.length === 0
      ? "Everything to compile it seems to be there."
      : `To compile it, this machine lacks: ${missing.join(", ")}.`,
    "  Debian, Ubuntu:  apt-get install build-essential python3   (headers: libnode-dev, or a Node from nodejs.org)",
    "  Fedora:          dnf install gcc-c++ make python3 nodejs-devel",
    "  macOS:           xcode-select --install",
    "  Windows (only to read a database with --db):  winget install Microsoft.VisualStudio.2022.BuildTools Python.Python.3.12",
    "Then run the same command again. What went wrong:",
    problem,
  ].join("\n")
}

const install = async () => {
  const headers = nodeHeaders()
  const env = { CI: "true", ...(headers === null ? {} : { npm_config_nodedir: headers }) }
  const code = await step(`installing packages with ${packageManager} (the first time about a minute)`, () =>
    run("pnpm", ["install", "--frozen-lockfile"], { quiet: true, env }),
  )
  if (code !== 0) {
    const problem = existsSync(join(root, "packages", "event-log", "node_modules", "better-sqlite3"))
      ? sqliteProblem()
      : null
    throw new SetupFailed(problem === null ? "The installation failed; see above." : explain(problem))
  }
  // An installation that was cut short, or made by another Node, keeps a binary that does not fit.
  if (sqliteProblem() !== null) {
    await step("making the database module for this Node", () =>
      run("pnpm", ["--recursive", "rebuild", "better-sqlite3"], { quiet: true, env }),
    )
  }
  const problem = sqliteProblem()
  if (problem !== null) throw new SetupFailed(explain(problem))
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, fingerprint())
}

/** Brings the checkout up to date and builds it. Throws with what to do where that is not possible. */
export const setup = async () => {
  checkNode()
  if (!installed() || sqliteProblem() !== null) await install()
  const first = !existsSync(join(root, "apps", "server", "dist", "threadfold.js"))
  const what = first ? "building everything (about two minutes on two cores)" : "building what has changed"
  if ((await step(what, build)) !== 0) throw new SetupFailed("The build failed; see above.")
}

/** Runs the set-up for a script and ends the process where it fails. */
export const setupOrExit = async () => {
  try {
    await setup()
  } catch (error) {
    if (!(error instanceof SetupFailed)) throw error
    console.error(error.message)
    process.exit(3)
  }
}

if (isMain(import.meta.url)) await setupOrExit()
