/** Outcomes between the threads: an error goes as plain data, because a thread is given copies of data and not of classes. */
import { Schema } from "effect"
import { SubmitError } from "../Errors.js"
import type { Outcome } from "../Submission.js"

export type SentOutcome =
  | Extract<Outcome, { readonly ok: true }>
  | { readonly ok: false; readonly error: typeof SubmitError.Encoded }

const encodeError = Schema.encodeSync(SubmitError)
const decodeError = Schema.decodeSync(SubmitError)

/** An outcome as the writer thread sends it. */
export const toSent = (outcome: Outcome): SentOutcome =>
  outcome.ok ? outcome : { ok: false, error: encodeError(outcome.error) }

/** The outcome that was sent, its error of the class that it had. */
export const fromSent = (sent: SentOutcome): Outcome => (sent.ok ? sent : { ok: false, error: decodeError(sent.error) })
