/** The policy by which `explain` tells what follows, where no server answers. */
import type { Problem } from "@threadfold/contracts/problem"
import { defaultLimits, defaultReaperPolicy } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { limitsOf } from "../config/configuredAgents.js"
import { readConfig } from "../config/readConfig.js"
import type { ExplainSettings } from "./explain.js"

/** Where the configuration is. */
export interface SettingsPlace {
  /** The data directory; null: a file alone is looked at, which has no configuration beside it. */
  readonly directory: string | null
  /** The configuration that an option names; null: that of the directory. */
  readonly config: string | null
}

/** The policy that a server of this place would go by: its file, else the defaults. Fails with `invalid-configuration`. */
export const explainSettings = ({ config, directory }: SettingsPlace): Effect.Effect<ExplainSettings, Problem> =>
  Effect.gen(function* () {
    const found =
      directory === null && config === null ? { file: null, config: {} } : yield* readConfig(directory ?? ".", config)
    const { agents = {}, reaper = defaultReaperPolicy } = found.config
    return {
      policy: reaper,
      limitsOf: (name) => {
        const agent = name === null ? undefined : agents[name]
        return agent === undefined ? defaultLimits : limitsOf(agent)
      },
      source: found.file ?? "the defaults",
    }
  })
