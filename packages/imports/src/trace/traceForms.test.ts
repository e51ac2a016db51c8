/** Forms of traces that the fixtures do not have: version 1, compactions, code cells, sub-agents in Codex's other form. */
import { describe, expect, it } from "@effect/vitest"
import { namedUuid } from "@threadfold/testkit"
import { Effect } from "effect"
import { MemoryLog } from "../../test/MemoryLog.js"
import { message, TraceText } from "../../test/TraceText.js"
import { rowsOf, running, traced, violations } from "../../test/traced.js"

const [t1, t2] = [namedUuid("t1"), namedUuid("t2")]
const [a1, a2, a3] = [namedUuid("a1"), namedUuid("a2"), namedUuid("a3")]

const importOf = (trace: TraceText) =>
  Effect.gen(function* () {
    const log = new MemoryLog()
    const outcome = yield* traced(log, trace.recording)
    expect(outcome.mapped + outcome.kept).toBe(outcome.lines)
    expect([running(log), violations(log)]).toEqual([[], []])
    return log
  })

const saidIn = (log: MemoryLog) =>
  rowsOf(log, "items")
    .filter(({ kind }) => kind === "user_message" || kind === "agent_message")
    .toSorted((a, b) => a.ordinal - b.ordinal)
    .map(({ itemId, kind }) => [kind, log.store.whole("items", [itemId])?.text])

const toolCall = (id: string, kind: string, more: object = {}) => ({
  type: "tool_call_started",
  tool_call_id: id,
  model_visible_call_id: id,
  requester: { type: "model" },
  kind: { type: kind },
  summary: { type: "generic", label: kind, input_preview: null },
  ...more,
})

describe("version 1", () => {
  it.effect("has the messages of the user without ids: each is told once, and those from before a resume are not", () =>
    Effect.gen(function* () {
      const context = message("user", "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>")
      const before = [context, message("user", "long ago"), message("assistant", "an old answer")]
      const first = [...before, message("user", "go on")]
      const second = [...first, message("assistant", "I did."), message("user", "go on")]
      const trace = new TraceText(1).started().turn(t1)
      // A retry sends the same again.
      trace.asked(a1, t1, first).line({ type: "inference_failed", inference_call_id: a1, error: "cut off" }, t1)
      trace
        .asked(a2, t1, first)
        .answered(a2, t1, [message("assistant", "I did.")])
        .ended(t1, "completed")
      trace
        .turn(t2)
        .asked(a3, t2, second)
        .answered(a3, t2, [message("assistant", "Again.")])
        .ended(t2, "completed")
      const log = yield* importOf(trace)
      expect(saidIn(log)).toEqual([
        ["user_message", "go on"],
        ["agent_message", "I did."],
        ["user_message", "go on"],
        ["agent_message", "Again."],
      ])
      expect(rowsOf(log, "inferences").map(({ error, items, status }) => [status, items, error])).toEqual([
        ["failed", 0, "cut off"],
        ["completed", 1, null],
        ["completed", 1, null],
      ])
    }),
  )

  it.effect("ends a turn with an error as completed, behind the breadcrumb that has the error: it failed", () =>
    Effect.gen(function* () {
      const trace = new TraceText(1).started().turn(t1)
      trace.said("turn_complete", { turn_id: t1, error: { message: "out of credit", codex_error_info: "usageLimit" } })
      trace
        .ended(t1, "completed")
        .turn(t2)
        .said("turn_aborted", { turn_id: t2, reason: "replaced" })
        .ended(t2, "cancelled")
      const log = yield* importOf(trace)
      expect(rowsOf(log, "turns").map(({ cause, error, outcome }) => [outcome, cause, error])).toEqual([
        ["failed", "provider", { message: "out of credit", code: "usageLimit" }],
        ["interrupted", "replaced", null],
      ])
    }),
  )
})

describe("a turn's end", () => {
  it.effect("ends what Codex leaves running: tools, code cells, compactions; a tool as its runtime ended", () =>
    Effect.gen(function* () {
      const trace = new TraceText(2).started().turn(t1).asked(a1, t1, [])
      trace.line(toolCall("c1", "exec_command"), t1).line(toolCall("c2", "mcp"), t1)
      const runtime_payload = trace.body("tool_runtime_event", {
        exit_code: 3,
        aggregated_output: "no",
        status: "failed",
      })
      trace.line({ type: "tool_call_runtime_ended", tool_call_id: "c1", status: "failed", runtime_payload }, t1)
      trace.line(
        { type: "code_cell_started", runtime_cell_id: "0", model_visible_call_id: "c3", source_js: "go()" },
        t1,
      )
      trace.line({ type: "code_cell_initial_response", runtime_cell_id: "0", status: "yielded" }, t1)
      const compaction = { compaction_id: "k", compaction_request_id: "compaction_request:1", model: "m" }
      trace.line({ type: "compaction_request_started", ...compaction, codex_turn_id: t1 }, t1)
      trace.ended(t1, "cancelled").line({ type: "inference_completed", inference_call_id: a1, response_id: "late" }, t1)
      const log = yield* importOf(trace)
      expect(
        rowsOf(log, "items").map(({ exitCode, kind, nativeItemId, status }) => [nativeItemId, kind, status, exitCode]),
      ).toEqual(
        expect.arrayContaining([
          ["c1", "command", "failed", 3],
          ["c2", "tool_call", "interrupted", null],
          ["code_cell:c3", "tool_call", "interrupted", null],
          ["compaction_request:1", "compaction", "interrupted", null],
        ]),
      )
      // The attempt was closed by the turn; its late end only fills what is empty.
      expect(rowsOf(log, "inferences")).toMatchObject([
        { status: "cancelled", cause: "turn-ended", responseId: "late" },
      ])
    }),
  )
})

