/**
 * The settings of a session: a model, a mode, and options by name. They are set by calls after the session is open. Older and
 * newer versions of the protocol have different calls, and the answer that opened the session shows which ones to use.
 */
import type { Configuration, ConfigurationChoice, ConfigurationChoices } from "@threadfold/contracts"
import { notTaken, taken } from "../../drive/AgentConfig.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { methods, setModelMethod } from "../translate/acpProtocol.js"
import { entriesOf, optionOf, readConfiguration } from "../translate/sessionConfiguration.js"

export interface Settings {
  readonly model?: string | undefined
  readonly mode?: string | undefined
  readonly effort?: string | undefined
  /** Other options: id → value. */
  readonly options: Fields
  /** The other settings, which are members of the opening call. */
  readonly rest: Fields
}

/** Reads the settings of an operation. */
export const readSettings = (settings: Readonly<Record<string, unknown>> = {}): Settings => {
  const { effort: _, mode: __, model: ___, options, ...rest } = settings
  return {
    model: hintText(settings, "model"),
    mode: hintText(settings, "mode"),
    effort: hintText(settings, "effort"),
    options: isFields(options) ? options : {},
    rest,
  }
}

/** What a session lets a client choose, from the answer that opened it. */
export interface Offer {
  /** Id of the option for the model, where there is one. */
  readonly modelOption: string | undefined
  /** True: there is a list of models with a call of its own. */
  readonly models: boolean
  readonly modeOption: string | undefined
  readonly modes: boolean
  readonly effortOption: string | undefined
  readonly model: string | undefined
  readonly mode: string | undefined
  /** What a client may choose, of these. */
  readonly choices: ConfigurationChoices
}

/** The option of a category, where a call can set it. */
const settable = (said: Fields, category: string): Fields | undefined => {
  const option = optionOf(said, category)
  return option === undefined || hintText(option, "id") === undefined ? undefined : option
}

const valuesIn = (list: readonly unknown[], name: string): readonly string[] =>
  entriesOf(list, name).map(([value]) => value)

const optionValues = (option: Fields = {}): readonly string[] => valuesIn(hintArray(option, "options"), "value")

const idOf = (option: Fields = {}): string | undefined => hintText(option, "id")

const choiceOf = (values: readonly string[]): ConfigurationChoice => (values.length === 0 ? notTaken : taken(...values))

/** What an agent may let a client choose: none of its sessions has shown it yet. */
export const unknownChoices: ConfigurationChoices = {
  model: taken(),
  effort: taken(),
  mode: taken(),
  sandbox: notTaken,
}

/** Choices as settings of a session. */
export const acpSettings = ({ effort, mode }: Configuration): Fields => ({
  ...(typeof effort === "string" ? { effort } : {}),
  ...(typeof mode === "string" ? { mode } : {}),
})

/** Reads the offer in the answer to start, load or resume. */
export const readOffer = (answer: Fields): Offer => {
  const { mode, model } = readConfiguration(answer)
  const modelOption = settable(answer, "model")
  const modeOption = settable(answer, "mode")
  const effortOption = settable(answer, "thought_level")
  const models = hintFields(answer, "models")
  const modes = hintFields(answer, "modes")
  const offer = {
    modelOption: idOf(modelOption),
    models: models !== undefined,
    modeOption: idOf(modeOption),
    modes: modes !== undefined,
    effortOption: idOf(effortOption),
    model,
    mode,
  }
  const choices = {
    model: choiceOf(
      modelOption === undefined
        ? valuesIn(hintArray(models ?? {}, "availableModels"), "modelId")
        : optionValues(modelOption),
    ),
    effort: choiceOf(optionValues(effortOption)),
    mode: choiceOf(modes === undefined ? optionValues(modeOption) : valuesIn(hintArray(modes, "availableModes"), "id")),
    sandbox: notTaken,
  }
  return { ...offer, choices }
}

/** The offer after the agent has shown its options anew: the efforts may be those of another model. */
export const renewOffer = (offer: Offer, said: Fields): Offer => {
  const options = hintArray(said, "configOptions")
  if (options.length === 0) return offer
  const { choices } = offer
  const next = readOffer(said)
  return {
    ...offer,
    modelOption: next.modelOption,
    modeOption: next.modeOption,
    effortOption: next.effortOption,
    choices: {
      ...choices,
      model: next.modelOption === undefined ? choices.model : next.choices.model,
      effort: next.choices.effort,
      mode: next.modeOption === undefined ? choices.mode : next.choices.mode,
    },
  }
}

/** A call that sets one setting. */
export interface SetCall {
  readonly method: string
  readonly params: Fields
}

/** The calls that apply the settings to a session. A text: why the agent cannot have them, for a person. */
export const setCalls = (sessionId: string, offer: Offer, settings: Settings): readonly SetCall[] | string => {
  const { effort, mode, model, options } = settings
  const option = (configId: string, value: unknown): SetCall => ({
    method: methods.setOption,
    params:
      typeof value === "boolean" ? { sessionId, configId, type: "boolean", value } : { sessionId, configId, value },
  })
  const calls: SetCall[] = []
  if (model !== undefined && model !== offer.model) {
    if (offer.modelOption !== undefined) calls.push(option(offer.modelOption, model))
    else if (offer.models) calls.push({ method: setModelMethod, params: { sessionId, modelId: model } })
    else
      return "The agent offers no choice of a model. Leave the model out, or set it in the agent's own configuration."
  }
  if (mode !== undefined && mode !== offer.mode) {
    // The older call comes first, because every agent with modes supports it.
    if (offer.modes) calls.push({ method: methods.setMode, params: { sessionId, modeId: mode } })
    else if (offer.modeOption !== undefined) calls.push(option(offer.modeOption, mode))
    else return "The agent offers no choice of a mode. Leave the mode out."
  }
  if (effort !== undefined) {
    if (offer.effortOption !== undefined) calls.push(option(offer.effortOption, effort))
    else return "The agent offers no choice of an effort. Leave the effort out."
  }
  for (const [configId, value] of Object.entries(options)) calls.push(option(configId, value))
  return calls
}
