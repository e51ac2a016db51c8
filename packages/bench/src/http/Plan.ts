/** What the bare server does for each call of `threadfold bench http`: the statements that ours runs, and the bytes that ours sends. */
import type { Captured } from "../throughput/RawLoop.js"

/** A statement that reads. */
export interface Read {
  readonly text: string
  readonly params: readonly unknown[]
}

/** An answer as it goes out. */
export interface Sent {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

/** What pushes write. */
export interface PlannedWrites {
  /** Pragmas of our writer's handle that differ from what a handle has by itself or that its commits depend on, and their values. */
  readonly settings: readonly (readonly [name: string, value: string])[]
  /** Transactions that open the sessions: they are run before anything is measured. */
  readonly openings: Captured
  /** A transaction for each push, in their order. */
  readonly pushes: Captured
}

export interface Plan {
  /** The database that is read. */
  readonly readFrom: string
  /** A new database of the same tables, for what is pushed. */
  readonly writeTo: string
  /** By path: what is read in one transaction, and the answer. */
  readonly reads: ReadonlyMap<string, { readonly statements: readonly Read[]; readonly sent: Sent }>
  readonly writes: PlannedWrites
  /** The answer to a push. */
  readonly pushed: Sent
}

/** The name of an answer in the plan. */
export const answerKey = (path: string, ifNoneMatch: string | undefined): string =>
  ifNoneMatch === undefined ? path : `${path} unless ${ifNoneMatch}`
