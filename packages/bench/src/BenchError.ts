/** The errors of benchmarks. Each message is a whole sentence about what happened. */
import type { StorageUnavailable } from "@threadfold/contracts"
import type { SubmitError } from "@threadfold/engine"
import type { OpenError, ReadOnlyError } from "@threadfold/event-log"
import type { ImportFailed } from "@threadfold/imports"
import { Data, Effect } from "effect"

/** A part of the benchmark did not do its work. */
export class BenchFailed extends Data.TaggedError("BenchFailed")<{ readonly message: string }> {}

/** An error as that of a benchmark. */
export const benchFailed = (error: unknown): BenchFailed =>
  new BenchFailed({ message: `The benchmark failed: ${error}.` })

/** Runs a part that is made of promises. */
export const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, BenchFailed> =>
  Effect.tryPromise({ try: body, catch: benchFailed })

/** The program that is measured did not start, or does not answer. */
export class ProgramUnavailable extends Data.TaggedError("ProgramUnavailable")<{ readonly message: string }> {}

/** How a benchmark fails: by itself, or with what it measures. */
export type BenchError =
  | BenchFailed
  | ProgramUnavailable
  | OpenError
  | ReadOnlyError
  | SubmitError
  | StorageUnavailable
  | ImportFailed
