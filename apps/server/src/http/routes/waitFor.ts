/** `min-sequence`: a read waits until the log is as far as its caller knows it to be. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import type { LogReader } from "@threadfold/event-log"
import { Effect, Stream } from "effect"

/** Waits until a sequence is published, at most `waitMs`; then fails with `range-not-reached`. */
export const waitFor = (
  log: LogReader,
  sequence: number | undefined,
  waitMs: number,
): Effect.Effect<void, Problem | StorageUnavailable> => {
  if (sequence === undefined || log.published() >= sequence) return Effect.void
  const reached = log.subscribe({ after: sequence - 1, pageSize: 1 }).pipe(Stream.take(1), Stream.runDrain)
  return reached.pipe(
    Effect.timeoutFail({
      duration: waitMs,
      onTimeout: () =>
        new Problem({
          slug: "range-not-reached",
          detail: `Sequence ${sequence} was asked for; the log is at ${log.published()}.`,
        }),
    }),
  )
}
