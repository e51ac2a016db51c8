/**
 * The real agents that `node scripts/run.mjs agents` installs into `.agents/` at the root of the workspace. They are optional:
 * a test that needs one asks here first, and is skipped with the reason where there is none.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** `codex`: the Codex program. `claude`: the Claude Agent SDK. `acp`: an agent that speaks the Agent Client Protocol. */
export type AgentName = "codex" | "claude" | "acp"

export interface InstalledAgent {
  readonly installed: true
  readonly name: AgentName
  /** Version as its npm package says it. */
  readonly version: string
  /** Absolute path of the program to start: a native one for `codex` and `claude`, this Node for `acp`. */
  readonly command: string
  /** What comes before any argument for the agent itself: nothing, or the script that Node runs. */
  readonly args: readonly string[]
  /** Absolute path of the package's entry module, to import (`claude`) or to start with Node (`codex`, `acp`). */
  readonly module: string
}

export interface MissingAgent {
  readonly installed: false
  readonly name: AgentName
  /** One sentence: why it is not there and what to do about it; what a skipped test prints. */
  readonly reason: string
}

interface Layout {
  readonly title: string
  /** npm package, relative to `node_modules`. */
  readonly package: string
  /** Entry module, relative to the package. */
  readonly module: string
  /** Finds the program below `node_modules`; null: not there. */
  readonly program: (modules: string) => string | null
}

const list = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : [])

/** The first file that exists among those made from the names in a folder. */
const firstFile = (folder: string, files: (name: string) => readonly string[]): string | null =>
  list(folder)
    .flatMap(files)
    .map((file) => join(folder, file))
    .find((file) => existsSync(file)) ?? null

const codexProgram = (modules: string): string | null =>
  firstFile(join(modules, "@openai"), (name) => {
    const vendor = join(name, "vendor")
    return list(join(modules, "@openai", vendor)).flatMap((target) => [
      join(vendor, target, "bin", "codex"),
      join(vendor, target, "bin", "codex.exe"),
    ])
  })

const claudeProgram = (modules: string): string | null =>
  firstFile(join(modules, "@anthropic-ai"), (name) =>
    name.startsWith("claude-agent-sdk-") ? [join(name, "claude"), join(name, "claude.exe")] : [],
  )

const layouts: Readonly<Record<AgentName, Layout>> = {
  codex: { title: "Codex", package: "@openai/codex", module: "bin/codex.js", program: codexProgram },
  claude: {
    title: "The Claude Agent SDK",
    package: "@anthropic-ai/claude-agent-sdk",
    module: "sdk.mjs",
    program: claudeProgram,
  },
  acp: {
    title: "The ACP agent",
    package: "@agentclientprotocol/claude-agent-acp",
    module: "dist/index.js",
    program: (modules) => (claudeProgram(modules) === null ? null : process.execPath),
  },
}

/** The nearest `.agents` folder above this module, whether it runs from `src` or from `dist`. */
const agentsFolder = (): string | null => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, ".agents"))) return join(folder, ".agents")
    if (dirname(folder) === folder) return null
  }
}

/** True unless `THREADFOLD_AGENTS` (`none`, or names with commas between) leaves this agent out. */
const isWanted = (name: AgentName): boolean => {
  const asked = process.env.THREADFOLD_AGENTS?.trim() ?? ""
  return asked === "" || asked.split(",").some((one) => one.trim() === name)
}

const versionIn = (manifestFile: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(manifestFile, "utf8"))
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : null
  return typeof version === "string" ? version : "unknown"
}

/** Where the agent is, or why it is not there. */
export const installedAgent = (name: AgentName): InstalledAgent | MissingAgent => {
  const { module, package: packageName, program, title } = layouts[name]
  const missing = (why: string): MissingAgent => ({ installed: false, name, reason: `${title} ${why}` })
  if (!isWanted(name)) return missing("is left out by THREADFOLD_AGENTS; unset it to run these tests.")
  const folder = agentsFolder()
  const problem = folder === null ? null : join(folder, `${name}.problem`)
  const why =
    problem !== null && existsSync(problem) ? ` (the last attempt: ${readFileSync(problem, "utf8").trim()})` : ""
  const absent = missing(`is not installed; run \`node scripts/run.mjs agents ${name}\`${why}.`)
  if (folder === null) return absent
  const modules = join(folder, name, "node_modules")
  const manifestFile = join(modules, ...packageName.split("/"), "package.json")
  const command = existsSync(manifestFile) ? program(modules) : null
  if (command === null) return absent
  const path = join(dirname(manifestFile), module)
  return {
    installed: true,
    name,
    version: versionIn(manifestFile),
    command,
    args: command === process.execPath ? [path] : [],
    module: path,
  }
}
