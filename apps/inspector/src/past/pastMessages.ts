/** What the page and the part of the worker that holds a thread's past say to each other. */
import type { EventEnvelope } from "@threadfold/contracts"
import type { ThreadPage } from "@threadfold/contracts/api"
import type { RowChange } from "@threadfold/core/model"
import type { Page } from "../api/Api.js"

/** A text of an event that is too long to ride along, whole. */
export interface WholePayload {
  readonly sequence: number
  /** JSON. */
  readonly payload: string
}

/** A list of a thread, as the API names it. */
export type PastList =
  | "turns"
  | "items"
  | "requests"
  | "inferences"
  | "realtimeRuns"
  | "delegations"
  | "tasks"
  | "queue"
  | "anomalies"

/** What is asked. Sequences are those of the log; a moment is the thread after the last of its events that is not later. */
export type PastAsk =
  /** A page of the thread's events, as `GET /v1/threads/{id}/events` answers it: the one behind what is known, or one that was let go. */
  | { readonly kind: "add"; readonly threadId: string; readonly page: ArrayBuffer }
  /** What `add` said is missing of its page. */
  | { readonly kind: "payloads"; readonly payloads: readonly WholePayload[] }
  /** The thread at a moment, with the newest entries of each list. */
  | { readonly kind: "thread"; readonly at: number; readonly limit: number }
  /** Older entries of a list, the newest of them first. */
  | {
      readonly kind: "list"
      readonly list: PastList
      readonly at: number
      readonly cursor: string | null
      readonly limit: number
    }
  /** The event of a moment, and what it changed. */
  | { readonly kind: "step"; readonly at: number }
  /** What differs between two moments. */
  | { readonly kind: "diff"; readonly from: number; readonly to: number }
  /** The rows of the thread as they lie in time. */
  | { readonly kind: "timeline" }

/** Events by their place in the thread, a column each. */
export interface EventColumns {
  readonly sequences: Float64Array
  /** Clock of the source, ms since the epoch: it may have been set back. */
  readonly times: Float64Array
  /** Places in `typeNames`. */
  readonly types: Uint16Array
  /** What stands out, see {@link EventMark}. */
  readonly marks: Uint8Array
  /** Names of the types that were not known before, in the order of their numbers. */
  readonly typeNames: readonly string[]
}

/** Bits of `marks`. */
export const EventMark = { turnStart: 1, turnEnd: 2, anomaly: 4, violation: 8 } as const

/** What is missing before an answer can be given. */
export interface Missing {
  readonly kind: "missing"
  /** Sequence behind which the page of events begins that was let go. */
  readonly after: number
}

/** What is known after a page was added. */
export interface Added {
  readonly kind: "added"
  /** Events that the page brought. */
  readonly columns: EventColumns
  /** Texts that have to be read before the page can be folded. */
  readonly cut: readonly { readonly sequence: number; readonly href: string }[]
  /** Sequence of the last event of the page; null: it had none. */
  readonly last: number | null
}

/** The event of a moment, and what it did. */
export interface PastStep {
  readonly kind: "step"
  readonly event: EventEnvelope
  /** Rows of the document that are another, with their fields. */
  readonly rows: readonly RowChange[]
  readonly anomalies: readonly { readonly reason: string; readonly subject: string; readonly detail: string | null }[]
}

/** A lane of the timeline, from top to bottom. */
export const laneNames = ["sessions", "turns", "inferences", "items", "requests", "realtimeRuns", "tasks"] as const
export type LaneName = (typeof laneNames)[number]

/** How a span looks: its status, as far as a lane tells it. */
export const spanTones = ["done", "running", "failed", "interrupted", "waiting", "quiet"] as const
export type SpanTone = (typeof spanTones)[number]

/** The spans of a lane, a column each, by their start. */
export interface LaneSpans {
  readonly lane: LaneName
  /** ms since the epoch. */
  readonly starts: Float64Array
  /** ms since the epoch; of what runs: Infinity. */
  readonly ends: Float64Array
  /** Places in `spanTones`. */
  readonly tones: Uint8Array
  /** Row paths, such as `turns/0192…`. */
  readonly rows: readonly string[]
  readonly labels: readonly string[]
  /** Sequence of the last event that changed the row. */
  readonly sequences: Float64Array
}

/** A broken invariant, where it happened. */
export interface PastViolation {
  readonly invariant: string
  readonly text: string
  readonly sequence: number | null
  readonly detail: string
}

export interface PastTimeline {
  readonly kind: "timeline"
  readonly lanes: readonly LaneSpans[]
  readonly anomalies: readonly { readonly sequence: number; readonly reason: string; readonly subject: string }[]
  /** Anomalies beyond those that are listed. */
  readonly moreAnomalies: number
  readonly violations: readonly PastViolation[]
}

export interface PastDiff {
  readonly kind: "diff"
  readonly rows: readonly RowChange[]
}

export interface PastThread {
  readonly kind: "thread"
  readonly page: ThreadPage
}

export interface PastPage {
  readonly kind: "list"
  readonly page: Page<unknown>
}

export type PastAnswer = Added | Missing | PastDiff | PastPage | PastStep | PastThread | PastTimeline
