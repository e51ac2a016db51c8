import { Schema } from "effect"
import { field, flag, maybe, shape } from "../fields.js"

/** One choice: up to 200 characters. */
const Choice = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200))

/** What a person may choose for an agent, in the agent's words. */
export const Configuration = shape(
  "Configuration",
  "What an agent works with, in its own words. What is absent stays as it is.",
  {
    model: maybe(Choice, "Model."),
    effort: maybe(Choice, "How much the model thinks, for example `high`."),
    mode: maybe(Choice, "For what the agent asks permission: its approval mode."),
    sandbox: maybe(Choice, "What its commands may touch, for example `read-only`."),
  },
)
export type Configuration = typeof Configuration.Type

/** The name of a choice. */
export type ConfigurationName = keyof Configuration

/** Every choice, in the order in which people are shown them. */
export const configurationNames: readonly ConfigurationName[] = ["model", "effort", "mode", "sandbox"]

/** What an agent lets a client choose of one kind. */
export const ConfigurationChoice = shape("ConfigurationChoice", "What an agent lets a client choose of one kind.", {
  taken: flag("True: the agent takes a choice of this kind."),
  values: field(
    Schema.NullOr(Schema.Array(Schema.String)),
    "The values that it takes, in its own words; another one is refused. Null: they are not known, or it takes any.",
  ),
})
export type ConfigurationChoice = typeof ConfigurationChoice.Type

/** What an agent lets a client choose. */
export const ConfigurationChoices = shape("ConfigurationChoices", "What an agent lets a client choose.", {
  model: field(ConfigurationChoice, "Model."),
  effort: field(ConfigurationChoice, "How much the model thinks."),
  mode: field(ConfigurationChoice, "Approval mode."),
  sandbox: field(ConfigurationChoice, "Sandbox."),
})
export type ConfigurationChoices = typeof ConfigurationChoices.Type
