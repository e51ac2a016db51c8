/**
 * Random event lists without any order a sane provider would keep: few native ids, so that they collide, and every type
 * that moves rows. The fold is total, so whatever comes out must fit the tables.
 */
import fc from "fast-check"
import { idFor, type TestEvent } from "./TestLog.js"

const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("\ud83d", "\ude00", "日本", ""))
const turnId = fc.constantFrom("turn-1", "turn-2", "turn-3")
const itemId = fc.constantFrom("item-1", "item-2", "item-3")
/** Named by its events, or not. */
const voiceRun = fc.constantFrom({}, { realtimeId: "voice-1" }, { realtimeId: "voice-2" })
const status = fc.constantFrom("starting", "running", "ready", "interrupted", "stopped", "error")

interface Shape {
  readonly type: string
  readonly payload: unknown
  readonly native?: TestEvent["native"]
}

const shape: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({
    type: fc.constant("turn.started"),
    payload: fc.record({ supersedes: fc.boolean(), joined: fc.boolean() }),
    native: fc.record({ turnId }),
  }),
  fc.record({
    type: fc.constant("turn.completed"),
    payload: fc.record({ outcome: fc.constantFrom("completed", "failed", "interrupted") }),
    native: fc.record({ turnId }),
  }),
  fc.record({ type: fc.constant("session.state.changed"), payload: fc.record({ state: status }) }),
  fc.constant({ type: "session.started", payload: { provider: "codex", mode: "managed" } }),
  fc.constant({ type: "session.exited", payload: { reason: "exit", code: 1 } }),
  fc.record({
    type: fc.constant("item.started"),
    payload: fc.record({
      kind: fc.constantFrom("agent_message", "command", "reasoning"),
      text,
      processId: fc.constantFrom(null, "7"),
      joined: fc.boolean(),
      data: fc.jsonValue({ maxDepth: 1 }),
    }),
    native: fc.record({ turnId, itemId }),
  }),
  fc.record({
    type: fc.constant("content.delta"),
    payload: fc.record({
      stream: fc.constantFrom("text", "summary", "output"),
      part: fc.integer({ min: 0, max: 1 }),
      delta: text,
      kind: fc.constantFrom(null, null, "agent_message", "command", "reasoning"),
    }),
    native: fc.record({ turnId, itemId }),
  }),
  fc.record({
    type: fc.constant("item.completed"),
    payload: fc.record({
      kind: fc.constant("agent_message"),
      status: fc.constantFrom("completed", "failed", "declined"),
      text: fc.oneof(text, fc.constant(null)),
    }),
    native: fc.record({ turnId, itemId }),
  }),
  fc.record({
    type: fc.constant("request.opened"),
    payload: fc.record({ kind: fc.constant("command_approval"), data: fc.jsonValue({ maxDepth: 1 }) }),
    native: fc.record({ turnId, requestId: fc.constantFrom("0", "1", '"0"') }),
  }),
  fc.record({
    type: fc.constant("request.resolved"),
    payload: fc.record({ decision: fc.constantFrom(null, "accept", "decline") }),
    native: fc.record({ requestId: fc.constantFrom("0", "1", '"0"') }),
  }),
  fc.record({
    type: fc.constantFrom("inference.started", "inference.completed", "inference.failed"),
    payload: fc.record({ model: fc.constant("m") }),
    native: fc.record({ turnId, inferenceId: fc.constantFrom("i-1", "i-2") }),
  }),
  fc.record({
    type: fc.constantFrom("realtime.start-requested", "realtime.started", "realtime.item-added"),
    payload: fc.constant({}),
    native: voiceRun,
  }),
  fc.record({ type: fc.constant("realtime.closed"), payload: fc.constant({ reason: "requested" }), native: voiceRun }),
  fc.record({
    type: fc.constant("realtime.handoff"),
    payload: fc.record({ text, routedBy: fc.constant("provider") }),
    native: fc.record({ turnId, handoffId: fc.constantFrom("h-1", "h-2") }),
  }),
  fc.record({
    type: fc.constantFrom("task.started", "task.completed"),
    payload: fc.constant({ status: "completed" }),
    native: fc.record({ turnId, taskId: fc.constantFrom("t-1", "t-2") }),
  }),
  fc.record({
    type: fc.constant("thread.token-usage.updated"),
    payload: fc.record({
      mode: fc.constant("cumulative-thread"),
      total: fc.record({ inputTokens: fc.nat(99), totalTokens: fc.nat(99) }),
      last: fc.oneof(fc.constant(null), fc.record({ inputTokens: fc.nat(99), totalTokens: fc.nat(99) })),
      contextWindow: fc.constantFrom(null, 1000, 2000),
    }),
    native: fc.record({ turnId }),
  }),
  fc.record({
    type: fc.constant("thread.rewound"),
    payload: fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ keptNativeTurnId: turnId }),
      fc.constant({}),
    ),
    native: fc.oneof(fc.constant({}), fc.record({ turnId })),
  }),
  fc.record({
    type: fc.constant("turn.diff.updated"),
    payload: fc.record({ diff: text }),
    native: fc.record({ turnId }),
  }),
  fc.constant({ type: "from.the.future", payload: { any: "thing" } }),
  fc.constant({ type: "item.started", payload: "not an object", native: { turnId: "turn-1", itemId: "item-1" } }),
)

