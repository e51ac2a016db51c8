/** `session/update`: the updates of an agent while it works. Each kind has one entry: a mapping, or the reason for none. */

import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintNumber,
  hintText,
  isFields,
  needArray,
  needString,
  needText,
  WrongShape,
} from "../../runtime/readFields.js"
import type { Place } from "./AcpSession.js"
import type { UpdateKind } from "./acpProtocol.js"
import { configured, readConfiguration } from "./sessionConfiguration.js"
import { textChunk, textsOf } from "./textRuns.js"
import { toolCall } from "./toolCalls.js"

/** The facts of an update. None: it is kept verbatim. */
export type UpdateEntry = (place: Place, update: Fields) => readonly Fact[]

/** An entry for an update that is always kept verbatim, with the reason. */
const kept =
  (_why: string): UpdateEntry =>
  () => []

/** The states of a step that have another name here. */
const stepStates: ReadonlyMap<string, string> = new Map([["in_progress", "inProgress"]])

const plan: UpdateEntry = ({ session, thread }, update) => {
  const steps = needArray(update, "entries").map((entry) => {
    if (!isFields(entry)) throw new WrongShape("entries: expected an array of steps")
    const status = needString(entry, "status")
    return { step: needString(entry, "content"), status: stepStates.get(status) ?? status }
  })
  return [fact("turn.plan.updated", { steps }, { threadId: thread.id, turnId: session.running?.turnId })]
}

/** Records only the size of the window: `used` is the content of the context now, not the usage of a turn. */
const usage: UpdateEntry = ({ session, thread }, update) => {
  const contextWindow = hintNumber(update, "size")
  if (contextWindow === undefined || contextWindow === session.contextWindow) return []
  session.contextWindow = contextWindow
  const native = { threadId: thread.id, turnId: session.running?.turnId }
  return [fact("thread.token-usage.updated", { mode: "per-turn", total: {}, contextWindow }, native)]
}

const information: UpdateEntry = ({ thread }, update) =>
  Object.hasOwn(update, "title")
    ? [fact("thread.metadata.updated", { title: hintText(update, "title") ?? null }, { threadId: thread.id })]
    : []

const notice: UpdateEntry = ({ thread }, update) =>
  update.severity === "warning" || update.severity === "error"
    ? [
        fact(
          "runtime.warning",
          { message: needText(update, "title"), details: hintText(update, "description") },
          { threadId: thread.id },
        ),
      ]
    : []

const compaction: UpdateEntry = ({ session, thread }, update) => {
  if (update.status !== "completed") return []
  const summary = textsOf(hintArray(update, "summary")).join("\n")
  const native = { threadId: thread.id, turnId: session.running?.turnId }
  return [fact("compaction.installed", { summary: summary === "" ? undefined : summary }, native)]
}

export const updateTable: { readonly [K in UpdateKind]: UpdateEntry } = {
  agent_message_chunk: (place, update) => textChunk(place, "agent_message_chunk", update),
  agent_thought_chunk: (place, update) => textChunk(place, "agent_thought_chunk", update),
  user_message_chunk: (place, update) => textChunk(place, "user_message_chunk", update),
  tool_call: (place, update) => toolCall(place, update, true),
  tool_call_update: (place, update) => toolCall(place, update, false),
  plan,
  usage_update: usage,
  session_info_update: information,
  current_mode_update: ({ thread }, update) => configured(thread.id, { mode: needText(update, "currentModeId") }),
  config_option_update: ({ thread }, update) => configured(thread.id, readConfiguration(update)),
  notice,
  compaction_update: compaction,
  compaction_summary_chunk: kept("the update that completes the compaction has the whole summary"),
  available_commands_update: kept("the agent's own commands, for a client that offers them"),
}

const entries: ReadonlyMap<string, UpdateEntry> = new Map(Object.entries(updateTable))

/** The entry of a kind. Undefined for a kind that this version does not know. */
export const updateEntry = (kind: string): UpdateEntry | undefined => entries.get(kind)
