/**
 * Random events over a small set of names, without protocol or order. Mutations of well-formed sources stay close to real
 * sessions; these events also reach states that no real session reaches.
 */
import type { NativeRef } from "@threadfold/contracts"
import type { GeneratedEvent } from "@threadfold/testkit"
import fc from "fast-check"
import { id, strong } from "./Scenario.js"

const state = (value: string) => ({ state: value })
const end = (status: string, text: string | null = null) => ({ kind: "command", status, text })
const total = (mode: string, totalTokens: number) => ({ mode, total: { totalTokens }, last: { totalTokens: 5 } })

/** Type → payloads to choose from; a type twice comes twice as often. */
const vocabulary: readonly (readonly [string, readonly unknown[]])[] = [
  [
    "session.started",
    [
      { provider: "x", mode: "managed" },
      { provider: "x", mode: "imported" },
    ],
  ],
  ["session.state.changed", ["starting", "running", "ready", "ready", "interrupted", "error", "stopped"].map(state)],
  [
    "session.exited",
    [
      { reason: "exit", code: 0 },
      { reason: "exit", failedStart: true },
    ],
  ],
  ["session.lease-lapsed", [{ leaseMs: 1 }]],
  [
    "session.configure-requested",
    [
      { chosen: { model: "m2" }, settings: { effort: "high" } },
      { chosen: { effort: "low" }, settings: { effort: "low" } },
    ],
  ],
  [
    "session.configure-failed",
    [{ message: "no", chosen: { model: "m2" }, settings: { effort: "high" }, before: { model: "m1", settings: null } }],
  ],
  ["session.stop-requested", [{}]],
  ["session.reaped", [{}]],
  ["session.reconciled", [{ liveness: "gone" }, { liveness: "unknown" }]],
  ["turn.requested", [{ handedOver: true }, { handedOver: false }]],
  ["turn.accepted", [{}]],
  ["turn.started", [{}, { supersedes: true }]],
  ["turn.started", [{}, {}, { joined: true }]],
  [
    "turn.completed",
    ["completed", "completed", "failed", "interrupted", "cancelled", "unknown"].map((outcome) => ({ outcome })),
  ],
  ["turn.completed", [{ outcome: "completed", usage: { totalTokens: 5 } }]],
  ["turn.aborted", [{}]],
  ["turn.start-failed", [{ error: { message: "no" } }]],
  ["turn.settled", [{}]],
  ["turn.after-end-settled", [{}]],
  ["turn.stalled", [{}]],
  ["turn.interrupt-requested", [{}, { underWay: true }]],
  ["turn.start-timed-out", [{}]],
  ["effect.delivered", [{ effect: "turn.start" }]],
  ["effect.uncertain", [{ effect: "turn.start" }, { effect: "turn.start" }, { effect: "turn.steer" }]],
  ["item.started", [{ kind: "command", processId: "p" }, { kind: "agent_message", text: "a" }, { kind: "command" }]],
  ["item.started", [{ kind: "command", processId: "p" }]],
  ["item.started", [{ kind: "command", processId: "p" }]],
  [
    "item.started",
    [
      { kind: "command", joined: true, text: "longer" },
      { kind: "reasoning", joined: true, parts: ["a", "", "b"] },
    ],
  ],
  ["item.updated", [{ processId: "p" }]],
  [
    "content.delta",
    [
      { stream: "output", delta: "x" },
      { stream: "text", delta: "y" },
      { stream: "output", delta: "k", kind: "command" },
      { stream: "text", delta: "l", kind: "agent_message" },
    ],
  ],
  [
    "item.completed",
    [
      end("completed", "z"),
      end("failed"),
      end("declined"),
      end("interrupted", "z"),
      { ...end("completed"), joined: true },
    ],
  ],
  ["request.opened", [{ kind: "other" }]],
  ["request.answering", [{ decision: "a" }, { decision: "b" }]],
  ["request.answered", [{ decision: "a" }]],
  ["request.resolved", [{}, { decision: "b" }]],
  ["request.answer-failed", ["a", "b"].map((decision) => ({ commandId: id(`command of ${decision}`), message: "no" }))],
  ["request.expired", [{}]],
  ["inference.started", [{}]],
  ["inference.item", [{ key: "#0" }]],
  ["inference.completed", [{ items: [{ key: "#0" }, { key: "#1" }] }]],
  ["inference.failed", [{}]],
  ["inference.cancelled", [{}]],
  ["realtime.start-requested", [{}]],
  ["realtime.started", [{}]],
  ["realtime.started", [{}]],
  ["realtime.item-added", [{}]],
  ["realtime.error", [{ message: "m" }]],
  ["realtime.closed", [{ reason: "error" }]],
  ["realtime.handoff", [{}]],
  ["delegation.opened", [{ route: "turn" }, { route: "steered" }]],
  ["delegation.closed", [{}]],
  ["task.started", [{}]],
  ["task.completed", [{ status: "completed" }]],
  [
    "runtime.error",
    [
      { message: "m", willRetry: false },
      { message: "m", willRetry: true, fatal: true },
    ],
  ],
  [
    "thread.token-usage.updated",
    [
      total("cumulative-thread", 10),
      total("cumulative-thread", 40),
      total("cumulative-session", 30),
      total("per-turn", 7),
    ],
  ],
  ["thread.rewound", [{}, { count: 2 }, { keptNativeTurnId: strong("t1") }]],
  [
    "message.queued",
    [
      { messageId: id("m1"), text: "1" },
      { messageId: id("m2"), text: "2" },
    ],
  ],
  ["message.dequeued", [{ messageId: id("m1") }]],
  ["message.edited", [{ messageId: id("m2"), text: "3" }]],
  ["message.cancelled", [{ messageId: id("m2") }]],
  ["message.steered", [{ messageId: id("m1") }]],
  ["queue.resumed", [{}]],
  ["queue.reordered", [{ messageIds: [id("m2"), id("m1")] }]],
  ["thread.archived", [{}]],
  ["thread.deleted", [{}]],
  ["thread.restored", [{}]],
  ["connection.opened", [{ provider: "x", mode: "managed" }]],
]

