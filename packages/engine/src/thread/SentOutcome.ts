/**
 * Outcomes between the threads. An error is sent as plain data, because messages between threads lose their classes. What was appended
 * without a command, as nearly all is, goes as arrays: V8 writes and reads the name of each member of each object that is sent.
 */
import { Schema } from "effect"
import { SubmitError } from "../Errors.js"
import type { DraftResult, Outcome } from "../Submission.js"

type Done = Extract<Outcome, { readonly ok: true }>

type SentResult = readonly [
  status: DraftResult["status"],
  streamId: string,
  sequence: number | null,
  problem: DraftResult["problem"],
]

export type SentOutcome =
  | Done
  | { readonly ok: false; readonly error: typeof SubmitError.Encoded }
  | readonly [head: number, results: readonly SentResult[]]

const encodeError = Schema.encodeSync(SubmitError)
const decodeError = Schema.decodeSync(SubmitError)

const resultToSent = ({ problem, sequence, status, streamId }: DraftResult): SentResult => [
  status,
  streamId,
  sequence,
  problem,
]

const resultFromSent = ([status, streamId, sequence, problem]: SentResult): DraftResult =>
  problem === undefined ? { status, streamId, sequence } : { status, streamId, sequence, problem }

/** An outcome as the writer thread sends it. */
export const toSent = (outcome: Outcome): SentOutcome => {
  if (!outcome.ok) return { ok: false, error: encodeError(outcome.error) }
  const { effects, head, receipt, results } = outcome
  return receipt === null && effects.length === 0 ? [head, results.map(resultToSent)] : outcome
}

/** The outcome that was sent; its error has its class again. */
export const fromSent = (sent: SentOutcome): Outcome => {
  if (!("ok" in sent)) {
    const [head, results] = sent
    return { ok: true, head, results: results.map(resultFromSent), receipt: null, effects: [] }
  }
  return sent.ok ? sent : { ok: false, error: decodeError(sent.error) }
}
