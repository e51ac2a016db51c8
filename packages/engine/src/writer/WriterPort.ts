/** The writer as the engine's service meets it: in its own thread, or behind a border of threads. */
import type { FileChange } from "@threadfold/event-log"
import type { Effect } from "effect"
import type { EngineStopped } from "../Errors.js"
import type { Outcome, Submission } from "../Submission.js"

export interface WriterPort {
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => void
  readonly getMeta: (key: string) => Effect.Effect<string | null, EngineStopped>
  /** What the writer found to be wrong with its files. */
  readonly lost: () => FileChange | null
}
