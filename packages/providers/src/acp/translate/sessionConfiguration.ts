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

/** The option with this category, or with this name where an agent gives no category. */
export const optionOf = (said: Fields, name: string): Fields | undefined => {
  const all = hintArray(said, "configOptions").filter(isFields)
  return all.find((one) => one.category === name) ?? all.find((one) => one.id === name)
}

/** The entries of a list that an agent shows, each by its value, the member `name`. Options may be in groups. */
export const entriesOf = (list: readonly unknown[], name: string): readonly (readonly [value: string, Fields])[] =>
  list.filter(isFields).flatMap((one) => {
    const value = hintText(one, name)
    return value === undefined ? entriesOf(hintArray(one, "options"), name) : [[value, one] as const]
  })

/** Reads the configuration in an answer or an update. */
export const readConfiguration = (said: Fields): Configuration => {
  const current = (name: string) => hintText(optionOf(said, name) ?? {}, "currentValue")
  return {
    model: hintText(hintFields(said, "models") ?? {}, "currentModelId") ?? current("model"),
    mode: hintText(hintFields(said, "modes") ?? {}, "currentModeId") ?? current("mode"),
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
