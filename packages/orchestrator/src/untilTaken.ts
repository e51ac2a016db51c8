/** A database that refuses for a while, for example because its disk is full. */
import type { Problem } from "@threadfold/contracts"
import { Effect, Schedule } from "effect"

const whileRefused = Schedule.exponential(100).pipe(Schedule.union(Schedule.spaced(5_000)))
const isPassing = ({ slug }: Problem): boolean =>
  slug === "storage-failed" || slug === "unavailable" || slug === "too-many-requests"

/** Submits again, every 5 seconds at least, until the database takes it or refuses it for good. */
export const untilTaken = <A>(submission: Effect.Effect<A, Problem>): Effect.Effect<A, Problem> =>
  Effect.retry(submission, { schedule: whileRefused, while: isPassing })
