/** What a client chooses for a thread, before it is a command: it is held against what the thread's agent offers. */
import {
  type AgentModel,
  type Configuration,
  type ConfigurationChoices,
  type ConfigurationName,
  configurationNames,
  type StorageUnavailable,
} from "@threadfold/contracts"
import { Projections } from "@threadfold/projections"
import { Context, Effect, Layer } from "effect"
import { AgentListings } from "./AgentListings.js"
import { Agents } from "./Agents.js"
import { Connections } from "./connections/Connections.js"
import { type AgentUnknown, ConfigurationRefused } from "./Errors.js"

export interface ConfigurationsService {
  /**
   * The choices as settings that a session is started with, in the agent's words. Refuses what the agent does not offer: the thread, where
   * it is open, else its driver. Of a thread that is not there, or has no agent, the command is left to say so.
   */
  readonly settingsOf: (
    threadId: string,
    chosen: Configuration,
  ) => Effect.Effect<Readonly<Record<string, unknown>>, AgentUnknown | ConfigurationRefused | StorageUnavailable>
}

/** What a person calls a choice. */
const titles: Readonly<Record<ConfigurationName, string>> = {
  model: "model",
  effort: "effort",
  mode: "approval mode",
  sandbox: "sandbox",
}

/** Why an agent does not take a choice; null: it takes it. */
const objection = (
  agent: string,
  offered: ConfigurationChoices,
  name: ConfigurationName,
  value: string,
): ConfigurationRefused | null => {
  const { taken, values } = offered[name]
  const title = titles[name]
  if (!taken) {
    const message = `The agent ${agent} does not let a client choose its ${title}.`
    return new ConfigurationRefused({ reason: "unsupported", message })
  }
  if (values === null || values.includes(value)) return null
  const message = `The agent ${agent} does not offer the ${title} ${JSON.stringify(value)}. It offers: ${values.join(", ")}.`
  return new ConfigurationRefused({ reason: "value-not-offered", message })
}

/** Why a model, as the agent last named it, does not take an effort; null: it does, or its efforts are not known. */
const effortObjection = (
  agent: string,
  { efforts, model }: AgentModel,
  effort: string | null,
): ConfigurationRefused | null => {
  if (effort === null || efforts === null || efforts.includes(effort)) return null
  const takes = efforts.length === 0 ? "takes none" : `takes: ${efforts.join(", ")}`
  const message = `The model ${model} of the agent ${agent} does not take the effort ${JSON.stringify(effort)}. It ${takes}.`
  return new ConfigurationRefused({ reason: "value-not-offered", message })
}

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const connections = yield* Connections
  const listings = yield* AgentListings
  const projections = yield* Projections

  return Configurations.of({
    settingsOf: (threadId, chosen) =>
      Effect.gen(function* () {
        const work = yield* projections.threadWork(threadId)
        const agent = work?.thread.agent ?? null
        if (agent === null) return {}
        const { driver, model: defaultModel, name: agentName } = yield* agents.get(agent)
        const live = connections.threads.of(threadId)
        const offered = live?.on.connection.choices?.(live.nativeThreadId) ?? driver.capabilities.configuration
        for (const name of configurationNames) {
          const value = chosen[name] ?? null
          const refused = value === null ? null : objection(agentName, offered, name, value)
          if (refused !== null) return yield* refused
        }
        const model = chosen.model ?? work?.thread.model ?? defaultModel
        const known = listings.lastModels(agentName).find((one) => one.model === model)
        const unfit = known === undefined ? null : effortObjection(agentName, known, chosen.effort ?? null)
        if (unfit !== null) return yield* unfit
        return driver.settingsOf(chosen)
      }),
  })
})

export class Configurations extends Context.Tag("@threadfold/orchestrator/Configurations")<
  Configurations,
  ConfigurationsService
>() {
  static readonly layer: Layer.Layer<Configurations, never, AgentListings | Agents | Connections | Projections> =
    Layer.effect(Configurations, make)
}
