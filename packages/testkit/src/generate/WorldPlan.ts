/**
 * Plans: the steps of generated sessions, without ids, numbers or times. Only plans hold random choice, so that fast-check
 * shrinks a failing case to a few steps. `renderWorld.ts` turns a plan into events.
 */
import type { ItemEnd, ItemKind, RequestKind, UsageMode } from "@threadfold/contracts"
import fc from "fast-check"

/** One step inside a turn, or between turns where it makes sense there. */
export type Action =
  | {
      readonly do: "item"
      readonly kind: ItemKind
      /** Streamed pieces; empty: the item comes whole. */
      readonly pieces: readonly string[]
      /** Parts that the pieces are spread over. */
      readonly parts: number
      /** `open`: its end never comes. */
      readonly end: ItemEnd | "open"
      /** True: it ends only when the turn is about to end. */
      readonly late: boolean
      /** True: a process runs behind it. */
      readonly process: boolean
    }
  | {
      readonly do: "request"
      readonly kind: RequestKind
      /**
       * `answered`: by the client; `resolved`: by the provider alone; `both`; `expired`: by us; `none`: it stays open; `failed`: the
       * answer does not reach the agent, and the next one does.
       */
      readonly answer: "answered" | "resolved" | "both" | "expired" | "none" | "failed"
      /** True: the provider sends the same question twice. */
      readonly again: boolean
    }
  | { readonly do: "usage"; readonly input: number; readonly output: number; readonly cached: number | null }
  | {
      readonly do: "inference"
      readonly items: number
      readonly end: "completed" | "failed" | "cancelled" | "open"
      /** True: the terminal repeats the items that came one by one. */
      readonly repeats: boolean
    }
  | { readonly do: "task"; readonly end: "completed" | "failed" | "interrupted" | "open" }
  | { readonly do: "voice"; readonly what: VoiceStep }
  | { readonly do: "subagent"; readonly pieces: readonly string[] }
  | { readonly do: "single"; readonly what: SingleEvent }
  | BetweenTurns

/** Steps that make sense between turns only. */
export type BetweenTurns =
  /** The newest turns are taken back: so many, or all after the one that is kept. */
  | { readonly do: "rewind"; readonly count: number; readonly tells: "count" | "kept" }
  /** The agent goes on after its turn's end. `silent`: until it sends no more events. */
  | { readonly do: "after-end"; readonly pieces: readonly string[]; readonly end: "completed" | "silent" | "open" }

/** Steps of a voice conversation; the renderer leaves out those that make no sense at that point. */
export type VoiceStep =
  | "start"
  | "start-fails"
  | "start-refused"
  | "replace"
  | "speak"
  | "audio"
  | "handoff"
  | "error"
  | "stop"
  | "close"

/** Single events that no other step makes. */
export type SingleEvent =
  | "plan"
  | "diff"
  | "proposal"
  | "retried-error"
  | "foreign-error"
  | "steer"
  | "interrupt"
  | "stalled"
  | "compaction"
  | "rejoin"
  | "metadata"
  | "queue"
  | "reorder"
  | "notices"
  | "account"
  | "unmapped"
  | "archive"
  | "keep-alive"
  | "read"
  | "effects"
  | "delegation"
  | "deletion"

export interface TurnPlan {
  /**
   * `synthetic`: only an item names the turn; `refused`: the provider refuses the start; `never`: it accepts the turn and does not
   * start it; `late`: it starts it after all.
   */
  readonly by: "client" | "provider" | "synthetic" | "refused" | "never" | "late"
  readonly actions: readonly Action[]
  /** `idle…`: the provider reports idle first. `cut`: no end comes; the session ends or another turn supersedes it. */
  readonly end: "completed" | "failed" | "interrupted" | "aborted" | "idle-completed" | "idle" | "error-failed" | "cut"
}

export type SessionEnd =
  | "exit"
  | "signal"
  | "failed-start"
  | "unloaded"
  | "recording-ended"
  | "lapsed"
  | "reaped"
  | "reconciled"
  | "replaced"

export interface SessionPlan {
  readonly steps: readonly ({ readonly turn: TurnPlan } | { readonly action: Action })[]
  /** `replaced`: no end comes before the next session starts. As the last session it stays open. */
  readonly end: SessionEnd
}

export interface ThreadPlan {
  /** Weak: counters that restart in every session. */
  readonly weakIds: boolean
  readonly usageMode: UsageMode
  /** True: copied from the thread before it, whose native turn ids it repeats. */
  readonly fork: boolean
  /** True: in the end it is deleted. */
  readonly deleted: boolean
  readonly sessions: readonly SessionPlan[]
}

export interface WorldPlan {
  readonly threads: readonly ThreadPlan[]
  /** Which thread emits the next events: picks among the threads that have events left. */
  readonly order: readonly number[]
}

/** Limits of what is generated; all of them at least 1. */
export interface SessionOptions {
  /** Threads that run side by side (sub-agents come on top). Default 2. */
  readonly threads?: number
  /** Sessions per thread. Default 3. */
  readonly sessions?: number
  /** Turns and loose actions per session. Default 4. */
  readonly steps?: number
  /** Actions per turn. Default 5. */
  readonly actions?: number
  /** Fixes the way tokens are counted. */
  readonly usageMode?: UsageMode
  /** Fixes the strength of native ids. */
  readonly weakIds?: boolean
}

