/** A load in the pieces in which the writers of the benchmark take turns. */
import type { CommitLoop, Outcome, Submission } from "@threadfold/engine"
import { Effect } from "effect"

/** Events of a piece: a few batches, so that little of the load is alive at a time. */
const CHUNK = 2048

/** Cuts a load into chunks without holding more than one. */
export function* chunksOf(load: Iterable<Submission>): Generator<readonly Submission[]> {
  let chunk: Submission[] = []
  let events = 0
  for (const submission of load) {
    chunk.push(submission)
    events += submission.members.length
    if (events < CHUNK) continue
    yield chunk
    chunk = []
    events = 0
  }
  if (chunk.length > 0) yield chunk
}

/** Queues a chunk and waits until every submission of it is acknowledged. */
export const commitAll = (loop: CommitLoop, chunk: readonly Submission[]): Effect.Effect<void> =>
  Effect.async((resume) => {
    let open = chunk.length
    const acknowledge = (_outcome: Outcome): void => {
      open -= 1
      if (open === 0) resume(Effect.void)
    }
    for (const submission of chunk) loop.offer(submission, acknowledge)
  })
