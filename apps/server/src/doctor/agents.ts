/** Looks at the agents: is there what each needs, which version is it, and how does one get what is missing? */
import {
  childEnvironment,
  isPath,
  locateSdk,
  notTrusted,
  type ProgramFound,
  untrustedFolders,
  withTrustedPath,
} from "@threadfold/providers"
import { Effect } from "effect"
import type { AgentConfig } from "../config/ConfigFile.js"
import { environmentOf, type NamedAgent, namedAgents } from "../config/configuredAgents.js"
import { wholeEnvironment } from "../config/Environment.js"
import { commandOf, inheritedBy, installOf, type KnownAgent, knownAgents, programOf } from "../config/knownAgents.js"
import type { FoundConfig } from "../config/readConfig.js"
import { programVersion } from "./programVersion.js"
import type { AgentCheck } from "./Report.js"

type Result = Omit<AgentCheck, "configured" | "kind" | "name">

/** Where something was found, and what was passed over on the way. */
type Place = Pick<Result, "passedOver" | "path" | "why">

const noPlace: Place = { path: null, why: null, passedOver: [] }

const problem = (detail: string, next: string | null, place: Place = noPlace): Result => ({
  status: "problem",
  ...place,
  version: null,
  detail,
  next,
})

const argsOf = (config: AgentConfig): readonly string[] => ("args" in config ? (config.args ?? []) : [])

/** A program that is there, asked for its version. */
const program = (
  path: string,
  place: Place,
  config: AgentConfig,
  env: Readonly<Record<string, string>>,
): Effect.Effect<Result> => {
  const whole = withTrustedPath(
    childEnvironment(wholeEnvironment(), { env, inherit: inheritedBy(config) }),
    untrustedFolders(),
  )
  return Effect.map(programVersion(path, argsOf(config), whole), (answer) =>
    "failed" in answer
      ? problem(`${path} cannot be started: ${answer.failed}.`, "Correct its command, or install it again.", place)
      : {
          status: "ok",
          ...place,
          version: answer.version,
          detail: answer.version ?? "it is there, and does not tell its version",
          next: null,
        },
  )
}

const whyTaken = (command: string, { passedOver }: ProgramFound): string => {
  if (isPath(command)) return "its command names it"
  return passedOver.length === 0 ? "it is the first on PATH" : "it is the first on PATH that may be run"
}

const needs = (agent: NamedAgent, dataDirectory: string): Effect.Effect<Result> =>
  Effect.gen(function* () {
    const { config } = agent
    const env = yield* Effect.either(environmentOf(agent, wholeEnvironment()))
    if (env._tag === "Left") return problem(env.left.detail, "Set the variable for the server, or change the file.")
    const command = commandOf(config)
    const found = command === null ? null : programOf(command, config, env.right)
    if (command !== null && found !== null && found.file === null) {
      const { passedOver } = found
      return passedOver.length === 0
        ? problem(`${command} is not installed, or not on PATH.`, installOf(config))
        : problem(notTrusted(command, passedOver), installOf(config), { ...noPlace, passedOver })
    }
    if (config.kind !== "claude") {
      if (command === null || found === null || found.file === null) return problem("it names no program.", null)
      const place = { path: found.file, why: whyTaken(command, found), passedOver: found.passedOver }
      return yield* program(found.file, place, config, env.right)
    }
    const sdk = locateSdk({ sdk: config.sdk, dataDirectory })
    const { passedOver } = sdk
    if ("problem" in sdk) return problem(sdk.problem, installOf(config), { ...noPlace, passedOver })
    const { module, version, why } = sdk
    return { status: "ok", path: module, why, passedOver, version, detail: `SDK ${version}`, next: null }
  })

/** A known agent that is not there; the report names what was found of it and is not run. */
const missing = ({ config, install, name }: KnownAgent, dataDirectory: string): AgentCheck => {
  const command = commandOf(config)
  const { passedOver } = command === null ? locateSdk({ sdk: undefined, dataDirectory }) : programOf(command, config)
  return {
    name,
    kind: config.kind,
    configured: false,
    status: "missing",
    ...noPlace,
    passedOver,
    version: null,
    detail: passedOver.length === 0 ? "not installed" : "not installed where programs are run from",
    next: install,
  }
}

const checked = (agent: NamedAgent, dataDirectory: string): Effect.Effect<AgentCheck> =>
  Effect.map(
    needs(agent, dataDirectory),
    (result): AgentCheck => ({
      name: agent.name,
      kind: agent.config.kind,
      configured: agent.configured,
      ...result,
    }),
  )

/** One agent, configured or known; null: there is none of this name. */
export const checkAgent = (found: FoundConfig, dataDirectory: string, name: string): Effect.Effect<AgentCheck | null> =>
  Effect.suspend(() => {
    const agent = namedAgents(found, dataDirectory).find((one) => one.name === name)
    if (agent !== undefined) return checked(agent, dataDirectory)
    const known = found.config.agents === undefined ? knownAgents.find((one) => one.name === name) : undefined
    return Effect.succeed(known === undefined ? null : missing(known, dataDirectory))
  })

/** The agents of a configuration; where it names none, every known one. */
export const checkAgents = (found: FoundConfig, dataDirectory: string): Effect.Effect<readonly AgentCheck[]> =>
  Effect.gen(function* () {
    const named = namedAgents(found, dataDirectory)
    const all = yield* Effect.forEach(named, (agent) => checked(agent, dataDirectory), { concurrency: 4 })
    if (found.config.agents !== undefined) return all
    const others = knownAgents.filter(({ name }) => !named.some((agent) => agent.name === name))
    return [...all, ...others.map((known) => missing(known, dataDirectory))]
  })
