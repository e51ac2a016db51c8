/** Looks at the agents: is there what each needs, which version is it, and how does one get what is missing? */
import { childEnvironment, locateSdk } from "@threadfold/providers"
import { Effect } from "effect"
import type { AgentConfig } from "../config/ConfigFile.js"
import { environmentOf, type NamedAgent, namedAgents } from "../config/configuredAgents.js"
import { commandOf, inheritedBy, installOf, knownAgents } from "../config/knownAgents.js"
import { findProgram } from "../config/programs.js"
import type { FoundConfig } from "../config/readConfig.js"
import { programVersion } from "./programVersion.js"
import type { AgentCheck } from "./Report.js"

type Result = Pick<AgentCheck, "detail" | "next" | "path" | "status" | "version">

const problem = (detail: string, next: string | null, path: string | null = null): Result => ({
  status: "problem",
  path,
  version: null,
  detail,
  next,
})

const argsOf = (config: AgentConfig): readonly string[] => ("args" in config ? (config.args ?? []) : [])

/** A program that is there, asked for its version. */
const program = (path: string, config: AgentConfig, env: Readonly<Record<string, string>>): Effect.Effect<Result> =>
  Effect.map(
    programVersion(path, argsOf(config), childEnvironment(process.env, { env, inherit: inheritedBy(config) })),
    (answer) =>
      "failed" in answer
        ? problem(`${path} cannot be started: ${answer.failed}.`, "Correct its command, or install it again.", path)
        : {
            status: "ok",
            path,
            version: answer.version,
            detail: answer.version ?? "it is there, and does not tell its version",
            next: null,
          },
  )

const needs = (agent: NamedAgent, dataDirectory: string): Effect.Effect<Result> =>
  Effect.gen(function* () {
    const { config } = agent
    const env = yield* Effect.either(environmentOf(agent, process.env))
    if (env._tag === "Left") return problem(env.left.detail, "Set the variable for the server, or change the file.")
    const command = commandOf(config)
    const path = command === null ? null : findProgram(command)
    if (command !== null && path === null) {
      return problem(`${command} is not installed, or not on PATH.`, installOf(config))
    }
    if (config.kind !== "claude") {
      return path === null ? problem("it names no program.", null) : yield* program(path, config, env.right)
    }
    const sdk = locateSdk({ sdk: config.sdk, dataDirectory })
    if ("problem" in sdk) return problem(sdk.problem, installOf(config))
    return { status: "ok", path: sdk.module, version: sdk.version, detail: `SDK ${sdk.version}`, next: null }
  })

/** The agents of a configuration; where it names none, every known one. */
export const checkAgents = (found: FoundConfig, dataDirectory: string): Effect.Effect<readonly AgentCheck[]> =>
  Effect.gen(function* () {
    const named = namedAgents(found, dataDirectory)
    const checked = yield* Effect.forEach(
      named,
      (agent) =>
        Effect.map(
          needs(agent, dataDirectory),
          (result): AgentCheck => ({
            name: agent.name,
            kind: agent.config.kind,
            configured: agent.configured,
            ...result,
          }),
        ),
      { concurrency: 4 },
    )
    if (found.config.agents !== undefined) return checked
    const missing = knownAgents.filter(({ name }) => !named.some((agent) => agent.name === name))
    return [
      ...checked,
      ...missing.map(
        ({ config, install, name }): AgentCheck => ({
          name,
          kind: config.kind,
          configured: false,
          status: "missing",
          path: null,
          version: null,
          detail: "not installed",
          next: install,
        }),
      ),
    ]
  })
