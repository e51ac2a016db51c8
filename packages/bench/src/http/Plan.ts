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

export interface Plan {
  /** The database that is read. */
  readonly readFrom: string
  /** A new database of the same tables, for what is pushed. */
  readonly writeTo: string
  /** By path: what is read in one transaction, and the answer. */
  readonly reads: ReadonlyMap<string, { readonly statements: readonly Read[]; readonly sent: Sent }>
  /** A transaction for each push, in their order. */
  readonly writes: Captured
  /** The answer to a push. */
  readonly pushed: Sent
}

/** The name of an answer in the plan. */
export const answerKey = (path: string, ifNoneMatch: string | undefined): string =>
  ifNoneMatch === undefined ? path : `${path} unless ${ifNoneMatch}`
