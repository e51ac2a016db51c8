/** The agent's notices about itself and its environment, by message type, and `system` messages by subtype. */

import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintNumber, hintText, needText } from "../../runtime/readFields.js"
import { type Configuration, nativeOf, type Session } from "./ClaudeSession.js"
import { dropBlocks, thinkingEstimate } from "./contentBlocks.js"
import { taskNotified, taskProgress, taskStarted, taskUpdated } from "./tasks.js"

/** The facts of a message. None: it is only kept verbatim. */
type Entry = (session: Session, said: Fields) => readonly Fact[]

/** An entry for a message that the fold has no use for, with the reason. */
const kept =
  (_why: string): Entry =>
  () => []

/** `session.configured` with the changed settings. None where there is no change. */
export const configured = (session: Session, said: Configuration): readonly Fact[] => {
  const news = Object.entries(said).filter(
    ([key, value]) =>
      value !== undefined && !Object.entries(session.configuration).some(([k, v]) => k === key && v === value),
  )
  if (news.length === 0) return []
  session.configuration = { ...session.configuration, ...Object.fromEntries(news) }
  return [fact("session.configured", Object.fromEntries(news), nativeOf(session, undefined))]
}

/** The tool servers, where they have changed. */
const servers = (session: Session, said: Fields): readonly Fact[] => {
  const list = hintArray(said, "mcp_servers")
  const text = JSON.stringify(list)
  if (list.length === 0 || text === session.servers) return []
  session.servers = text
  return [fact("mcp.status.updated", { data: { servers: list } }, nativeOf(session, undefined))]
}

const init: Entry = (session, said) => [
  ...configured(session, {
    model: hintText(said, "model"),
    cwd: hintText(said, "cwd"),
    approvalPolicy: hintText(said, "permissionMode"),
    providerVersion: hintText(said, "claude_code_version"),
  }),
  ...servers(session, said),
]

const warning =
  (text: (said: Fields) => string | undefined): Entry =>
  (session, said) => {
    const message = text(said)
    return message === undefined ? [] : [fact("runtime.warning", { message }, nativeOf(session, session.running?.id))]
  }

const status: Entry = (session, said) => {
  const failed = hintText(said, "compact_error")
  return [
    ...configured(session, { approvalPolicy: hintText(said, "permissionMode") }),
    ...(failed === undefined ? [] : warning(() => `The conversation could not be shortened: ${failed}`)(session, said)),
  ]
}

/** The model could not be reached, and the agent tries again. The blocks of the failed attempt end. */
const retry: Entry = (session, said) => {
  const kind = hintText(said, "error") ?? "unknown"
  const httpStatus = hintNumber(said, "error_status")
  const attempt = hintNumber(said, "attempt")
  const most = hintNumber(said, "max_retries")
  const cause = httpStatus === undefined ? kind : `${httpStatus} ${kind}`
  const message = `The model did not answer (${cause}); the agent tries again, ${attempt ?? "?"} of ${most ?? "?"}.`
  return [
    ...dropBlocks(session),
    fact("runtime.error", { message, code: kind, httpStatus, willRetry: true }, nativeOf(session, session.running?.id)),
  ]
}

const rerouted: Entry = (session, said) => [
  fact(
    "model.rerouted",
    {
      from: hintText(said, "original_model"),
      to: hintText(said, "fallback_model"),
      reason: hintText(said, "content") ?? hintText(said, "trigger"),
    },
    nativeOf(session, session.running?.id),
  ),
]

/** Output of a command of the agent itself, shown like a message of the agent. */
const ownOutput: Entry = (session, said) => {
  const native = nativeOf(session, session.running?.id, { itemId: needText(said, "uuid") })
  const item = { kind: "agent_message", nativeKind: "local_command_output" } as const
  return [
    fact("item.started", item, native),
    fact("item.completed", { ...item, status: "completed", text: hintText(said, "content") ?? null }, native),
  ]
}

/** The agent replaced the beginning of the conversation by a summary. An item shows a person where that happened. */
const compacted: Entry = (session, said) => {
  const itemId = hintText(said, "uuid")
  const installed = fact("compaction.installed", {}, nativeOf(session, session.running?.id))
  if (itemId === undefined) return [installed]
  const native = nativeOf(session, session.running?.id, { itemId })
  const data = hintFields(said, "compact_metadata")
  const item = { kind: "compaction", nativeKind: "compact_boundary", ...(data === undefined ? {} : { data }) } as const
  return [
    fact("item.started", item, native),
    fact("item.completed", { ...item, status: "completed" }, native),
    installed,
  ]
}

const systemEntries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["init", init],
  ["status", status],
  ["api_retry", retry],
  ["compact_boundary", compacted],
  ["thinking_tokens", thinkingEstimate],
  ["task_started", taskStarted],
  ["task_progress", taskProgress],
  ["task_updated", taskUpdated],
  ["task_notification", taskNotified],
  ["model_refusal_fallback", rerouted],
  ["model_refusal_no_fallback", warning((said) => hintText(said, "content"))],
  ["local_command_output", ownOutput],
  ["mirror_error", warning((said) => hintText(said, "error"))],
  [
    "session_writes_lost",
    warning(
      () => "The agent could not save the conversation: the disk is full. A resumed session may miss the end of it.",
    ),
  ],
  [
    "informational",
    (session, said) => (said.level === "warning" ? warning((one) => hintText(one, "content"))(session, said) : []),
  ],
  ["background_tasks_changed", kept("each task reports its own start and end")],
  ["session_state_changed", kept("turns and requests report the same")],
  ["permission_denied", kept("the call's result reports it")],
  ["notification", kept("a note for the agent's own display")],
  ["commands_changed", kept("the agent's own list of commands")],
  ["files_persisted", kept("the provider's own store")],
  ["hook_started", kept("hooks have no place in the read model")],
  ["hook_progress", kept("hooks have no place in the read model")],
  ["hook_response", kept("hooks have no place in the read model")],
  ["plugin_install", kept("plug-ins have no place in the read model")],
  ["elicitation_complete", kept("the question was answered")],
  ["control_request_progress", kept("a step of the agent's own protocol")],
  ["memory_recall", kept("the agent's own memory")],
  ["worker_shutting_down", kept("the exit of the process reports it")],
])

const entries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "rate_limit_event",
    (session, said) => [
      fact("account.rate-limits.updated", { data: hintFields(said, "rate_limit_info") }, nativeOf(session, undefined)),
    ],
  ],
  [
    "auth_status",
    (session, said) => [
      fact(
        "account.updated",
        { data: { isAuthenticating: said.isAuthenticating === true, error: hintText(said, "error") ?? null } },
        nativeOf(session, undefined),
      ),
    ],
  ],
  ["conversation_reset", kept("the next message names the session's new id")],
  ["tool_progress", kept("shows only that a call still runs")],
  ["tool_use_summary", kept("the calls report it themselves")],
  ["prompt_suggestion", kept("a guess at the next prompt; nothing has happened")],
  ["active_goal", kept("goals have no place in the read model")],
  ["keep_alive", kept("shows only that the agent still runs")],
])

/** The entry of a message. Undefined for a type that this version does not know. */
export const noticeEntry = (type: string, subtype: string | undefined): Entry | undefined =>
  type === "system" ? systemEntries.get(subtype ?? "") : entries.get(type)
