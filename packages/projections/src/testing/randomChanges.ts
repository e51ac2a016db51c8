/**
 * Random change lists that a correct fold could make: unique places are left before they are taken, chunks belong to
 * items, ended rows say why. What the rows mean otherwise is random.
 */

import type { AnomalyReason, Rows, TableName } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import { wellFormed } from "@threadfold/core/model"
import fc from "fast-check"
import { makeRow, putRow } from "./fixtures.js"

/** One question to a store: what a fold step may ask. */
export interface Question {
  readonly table: TableName
  readonly lookup: string
  readonly values: readonly (string | number | null)[]
}

/** One batch of the writer: the changes of each fold step, and whether the transaction fails in the end. */
export interface Batch {
  readonly steps: readonly (readonly Change[])[]
  readonly fails: boolean
}

/** Streams that the lists write to: two threads and a connection. */
export const randomStreams: readonly string[] = ["thread-0", "thread-1", "connection-0"]

interface Command {
  readonly kind:
    | "turn"
    | "item"
    | "chunk"
    | "clear"
    | "session"
    | "request"
    | "queue"
    | "drop"
    | "anomaly"
    | "wide"
    | "rewind"
    | "output"
  readonly thread: number
  readonly n: number
  readonly flag: boolean
  readonly text: string
  readonly json: unknown
}

const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom(
    ...([
      "turn",
      "item",
      "chunk",
      "clear",
      "session",
      "request",
      "queue",
      "drop",
      "anomaly",
      "wide",
      "rewind",
      "output",
    ] as const),
  ),
  thread: fc.integer({ min: 0, max: 1 }),
  n: fc.integer({ min: 1, max: 4 }),
  flag: fc.boolean(),
  text: fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("", "\u0000", "\ud800", "\uffff😀", "a\udc00b"),
  ),
  // As it is once it was JSON: -0 is 0.
  json: fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value))),
})

/** What the commands before have left, as far as unique places and chunk numbers need it. */
interface Memory {
  readonly running: Map<number, number>
  readonly alive: Map<number, number>
  readonly items: Map<string, number>
  /** Sequence of the last event. */
  sequence: number
}

const observed = (over: boolean) =>
  over
    ? ({ cause: "provider", evidence: "observed", endedAt: 9 } as const)
    : { cause: null, evidence: null, endedAt: null }

const turnRow = (thread: number, n: number, over: boolean): Partial<Rows["turns"]> => ({
  turnId: `turn-${thread}-${n}`,
  threadId: `thread-${thread}`,
  ordinal: n,
  origin: "client",
  status: over ? "ended" : "running",
  outcome: over ? "completed" : null,
  settled: over ? 1 : 0,
  ...observed(over),
})

const sessionRow = (thread: number, n: number, over: boolean): Partial<Rows["sessions"]> => ({
  sessionId: `session-${thread}-${n}`,
  threadId: `thread-${thread}`,
  epoch: n,
  mode: "managed",
  status: over ? "stopped" : "running",
  ...observed(over),
})