const callId = fc.constantFrom("1", "2")
const messageId = fc.constantFrom("m-1", "m-2")

/** What we ourselves append: commands and what the orchestrator concludes. */
const ours: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({
    type: fc.constant("turn.requested"),
    payload: fc.record({ text, handedOver: fc.boolean() }),
    native: fc.record({ callId }),
  }),
  fc.record({
    type: fc.constantFrom(
      "turn.settled",
      "turn.after-end-settled",
      "turn.stalled",
      "turn.interrupt-requested",
      "turn.start-timed-out",
    ),
    payload: fc.constant({}),
    native: fc.record({ turnId }),
  }),
  fc.record({
    type: fc.constant("turn.start-failed"),
    payload: fc.constant({ error: { message: "no" } }),
    native: fc.record({ callId }),
  }),
  fc.record({ type: fc.constant("message.queued"), payload: fc.record({ messageId, text }) }),
  fc.record({
    type: fc.constantFrom("message.dequeued", "message.cancelled", "message.steered"),
    payload: fc.record({ messageId }),
  }),
  fc.record({ type: fc.constant("message.edited"), payload: fc.record({ messageId, text }) }),
  fc.constant({ type: "queue.reordered", payload: { messageIds: ["m-2-a", "m-1-a", "m-2-b", "m-1-b"] } }),
  fc.record({
    type: fc.constantFrom("request.answering", "request.answered", "request.expired"),
    payload: fc.record({
      decision: fc.constantFrom("accept", "decline"),
      answers: fc.constantFrom(null, { q: ["a"] }),
    }),
    native: fc.record({ requestId: fc.constantFrom("0", "1") }),
  }),
  fc.record({
    type: fc.constant("request.answer-failed"),
    payload: fc.record({ commandId: fc.constantFrom(idFor("command"), "another"), message: text }),
    native: fc.record({ requestId: fc.constantFrom("0", "1") }),
  }),
  fc.record({
    type: fc.constantFrom(
      "thread.archived",
      "thread.unarchived",
      "thread.deleted",
      "thread.restored",
      "session.stop-requested",
    ),
    payload: fc.constant({}),
  }),
  fc.record({
    type: fc.constant("session.reconciled"),
    payload: fc.record({ liveness: fc.constantFrom("gone", "alive") }),
  }),
  fc.record({
    type: fc.constantFrom("realtime.start-requested", "realtime.stop-requested", "realtime.failed"),
    payload: fc.constant({ message: "no" }),
    native: voiceRun,
  }),
  fc.record({
    type: fc.constantFrom("delegation.opened", "delegation.closed"),
    payload: fc.record({ text, route: fc.constantFrom("turn", "steered") }),
    native: fc.record({ turnId, handoffId: fc.constantFrom("h-1", "h-2") }),
  }),
)

/** The provider's answer to a call of ours: binds a requested turn, or reports that it was steered into another. */
const acceptance: fc.Arbitrary<Shape> = fc.record({
  type: fc.constant("turn.accepted"),
  payload: fc.constant({}),
  native: fc.record({ callId, turnId }),
})

/** Mostly one session, so that much of what comes still finds it alive; null: an event of our own. */
const agentEvent = fc.oneof(
  { weight: 3, arbitrary: fc.record({ session: fc.constant("first"), shape }) },
  { weight: 1, arbitrary: fc.record({ session: fc.constant("second"), shape }) },
  { weight: 2, arbitrary: fc.record({ session: fc.constant(null), shape: ours }) },
  { weight: 1, arbitrary: fc.record({ session: fc.constant("first"), shape: acceptance }) },
)

const inThread = (thread: string, payload: unknown): unknown =>
  typeof payload === "object" && payload !== null && "messageId" in payload
    ? { ...payload, messageId: `${payload.messageId}-${thread}` }
    : payload

/** An event of one of two threads, each with two sessions. */
export const randomEvent: fc.Arbitrary<TestEvent> = fc
  .record({ thread: fc.constantFrom("a", "b"), one: agentEvent })
  .map(({ thread, one: { session, shape: shaped } }) => ({
    stream: `thread ${thread}`,
    session: session === null ? null : `session ${thread} ${session}`,
    type: shaped.type,
    // Message ids are ours, so no two threads share one.
    payload: inThread(thread, shaped.payload),
    ...(shaped.native === undefined ? {} : { native: shaped.native }),
  }))

/** Batches of events; every thread begins with a session, as the engine makes sure. */
export const randomLog: fc.Arbitrary<readonly (readonly TestEvent[])[]> = fc
  .array(fc.array(randomEvent, { minLength: 1, maxLength: 12 }), { maxLength: 6 })
  .map((batches) => [
    ["a", "b"].map((thread) => ({
      stream: `thread ${thread}`,
      session: `session ${thread} first`,
      type: "session.started",
      payload: { provider: "codex", mode: "managed", usageMode: "cumulative-thread" },
    })),
    ...batches,
  ])
