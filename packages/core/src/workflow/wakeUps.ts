/**
 * Which events and commands wake the orchestrator to look at a thread's rows (docs/architecture.md, "What follows follows from
 * rows"). A signal only saves time: a sweep looks every second at all threads that may have something to do. Both tables are
 * total, so that a new type without an entry does not compile.
 */
import { type CommandType, type EventType, isEventType } from "@threadfold/contracts"

/** What an event of an agent means for the orchestrator. */
export interface EventNews {
  /** Something may have to be done in its thread. */
  readonly wakes: boolean
  /** It shows progress of a turn, or its end. A retry that only begins again is no progress. */
  readonly progress: boolean
}

const silent: EventNews = { wakes: false, progress: false }
const wakes: EventNews = { wakes: true, progress: false }
const progress: EventNews = { wakes: false, progress: true }
const wakesAndProgress: EventNews = { wakes: true, progress: true }

/** Every event type, for events of agents. Our own events follow from a command, and the command wakes the thread. */
export const eventNews: { readonly [T in EventType]: EventNews } = {
  "connection.opened": silent,
  "connection.closed": silent,
  "session.started": wakes,
  "session.configured": silent,
  "session.state.changed": wakes,
  "session.exited": wakesAndProgress,
  "session.lease-lapsed": silent,
  "thread.started": silent,
  "thread.metadata.updated": silent,
  "thread.token-usage.updated": silent,
  "thread.rewound": silent,
  "turn.accepted": wakes,
  "turn.started": wakesAndProgress,
  "turn.completed": wakesAndProgress,
  "turn.aborted": wakesAndProgress,
  "turn.plan.updated": progress,
  "turn.proposed.delta": progress,
  "turn.proposed.completed": progress,
  "turn.diff.updated": progress,
  "item.started": progress,
  "item.updated": progress,
  "item.completed": progress,
  "content.delta": progress,
  "request.opened": progress,
  "request.resolved": silent,
  "user-input.requested": progress,
  "user-input.resolved": silent,
  "task.started": progress,
  "task.progress": progress,
  "task.completed": silent,
  "inference.started": silent,
  "inference.item": progress,
  "inference.completed": progress,
  "inference.failed": silent,
  "inference.cancelled": silent,
  "compaction.installed": silent,
  "realtime.started": silent,
  "realtime.item-added": silent,
  "realtime.transcript.delta": silent,
  "realtime.transcript.done": silent,
  "realtime.audio": silent,
  "realtime.sdp": silent,
  "realtime.handoff": silent,
  "realtime.error": silent,
  "realtime.closed": silent,
  "account.updated": silent,
  "account.rate-limits.updated": silent,
  "mcp.status.updated": silent,
  "model.rerouted": silent,
  "config.warning": silent,
  "deprecation.notice": silent,
  "runtime.warning": silent,
  "runtime.error": wakes,
  "provider.unmapped": silent,
  "thread.created": silent,
  "thread.renamed": silent,
  "thread.archived": silent,
  "thread.unarchived": silent,
  "thread.deleted": silent,
  "thread.restored": silent,
  "thread.forked": silent,
  "thread.imported": silent,
  "thread.purged": silent,
  "connection.purged": silent,
  "thread.keep-alive-set": silent,
  "thread.unattended-set": silent,
  "thread.read": silent,
  "thread.pinned": silent,
  "thread.unpinned": silent,
  "message.queued": silent,
  "message.edited": silent,
  "message.dequeued": silent,
  "message.cancelled": silent,
  "message.steered": silent,
  "queue.reordered": silent,
  "queue.resumed": silent,
  "turn.requested": silent,
  "turn.start-failed": wakes,
  "turn.start-timed-out": silent,
  "turn.interrupt-requested": silent,
  "turn.settled": silent,
  "turn.after-end-settled": silent,
  "turn.stalled": silent,
  "request.answering": silent,
  "request.answered": silent,
  "request.answer-failed": silent,
  "request.expired": silent,
  "task.stop-requested": silent,
  "session.start-requested": silent,
  "session.configure-requested": silent,
  "session.configure-failed": silent,
  "session.stop-requested": silent,
  "session.reaped": silent,
  "session.reconciled": silent,
  "effect.delivered": silent,
  "effect.failed": silent,
  "effect.uncertain": silent,
  "realtime.start-requested": silent,
  "realtime.stop-requested": silent,
  "realtime.failed": silent,
  "delegation.opened": silent,
  "delegation.closed": silent,
}

/** What an event of this type means; of a type that is not known: nothing. */
export const newsOf = (type: string): EventNews => (isEventType(type) ? eventNews[type] : silent)

/** What follows an accepted command at once. */
export interface CommandNews {
  /** Something may have to be done in its thread. */
  readonly wakes: boolean
  /** A session's start that is under way is cancelled: its purpose was stopped or cancelled. */
  readonly callsOffStart: boolean
}

const nothing: CommandNews = { wakes: false, callsOffStart: false }
const follows: CommandNews = { wakes: true, callsOffStart: false }
const wakesAndCallsOff: CommandNews = { wakes: true, callsOffStart: true }

/** Every command type. Those that wake nothing only change facts about a thread. */
export const commandNews: { readonly [T in CommandType]: CommandNews } = {
  "thread.create": nothing,
  "thread.rename": nothing,
  "thread.archive": nothing,
  "thread.unarchive": nothing,
  "thread.delete": nothing,
  "thread.restore": follows,
  "thread.fork": nothing,
  "thread.rewind": follows,
  "thread.compact": follows,
  "review.start": follows,
  "thread.purge": nothing,
  "thread.keep-alive": nothing,
  "thread.unattended": nothing,
  "thread.read": nothing,
  "thread.pin": nothing,
  "thread.unpin": nothing,
  "message.send": follows,
  "message.edit": nothing,
  "message.promote": follows,
  "queue.cancel": follows,
  "queue.reorder": follows,
  "queue.resume": follows,
  "queue.drain": follows,
  "turn.interrupt": wakesAndCallsOff,
  "turn.settle": follows,
  "turn.settle-after-end": follows,
  "turn.time-out-start": follows,
  "turn.stall": nothing,
  "request.respond": follows,
  "task.stop": follows,
  "request.expire": follows,
  "request.decline": follows,
  "request.follow-rule": follows,
  "session.start": follows,
  "session.stop": wakesAndCallsOff,
  "session.configure": follows,
  "session.reap": follows,
  "session.reconcile": follows,
  "session.attach": follows,
  "session.detach": follows,
  "realtime.start": nothing,
  "realtime.stop": nothing,
  "delegation.route": follows,
}

/** An event of an agent. */
export interface Said {
  readonly type: string
  readonly payload?: unknown
  /** Source clock, ms since the epoch. */
  readonly at: number
}

const willRetry = (payload: unknown): boolean =>
  typeof payload === "object" && payload !== null && "willRetry" in payload && payload.willRetry === true

/**
 * Since when the agent does nothing but retry, ms since the epoch by the source clock; null: it does not retry. Some agents retry a model
 * that cannot be reached for ever, and every retry looks like life; the watchdog counts from the first retry (`limits.retryMs`).
 *
 * @param before the answer before this event
 */
export const retryingSince = (before: number | null, { at, payload, type }: Said): number | null => {
  if (type === "runtime.error") return willRetry(payload) ? (before ?? at) : null
  return newsOf(type).progress ? null : before
}