const changesOf = (memory: Memory, { kind, thread, n, flag, text, json }: Command): readonly Change[] => {
  const threadId = `thread-${thread}`
  const itemId = `item-${thread}-${n}`
  switch (kind) {
    case "turn": {
      const running = memory.running.get(thread)
      const out: Change[] = []
      if (flag) {
        if (running !== undefined && running !== n) out.push(putRow("turns", turnRow(thread, running, true)))
        memory.running.set(thread, n)
      } else if (running === n) memory.running.delete(thread)
      out.push(
        putRow("turns", {
          ...turnRow(thread, n, !flag),
          // The native id arrives later: a look-up column of a stored row changes.
          ...(flag ? { sessionId: `session-${thread}-1`, nativeTurnId: `native-${n % 2}-${n}` } : { diff: text }),
          ...(n === 2 ? { text } : {}),
        }),
      )
      return out
    }
    case "session": {
      const alive = memory.alive.get(thread)
      const out: Change[] = []
      if (flag) {
        if (alive !== undefined && alive !== n) out.push(putRow("sessions", sessionRow(thread, alive, true)))
        memory.alive.set(thread, n)
      } else if (alive === n) memory.alive.delete(thread)
      out.push(putRow("sessions", { ...sessionRow(thread, n, !flag), config: json, lastError: text }))
      return out
    }
    case "item":
      memory.items.set(itemId, memory.items.get(itemId) ?? 0)
      return [
        putRow("items", {
          itemId,
          threadId,
          ordinal: n,
          // Several items of one session carry the same weak id: the highest ordinal is the one that is meant.
          sessionId: `session-${thread}-1`,
          turnId: flag ? `turn-${thread}-${n}` : null,
          nativeItemId: "item_0",
          kind: "command",
          afterEnd: flag && n % 2 === 0 ? 1 : 0,
          status: flag ? "open" : n === 4 ? "interrupted" : "completed",
          ...observed(!flag),
          ...(!flag && n === 4 ? { evidence: "inferred" as const } : {}),
          ...(n === 3 ? { text } : {}),
          ...(flag ? { data: json } : {}),
        }),
      ]
    case "chunk": {
      const ordinal = memory.items.get(itemId)
      if (ordinal === undefined) return []
      if (flag) {
        // Behind the last chunk, or behind where it was before the item's chunks went: then it is a chunk of its own.
        const place = { itemId, ordinal: Math.max(0, ordinal - 1), threadId }
        memory.items.set(itemId, Math.max(ordinal, 1))
        return [{ op: "append-chunk", row: makeRow("item_chunks", { ...place, text: wellFormed(text) }) }]
      }
      memory.items.set(itemId, ordinal + 1)
      return [putRow("item_chunks", { itemId, ordinal, threadId, part: n % 2, text })]
    }
    case "clear":
      if (memory.items.has(itemId)) memory.items.set(itemId, flag ? 0 : (memory.items.get(itemId) ?? 0))
      return [{ op: "clear-chunks", itemId }]
    case "request":
      return [
        putRow("requests", {
          requestId: `request-${thread}-${n}`,
          threadId,
          sessionId: `session-${thread}-1`,
          nativeRequestId: String(n - 1),
          kind: "user_input",
          turnId: n < 3 ? `turn-${thread}-${n}` : null,
          status: flag ? (n === 2 ? "answering" : "open") : "cancelled",
          decision: n === 2 ? text : null,
          ...observed(!flag),
          ...(n === 1 ? { data: json } : {}),
          ...(n === 2 ? { answer: json } : {}),
        }),
      ]
    case "queue":
      return [putRow("queue", { messageId: `message-${thread}-${n}`, threadId, position: n, text })]
    case "drop":
      return [{ op: "delete", table: "queue", key: [`message-${thread}-${n}`] }]
    case "anomaly": {
      const reason: AnomalyReason = flag ? "turn-unknown" : "item-unknown"
      return [
        { op: "anomaly", threadId, subject: `native-turn:${text}`, reason, sequence: ++memory.sequence, detail: text },
      ]
    }
    case "rewind":
      return [
        putRow("rewinds", {
          threadId,
          ordinal: n,
          firstTurnId: `turn-${thread}-${n}`,
          fromOrdinal: n,
          toOrdinal: 4,
          // Several of one depth: the latest is the one that is meant.
          depth: flag ? 1 : 2,
          rewoundAt: 9,
        }),
      ]
    case "output":
      return [
        putRow("inferences", {
          inferenceId: `inference-${thread}-${n}`,
          threadId,
          items: n,
          status: flag ? "running" : "completed",
          untraced: flag ? 1 : 0,
          ...observed(!flag),
        }),
        putRow("inference_items", {
          threadId,
          inferenceId: `inference-${thread}-${n}`,
          ordinal: flag ? 1 : 2,
          itemKey: flag ? "\ud800" : `${text}#2`,
        }),
      ]
    case "wide":
      return [
        putRow("threads", {
          threadId,
          status: "idle",
          title: text,
          createdAt: n / 2,
          ...(flag ? { goal: json } : {}),
        }),
        putRow("usage", { threadId, inputTokens: n, totalTokens: null, last: flag ? { totalTokens: n } : null }),
        putRow("connections", { connectionId: "connection-0", status: flag ? "open" : "closed", pid: n }),
      ]
  }
}

