/** What the events of a trace become, by their types. */
import type { ItemEnd } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import { hintText } from "../../runtime/readFields.js"
import { breadcrumb } from "./breadcrumbs.js"
import { type TraceLine, traceId } from "./readTraceLine.js"
import { about, type EventReader, ofThread } from "./TraceEvent.js"
import type { TraceState } from "./TraceState.js"
import type { OpenItem, TraceThread } from "./TraceThread.js"
import { inferenceEnded, inferenceStarted } from "./traceInferences.js"
import {
  cellItem,
  checkpointSizes,
  compactionEnded,
  compactionItem,
  itemBegan,
  itemEnded,
  readRuntimeEnd,
  runtimeAfterEnd,
  runtimeBegan,
  toolItem,
  withRuntimeEnd,
} from "./traceTools.js"

const rolloutStarted: EventReader = ({ threads }, { line, source }) => {
  // The connection is opened by whatever line comes first.
  const fate = threads.keep(source, undefined, line.type, true)
  return { fate, native: undefined }
}

const rolloutEnded: EventReader = ({ threads }, { line, source }) => {
  const status = hintText(line.payload, "status")
  const message = status === undefined || status === "completed" ? undefined : `Codex ended as ${status}`
  threads.close(source.at, "exit", source, message)
  return { fate: "mapped", native: undefined }
}

const threadStarted = ofThread((state, thread, { body, line, source }) => {
  if (thread.isTold && thread.state !== "ended") return state.kept(source, thread, line, "it has started already")
  state.threads.reopen(source, thread)
  state.threads.tell(source, thread, {
    agentPath: hintText(line.payload, "agent_path"),
    metadata: body("metadata_payload"),
  })
  return { fate: "mapped", native: { threadId: thread.id } }
})

const threadEnded: EventReader = (state, { line, source }) => {
  const thread = state.threads.find(traceId(line.payload, "thread_id") ?? line.threadId)
  if (thread === undefined) return state.kept(source, undefined, line, "it names no thread that has started")
  if (thread.state !== "open") return state.kept(source, thread, line, "it has ended already")
  if (thread.running !== undefined) state.endItems(source, thread, thread.running)
  const status = hintText(line.payload, "status")
  const message = status === undefined || status === "completed" ? undefined : `Codex ended it as ${status}`
  state.threads.endSession(source, thread, "unloaded", message)
  return { fate: "mapped", native: { threadId: thread.id } }
}

const turnStarted = about("codex_turn_id", (state, thread, { source }, turnId) => {
  state.threads.reopen(source, thread)
  state.startTurn(source, thread, turnId, false)
  return { fate: "mapped", native: { threadId: thread.id, turnId } }
})

/** The terminal of a turn. Version 1 ends a turn that failed as `completed`, behind a breadcrumb that says why it failed. */
const terminalOf = (state: TraceState, thread: TraceThread, turnId: string, status: string): Fact | undefined => {
  const native = { threadId: thread.id, turnId }
  const told = state.ends.get(turnId)
  const said = told?.message === undefined ? thread.lastError : { message: told.message, code: told.code }
  switch (status) {
    case "completed":
      if (told?.message === undefined) return fact("turn.completed", { outcome: "completed" }, native)
      return fact("turn.completed", { outcome: "failed", error: { message: told.message, code: told.code } }, native)
    case "failed":
      return fact("turn.completed", { outcome: "failed", error: said }, native)
    case "cancelled":
    case "aborted":
      return fact("turn.aborted", { reason: told?.reason ?? status }, native)
    default:
      return undefined
  }
}

const turnEnded = about("codex_turn_id", (state, thread, { line, source }, turnId) => {
  const status = hintText(line.payload, "status") ?? ""
  const terminal = terminalOf(state, thread, turnId, status)
  if (terminal === undefined) return state.kept(source, thread, line, `status: ${JSON.stringify(status)} is no end`)
  state.endItems(source, thread, turnId)
  thread.turns.set(turnId, "ended")
  if (thread.running === turnId) thread.running = undefined
  state.record(source, thread, terminal)
  return { fate: "mapped", native: { threadId: thread.id, turnId } }
})

