/**
 * The life of one voice run that we run (rule 8), as a machine: what ends it, what is recorded of that, and when. It has one way out,
 * for every reason: the run is ending from the first reason on, its tasks are awaited, then its close is recorded, once.
 *
 * ```
 * starting ──up──▶ live ──ends──▶ ending ──quiet──▶ over
 *     └──────────────ends────────────┘
 * ```
 */
import type { RealtimeCloseReason, RealtimeRunRow } from "@threadfold/contracts"
import { isCarried } from "../state/lifecycle.js"

/** Why a run ends. */
export type VoiceEnding =
  /** Its end was asked for. */
  | { readonly kind: "stopped" }
  /** Another run takes its place. */
  | { readonly kind: "replaced" }
  /** The session that carries it has ended. */
  | { readonly kind: "session-ended" }
  /** The server that runs it ends. */
  | { readonly kind: "server-ends" }
  /** The other side has ended the conversation without an error. */
  | { readonly kind: "hung-up" }
  /** The start, an input, the model or the transport has failed. */
  | { readonly kind: "failed"; readonly message: string }

/** Which close follows which ending. */
export const closeAfter: { readonly [K in VoiceEnding["kind"]]: RealtimeCloseReason } = {
  stopped: "requested",
  replaced: "replaced",
  "session-ended": "session_ended",
  "server-ends": "session_ended",
  "hung-up": "transport_closed",
  failed: "error",
}

/** Why a run that ends in its start has not come up. */
const failureAfter: { readonly [K in Exclude<VoiceEnding["kind"], "failed">]: string } = {
  stopped: "stopped before it started",
  replaced: "replaced before it started",
  "session-ended": "the session ended before it started",
  "server-ends": "the server ended before it started",
  "hung-up": "closed before it started",
}

/**
 * What becomes of a run whose server was killed; null: its session ends it. The transport of a run that no session carries went
 * with the process; a start that was under way has failed.
 */
export const settledVoiceRun = (
  run: Pick<RealtimeRunRow, "realtimeId" | "sessionId" | "status" | "threadId">,
): (VoiceRecord & Pick<RealtimeRunRow, "realtimeId" | "threadId">) | null => {
  if (isCarried(run)) return null
  const { realtimeId, status, threadId } = run
  if (status === "started") return { realtimeId, threadId, type: "realtime.closed", reason: "transport_closed" }
  return status === "requested"
    ? { realtimeId, threadId, type: "realtime.failed", message: failureAfter["server-ends"] }
    : null
}

/** What the log has already of a run whose transport records its own words. */
interface Recorded {
  readonly started: boolean
  readonly error: boolean
  readonly closed: boolean
}

/** A run. */
export interface VoiceRun {
  readonly phase: "starting" | "live" | "ending" | "over"
  /** True: it was live. */
  readonly cameUp: boolean
  /** The first reason for which it ends; null: none yet. */
  readonly ending: VoiceEnding | null
  readonly recorded: Recorded
}

/** What happens to a run. */
export type VoiceInput =
  /** The transport is up. */
  | { readonly type: "up" }
  /** There is a reason for it to end. */
  | { readonly type: "ends"; readonly ending: VoiceEnding }
  /** The log has this event of it, recorded by its transport. */
  | { readonly type: "recorded"; readonly event: string; readonly message?: string }
  /** Its tasks have ended: nothing of it comes any more. */
  | { readonly type: "quiet" }

/** An event that is to be recorded of the run. */
export type VoiceRecord =
  | { readonly type: "realtime.started" }
  | { readonly type: "realtime.failed"; readonly message: string }
  | { readonly type: "realtime.error"; readonly message: string }
  | { readonly type: "realtime.closed"; readonly reason: RealtimeCloseReason }

export interface VoiceStep {
  readonly run: VoiceRun
  /** In order. */
  readonly records: readonly VoiceRecord[]
  /** True: its tasks are to be ended now, and `quiet` told when they have. */
  readonly shutsDown: boolean
}

/** A run whose start was asked for. */
export const startingVoiceRun: VoiceRun = {
  phase: "starting",
  cameUp: false,
  ending: null,
  recorded: { started: false, error: false, closed: false },
}

/** Whether a run takes input. */
export const takesInput = ({ phase }: VoiceRun): boolean => phase === "live"

const stay = (run: VoiceRun): VoiceStep => ({ run, records: [], shutsDown: false })

const end = (run: VoiceRun, ending: VoiceEnding): VoiceStep =>
  run.phase === "starting" || run.phase === "live"
    ? { run: { ...run, phase: "ending", ending }, records: [], shutsDown: true }
    : stay(run)

/** What the log has of it now. */
const noted = (run: VoiceRun, more: Partial<Recorded>): VoiceRun => ({ ...run, recorded: { ...run.recorded, ...more } })

const hearRecord = (run: VoiceRun, event: string, message: string): VoiceStep => {
  switch (event) {
    case "realtime.started":
      return stay(noted({ ...run, cameUp: true }, { started: true }))
    case "realtime.error":
    case "realtime.failed": {
      const heard = noted(run, { error: true })
      // The close of a run that was live follows by itself; a start that fails has none.
      return run.cameUp ? stay(heard) : end(heard, { kind: "failed", message })
    }
    case "realtime.closed":
      return end(noted(run, { closed: true }), { kind: "hung-up" })
    case "session.exited":
      // The fold ends what a session carries with it.
      return end(noted(run, { closed: true }), { kind: "session-ended" })
    default:
      return stay(run)
  }
}

/** The last records of a run: an error at most, then its close, as far as its transport has not recorded them. */
const lastRecords = ({ cameUp, recorded }: VoiceRun, ending: VoiceEnding): readonly VoiceRecord[] => {
  if (recorded.closed) return []
  if (!cameUp) {
    if (recorded.error) return []
    return [{ type: "realtime.failed", message: ending.kind === "failed" ? ending.message : failureAfter[ending.kind] }]
  }
  const close: VoiceRecord = { type: "realtime.closed", reason: recorded.error ? "error" : closeAfter[ending.kind] }
  return ending.kind === "failed" && !recorded.error
    ? [{ type: "realtime.error", message: ending.message }, close]
    : [close]
}

/** What follows from what happens to a run. Total: what comes too late changes nothing. */
export const stepVoiceRun = (run: VoiceRun, input: VoiceInput): VoiceStep => {
  if (run.phase === "over") return stay(run)
  switch (input.type) {
    case "up":
      return run.phase !== "starting"
        ? stay(run)
        : {
            run: { ...run, phase: "live", cameUp: true },
            records: run.recorded.started ? [] : [{ type: "realtime.started" }],
            shutsDown: false,
          }
    case "ends":
      return end(run, input.ending)
    case "recorded":
      return hearRecord(run, input.event, input.message ?? "")
    case "quiet":
      return run.ending === null
        ? stay(run)
        : { run: { ...run, phase: "over" }, records: lastRecords(run, run.ending), shutsDown: false }
  }
}
