/** Transition tables as data: what states a row may take, and which events take it there. */
import type { EventType, Evidence } from "@threadfold/contracts"

/** The tables whose rows change their state. */
export type MachineName =
  | "sessions"
  | "turns"
  | "items"
  | "requests"
  | "inferences"
  | "realtime_runs"
  | "delegations"
  | "tasks"

/** A status, and for an ended row its evidence: `ready`, `ended (inferred)`. `new`: there is no row yet. */
export type StateName = string

export interface Transition {
  /** States that it leaves. */
  readonly from: readonly StateName[]
  /** State that it enters. */
  readonly to: StateName
  /** Events that make it. */
  readonly by: readonly EventType[]
  /** When, or why: one sentence for the reference. */
  readonly note: string
}

export interface Machine {
  readonly table: MachineName
  /** The name of the thing. */
  readonly name: string
  /** The rule of the fold that it comes from. */
  readonly rule: string
  readonly transitions: readonly Transition[]
}

/** The state of a row, as transition tables name it. */
export const stateOf = (row: { readonly status: string; readonly evidence?: Evidence | null }): StateName =>
  row.evidence === null || row.evidence === undefined ? row.status : `${row.status} (${row.evidence})`

/** An end that the provider reported. */
export const observed = (status: string): StateName => stateOf({ status, evidence: "observed" })
/** An end that we concluded. */
export const inferred = (status: string): StateName => stateOf({ status, evidence: "inferred" })