const toolStarted = about("tool_call_id", (state, thread, { body, line, source }, itemId) => {
  const item = toolItem(line.payload, itemId, state.turnOf(line), body("invocation_payload"))
  return state.beginItem(source, thread, line, item, itemBegan(thread, item))
})

/** The open item of that id; one whose beginning is not in the trace is made of what its later event says. */
const itemOf = (state: TraceState, thread: TraceThread, line: TraceLine, itemId: string): OpenItem =>
  thread.items.get(itemId) ?? toolItem(line.payload, itemId, state.turnOf(line), undefined)

const runtimeStarted = about("tool_call_id", (state, thread, { body, line, source }, itemId) => {
  const runtime = body("runtime_payload")
  const open = thread.items.get(itemId)
  if (open === undefined) return state.kept(source, thread, line, "no tool call of that id is open")
  if (runtime === undefined) return { ...state.about(thread, open), fate: state.kept(source, thread, line).fate }
  const { item, what } = runtimeBegan(thread, open, runtime)
  thread.items.set(itemId, item)
  state.record(source, thread, what)
  return state.about(thread, item)
})

const runtimeEnded = about("tool_call_id", (state, thread, { body, line, source }, itemId) => {
  const runtime = body("runtime_payload") ?? {}
  const end = readRuntimeEnd(hintText(line.payload, "status") ?? "", runtime)
  const open = thread.items.get(itemId)
  if (open === undefined) {
    const turnId = state.turnOf(line)
    state.record(source, thread, runtimeAfterEnd(thread, itemId, turnId, end))
    return state.about(thread, { itemId, turnId })
  }
  const item = withRuntimeEnd(open, end, runtime)
  thread.items.set(itemId, item)
  const { fate } = state.kept(source, thread, line)
  return { ...state.about(thread, item), fate }
})

const ends: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "aborted"])

const toolEnded = about("tool_call_id", (state, thread, { body, line, source }, itemId) => {
  const status = hintText(line.payload, "status") ?? ""
  if (!ends.has(status)) return state.kept(source, thread, line, `status: ${JSON.stringify(status)} is no end`)
  const item = itemOf(state, thread, line, itemId)
  thread.items.delete(itemId)
  state.record(source, thread, itemEnded(thread, item, status, body("result_payload")))
  return state.about(thread, item)
})

const cellStarted = about("model_visible_call_id", (state, thread, { line, source }, callId) => {
  const item = cellItem(line.payload, `code_cell:${callId}`, state.turnOf(line))
  return state.beginItem(source, thread, line, item, itemBegan(thread, item))
})

const cellEnds: ReadonlyMap<string, ItemEnd> = new Map<string, ItemEnd>([
  ["completed", "completed"],
  ["failed", "failed"],
  ["terminated", "interrupted"],
])

/** The first answer of a code cell, or its end. A cell that has yielded goes on. */
const cellWord = about("runtime_cell_id", (state, thread, { body, line, source }, cellId) => {
  const item = thread.items.values().find((one) => one.name === "code_cell" && one.data.runtimeCellId === cellId)
  const status = cellEnds.get(hintText(line.payload, "status") ?? "")
  if (item === undefined) return state.kept(source, thread, line, "no code cell of that id is open")
  if (status === undefined) return { ...state.about(thread, item), fate: state.kept(source, thread, line).fate }
  thread.items.delete(item.itemId)
  const response = body("response_payload")
  const data = response === undefined ? item.data : { ...item.data, response }
  const { itemId, kind, name, title, turnId } = item
  const end = { kind, nativeKind: name, title, status, text: null, data }
  state.record(source, thread, fact("item.completed", end, { threadId: thread.id, turnId, itemId }))
  return state.about(thread, item)
})

const compactionStarted = about("compaction_request_id", (state, thread, { line, source }, itemId) => {
  const item = compactionItem(line.payload, itemId, state.turnOf(line))
  return state.beginItem(source, thread, line, item, itemBegan(thread, item))
})

