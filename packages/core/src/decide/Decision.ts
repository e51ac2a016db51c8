/** A decision: the events that follow from a command, or the reason for which it is refused. */
import type { EffectRow, EntityIdName, EventType, NativeRef, PayloadOf, RequestedEffect } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"
import type { Refusal, RefusalReason } from "./Refusal.js"

/** An event that a decision asks the engine to append to the command's thread. The engine gives it its ids and times. */
export type DecidedEvent = {
  readonly [T in EventType]: {
    readonly type: T
    /** The session that it is about; null: the thread. */
    readonly sessionId: string | null
    readonly native: NativeRef | null
    /** The turn, item or other thing of the thread that it is about. */
    readonly ids?: { readonly [N in EntityIdName]?: string }
    readonly payload: PayloadOf<T>
  }
}[EventType]

/** What follows from an accepted command. */
export interface Accepted {
  /** In order; none where the command changes nothing. */
  readonly events: readonly DecidedEvent[]
  /** Calls to the provider, in order. */
  readonly effects: readonly RequestedEffect[]
  /** The turn that the command made, is about, or went into. */
  readonly turnId: string | null
  /** The message that it put into the queue. */
  readonly messageId: string | null
  /** The thread that it makes of the one that it is about; null: none. */
  readonly threadId: string | null
  /** The earlier command that it continues, which is the cause of what follows. Null: the command is the cause itself. */
  readonly carriesOn: string | null
}

/** What became of a command: events and effects, or a refusal. */
export type Decision = { readonly accepted: Accepted } | { readonly refused: Refusal }

/** A decision's inputs: the thread's open state and its closed rows, after all that stands before it in the batch. */
export interface Situation {
  readonly state: FoldState
  readonly rows: RowSource
  /** Whether a call that is about this turn may be under way to the provider: its effect is being attempted. */
  readonly attempting: (turnId: string) => boolean
  /** The call that carries a queued message into a turn; null: there is none. */
  readonly steer: (messageId: string) => Pick<EffectRow, "status" | "sessionId"> | null
  /** A call to the provider that is still to be delivered or is being attempted; null: none of the thread is. */
  readonly openEffect: () => Pick<EffectRow, "effectId" | "kind" | "status"> | null
  /** Whether the agent is being asked to end this background task of the thread. */
  readonly stoppingTask: (taskId: string) => boolean
  /** The fork that the thread is still being copied into; null: none. */
  readonly pendingFork: () => string | null
  /** Whether a blob is stored, or comes with the command. */
  readonly hasBlob: (hash: string) => boolean
  /** A new id of ours; the same for the same command and purpose. */
  readonly mint: (purpose: "turn" | "message") => string
}

/** Accepts, with these events. */
export const accept = (...events: readonly DecidedEvent[]): Decision => acceptWith({ events })
/** Accepts, with effects or ids beside the events. */
export const acceptWith = (accepted: Partial<Accepted>): Decision => ({
  accepted: { events: [], effects: [], turnId: null, messageId: null, threadId: null, carriesOn: null, ...accepted },
})
/** Refuses: nothing is appended. */
export const refuse = (reason: RefusalReason, detail: string): Decision => ({ refused: { reason, detail } })
