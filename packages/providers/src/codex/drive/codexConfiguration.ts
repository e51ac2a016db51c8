/** What a client may choose for threads of Codex, and how Codex calls it. */
import type { Configuration, ConfigurationChoices } from "@threadfold/contracts"
import { taken } from "../../drive/AgentConfig.js"
import { type Fields, hintFields, hintText } from "../../runtime/readFields.js"

/** The sandboxes by the names that threads are started with, as the policies that a running thread takes. */
const policies = {
  "read-only": "readOnly",
  "workspace-write": "workspaceWrite",
  "danger-full-access": "dangerFullAccess",
} as const

const policyOf: ReadonlyMap<string, string> = new Map(Object.entries(policies))

/** A configured provider of models may have any model, with efforts of its own. */
export const codexChoices: ConfigurationChoices = {
  model: taken(),
  effort: taken(),
  mode: taken("untrusted", "on-request", "never"),
  sandbox: taken(...Object.keys(policies)),
}

const given = (fields: Readonly<Record<string, unknown>>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))

/** Choices as settings of a thread. `effort` is one of ours: `thread/start` has no such member. */
export const codexSettings = ({ effort, mode, sandbox }: Configuration): Fields =>
  given({ effort, approvalPolicy: mode, sandbox })

/** The members of `thread/start` or `thread/resume` for the settings of a thread. */
export const codexThreadSettings = (settings: Fields): Fields => {
  const { effort: _, ...members } = settings
  const effort = hintText(settings, "effort")
  return effort === undefined
    ? members
    : { ...members, config: { ...hintFields(settings, "config"), model_reasoning_effort: effort } }
}

/** The members of `thread/settings/update` for choices. */
export const codexUpdate = ({ effort, mode, model, sandbox }: Configuration): Fields => {
  const policy = typeof sandbox === "string" ? policyOf.get(sandbox) : undefined
  return given({
    model,
    effort,
    approvalPolicy: mode,
    sandboxPolicy: policy === undefined ? undefined : { type: policy },
  })
}
