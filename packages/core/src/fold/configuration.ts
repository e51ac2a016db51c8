/** What a client chooses for the agent of a thread: its next sessions start with it (rule 15). */
import { type Configuration, configurationNames, type PayloadOf } from "@threadfold/contracts"
import { canonicalJson, isObject } from "../canonicalJson.js"
import type { Step } from "./Step.js"

type Settings = Readonly<Record<string, unknown>>

/** The settings of the thread, which its open state does not hold. */
const settingsOf = ({ rows, threadId }: Step): unknown => rows.whole("threads", [threadId])?.settings ?? null

/** The choices that were made: null is none. */
const told = (chosen: Configuration): Configuration =>
  Object.fromEntries(Object.entries(chosen).filter(([, choice]) => typeof choice === "string"))

/** The choices without those that the agent did not take: of these it has what it took before. Null: none is left. */
const withoutRefused = (now: Configuration, refused: Configuration, taken: Settings): Configuration | null => {
  const left = Object.fromEntries(
    configurationNames.flatMap((name) => {
      const isRefused = typeof refused[name] === "string" && refused[name] === now[name]
      const choice = isRefused ? taken[name] : now[name]
      return typeof choice === "string" ? [[name, choice]] : []
    }),
  )
  return Object.keys(left).length === 0 ? null : left
}

/** `session.configure-requested`. */
export const sessionConfigureRequested = (
  step: Step,
  { chosen, settings }: PayloadOf<"session.configure-requested">,
): void => {
  step.amendThread((thread) => ({
    ...thread,
    model: chosen.model ?? thread.model,
    chosen: { ...thread.chosen, ...told(chosen) },
  }))
  if (Object.keys(settings).length === 0) return
  const before = settingsOf(step)
  step.keepHeavy({ settings: { ...(isObject(before) ? before : {}), ...settings } })
}

/**
 * The settings without what the agent did not take; what was chosen anew meanwhile stays. A setting may have a name that every object
 * has.
 */
const restored = (now: Settings, refused: Settings, had: Settings): Settings =>
  Object.fromEntries(
    Object.entries(now).flatMap(([name, value]) => {
      const isRefused = Object.hasOwn(refused, name) && canonicalJson(value) === canonicalJson(refused[name])
      if (!isRefused) return [[name, value]]
      return Object.hasOwn(had, name) ? [[name, had[name]]] : []
    }),
  )

/** `session.configure-failed`. */
export const sessionConfigureFailed = (
  step: Step,
  { before, chosen, settings }: PayloadOf<"session.configure-failed">,
): void => {
  const isRefused = (model: string | null): boolean => typeof chosen.model === "string" && model === chosen.model
  const { session } = step.state
  const taken = isObject(session?.config) && isObject(session.config.chosen) ? session.config.chosen : {}
  step.amendThread((thread) => ({
    ...thread,
    model: isRefused(thread.model) ? before.model : thread.model,
    chosen: withoutRefused(thread.chosen ?? {}, chosen, taken),
  }))
  if (Object.keys(settings).length === 0) return
  const now = settingsOf(step)
  const left = restored(isObject(now) ? now : {}, settings, isObject(before.settings) ? before.settings : {})
  step.keepHeavy({ settings: Object.keys(left).length === 0 ? null : left })
}
