/** Outcomes between the threads. An error is sent as plain data, because messages between threads lose their classes. */
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

/** The outcome that was sent; its error has its class again. */
export const fromSent = (sent: SentOutcome): Outcome => (sent.ok ? sent : { ok: false, error: decodeError(sent.error) })
