/** A database that refuses for a while, for example because its disk is full. */
import type { SubmitError } from "@threadfold/engine"
import { Effect, Schedule } from "effect"

const whileRefused = Schedule.exponential(100).pipe(Schedule.union(Schedule.spaced(5_000)))
/** Lost files never come back, but what waits for them must not be taken for stored: it waits until the server is stopped. */
const passing: Readonly<Record<SubmitError["_tag"], boolean>> = {
  StorageFailed: true,
  StorageFull: true,
  StorageReadOnly: true,
  StorageUncertain: true,
  StorageLost: true,
  EngineStopped: true,
  EngineFailed: false,
  CommandRefused: false,
  CommandConflict: false,
  EffectConflict: false,
  LiveSessionPresent: false,
}
const isPassing = ({ _tag }: SubmitError): boolean => passing[_tag]

/** Submits again, every 5 seconds at least, until the database takes it or refuses it for good. */
export const untilTaken = <A>(submission: Effect.Effect<A, SubmitError>): Effect.Effect<A, SubmitError> =>
  Effect.retry(submission, { schedule: whileRefused, while: isPassing })
