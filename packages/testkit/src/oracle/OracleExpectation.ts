/**
 * What must be true of the read model after a recording was imported, as read off the wire alone. Ids are the
 * provider's: ours are not to be foreseen.
 */
import type { ItemKind, RealtimeCloseReason, RequestKind, TurnOutcome, UsageView } from "@threadfold/contracts"

export interface ExpectedItem {
  readonly nativeItemId: string
  /** Null where the design leaves open which kind a native type is. */
  readonly kind: ItemKind | null
  readonly nativeKind: string
  /** `open` only in a session that was left open. */
  readonly status: "open" | "completed" | "failed" | "declined" | "interrupted"
  /** Final text: the item's own last word, else its joined deltas; null where neither says anything. */
  readonly text: string | null
}

export interface ExpectedTurn {
  readonly nativeTurnId: string
  /** `running` only in a session that was left open. */
  readonly status: "running" | "ended"
  readonly outcome: TurnOutcome | null
  /** `observed`: the wire says so; `inferred`: it follows from what else the wire says. */
  readonly evidence: "observed" | "inferred" | null
  readonly items: readonly ExpectedItem[]
  /** Tokens of this turn, as differences of the thread's running totals; null where no count named it while it ran. */
  readonly usage: UsageView | null
  /** The provider took the turn back. */
  readonly rewound: boolean
}

/** A `turn/start` whose message went into a turn that was there already. */
export interface ExpectedSteer {
  readonly text: string | null
  /** Native id of the turn that took it. */
  readonly steeredInto: string
}

/** A `turn/start` that the provider refused. */
export interface ExpectedRefusal {
  readonly text: string | null
  /** False: the call itself was malformed, so that it may or may not count as a request for a turn. */
  readonly wellFormed: boolean
}

export interface ExpectedRequest {
  /** JSON text of the provider's id. */
  readonly nativeRequestId: string
  readonly kind: RequestKind
  readonly status: "open" | "answered" | "cancelled" | "expired"
  /** The decision that the wire names; null where it names none. */
  readonly decision: string | null
  /** What was answered, by question; null where the wire says no such thing. */
  readonly answers: Readonly<Record<string, unknown>> | null
}

export interface ExpectedVoiceRun {
  readonly status: "requested" | "failed" | "started" | "closed"
  readonly reason: RealtimeCloseReason | null
  /** The wire's own words; null where it has none (a start that the session's end overtook is described in ours). */
  readonly lastError: string | null
}

export interface ExpectedHandoff {
  readonly text: string | null
  /** The turn that works on it. */
  readonly nativeTurnId: string | null
  /** Null: its turn ended by inference only, in a session that was left open: it closes when that end is settled. */
  readonly status: "open" | "closed" | null
}

export interface ExpectedSession {
  /** 1, 2, 3 … over all the recordings that were read together. */
  readonly epoch: number
  /** How it ended; null: left open. */
  readonly ended: {
    readonly how: "exit" | "unloaded" | "recording-ended"
    readonly code: number | null
    readonly signal: string | null
  } | null
}

export interface ExpectedThread {
  readonly nativeThreadId: string
  readonly forkedFrom: string | null
  readonly parent: string | null
  /** First words of the first message that was not taken back. */
  readonly firstWords: string | null
  /** What the agent is to work towards, in the provider's words. */
  readonly goal: unknown
  readonly sessions: readonly ExpectedSession[]
  readonly turns: readonly ExpectedTurn[]
  readonly steered: readonly ExpectedSteer[]
  readonly refused: readonly ExpectedRefusal[]
  /** Turns that the provider accepted and that never started, and calls without an answer: delivered, uncertain. */
  readonly unstarted: number
  readonly requests: readonly ExpectedRequest[]
  readonly voiceRuns: readonly ExpectedVoiceRun[]
  readonly handoffs: readonly ExpectedHandoff[]
  /** Sum of the turns' tokens; null where no turn has any. */
  readonly usage: UsageView | null
}

export interface OracleExpectation {
  /** In the order in which the wire first names them. */
  readonly threads: readonly ExpectedThread[]
  /** Lines that are not blank, of all recordings. */
  readonly lines: number
  /** Numbers, from 1, of the lines that are no JSON object of the format, per recording. */
  readonly unreadable: readonly (readonly number[])[]
}
