/** The agents of a configuration, ready to be driven. */
import { dirname, resolve } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { type Agent, type AgentLimits, defaultLimits } from "@threadfold/orchestrator"
import {
  acpPreset,
  type HeldSecrets,
  isPath,
  makeAcpDriver,
  makeClaudeDriver,
  makeCodexDriver,
  type ProviderDriver,
} from "@threadfold/providers"
import { Effect } from "effect"
import type { GatewaySettings } from "../gateway/Routes.js"
import { version } from "../installed.js"
import type { AgentConfig } from "./ConfigFile.js"
import { type Environment, wholeEnvironment } from "./Environment.js"
import { inheritedBy, isInstalled, knownAgents } from "./knownAgents.js"
import type { FoundConfig } from "./readConfig.js"

/** One agent as it was configured, or found. */
export interface NamedAgent {
  readonly name: string
  readonly config: AgentConfig
  /** False: it is known by name and was found on this machine. */
  readonly configured: boolean
}

/** The agents of a configuration; where it names none, the known ones that are installed. */
export const namedAgents = ({ config, file }: FoundConfig, dataDirectory: string): readonly NamedAgent[] => {
  const here = file === null ? "." : dirname(file)
  /** What a file says of paths is said from where it lies, whatever directory the agent is started in. */
  const placed = (path: string): string => (isPath(path) ? resolve(here, path) : path)
  const resolved = (agent: AgentConfig): AgentConfig => ({
    ...agent,
    ...(agent.command === undefined ? {} : { command: placed(agent.command) }),
    ...(agent.kind === "claude" && agent.sdk !== undefined ? { sdk: resolve(here, agent.sdk) } : {}),
  })
  return config.agents === undefined
    ? knownAgents
        .filter((known) => isInstalled(known.config, dataDirectory))
        .map(({ name, config: known }) => ({ name, config: known, configured: false }))
    : Object.entries(config.agents).map(([name, agent]) => ({ name, config: resolved(agent), configured: true }))
}

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** The environment of an agent with its references replaced. Fails with `invalid-configuration`, naming the field. */
export const environmentOf = (
  { config, name }: Pick<NamedAgent, "config" | "name">,
  env: Environment,
): Effect.Effect<Readonly<Record<string, string>>, Problem> =>
  Effect.forEach(Object.entries(config.env ?? {}), ([variable, value]) => {
    const missing = [...value.matchAll(reference)].find(([, named = ""]) => env[named] === undefined)
    return missing === undefined
      ? Effect.succeed([variable, value.replace(reference, (_, named: string) => env[named] ?? "")] as const)
      : new Problem({
          slug: "invalid-configuration",
          detail: `agents.${name}.env.${variable}: the variable ${missing[1]} is not set.`,
        })
  }).pipe(Effect.map((entries) => Object.fromEntries(entries)))

/** The limits of an agent: what its configuration says, else the defaults. */
export const limitsOf = ({ limits = {} }: Pick<AgentConfig, "limits">): AgentLimits => ({
  startMs: limits.startMs ?? defaultLimits.startMs,
  answerMs: limits.answerMs ?? defaultLimits.answerMs,
  interruptMs: limits.interruptMs ?? defaultLimits.interruptMs,
  turnStartMs: limits.turnStartMs ?? defaultLimits.turnStartMs,
  turnMs: limits.turnMs ?? defaultLimits.turnMs,
  retryMs: limits.retryMs ?? defaultLimits.retryMs,
})

/** The longest that a timer takes, ms: no limit at all, as drivers know it. */
const longest = 2 ** 31 - 1
const forDriver = (ms: number): number => (ms === 0 ? longest : ms)

/**
 * Limits of ours as those of a driver, which starts a process within the same time. How long it waits for a single answer
 * while it opens a thread is not limited unless the configuration does it.
 */
const driverLimits = (config: AgentConfig): { readonly startMs: number; readonly answerMs?: number } => {
  const answerMs = config.limits?.answerMs
  return {
    startMs: forDriver(limitsOf(config).startMs),
    ...(answerMs === undefined ? {} : { answerMs: forDriver(answerMs) }),
  }
}

/**
 * How the inference gateway records the agents' model calls, by name. `all`: those of every agent whose configuration does not switch it
 * off.
 */
export const gatewaySettings = (agents: readonly NamedAgent[], all: boolean): GatewaySettings =>
  new Map(
    agents.flatMap(({ config, name }) => {
      const { inferenceGateway = all } = config
      if (inferenceGateway === false) return []
      const { env = {}, upstream = null } = inferenceGateway === true ? {} : inferenceGateway
      return [[name, { env, upstream }] as const]
    }),
  )

const driverOf = (
  config: AgentConfig,
  env: Readonly<Record<string, string>>,
  dataDirectory: string,
  secrets: HeldSecrets,
  isRecorded: boolean,
): ProviderDriver => {
  const { command } = config
  const common = {
    env,
    inherit: inheritedBy(config),
    limits: driverLimits(config),
    secrets,
    ...(command === undefined ? {} : { command }),
  }
  switch (config.kind) {
    case "codex":
      return makeCodexDriver({
        ...common,
        clientVersion: version,
        ...(config.args === undefined ? {} : { args: config.args }),
      })
    case "claude":
      return makeClaudeDriver({ ...common, dataDirectory, ...(config.sdk === undefined ? {} : { sdk: config.sdk }) })
    case "acp": {
      const known = config.preset === undefined ? undefined : acpPreset(config.preset)
      const { authMethod, mode } = config
      return makeAcpDriver({
        ...common,
        name: config.preset ?? "acp",
        command: command ?? known?.command ?? "",
        args: config.args ?? known?.args ?? [],
        callsAnthropic: config.preset === "claude-code-acp" || config.preset === "claude-agent-acp",
        // One process takes one route, so each thread gets its own.
        ...(isRecorded ? { sharesConnection: false } : {}),
        ...(mode === undefined ? {} : { mode }),
        ...(authMethod === undefined ? {} : { authMethod }),
      })
    }
  }
}

/**
 * The agents of a configuration with their drivers. Nothing is started. `secrets`: what no agent's words are recorded with,
 * besides its own secrets. Fails with `invalid-configuration`.
 */
export const configuredAgents = (
  found: FoundConfig,
  dataDirectory: string,
  secrets: HeldSecrets,
  gateway: GatewaySettings = new Map(),
  env: Environment = wholeEnvironment(),
): Effect.Effect<readonly Agent[], Problem> =>
  Effect.forEach(namedAgents(found, dataDirectory), (agent) =>
    Effect.map(
      environmentOf(agent, env),
      (own): Agent => ({
        name: agent.name,
        driver: driverOf(agent.config, own, dataDirectory, secrets, gateway.has(agent.name)),
        model: agent.config.model ?? null,
        settings: agent.config.settings ?? {},
        limits: limitsOf(agent.config),
      }),
    ),
  )
