/** What is asked of the thread that reads earlier moments, and what it answers. */
import { TokenCounts } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import type { PageQuery } from "@threadfold/projections"
import { Data, Schema } from "effect"
import type { Moment } from "../offline/moments.js"

/** The lists of a thread, by the names of their queries. */
export type MomentList =
  | "anomalies"
  | "delegations"
  | "inferences"
  | "items"
  | "queue"
  | "realtimeRuns"
  | "requests"
  | "sessions"
  | "tasks"
  | "turns"

/** Further conditions of some lists. */
export type MomentPageQuery = PageQuery & {
  readonly rewound?: boolean | undefined
  readonly turnId?: string | undefined
}

/** One question about a thread. A sequence beyond the end of the log means its end. */
export type MomentQuestion = { readonly threadId: string } & (
  | {
      readonly kind: "thread"
      readonly sequence: number
      readonly limit: number | undefined
      readonly rewound: boolean | undefined
    }
  | { readonly kind: "list"; readonly list: MomentList; readonly sequence: number; readonly query: MomentPageQuery }
  | { readonly kind: "rows"; readonly sequence: number; readonly limit: number | undefined }
  /** `edits`: as the call gave them. `sequence`: where both threads end; null: at the end. */
  | { readonly kind: "whatif"; readonly edits: unknown; readonly sequence: number | null }
  | { readonly kind: "usage"; readonly sequence: number }
  /** `after`: rows that are passed over. */
  | {
      readonly kind: "diff"
      readonly from: number
      readonly to: number
      readonly after: number | undefined
      readonly limit: number | undefined
    }
  | { readonly kind: "find"; readonly moment: Moment }
  | { readonly kind: "fork"; readonly turnId: string }
)

/** What a fork needs to know of the end of a turn. */
export const ForkPoint = Schema.Struct({
  /** Sequence of the event that ended it. */
  sequence: Schema.Number,
  /** What the thread had used until then; null: nothing was counted. */
  usage: Schema.NullOr(TokenCounts),
  /** The events that end what lived then, under the ids of the thread. */
  settling: Schema.Array(
    Schema.Struct({ type: Schema.String, sessionId: Schema.NullOr(Schema.String), payload: Schema.Unknown }),
  ),
})
export type ForkPoint = typeof ForkPoint.Type

/** An answer: JSON, and the sequence of the log that it is true for. */
export interface MomentAnswer {
  readonly json: string
  readonly sequence: number
}

/** What the thread is started with. */
export interface MomentThreadData {
  /** The database. */
  readonly file: string
  /** Where checkpoints are kept. */
  readonly directory: string
}

export type ToMomentThread =
  | { readonly kind: "ask"; readonly id: number; readonly question: MomentQuestion }
  /** Its caller has gone. */
  | { readonly kind: "drop"; readonly id: number }
  /** The thread was purged. */
  | { readonly kind: "forget"; readonly threadId: string }

export type FromMomentThread =
  | { readonly kind: "answer"; readonly id: number; readonly answer: MomentAnswer }
  | { readonly kind: "failed"; readonly id: number; readonly slug: Problem["slug"]; readonly detail: string }

/** As many questions wait as may. */
export class MomentsBusy extends Data.TaggedError("MomentsBusy")<{ readonly waiting: number }> {
  override get message(): string {
    return `${this.waiting} questions about earlier moments wait already.`
  }
}

/** Cursors of an earlier moment name its sequence before the place: they go on there without `at`. */
const momentCursor = /^(\d{1,16})\.(.*)$/s

/** The cursor of a list at a sequence. */
export const cursorAt = (sequence: number, cursor: string | null): string | null =>
  cursor === null ? null : `${sequence}.${cursor}`

/** The sequence that a cursor names, and the place in the list; null: it is one of the present. */
export const placeAt = (cursor: string | undefined): { readonly sequence: number; readonly cursor: string } | null => {
  const [, sequence, place] = momentCursor.exec(cursor ?? "") ?? []
  return sequence === undefined || place === undefined ? null : { sequence: Number(sequence), cursor: place }
}
