/**
 * Group commit: takes what is queued, commits it as one batch, acknowledges, repeats. No timer: the size of a batch comes from
 * load alone, and threads share it fairly. It uses callbacks, so that both a worker's messages and fibers can call it.
 */
import { type Outcome, type Submission, sizeOf } from "../Submission.js"
import { fairBatch, type Sized, streamsOfSubmission } from "./fairBatch.js"

export interface CommitLoopOptions {
  /** Commits a batch; never throws. */
  readonly process: (batch: readonly Submission[]) => readonly Outcome[]
  /** Runs a function in a later turn of the event loop, so that what arrives meanwhile joins the batch. */
  readonly defer: (run: () => void) => void
  /** Called after every commit, before the acknowledgements. */
  readonly onCommit?: (batch: readonly Submission[], outcomes: readonly Outcome[]) => void
  /** A batch is cut at about this many events. */
  readonly maxEvents?: number
}

interface Waiting extends Sized {
  readonly submission: Submission
  readonly done: (outcome: Outcome) => void
}

/** Measured: larger batches are not faster and cost latency. */
const MAX_EVENTS = 512

/** The queue of submissions before a writer. */
export class CommitLoop {
  private queue: Waiting[] = []
  private scheduled = false

  constructor(private readonly options: CommitLoopOptions) {}

  /** Queues a submission; `done` is called once, after its commit. The caller bounds how much waits. */
  offer(submission: Submission, done: (outcome: Outcome) => void): void {
    this.queue.push({
      submission,
      done,
      streams: streamsOfSubmission(submission),
      size: sizeOf(submission),
    })
    this.schedule()
  }

  /** True while something is queued. */
  get busy(): boolean {
    return this.queue.length > 0
  }

  /** Commits all that is queued, now. */
  drain(): void {
    while (this.queue.length > 0) this.round()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.options.defer(() => {
      this.scheduled = false
      if (this.queue.length > 0) this.round()
      if (this.queue.length > 0) this.schedule()
    })
  }

  private round(): void {
    const limit = this.options.maxEvents ?? MAX_EVENTS
    const { queue } = this
    const all = queue.reduce((events, { size }) => events + size, 0) <= limit
    const taken = all ? null : fairBatch(queue, limit)
    const batch = taken === null ? queue : queue.filter((one) => taken.has(one))
    this.queue = taken === null ? [] : queue.filter((one) => !taken.has(one))
    const submissions = batch.map(({ submission }) => submission)
    const outcomes = this.options.process(submissions)
    this.options.onCommit?.(submissions, outcomes)
    batch.forEach(({ done }, index) => {
      const outcome = outcomes[index]
      if (outcome !== undefined) done(outcome)
    })
  }
}
