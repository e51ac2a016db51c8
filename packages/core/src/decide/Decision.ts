/** What a decision is: events that follow from a command, or the problem that refuses it. */
import type { EventType, NativeRef, PayloadOf, ProblemSlug } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"

/** An event that a decision asks the engine to append to the command's thread. The engine gives it its ids and times. */
export type DecidedEvent = {
  readonly [T in EventType]: {
    readonly type: T
    /** The session that it is about; null: the thread. */
    readonly sessionId: string | null
    readonly native: NativeRef | null
    readonly payload: PayloadOf<T>
  }
}[EventType]

/** `events` may be empty: what was wanted is so already. */
export type Decision =
  | { readonly accepted: { readonly events: readonly DecidedEvent[] } }
  | { readonly refused: { readonly slug: ProblemSlug; readonly detail: string } }

/** A decision's inputs: the thread's open state and its closed rows, after all earlier members of the batch. */
export interface Situation {
  readonly state: FoldState
  readonly rows: RowSource
}

/** Accepts, with these events. */
export const accept = (...events: readonly DecidedEvent[]): Decision => ({ accepted: { events } })
/** Refuses: nothing is appended. */
export const refuse = (slug: ProblemSlug, detail: string): Decision => ({ refused: { slug, detail } })
