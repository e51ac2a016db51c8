/**
 * What the reaper concludes of a session (docs/how-to/reaper.md): pure and total, from rows and from what runs in this process. Every
 * answer has a reason out of a closed list.
 */
import type { Bit, SessionRow } from "@threadfold/contracts"
import { ageOf, type Moment } from "./Moment.js"

/** A session that lives, with the facts of its thread. Times are ms since the epoch. */
export interface LivingSession {
  readonly threadId: string
  readonly sessionId: string
  readonly connectionId: string | null
  readonly mode: SessionRow["mode"]
  readonly status: SessionRow["status"]
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  readonly parentThreadId: string | null
  readonly forkedFromThreadId: string | null
  /** Version of the thread's row. */
  readonly threadSequence: number
  /** When the last event of the thread came, ms since the epoch by our clock. */
  readonly lastActivityAt: number
  readonly keepAliveUntil: number | null
  readonly activeTurnId: string | null
  /** Turns that were asked for and have not started; those in doubt are not among them. */
  readonly waitingTurns: number
  /** Questions that are open or being answered. */
  readonly openRequests: number
  readonly runningTasks: number
  /** Open items of turns that have ended: what the agent does after its turn's end. */
  readonly afterEndItems: number
  /** When the last event of a running task came, ms since the epoch by our clock; null: none runs, or its log is gone. */
  readonly taskHeardAt: number | null
  /** 1: a voice conversation goes on. */
  readonly voice: Bit
  readonly queued: number
  readonly queueHeld: number
}

/** How long sessions are kept, ms: the part of the reaper's policy that this rule reads. */
export interface KeepPolicy {
  /** A session is stopped when nothing has happened in its thread for so long; 0: none is ever stopped. */
  readonly idleMs: number
  /** A session that starts is left alone for so long without a sign. */
  readonly startingGraceMs: number
  /** Background work keeps its session for so long after its last event. */
  readonly backgroundCapMs: number
}

/** Whether the session's process runs. Only `gone` settles anything. */
export type Liveness = "alive" | "gone" | "unknown"

/** Every reason, and what it means. */
export const reaperReasons = {
  keep: {
    "in-use": "It was used within `idleMs`.",
    "turn-active": "A turn runs.",
    "turn-requested": "A turn is about to start.",
    "request-open": "A question waits for a person, or its answer is on its way.",
    forked: "It is a copy in a fork: nothing works in it.",
    "after-end-work": "The agent continues after its turn's end, and was heard of within `backgroundCapMs`.",
    "task-running": "A background task runs, and was heard of within `backgroundCapMs`.",
    "voice-live": "A voice conversation goes on.",
    "queue-waiting": "Messages wait in the queue, and it is not held.",
    starting: "It starts, and was heard of within `startingGraceMs`.",
    "keep-alive": "A keep-alive has been set until a later time.",
    "child-active": "A thread that its agent opened by itself has a reason of its own to be kept.",
    "agent-opened": "The agent opened its thread by itself: it ends with the session that it was opened from.",
    attached: "An adapter feeds it: it ends with its lease.",
    imported: "It is a recording.",
    "liveness-unknown": "A process of an earlier run still serves it and could not be ended.",
    "moved-on": "Something happened between the reaper's look and the stop, so it was not stopped.",
    "not-taken": "The stop could not be stored; the next sweep tries again.",
    off: "The policy's `idleMs` is 0.",
  },
  reap: {
    idle: "It was not used within `idleMs`.",
    "task-overdue":
      "It was not used within `idleMs`, and no event of its background tasks came within `backgroundCapMs`.",
    "process-left": "It was stopped before, and its process is still there.",
  },
  repair: {
    "process-gone": "Its process has ended, and no event reports it.",
  },
} as const

/** Why a session stays. */
export type KeepReason = keyof (typeof reaperReasons)["keep"]
/** Why a session is stopped. */
export type ReapReason = keyof (typeof reaperReasons)["reap"]
/** Why a session is settled. */
export type RepairReason = keyof (typeof reaperReasons)["repair"]

/** What the reaper decides of a session, why, and for how long the session has been idle, ms. */
export type SessionVerdict = { readonly idleMs: number } & (
  | { readonly decision: "keep"; readonly reason: KeepReason }
  | { readonly decision: "reap"; readonly reason: ReapReason }
  | { readonly decision: "repair"; readonly reason: RepairReason }
)

/** The facts of a session that the decision depends on. */
export interface SessionFacts {
  readonly session: LivingSession
  readonly liveness: Liveness
  /** Sessions of threads that its agent opened by itself, on the same connection. */
  readonly children: readonly LivingSession[]
}

/** The reason that keeps a session, however long it was not used, or null. */
const protection = (session: LivingSession, idleMs: number, moment: Moment, policy: KeepPolicy): KeepReason | null => {
  const { afterEndItems, keepAliveUntil, lastActivityAt, queueHeld, queued, runningTasks, taskHeardAt } = session
  if (session.openRequests > 0) return "request-open"
  if (session.activeTurnId !== null) return "turn-active"
  // The watchdog ends a turn that the agent took and does not start.
  if (session.waitingTurns > 0) return "turn-requested"
  if (session.voice === 1) return "voice-live"
  const silentMs = ageOf(taskHeardAt ?? lastActivityAt, moment)
  if (afterEndItems > 0 && idleMs < policy.backgroundCapMs) return "after-end-work"
  if (runningTasks > 0 && silentMs < policy.backgroundCapMs) return "task-running"
  if (queued > 0 && queueHeld === 0) return "queue-waiting"
  if (session.status === "starting" && idleMs < policy.startingGraceMs) return "starting"
  if ((keepAliveUntil ?? 0) > moment.now) return "keep-alive"
  return null
}

const reapReason = ({ runningTasks }: LivingSession): ReapReason => (runningTasks > 0 ? "task-overdue" : "idle")

/** Decides on one session. */
export const decideSession = (
  { children, liveness, session }: SessionFacts,
  moment: Moment,
  policy: KeepPolicy,
): SessionVerdict => {
  const lastActivityAt = Math.max(session.lastActivityAt, ...children.map((child) => child.lastActivityAt))
  const idleMs = ageOf(lastActivityAt, moment)
  const keep = (reason: KeepReason): SessionVerdict => ({ decision: "keep", reason, idleMs })
  if (session.mode !== "managed") return keep(session.mode)
  // A question or a turn keeps a process, but the process is gone.
  if (liveness === "gone") return { decision: "repair", reason: "process-gone", idleMs }
  if (liveness === "unknown") return keep("liveness-unknown")
  if (session.agent === null) return keep("agent-opened")
  if (policy.idleMs === 0) return keep("off")
  const own = protection(session, idleMs, moment, policy)
  if (own !== null) return keep(own)
  const busy = children.some((child) => protection(child, ageOf(child.lastActivityAt, moment), moment, policy) !== null)
  if (busy) return keep("child-active")
  if (idleMs < policy.idleMs) return keep("in-use")
  return { decision: "reap", reason: reapReason(session), idleMs }
}