describe("a compaction", () => {
  it.effect("is an item with its attempts beside it; what comes after is not taken for new", () =>
    Effect.gen(function* () {
      const of = { compaction_id: "k1", codex_turn_id: t1 }
      const trace = new TraceText(1)
        .started()
        .turn(t1)
        .asked(a1, t1, [message("user", "hi"), message("assistant", "yes"), message("user", "more")])
      trace.answered(a1, t1, [])
      trace.line({ type: "compaction_request_started", ...of, compaction_request_id: "q1", model: "m" }, t1)
      trace.line({ type: "compaction_request_failed", ...of, compaction_request_id: "q1", error: "too long" }, t1)
      trace.line({ type: "compaction_request_started", ...of, compaction_request_id: "q2", model: "m" }, t1)
      trace.line({ type: "compaction_request_completed", ...of, compaction_request_id: "q2" }, t1)
      const checkpoint_payload = trace.body("compaction_checkpoint", {
        input_history: [1, 2, 3],
        replacement_history: [1],
      })
      trace.line({ type: "compaction_installed", ...of, checkpoint_payload }, t1)
      trace.asked(a2, t1, [message("user", "a summary"), message("assistant", "so")]).ended(t1, "completed")
      const log = yield* importOf(trace)
      const items = rowsOf(log, "items").filter(({ kind }) => kind === "compaction")
      expect(items.map(({ nativeItemId, nativeKind, status }) => [nativeItemId, nativeKind, status])).toEqual(
        expect.arrayContaining([
          ["q1", "compaction_request", "failed"],
          ["q2", "compaction_request", "completed"],
          ["k1", "compaction", "completed"],
        ]),
      )
      expect(saidIn(log)).toEqual([["user_message", "more"]])
    }),
  )
})

describe("a sub-agent", () => {
  it.effect("is linked by its activity, and its result is an item of its parent", () =>
    Effect.gen(function* () {
      const [parent, child] = [namedUuid("thread"), namedUuid("child")]
      const trace = new TraceText(2).started(parent).turn(t1, parent).line(toolCall("s1", "spawn_agent"), t1, parent)
      trace.started(child, {
        session_source: { subagent: { thread_spawn: { parent_thread_id: parent } } },
        nickname: "Ada",
      })
      const runtime_payload = trace.body("tool_runtime_event", {
        agent_thread_id: child,
        kind: "started",
        agent_path: "/root/ada",
      })
      trace.line(
        { type: "tool_call_runtime_ended", tool_call_id: "s1", status: "completed", runtime_payload },
        t1,
        parent,
      )
      trace.line({ type: "tool_call_ended", tool_call_id: "s1", status: "completed" }, t1, parent)
      trace.turn(t2, child).ended(t2, "completed", child)
      const result = {
        edge_id: `edge:agent_result:${child}:${t2}:${parent}`,
        child_thread_id: child,
        child_codex_turn_id: t2,
      }
      const carried_payload = trace.body("agent_result", {
        child_agent_path: "/root/ada",
        message: "found it",
        status: "completed",
      })
      trace.line(
        { type: "agent_result_observed", ...result, parent_thread_id: parent, message: "found it", carried_payload },
        t2,
        child,
      )
      trace
        .line({ type: "thread_ended", thread_id: child, status: "completed" }, null, null)
        .ended(t1, "completed", parent)
      const log = yield* importOf(trace)
      const threads = rowsOf(log, "threads")
      const root = threads.find(({ nativeThreadId }) => nativeThreadId === parent)
      expect(threads.find(({ nativeThreadId }) => nativeThreadId === child)).toMatchObject({
        parentThreadId: root?.threadId,
        title: "Ada",
      })
      const items = rowsOf(log, "items").filter(({ threadId }) => threadId === root?.threadId)
      expect(items.map(({ nativeKind, status, title }) => [nativeKind, status, title])).toEqual([
        ["spawn_agent", "completed", "spawn_agent"],
        ["agent_result", "completed", "/root/ada"],
      ])
      expect(rowsOf(log, "turns").map(({ outcome }) => outcome)).toEqual(["completed", "completed"])
    }),
  )
})
