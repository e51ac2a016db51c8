/** Breadcrumbs of a trace: events of Codex's own protocol. They name no thread; what they say of one is taken where it is sure which. */
import { fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintJson, hintNumber, hintText } from "../../runtime/readFields.js"
import { errorCode, turnFailure } from "../rollout/responseItems.js"
import { traceId } from "./readTraceLine.js"
import type { EventReader, TraceEvent } from "./TraceEvent.js"
import type { Done, TraceState } from "./TraceState.js"
import type { TraceThread } from "./TraceThread.js"

type Crumb = (state: TraceState, thread: TraceThread, event: TraceEvent, said: Fields) => Done

const configured: Crumb = (state, thread, { source }, said) => {
  thread.model = hintText(said, "model") ?? thread.model
  const effort = hintText(said, "reasoning_effort")
  const payload = {
    model: thread.model,
    cwd: hintText(said, "cwd"),
    approvalPolicy: hintJson(said, "approval_policy"),
    sandbox: hintJson(said, "sandbox_policy") ?? hintJson(said, "permission_profile"),
    settings: effort === undefined ? undefined : { effort },
  }
  state.record(source, thread, fact("session.configured", payload, { threadId: thread.id }))
  return { fate: "mapped", native: { threadId: thread.id } }
}

const warned: Crumb = (state, thread, { line, source }, said) => {
  const message = hintText(said, "message")
  if (message === undefined) return state.kept(source, thread, line)
  state.record(source, thread, fact("runtime.warning", { message }, { threadId: thread.id }))
  return { fate: "mapped", native: { threadId: thread.id } }
}

const failed: Crumb = (state, thread, { source }, said) => {
  const message = hintText(said, "message") ?? "an error without a message"
  const code = errorCode(said)
  thread.lastError = { message, code }
  const { id: threadId, running: turnId } = thread
  // What it ended, if anything, is said by the end of the turn.
  state.record(source, thread, fact("runtime.error", { message, code, willRetry: true }, { threadId, turnId }))
  return { fate: "mapped", native: { threadId } }
}

const rolledBack: Crumb = (state, thread, { line, source }, said) => {
  const count = hintNumber(said, "num_turns")
  if (count === undefined || !Number.isInteger(count) || count <= 0) return state.kept(source, thread, line)
  state.record(source, thread, fact("thread.rewound", { count }, { threadId: thread.id }))
  return { fate: "mapped", native: { threadId: thread.id } }
}

const crumbs: ReadonlyMap<string, Crumb> = new Map<string, Crumb>([
  ["session_configured", configured],
  ["warning", warned],
  ["error", failed],
  ["thread_rolled_back", rolledBack],
])

/** Keeps why a turn ended: in version 1 this comes before its end. */
const keepEnd = (state: TraceState, type: string, said: Fields): void => {
  const turnId = traceId(said, "turn_id")
  if (turnId === undefined) return
  const error = hintFields(said, "error")
  if (type === "turn_aborted") state.ends.set(turnId, { reason: hintText(said, "reason") ?? "aborted" })
  else if (type === "turn_complete" && error !== undefined) state.ends.set(turnId, turnFailure(error))
}

/** `protocol_event_observed`. */
export const breadcrumb: EventReader = (state, event) => {
  const { body, line, source } = event
  const type = hintText(line.payload, "event_type") ?? ""
  const said = body("event_payload")
  if (said !== undefined) keepEnd(state, type, said)
  const named = state.threads.find((said && traceId(said, "thread_id")) ?? line.threadId)
  const thread = named ?? state.threads.onlyOpen
  const read = crumbs.get(type)
  if (read === undefined || said === undefined || thread === undefined) return state.kept(source, thread, line)
  return read(state, thread, event, said)
}
