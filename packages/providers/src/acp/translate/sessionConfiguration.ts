/**
 * What a session runs with. Agents tell it in two ways: by lists of their own for modes and models, and by general
 * options, of which the categories `mode` and `model` say the same. The mode is what decides who is asked.
 */

import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"

export interface Configuration {
  readonly model?: string | undefined
  readonly cwd?: string | undefined
  readonly mode?: string | undefined
  /** Version of the agent. */
  readonly version?: string | undefined
}

/** The value of the option of a category, or of that name where an agent gives no category. */
const optionOf = (options: readonly unknown[], name: string): string | undefined => {
  const all = options.filter(isFields)
  const option = all.find((one) => one.category === name) ?? all.find((one) => one.id === name)
  return option === undefined ? undefined : hintText(option, "currentValue")
}

/** Reads the members of an answer or update that tell of the configuration. */
export const readConfiguration = (said: Fields): Configuration => {
  const options = hintArray(said, "configOptions")
  return {
    model: hintText(hintFields(said, "models") ?? {}, "currentModelId") ?? optionOf(options, "model"),
    mode: hintText(hintFields(said, "modes") ?? {}, "currentModeId") ?? optionOf(options, "mode"),
  }
}

/** `session.configured`; nothing where nothing is known. */
export const configured = (nativeThreadId: string, { cwd, mode, model, version }: Configuration): readonly Fact[] =>
  [cwd, mode, model, version].every((one) => one === undefined)
    ? []
    : [
        fact(
          "session.configured",
          { model, cwd, approvalPolicy: mode, providerVersion: version },
          { threadId: nativeThreadId },
        ),
      ]
