/**
 * The configuration of a session. Agents report it in two ways: by lists of modes and models, and by general options, whose
 * categories `mode` and `model` mean the same. The mode decides for what the agent asks permission.
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

/** The value of the option with this category, or with this name where an agent gives no category. */
const optionOf = (options: readonly unknown[], name: string): string | undefined => {
  const all = options.filter(isFields)
  const option = all.find((one) => one.category === name) ?? all.find((one) => one.id === name)
  return option === undefined ? undefined : hintText(option, "currentValue")
}

/** Reads the configuration in an answer or an update. */
export const readConfiguration = (said: Fields): Configuration => {
  const options = hintArray(said, "configOptions")
  return {
    model: hintText(hintFields(said, "models") ?? {}, "currentModelId") ?? optionOf(options, "model"),
    mode: hintText(hintFields(said, "modes") ?? {}, "currentModeId") ?? optionOf(options, "mode"),
  }
}

/** `session.configured`. None where no setting is known. */
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
