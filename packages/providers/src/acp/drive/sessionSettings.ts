/**
 * The settings of a session: a model, a mode, and options by name. They are set by calls after the session is open. Older and
 * newer versions of the protocol have different calls, and the answer that opened the session shows which ones to use.
 */
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { methods, setModelMethod } from "../translate/acpProtocol.js"
import { readConfiguration } from "../translate/sessionConfiguration.js"

export interface Settings {
  readonly model?: string | undefined
  readonly mode?: string | undefined
  /** Other options: id → value. */
  readonly options: Fields
  /** The other settings, which are members of the opening call. */
  readonly rest: Fields
}

/** Reads the settings of an operation. */
export const readSettings = (settings: Readonly<Record<string, unknown>> = {}): Settings => {
  const { mode: _, model: __, options, ...rest } = settings
  return {
    model: hintText(settings, "model"),
    mode: hintText(settings, "mode"),
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
  readonly model: string | undefined
  readonly mode: string | undefined
}

const optionId = (options: readonly unknown[], category: string): string | undefined => {
  const all = options.filter(isFields)
  const option = all.find((one) => one.category === category) ?? all.find((one) => one.id === category)
  return option === undefined ? undefined : hintText(option, "id")
}

/** Reads the offer in the answer to start, load or resume. */
export const readOffer = (answer: Fields): Offer => {
  const options = hintArray(answer, "configOptions")
  const { mode, model } = readConfiguration(answer)
  return {
    modelOption: optionId(options, "model"),
    models: hintFields(answer, "models") !== undefined,
    modeOption: optionId(options, "mode"),
    modes: hintFields(answer, "modes") !== undefined,
    model,
    mode,
  }
}

/** A call that sets one setting. */
export interface SetCall {
  readonly method: string
  readonly params: Fields
}

/** The calls that apply the settings to a session. A text: why the agent cannot have them, for a person. */
export const setCalls = (sessionId: string, offer: Offer, settings: Settings): readonly SetCall[] | string => {
  const { mode, model, options } = settings
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
  for (const [configId, value] of Object.entries(options)) calls.push(option(configId, value))
  return calls
}
