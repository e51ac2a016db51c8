/** A database that refuses for a while, for example because its disk is full. */
import type { Problem, ProblemSlug } from "@threadfold/contracts"
import { Effect, Schedule } from "effect"

const whileRefused = Schedule.exponential(100).pipe(Schedule.union(Schedule.spaced(5_000)))
/** Lost files never come back, but what waits for them must not be taken for stored: it waits until the server is stopped. */
const passing: ReadonlySet<ProblemSlug> = new Set<ProblemSlug>([
  "storage-failed",
  "storage-read-only",
  "storage-uncertain",
  "storage-lost",
  "disk-full",
  "unavailable",
  "too-many-requests",
])
const isPassing = ({ slug }: Problem): boolean => passing.has(slug)

/** Submits again, every 5 seconds at least, until the database takes it or refuses it for good. */
export const untilTaken = <A>(submission: Effect.Effect<A, Problem>): Effect.Effect<A, Problem> =>
  Effect.retry(submission, { schedule: whileRefused, while: isPassing })
