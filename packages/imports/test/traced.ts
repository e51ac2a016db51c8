/** Traces in a log in memory: what an import of one leads to, and where that differs from what Codex's own reducer makes of it. */
import type { InferenceRow, ItemRow, Rows, TableName } from "@threadfold/contracts"
import { checkRows, type ThreadRows } from "@threadfold/core"
import type { ReducedTrace } from "@threadfold/testkit"
import { Effect } from "effect"
import { importThrough, type ReadingOptions, type Recording, readerOf, recognize } from "../src/index.js"
import type { MemoryLog } from "./MemoryLog.js"

/** Imports a trace into a log. */
export const traced = (log: MemoryLog, recording: Recording, options: ReadingOptions = {}) =>
  Effect.gen(function* () {
    const reader = yield* readerOf("codex-trace")
    return yield* importThrough(log.port, yield* recognize(recording, reader), options)
  })

const rowsIn = (log: MemoryLog, streamId: string): ThreadRows => ({
  all: (table) =>
    // What the store gives under a table's name is that table's rows.
    [...log.store.rowsOf(streamId)].flatMap((one) => (one.table === table ? [one.row as never] : [])),
})

/** Rows of all streams. */
export const rowsOf = <N extends TableName>(log: MemoryLog, table: N): readonly Rows[N][] =>
  log.streams.flatMap((streamId) => [...rowsIn(log, streamId).all(table)])

/** What breaks an invariant. */
export const violations = (log: MemoryLog) =>
  log.streams.flatMap((streamId) => checkRows(streamId, rowsIn(log, streamId)))

/** What still runs: nothing of an imported trace may. */
export const running = (log: MemoryLog): readonly string[] => [
  ...rowsOf(log, "turns").flatMap(({ nativeTurnId, status }) => (status === "ended" ? [] : [`turn ${nativeTurnId}`])),
  ...rowsOf(log, "inferences").flatMap((row) => (row.status === "running" ? [`attempt ${row.nativeInferenceId}`] : [])),
  ...rowsOf(log, "items").flatMap(({ nativeItemId, status }) => (status === "open" ? [`item ${nativeItemId}`] : [])),
  ...rowsOf(log, "tasks").flatMap(({ status, taskId }) => (status === "running" ? [`task ${taskId}`] : [])),
  ...rowsOf(log, "sessions").flatMap(({ endedAt, sessionId }) => (endedAt === null ? [`session ${sessionId}`] : [])),
  ...rowsOf(log, "threads").flatMap(({ activeTurnId, threadId }) =>
    activeTurnId === null ? [] : [`thread ${threadId}`],
  ),
]

/** Codex's word for the end of a turn or a tool, in ours. */
const turnWords = {
  completed: "completed",
  failed: "failed",
  cancelled: "interrupted",
  aborted: "interrupted",
} as const
const toolWords = {
  completed: "completed",
  failed: "failed",
  cancelled: "interrupted",
  aborted: "interrupted",
} as const
const wordOf = (words: typeof turnWords, status: keyof typeof turnWords | "running"): string =>
  status === "running" ? "running" : words[status]

const keysOf = (log: MemoryLog, { inferenceId }: InferenceRow): readonly string[] =>
  rowsOf(log, "inference_items").flatMap((row) => (row.inferenceId === inferenceId ? [row.itemKey] : []))

const itemKinds: Readonly<Record<string, ItemRow["kind"]>> = {
  exec_command: "command",
  apply_patch: "file_change",
  spawn_agent: "subagent",
}

/** One line for each thing that is not as the reducer has it: `what id: theirs -> ours`. Ids are left out of the line. */
export const differences = (log: MemoryLog, reduced: ReducedTrace): readonly string[] => {
  const found: string[] = []
  const compare = (what: string, theirs: unknown, ours: unknown): void => {
    if (JSON.stringify(theirs) !== JSON.stringify(ours))
      found.push(`${what}: ${JSON.stringify(theirs)} -> ${JSON.stringify(ours)}`)
  }
  const threads = new Map(rowsOf(log, "threads").map((row) => [row.nativeThreadId, row]))
  compare("threads", Object.keys(reduced.threads).sort(), [...threads.keys()].sort())
  for (const [id, { origin }] of Object.entries(reduced.threads)) {
    const parent = threads.get(origin.parent_thread_id ?? null)?.threadId ?? null
    compare("thread's parent", parent, threads.get(id)?.parentThreadId ?? null)
  }
  const turns = new Map(rowsOf(log, "turns").map((row) => [row.nativeTurnId, row]))
  compare("turns", Object.keys(reduced.codex_turns).sort(), [...turns.keys()].sort())
  for (const [id, { execution, thread_id }] of Object.entries(reduced.codex_turns)) {
    const row = turns.get(id)
    compare("turn", wordOf(turnWords, execution.status), row?.outcome)
    compare("turn's thread", threads.get(thread_id)?.threadId, row?.threadId)
  }
  const attempts = new Map(rowsOf(log, "inferences").map((row) => [row.nativeInferenceId, row]))
  compare("attempts", Object.keys(reduced.inference_calls).sort(), [...attempts.keys()].sort())
  for (const [id, call] of Object.entries(reduced.inference_calls)) {
    const row = attempts.get(id)
    if (row === undefined) continue
    compare("attempt", call.execution.status, row.status)
    compare("attempt's turn", turns.get(call.codex_turn_id)?.turnId, row.turnId)
    compare("attempt's model", [call.model, call.provider_name], [row.model, row.provider])
    compare("attempt's ids", [call.response_id, call.upstream_request_id], [row.responseId, row.upstreamRequestId])
    compare("attempt's items", [...call.response_item_ids].sort(), [...keysOf(log, row)].sort())
    const { usage } = call
    const theirs = usage && [
      usage.input_tokens,
      usage.cached_input_tokens,
      usage.output_tokens,
      usage.reasoning_output_tokens,
    ]
    const ours = row.usage && [
      row.usage.inputTokens,
      row.usage.cachedInputTokens,
      row.usage.outputTokens,
      row.usage.reasoningTokens,
    ]
    compare("attempt's usage", theirs, ours)
  }
  const items = new Map(rowsOf(log, "items").map((row) => [`${row.threadId}|${row.nativeItemId}`, row]))
  for (const [id, { execution, kind, thread_id }] of Object.entries(reduced.tool_calls)) {
    const row = items.get(`${threads.get(thread_id)?.threadId}|${id}`)
    compare("tool", wordOf(toolWords, execution.status), row?.status)
    compare("tool's kind", itemKinds[kind.type] ?? "tool_call", row?.kind)
  }
  return found
}
