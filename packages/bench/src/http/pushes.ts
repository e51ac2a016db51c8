/** Events that adapters push one by one, as calls of our server and as the transactions that its writer makes of them. */
import { mintId } from "@threadfold/core"
import { type EventDraft, sha256 } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { Effect } from "effect"
import { v7 } from "uuid"
import { commitAll } from "../throughput/chunks.js"
import { engineOn } from "../throughput/engineOn.js"
import { Capture, type Captured } from "../throughput/RawLoop.js"
import type { Call } from "./Target.js"

/** An adapter with its session, and how many events it has pushed. */
export interface Adapter {
  readonly sessionId: string
  pushed: number
}

export const makeAdapters = (count: number): readonly Adapter[] =>
  Array.from({ length: count }, () => ({ sessionId: v7(), pushed: 0 }))

/** What an adapter pushes next: a turn, a message in it, and then pieces of that message. */
const nextEvent = (adapter: Adapter, texts: readonly string[]) => {
  const seq = ++adapter.pushed
  const turn = { turnId: "turn-1" }
  const item = { ...turn, itemId: "item-1" }
  const fields =
    seq === 1
      ? { type: "turn.started", payload: {}, native: turn }
      : seq === 2
        ? { type: "item.started", payload: { kind: "agent_message" }, native: item }
        : {
            type: "content.delta",
            payload: { stream: "text", delta: texts[seq % texts.length] ?? "word ", frames: 1 },
            native: item,
          }
  return { ...fields, channel: "adapter:bench", seq, at: 1_700_000_000_000 + seq, raw: JSON.stringify(fields) }
}

/** The call that opens an adapter's session. */
export const openingOf = ({ sessionId }: Adapter): Call => ({
  method: "PUT",
  path: `/v1/sessions/${sessionId}`,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ provider: "bench", nativeThreadId: sessionId, leaseMs: 600_000 }),
})

/** The call that pushes an adapter's next event. */
export const pushOf = (adapter: Adapter, texts: readonly string[]): Call => ({
  method: "POST",
  path: `/v1/sessions/${adapter.sessionId}/events`,
  headers: { "content-type": "application/x-ndjson" },
  body: JSON.stringify(nextEvent(adapter, texts)),
})

/** The transactions of so many pushes, each in one of its own, by adapters in turns; before them, one that opens the session of each adapter. */
export const capturePushes = (
  directory: string,
  count: number,
  adapters: readonly Adapter[],
  texts: readonly string[],
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const capture = new Capture()
      const { loop } = yield* engineOn(directory, ({ handle }) => {
        capture.watch(handle)
        // A driver of its own: the statements of the one that is there were prepared before.
        return sqliteDriver(handle)
      })
      const commit = (adapter: Adapter, event: EventDraft["event"]) => {
        const streamId = mintId(sha256, 1_700_000_000_000, adapter.sessionId)
        const member: EventDraft = { to: { streamId }, sessionId: adapter.sessionId, actor: "provider", event }
        return commitAll(loop, { events: 1, submissions: [{ drafts: [member] }] })
      }
      const start = { type: "session.started", channel: "agent", seq: 1, at: 1_700_000_000_000 }
      const payload = { provider: "bench", mode: "attached", leaseMs: 600_000 }
      for (const adapter of adapters) yield* commit(adapter, { ...start, payload })
      for (let made = 0; made < count; made++) {
        const adapter = adapters[made % adapters.length]
        if (adapter !== undefined) yield* commit(adapter, nextEvent(adapter, texts))
      }
      const captured: Captured = capture.take()
      return captured
    }),
  )