const compactionOver = (status: ItemEnd) =>
  about("compaction_request_id", (state, thread, { line, source }, itemId) => {
    const item = thread.items.get(itemId) ?? compactionItem(line.payload, itemId, state.turnOf(line))
    thread.items.delete(itemId)
    state.record(source, thread, compactionEnded(thread, item, status, hintText(line.payload, "error")))
    return state.about(thread, item)
  })

const compactionInstalled = about("compaction_id", (state, thread, { body, line, source }, itemId) => {
  const turnId = state.turnOf(line)
  const native = { threadId: thread.id, turnId, itemId }
  const sizes = checkpointSizes(body("checkpoint_payload"))
  const data = { ...sizes }
  const item = { kind: "compaction", nativeKind: "compaction", status: "completed", text: null, data } as const
  state.ensureTurn(source, thread, turnId)
  state.record(source, thread, fact("item.completed", item, native))
  state.record(source, thread, fact("compaction.installed", {}, { threadId: thread.id, turnId }))
  // The next request begins with the history that replaces the old one.
  thread.inputLength = sizes?.replacementItems ?? null
  return state.about(thread, { itemId, turnId })
})

/** A sub-agent's result reaches its parent: an item of the parent's turn. */
const agentResult: EventReader = (state, { body, line, source }) => {
  const { payload } = line
  const [itemId, parentId] = [traceId(payload, "edge_id"), traceId(payload, "parent_thread_id")]
  const child = traceId(payload, "child_thread_id")
  if (itemId === undefined || parentId === undefined || child === undefined) {
    return state.kept(
      source,
      state.threadOf(source, line),
      line,
      "edge_id, parent_thread_id or child_thread_id is missing",
    )
  }
  const parent = state.threads.of(source, parentId)
  const carried = body("carried_payload") ?? {}
  const item = {
    kind: "subagent",
    nativeKind: "agent_result",
    status: "completed",
    text: null,
    title: hintText(carried, "child_agent_path"),
    childNativeThreadIds: [child],
    data: {
      message: hintText(payload, "message") ?? null,
      childTurnId: traceId(payload, "child_codex_turn_id") ?? null,
    },
  } as const
  state.record(source, parent, fact("item.completed", item, { threadId: parent.id, turnId: parent.running, itemId }))
  return state.about(parent, { itemId, turnId: parent.running })
}

const historyItem = ofThread((state, thread, { line, source }) => {
  const id = traceId(line.payload, "item_id")
  thread.hasIds = true
  if (id !== undefined) thread.accepted.set(id, true)
  return state.kept(source, thread, line)
})

/** Keeps events that are known and say nothing of the read model. */
const silent: EventReader = (state, { line, source }) =>
  state.kept(source, state.threads.find(traceId(line.payload, "thread_id") ?? line.threadId), line)

/** Events of both versions. A type that is not here is kept, and counted as an anomaly. */
export const eventReaders: ReadonlyMap<string, EventReader> = new Map<string, EventReader>([
  ["rollout_started", rolloutStarted],
  ["rollout_ended", rolloutEnded],
  ["thread_started", threadStarted],
  ["thread_ended", threadEnded],
  ["codex_turn_started", turnStarted],
  ["codex_turn_ended", turnEnded],
  ["inference_started", about("inference_call_id", inferenceStarted)],
  ["inference_completed", inferenceEnded("completed")],
  ["inference_failed", inferenceEnded("failed")],
  ["inference_cancelled", inferenceEnded("cancelled")],
  ["tool_call_started", toolStarted],
  ["mcp_tool_call_correlation_assigned", silent],
  ["tool_call_runtime_started", runtimeStarted],
  ["tool_call_runtime_ended", runtimeEnded],
  ["tool_call_ended", toolEnded],
  ["code_cell_started", cellStarted],
  ["code_cell_initial_response", cellWord],
  ["code_cell_ended", cellWord],
  ["compaction_request_started", compactionStarted],
  ["compaction_request_completed", compactionOver("completed")],
  ["compaction_request_failed", compactionOver("failed")],
  ["compaction_installed", compactionInstalled],
  ["agent_result_observed", agentResult],
  ["protocol_event_observed", breadcrumb],
  ["history_item_accepted", historyItem],
  ["recording_completed", silent],
])
