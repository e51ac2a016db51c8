/**
 * An event of a thread as a fork of it has it: under ids of the fork, without the tokens that the thread has counted already, and without
 * the agent and the sessions that ran, which work in the thread alone.
 */
import type { RestoredEvent } from "@threadfold/engine"
import { copyId, copyOf, fieldsOfThread } from "./copyIds.js"

/** The fork that events are copied to. */
export interface ForkTarget {
  /** The new thread. */
  readonly threadId: string
}

type Payload = Readonly<Record<string, unknown>>

const without = (...names: readonly string[]) => {
  const left = new Set(names)
  return (payload: Payload): Payload => Object.fromEntries(Object.entries(payload).filter(([name]) => !left.has(name)))
}

const withoutCounts = without("usage")
const withoutShownCounts = without("last", "contextWindow")

/**
 * What a session was that ran, here or elsewhere, it is not in the fork. One of a recording is still one: where its turns end, the fold
 * goes by that, and the rows have to be those of the thread.
 */
const modeOfCopy = (mode: unknown): unknown => (mode === "managed" || mode === "attached" ? "forked" : mode)

/**
 * What differs in the payload of a type. No event is left out, so that event n of the fork is event n of the thread. The lineage of the
 * thread, too, stays with the thread: the fork has its own.
 */
const changes: ReadonlyMap<string, (payload: Payload) => Payload> = new Map([
  ["thread.created", without("agent")],
  ["thread.started", without("forkedFromThreadId", "forkedFromNativeThreadId")],
  ["session.started", ({ leaseMs: _lease, mode, ...payload }) => ({ ...payload, mode: modeOfCopy(mode) })],
  ["thread.token-usage.updated", (payload) => ({ ...withoutShownCounts(payload), total: {} })],
  ["turn.completed", withoutCounts],
  ["turn.aborted", withoutCounts],
  ["inference.completed", withoutCounts],
  ["inference.failed", withoutCounts],
  ["inference.cancelled", withoutCounts],
])

const isPayload = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const changed = (payload: string, change: (payload: Payload) => Payload): string => {
  const value: unknown = JSON.parse(payload)
  return isPayload(value) ? JSON.stringify(change(value)) : payload
}

/** The id that something of the thread has in its fork. It follows from the two alone. */
export const forkedId = (id: string, { threadId }: ForkTarget): string => copyId(id, threadId)

/** An event as the fork has it, at the same version of its stream. What belongs to other streams keeps its ids. */
export const forkedEvent = (event: RestoredEvent, target: ForkTarget): RestoredEvent => {
  const { body, row } = copyOf(event, target.threadId, fieldsOfThread)
  const change = changes.get(row.type)
  const payload = change === undefined ? row.payload : changed(row.payload, change)
  return { row: { ...row, streamId: target.threadId, payload }, body }
}