/** A few batches of steps. */
export const randomBatches: fc.Arbitrary<readonly Batch[]> = fc
  .array(fc.record({ steps: fc.array(fc.array(command, { maxLength: 4 }), { maxLength: 8 }), fails: fc.boolean() }), {
    maxLength: 6,
  })
  .map((batches) => {
    let memory: Memory = { running: new Map(), alive: new Map(), items: new Map(), sequence: 0 }
    return batches.map(({ steps, fails }) => {
      const before: Memory = {
        running: new Map(memory.running),
        alive: new Map(memory.alive),
        items: new Map(memory.items),
        sequence: memory.sequence,
      }
      const made = steps.map((commands) => commands.flatMap((each) => changesOf(memory, each)))
      if (fails) memory = before
      return { steps: made, fails }
    })
  })

/** Everything worth asking about the rows of {@link randomBatches}. */
export const questions: readonly Question[] = [0, 1].flatMap((thread) => [
  { table: "items", lookup: "byNativeInSession", values: [`session-${thread}-1`, "item_0"] },
  { table: "items", lookup: "byNativeInTurn", values: [null, "item_0"] },
  { table: "threads", lookup: "key", values: [`thread-${thread}`] },
  { table: "rewinds", lookup: "byDepth", values: [`thread-${thread}`, 1] },
  { table: "rewinds", lookup: "byDepth", values: [`thread-${thread}`, 2] },
  ...[1, 2, 3, 4].flatMap((n): Question[] => [
    { table: "turns", lookup: "key", values: [`turn-${thread}-${n}`] },
    { table: "turns", lookup: "byOrdinal", values: [`thread-${thread}`, n] },
    { table: "rewinds", lookup: "key", values: [`thread-${thread}`, n] },
    { table: "turns", lookup: "byNativeInSession", values: [`session-${thread}-1`, `native-${n % 2}-${n}`] },
    { table: "turns", lookup: "byNativeInThread", values: [`thread-${thread}`, `native-${n % 2}-${n}`] },
    { table: "sessions", lookup: "key", values: [`session-${thread}-${n}`] },
    { table: "items", lookup: "byNativeInTurn", values: [`turn-${thread}-${n}`, "item_0"] },
    { table: "item_chunks", lookup: "key", values: [`item-${thread}-${n}`, n - 1] },
    { table: "inference_items", lookup: "key", values: [`thread-${thread}`, `inference-${thread}-${n}`, 2] },
    { table: "inference_items", lookup: "byItemKey", values: [`thread-${thread}`, `inference-${thread}-${n}`, "#2"] },
    { table: "requests", lookup: "byNativeInSession", values: [`session-${thread}-1`, String(n - 1)] },
    { table: "queue", lookup: "key", values: [`message-${thread}-${n}`] },
    { table: "anomalies", lookup: "key", values: [`thread-${thread}`, "native-turn:", "turn-unknown"] },
  ]),
])

/** A list that a fold step may ask for. */
export interface ListQuestion {
  readonly table: TableName
  readonly name: string
  readonly values: readonly (string | null)[]
}

/** Every list that rows of {@link randomBatches} may be in. */
export const listQuestions: readonly ListQuestion[] = randomStreams.flatMap((stream): ListQuestion[] => [
  { table: "items", name: "openAfterEnd", values: [stream] },
  { table: "items", name: "openAfterEndByNative", values: [stream, "item_0"] },
  { table: "requests", name: "openInThread", values: [stream] },
  ...[null, `${stream.replace("thread", "turn")}-1`, `${stream.replace("thread", "turn")}-4`].flatMap(
    (turnId): ListQuestion[] => [
      { table: "items", name: "openInTurn", values: [stream, turnId] },
      { table: "items", name: "openByNative", values: [stream, turnId, "item_0"] },
      { table: "items", name: "interruptedCommandsOfTurn", values: [stream, turnId] },
      { table: "requests", name: "openInTurn", values: [stream, turnId] },
    ],
  ),
])
