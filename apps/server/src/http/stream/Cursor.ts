/** Places in the log as streams name them: `<logId>.<sequence>`, or a bare sequence of this log. */
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"

export interface StreamCursor {
  /** The log it belongs to; null: whichever is asked. */
  readonly logId: string | null
  /** The last event that was seen; 0: none. */
  readonly sequence: number
}

const pattern = /^(?:([A-Za-z0-9-]{1,64})\.)?(\d{1,16})$/

/** The `id` of an event of a stream. */
export const formatCursor = (logId: string, sequence: number): string => `${logId}.${sequence}`

/** Reads a cursor. Fails with `invalid-cursor`. */
export const parseCursor = (text: string): Effect.Effect<StreamCursor, Problem> => {
  const match = pattern.exec(text.trim())
  const sequence = Number(match?.[2])
  return match !== null && Number.isSafeInteger(sequence)
    ? Effect.succeed({ logId: match[1] ?? null, sequence })
    : Effect.fail(
        new Problem({ slug: "invalid-cursor", detail: "It is neither <logId>.<sequence> nor a sequence of the log." }),
      )
}
