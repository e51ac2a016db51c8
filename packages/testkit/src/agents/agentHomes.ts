/**
 * Temporary homes for real agents. They do not read or change the files of the person who runs the tests, and are deleted with
 * their scope.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Effect, type Scope } from "effect"

export interface AgentHome {
  /** Absolute path of the temporary folder. */
  readonly folder: string
  /** An empty folder inside it for the agent to work in. */
  readonly cwd: string
  /** The whole environment that the agent is started with. */
  readonly env: Readonly<Record<string, string>>
}

const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  // The real path: agents report their folder with links resolved, and on macOS the temporary folder is one.
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "threadfold-agent-")))),
  // An agent that was killed may have children that still write for a moment.
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })),
)

/** What agents start again and again to learn of the machine and of its repositories: a fifth of what a start of Codex costs. */
const askedOfTheMachine = ["git", "lsb_release"]

/**
 * A folder that comes first in `PATH`: those programs fail in it at once. The agents of tests work in no repository, and go on
 * without an answer; what they say does then not depend on what a machine has. Empty where there is no program that only fails.
 */
const failingPrograms = (folder: string): readonly string[] => {
  const fails = ["/bin/false", "/usr/bin/false"].find((file) => existsSync(file))
  if (fails === undefined) return []
  const programs = join(folder, "programs")
  mkdirSync(programs)
  for (const name of askedOfTheMachine) symlinkSync(fails, join(programs, name))
  return [programs]
}

/** The variables of our environment that programs need to run, without tokens and settings of the person. */
const baseEnvironment = (folder: string): Record<string, string> => {
  const passed = ["SystemRoot", "COMSPEC", "PATHEXT"].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const PATH = [...failingPrograms(folder), process.env.PATH ?? ""].join(delimiter)
  return {
    ...Object.fromEntries(passed),
    PATH,
    HOME: folder,
    USERPROFILE: folder,
    TMPDIR: folder,
    TEMP: folder,
    TMP: folder,
  }
}

const workFolder = (folder: string): string => {
  const cwd = join(folder, "work")
  mkdirSync(cwd)
  return cwd
}

export interface CodexHomeOptions {
  /** Base URL of the model provider, for example that of `OpenAi.server`. */
  readonly baseUrl: string
  /** One that Codex does not know unless set: it then offers its plainest tools. `gpt-5.5` brings a patch tool. */
  readonly model?: string
  /** `never` unless set. `untrusted` is for `thread/start` alone: Codex 0.169 refuses it in a configuration file. */
  readonly approvalPolicy?: "never" | "on-request"
  /** `danger-full-access` unless set: what a script does must not depend on the sandboxes that a machine allows. */
  readonly sandbox?: "read-only" | "workspace-write" | "danger-full-access"
  /** How often a request that got no stream is repeated; 1 unless set. */
  readonly requestRetries?: number
  /** How often a stream that broke off is repeated; 1 unless set. */
  readonly streamRetries?: number
  /** How long a stream may be silent, ms; Codex's own limit (minutes) unless set. */
  readonly streamIdleMs?: number
  /**
   * Codex's feature switches. `plugins` is off unless set: with it Codex asks the network beyond this machine. So is
   * `shell_snapshot`: it has a login shell write down all that it knows before the first command, a sixth of what a start costs.
   * `unbounded_connection_retries`, on in Codex, repeats refused connections for ever.
   */
  readonly features?: Readonly<Record<string, boolean>>
  /** More lines for the end of `config.toml`. */
  readonly more?: string
}

const toml = (fields: Readonly<Record<string, string | number | boolean>>): readonly string[] =>
  Object.entries(fields).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)

const codexConfig = (options: CodexHomeOptions): string => {
  const idle = options.streamIdleMs === undefined ? {} : { stream_idle_timeout_ms: options.streamIdleMs }
  return [
    ...toml({
      model: options.model ?? "mock-model",
      model_provider: "mock",
      approval_policy: options.approvalPolicy ?? "never",
      sandbox_mode: options.sandbox ?? "danger-full-access",
      check_for_update_on_startup: false,
    }),
    "[analytics]",
    ...toml({ enabled: false }),
    "[features]",
    ...toml({ plugins: false, shell_snapshot: false, ...options.features }),
    "[model_providers.mock]",
    ...toml({
      name: "mock",
      base_url: options.baseUrl,
      wire_api: "responses",
      request_max_retries: options.requestRetries ?? 1,
      stream_max_retries: options.streamRetries ?? 1,
      ...idle,
    }),
    options.more ?? "",
    "",
  ].join("\n")
}

/** A `CODEX_HOME` whose configuration points at a mock model. */
export const codexHome = (options: CodexHomeOptions): Effect.Effect<AgentHome, never, Scope.Scope> =>
  Effect.map(temporaryFolder, (folder) => {
    writeFileSync(join(folder, "config.toml"), codexConfig(options))
    return { folder, cwd: workFolder(folder), env: { ...baseEnvironment(folder), CODEX_HOME: folder } }
  })

export interface ClaudeHomeOptions {
  /** Base URL of the model, for example that of `Anthropic.server`. */
  readonly baseUrl: string
  /** How often the agent repeats a request that failed; 1 unless set (its own default is 10, minutes of waiting). */
  readonly retries?: number
}

/** A configuration folder and environment for the Claude SDK and agents built on it, pointing at a mock model. */
export const claudeHome = (options: ClaudeHomeOptions): Effect.Effect<AgentHome, never, Scope.Scope> =>
  Effect.map(temporaryFolder, (folder) => ({
    folder,
    cwd: workFolder(folder),
    env: {
      ...baseEnvironment(folder),
      CLAUDE_CONFIG_DIR: join(folder, ".claude"),
      ANTHROPIC_BASE_URL: options.baseUrl,
      ANTHROPIC_API_KEY: "mock-key",
      CLAUDE_CODE_MAX_RETRIES: String(options.retries ?? 1),
      // No telemetry, updates or other traffic beyond the model's.
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      // It lives for seconds: machine code of the second stage costs more than it saves.
      BUN_JSC_useDFGJIT: "0",
    },
  }))