const piece = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
const pieces = fc.array(piece, { maxLength: 4 })
const kinds: readonly ItemKind[] = [
  "user_message",
  "agent_message",
  "reasoning",
  "command",
  "file_change",
  "tool_call",
  "web_search",
  "plan",
  "compaction",
  "other",
]
const requestKinds: readonly RequestKind[] = [
  "command_approval",
  "file_change_approval",
  "permissions",
  "tool_call",
  "user_input",
  "elicitation",
  "other",
]
const tokens = fc.nat({ max: 5000 })

const item: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("item" as const),
  kind: fc.constantFrom(...kinds),
  pieces,
  parts: fc.integer({ min: 1, max: 3 }),
  end: fc.constantFrom<ItemEnd | "open">("completed", "completed", "completed", "failed", "declined", "open"),
  late: fc.boolean(),
  process: fc.boolean(),
})
const voice: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("voice" as const),
  what: fc.constantFrom<VoiceStep>(
    "start",
    "start",
    "start-fails",
    "start-refused",
    "replace",
    "speak",
    "audio",
    "handoff",
    "error",
    "stop",
    "close",
  ),
})
const single: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("single" as const),
  what: fc.constantFrom<SingleEvent>(
    "plan",
    "diff",
    "proposal",
    "retried-error",
    "foreign-error",
    "steer",
    "interrupt",
    "stalled",
    "compaction",
    "rejoin",
    "metadata",
    "queue",
    "reorder",
    "notices",
    "account",
    "unmapped",
    "archive",
    "keep-alive",
    "read",
    "effects",
    "delegation",
    "deletion",
  ),
})
const rewind: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("rewind" as const),
  count: fc.integer({ min: 1, max: 3 }),
  tells: fc.constantFrom("count" as const, "kept" as const),
})
const afterEnd: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("after-end" as const),
  pieces,
  end: fc.constantFrom("completed" as const, "silent" as const, "open" as const),
})
const task: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("task" as const),
  end: fc.constantFrom("completed" as const, "failed" as const, "interrupted" as const, "open" as const),
})
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: item },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("request" as const),
      kind: fc.constantFrom(...requestKinds),
      answer: fc.constantFrom(
        "answered" as const,
        "resolved" as const,
        "both" as const,
        "expired" as const,
        "none" as const,
        "failed" as const,
      ),
      again: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("usage" as const),
      input: tokens,
      output: tokens,
      cached: fc.option(tokens),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("inference" as const),
      items: fc.nat({ max: 3 }),
      end: fc.constantFrom("completed" as const, "failed" as const, "cancelled" as const, "open" as const),
      repeats: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: task },
  { weight: 2, arbitrary: voice },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("subagent" as const), pieces }) },
  { weight: 3, arbitrary: single },
)

const turnPlan = (options: SessionOptions): fc.Arbitrary<TurnPlan> =>
  fc.record({
    by: fc.constantFrom<TurnPlan["by"]>(
      "client",
      "client",
      "client",
      "client",
      "provider",
      "synthetic",
      "refused",
      "never",
      "late",
    ),
    actions: fc.array(action, { maxLength: options.actions ?? 5 }),
    end: fc.constantFrom<TurnPlan["end"]>(
      "completed",
      "completed",
      "failed",
      "interrupted",
      "aborted",
      "idle-completed",
      "idle-completed",
      "idle",
      "error-failed",
      "cut",
    ),
  })

const sessionPlan = (options: SessionOptions): fc.Arbitrary<SessionPlan> =>
  fc.record({
    steps: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ turn: turnPlan(options) }) },
        { weight: 1, arbitrary: fc.record({ action: fc.oneof(voice, task, single, rewind, afterEnd) }) },
      ),
      { maxLength: options.steps ?? 4 },
    ),
    end: fc.constantFrom<SessionEnd>(
      "exit",
      "signal",
      "failed-start",
      "unloaded",
      "recording-ended",
      "lapsed",
      "reaped",
      "reconciled",
      "replaced",
    ),
  })

/** Plans of whole worlds: some threads, each with some sessions. */
export const arbWorldPlan = (options: SessionOptions): fc.Arbitrary<WorldPlan> =>
  fc.record({
    threads: fc.array(
      fc.record({
        weakIds: options.weakIds === undefined ? fc.boolean() : fc.constant(options.weakIds),
        usageMode:
          options.usageMode === undefined
            ? fc.constantFrom<UsageMode>("cumulative-thread", "cumulative-session", "per-turn")
            : fc.constant(options.usageMode),
        fork: fc.boolean(),
        deleted: fc.boolean(),
        sessions: fc.array(sessionPlan(options), { minLength: 1, maxLength: options.sessions ?? 3 }),
      }),
      { minLength: 1, maxLength: options.threads ?? 2 },
    ),
    order: fc.array(fc.nat({ max: 7 }), { maxLength: 60 }),
  })
