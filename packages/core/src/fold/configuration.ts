/** What a client chooses for the agent of a thread: its next sessions start with it (rule 15). */
import type { PayloadOf } from "@threadfold/contracts"
import { canonicalJson, isObject } from "../canonicalJson.js"
import type { Step } from "./Step.js"

type Settings = Readonly<Record<string, unknown>>

/** The settings of the thread, which its open state does not hold. */
const settingsOf = ({ rows, threadId }: Step): unknown => rows.whole("threads", [threadId])?.settings ?? null

const isSame = (one: unknown, other: unknown): boolean =>
  one !== undefined && other !== undefined && canonicalJson(one) === canonicalJson(other)

/** `session.configure-requested`. */
export const sessionConfigureRequested = (
  step: Step,
  { chosen, settings }: PayloadOf<"session.configure-requested">,
): void => {
  step.amendThread((thread) => ({ ...thread, model: chosen.model ?? thread.model }))
  if (Object.keys(settings).length === 0) return
  const before = settingsOf(step)
  step.keepHeavy({ settings: { ...(isObject(before) ? before : {}), ...settings } })
}

/** The settings without what the agent did not take; what was chosen anew meanwhile stays. */
const restored = (now: Settings, refused: Settings, had: Settings): Settings =>
  Object.fromEntries(
    Object.entries(now).flatMap(([name, value]) => {
      if (!isSame(value, refused[name])) return [[name, value]]
      return had[name] === undefined ? [] : [[name, had[name]]]
    }),
  )

/** `session.configure-failed`. */
export const sessionConfigureFailed = (
  step: Step,
  { before, chosen, settings }: PayloadOf<"session.configure-failed">,
): void => {
  const isRefused = (model: string | null): boolean => typeof chosen.model === "string" && model === chosen.model
  step.amendThread((thread) => (isRefused(thread.model) ? { ...thread, model: before.model } : thread))
  if (Object.keys(settings).length === 0) return
  const now = settingsOf(step)
  const left = restored(isObject(now) ? now : {}, settings, isObject(before.settings) ? before.settings : {})
  step.keepHeavy({ settings: Object.keys(left).length === 0 ? null : left })
}