const optional = (...values: readonly string[]) => fc.constantFrom(undefined, undefined, ...values)

const native: fc.Arbitrary<NativeRef> = fc
  .record({
    turnId: fc.constantFrom(undefined, strong("t1"), strong("t1"), strong("t2"), "turn-1"),
    itemId: fc.constantFrom(undefined, "i1", "i1", "i2"),
    requestId: fc.constantFrom(undefined, "0"),
    callId: optional("1", "2"),
    inferenceId: optional("r1"),
    handoffId: optional("h1"),
    taskId: optional("k1"),
  })
  .map((ref) => Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== undefined)))

/** Half of the items repeat the id of a message of ours. Drawn from what is drawn anyway, as the voice run is. */
const echo = (type: string, pick: number): NativeRef =>
  (type === "item.started" || type === "item.completed") && pick % 2 === 1
    ? { clientId: id(pick % 4 > 1 ? "r1" : "r2") }
    : {}

/** A third of the voice events leave their run unnamed. Drawn from what is drawn anyway, so that other alphabets stay as they are. */
const voiceRun = (type: string, pick: number): NativeRef =>
  type.startsWith("realtime.") && pick % 3 > 0 ? { realtimeId: `v${pick % 3}` } : {}

/** Turns that we ask for have ids of ours before the provider has any. */
const ours = [
  "turn.requested",
  "turn.accepted",
  "turn.started",
  "turn.start-failed",
  "turn.start-timed-out",
  "turn.interrupt-requested",
  "effect.",
]

/** One random step. */
const ingredient = (entries: typeof vocabulary) =>
  fc
    .record({
      entry: fc.constantFrom(...entries),
      pick: fc.nat({ max: 11 }),
      session: fc.constantFrom("s1", "s1", "s1", "s2"),
      native,
      turn: optional("r1", "r2"),
    })
    .map(({ entry: [type, payloads], pick, session, native: ref, turn }) => {
      const turnId = turn === undefined || !ours.some((one) => type.startsWith(one)) ? undefined : id(turn)
      // An id of ours names the turn; only the provider's first event of it brings a native one as well.
      const binds = ref.turnId !== undefined && (type === "turn.accepted" || type === "turn.started")
      return {
        type,
        session,
        native:
          turnId === undefined
            ? { ...ref, ...voiceRun(type, pick), ...echo(type, pick) }
            : binds
              ? { turnId: ref.turnId }
              : {},
        turnId,
        payload: payloads[pick % payloads.length],
      }
    })

/** Types that every sequence needs, so that other events have an effect. */
const base = ["session.started", "session.state.changed", "session.exited", "turn.started", "turn.completed"]

/** A step before it has its place in a source's order. */
interface Step {
  readonly type: string
  readonly session?: string
  readonly native?: NativeRef
  readonly turnId?: string | undefined
  readonly payload?: unknown
}

/** The events of the steps, numbered by their sources, after the start of the first session. */
export const numberedEvents = (steps: readonly Step[]): readonly GeneratedEvent[] => {
  const seqs = { s1: 0, s2: 0 }
  const begin: Step = { type: "session.started", payload: { provider: "x", mode: "managed" } }
  return [begin, ...steps].map((step, index): GeneratedEvent => {
    const session = step.session === "s2" ? "s2" : "s1"
    seqs[session] += 1
    return {
      stream: "thread-1",
      session,
      connection: "c1",
      actor: "provider",
      event: {
        type: step.type,
        channel: "agent",
        seq: seqs[session],
        at: index,
        native: step.native ?? {},
        ...(step.turnId === undefined ? {} : { turnId: step.turnId }),
        payload: step.payload ?? {},
      },
    }
  })
}

/**
 * Up to `length` events of two sessions of one thread. The first one starts.
 *
 * @param about only types that begin with one of these, beside sessions and turns: a smaller alphabet goes deeper
 */
export const arbEvents = (length = 40, ...about: readonly string[]): fc.Arbitrary<readonly GeneratedEvent[]> =>
  eventsOf(length, about.length === 0 ? vocabulary : wordsOf([...base, ...about]))

/** The same with these types alone: one session, and the same few things repeatedly. */
export const arbEventsOf = (length: number, ...types: readonly string[]): fc.Arbitrary<readonly GeneratedEvent[]> =>
  eventsOf(length, wordsOf(types))

const wordsOf = (starts: readonly string[]) => vocabulary.filter(([type]) => starts.some((one) => type.startsWith(one)))

const eventsOf = (length: number, words: typeof vocabulary): fc.Arbitrary<readonly GeneratedEvent[]> =>
  fc.array(ingredient(words), { maxLength: length, size: "max" }).map(numberedEvents)
