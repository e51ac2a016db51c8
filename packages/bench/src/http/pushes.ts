/** Events that adapters push one by one, as calls of our server and as the transactions that its writer makes of them. */
import { mintId } from "@threadfold/core"
import { type EventDraft, sha256 } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { Effect } from "effect"
import { v7 } from "uuid"
import { commitAll } from "../throughput/chunks.js"
import { engineOn } from "../throughput/engineOn.js"
import { Capture, type Captured } from "../throughput/RawLoop.js"
import type { PlannedWrites } from "./Plan.js"
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

/** Settings of a handle that what a commit costs depends on. */
const settingNames = [
  "journal_mode",
  "synchronous",
  "wal_autocheckpoint",
  "journal_size_limit",
  "cache_size",
  "temp_store",
  "secure_delete",
  "foreign_keys",
  "fullfsync",
  "checkpoint_fullfsync",
]

/**
 * What pushes write, each in a transaction of its own: one push of each adapter in `order`, with the transactions before them that open
 * the sessions of the `adapters`.
 */
export const capturePushes = (
  directory: string,
  adapters: readonly Adapter[],
  order: readonly Adapter[],
  texts: readonly string[],
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const capture = new Capture()
      const { database, loop } = yield* engineOn(directory, ({ handle }) => {
        capture.watch(handle)
        // A driver of its own: the statements of the one that is there were prepared before.
        return sqliteDriver(handle)
      })
      const settings = settingNames.map(
        (name) => [name, String(database.handle.pragma(name, { simple: true }))] as const,
      )
      const commit = (adapter: Adapter, event: EventDraft["event"]) => {
        const streamId = mintId(sha256, 1_700_000_000_000, adapter.sessionId)
        const member: EventDraft = { to: { streamId }, sessionId: adapter.sessionId, actor: "provider", event }
        return commitAll(loop, { events: 1, submissions: [{ drafts: [member] }] })
      }
      const start = { type: "session.started", channel: "agent", seq: 1, at: 1_700_000_000_000 }
      const payload = { provider: "bench", mode: "attached", leaseMs: 600_000 }
      for (const adapter of adapters) yield* commit(adapter, { ...start, payload })
      const openings: Captured = capture.take()
      for (const adapter of order) yield* commit(adapter, nextEvent(adapter, texts))
      const planned: PlannedWrites = { settings, openings, pushes: capture.take() }
      return planned
    }),
  )
