/** The log of one thread of any length, as pages of the API: turns that stream text, run commands, ask, call models and now and then repeat themselves. */
import { createHash } from "node:crypto"
import { blankEnvelope, type EventEnvelope } from "@threadfold/contracts"
import { fold, initialState, mintId, resolve } from "@threadfold/core"
import { ForkedStore } from "@threadfold/core/model"

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest()

/** When it begins, ms since the epoch. */
export const threadStart = 1_795_150_511_000

type Step = readonly [type: string, payload: object, native: Readonly<Record<string, string>>, pauseMs?: number]

const output = "src/index.ts src/main.ts README.md\n".repeat(8)
/** Pieces of text that an answer streams. */
const pieces = 24
const night = 8 * 3_600_000

function* steps(): Generator<Step> {
  yield ["session.started", { provider: "codex", mode: "managed" }, {}]
  for (let turn = 1; ; turn += 1) {
    const native = { turnId: `turn-${turn}` }
    yield ["turn.started", {}, native, turn % 40 === 0 ? night : 4_000]
    const attempt = { ...native, inferenceId: `attempt-${turn}` }
    yield ["inference.started", { model: "mock-model" }, attempt, 200]
    const message = { ...native, itemId: `message-${turn}` }
    yield ["item.started", { kind: "agent_message", nativeKind: "agentMessage" }, message, 300]
    for (let piece = 0; piece < pieces; piece += 1) {
      yield ["content.delta", { stream: "text", delta: `piece ${piece} of turn ${turn}, ` }, message, 40]
    }
    yield [
      "item.completed",
      { kind: "agent_message", status: "completed", text: `The answer of turn ${turn}. `.repeat(12) },
      message,
    ]
    yield ["inference.completed", { responseId: `response-${turn}` }, attempt]
    for (let command = 1; command <= 2; command += 1) {
      const item = { ...native, itemId: `command-${turn}-${command}` }
      yield ["item.started", { kind: "command", nativeKind: "commandExecution", title: "ls -R" }, item, 90]
      if (command === 1 && turn % 5 === 0) {
        const request = { ...item, requestId: `request-${turn}` }
        yield ["request.opened", { kind: "command_approval", title: "ls -R" }, request]
        yield ["request.resolved", { decision: "accept" }, request, 2_500]
      }
      yield ["item.completed", { kind: "command", status: "completed", text: output }, item, 700]
    }
    yield [
      "turn.completed",
      { outcome: "completed", usage: { inputTokens: 900 + turn, outputTokens: 40 } },
      native,
      150,
    ]
    // An end that comes twice is refused.
    if (turn % 50 === 0) yield ["turn.completed", { outcome: "failed" }, native]
  }
}

export interface LongThread {
  readonly threadId: string
  readonly events: readonly EventEnvelope[]
}

/** So many events of it. */
export const longThread = (count: number): LongThread => {
  const threadId = mintId(digest, threadStart, "long thread")
  const sessionId = mintId(digest, threadStart, "long session")
  const events: EventEnvelope[] = []
  const store = new ForkedStore()
  let state = initialState(threadId)
  let at = threadStart
  for (const [type, payload, native, pause = 1] of steps()) {
    if (events.length === count) break
    at += pause
    const place = events.length + 1
    const event: EventEnvelope = {
      ...blankEnvelope,
      // Other threads' events lie between.
      sequence: place * 3,
      streamId: threadId,
      streamVersion: place,
      eventId: mintId(digest, at, `event ${place}`),
      type,
      sessionId,
      channel: "agent",
      seq: place,
      at,
      recordedAt: at + 5,
      native,
      payload,
    }
    const resolved = { ...event, ...resolve(state, event, store, digest) }
    const folded = fold(state, resolved, store)
    store.apply(folded.changes)
    state = folded.state
    events.push(resolved)
  }
  return { threadId, events }
}

/** The events as the API answers them, page by page. */
export function* pagesOf({ events }: LongThread, limit = 500): Generator<ArrayBuffer, void> {
  for (let from = 0; from < events.length; from += limit) yield pageOf(events, from, limit)
}

/** The page that begins with an event. */
export const pageOf = (events: readonly EventEnvelope[], from: number, limit = 500): ArrayBuffer => {
  const items = events.slice(from, from + limit)
  const bytes = new TextEncoder().encode(JSON.stringify({ sequence: events.at(-1)?.sequence ?? 0, items, next: null }))
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}
