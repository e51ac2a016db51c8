/** A load in the pieces in which the writers of the benchmark take turns. */
import type { CommitLoop, Outcome, Submission } from "@threadfold/engine"
import { Effect } from "effect"

/** A piece of a load. */
export interface Chunk {
  readonly events: number
  readonly submissions: readonly Submission[]
}

/** Events of a piece: a few batches. */
export const CHUNK = 2048

/**
 * Events that are made ahead, so that a run of up to 100,000 events leaves no garbage of its load behind while it writes; a longer
 * one makes its load, and lets it go, so many events at a time.
 */
const STOCK = 102 * CHUNK

const sizeOf = ({ drafts }: Submission): number => drafts.length

/** Takes submissions of about so many events off a load; fewer where it ends. */
const take = (load: Iterator<Submission>, events: number): readonly Submission[] => {
  const taken: Submission[] = []
  for (let size = 0; size < events; ) {
    const next = load.next()
    if (next.done === true) break
    taken.push(next.value)
    size += sizeOf(next.value)
  }
  return taken
}

/** Cuts a load into chunks without holding more than a stock of it; `made` is called whenever one is made. */
export function* chunksOf(load: Iterator<Submission>, made: () => void = () => undefined): Generator<Chunk> {
  for (;;) {
    const stock = take(load, STOCK)
    if (stock.length === 0) return
    made()
    const rest = stock[Symbol.iterator]()
    for (let submissions = take(rest, CHUNK); submissions.length > 0; submissions = take(rest, CHUNK)) {
      yield { submissions, events: submissions.reduce((sum, each) => sum + sizeOf(each), 0) }
    }
  }
}

/** Queues a chunk and waits until every submission of it is acknowledged. */
export const commitAll = (loop: CommitLoop, { submissions }: Chunk): Effect.Effect<void> =>
  Effect.async((resume) => {
    let open = submissions.length
    const acknowledge = (_outcome: Outcome): void => {
      open -= 1
      if (open === 0) resume(Effect.void)
    }
    for (const submission of submissions) loop.offer(submission, acknowledge)
  })
