/**
 * Rollout traces of Codex 0.169.0 against a mock model, each with what Codex's own reducer (`codex debug trace-reduce`) makes of it, whole
 * and unedited. Long texts of requests are cut in the bundles, and paths replaced.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { packageRoot } from "../packageFiles.js"

/** What the reducer says of something that ran. */
interface Execution {
  readonly started_seq: number
  readonly ended_seq: number | null
  readonly status: "running" | "completed" | "failed" | "cancelled" | "aborted"
}

interface Usage {
  readonly input_tokens: number
  readonly cached_input_tokens: number
  readonly output_tokens: number
  readonly reasoning_output_tokens: number
}

/** The part of a reduced trace that imports are compared with. */
export interface ReducedTrace {
  readonly root_thread_id: string
  readonly threads: Readonly<
    Record<string, { readonly execution: Execution; readonly origin: { readonly parent_thread_id?: string } }>
  >
  readonly codex_turns: Readonly<Record<string, { readonly thread_id: string; readonly execution: Execution }>>
  readonly inference_calls: Readonly<
    Record<
      string,
      {
        readonly thread_id: string
        readonly codex_turn_id: string
        readonly execution: Execution
        readonly model: string
        readonly provider_name: string
        readonly response_id: string | null
        readonly upstream_request_id: string | null
        /** Complete output items: the model's ids of them. */
        readonly response_item_ids: readonly string[]
        readonly usage: Usage | null
      }
    >
  >
  readonly tool_calls: Readonly<
    Record<
      string,
      {
        readonly thread_id: string
        readonly started_by_codex_turn_id?: string | null
        readonly execution: Execution
        readonly kind: { readonly type: string }
      }
    >
  >
  readonly interaction_edges: Readonly<
    Record<
      string,
      { readonly kind: string | { readonly type: string }; readonly target: unknown; readonly source: unknown }
    >
  >
}

/** A state as the reducer writes it. */
interface ReducerState extends ReducedTrace {
  readonly conversation_items: Readonly<Record<string, { readonly responses_item_id?: string | null }>>
}

/** What the reducer wrote, with the items of each response by the ids that the model gave them. */
export const reducedTrace = (written: string): ReducedTrace => {
  const state: ReducerState = JSON.parse(written)
  const calls = Object.entries(state.inference_calls).map(([id, call]) => [
    id,
    {
      ...call,
      response_item_ids: call.response_item_ids.map(
        (item) => state.conversation_items[item]?.responses_item_id ?? item,
      ),
    },
  ])
  return { ...state, inference_calls: Object.fromEntries(calls) }
}

/** A trace as Codex left it, a folder. */
export interface TraceBundle {
  readonly name: string
  /** Absolute path of the folder. */
  readonly path: string
  /** Its log, as text. */
  readonly log: () => string
  /** What Codex's reducer wrote of it. */
  readonly written: () => string
  /** The same, to be compared with. */
  readonly reduced: () => ReducedTrace
}

const folder = join(packageRoot, "fixtures", "codex-trace")

/** All of them, in the order of their names. */
export const traceBundles: readonly TraceBundle[] = readdirSync(folder)
  .sort()
  .map((name) => {
    const path = join(folder, name)
    const written = (): string => readFileSync(join(path, "expected-state.json"), "utf8")
    return {
      name,
      path,
      log: () => readFileSync(join(path, "trace.jsonl"), "utf8"),
      written,
      reduced: () => reducedTrace(written()),
    }
  })
