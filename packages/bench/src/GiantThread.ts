/** What an event costs in a thread with a long past, beside one in a thread without any: it has to be the same. */
import { join } from "node:path"
import { databaseGroups, makeSqliteWriter, type Submission } from "@threadfold/engine"
import { openSqlite } from "@threadfold/event-log"
import { Clock, Effect, type Scope } from "effect"
import type { BenchError } from "./BenchError.js"
import { submissions, type WorkloadOptions } from "./Workload.js"

/** Events of the long past, and of each measured stretch. */
const PAST = 100_000
const STRETCH = 4096
const ROUNDS = 6

/** Takes about so many events off a load, as batches of the writer. */
const take = (load: Iterator<Submission>, events: number): readonly (readonly Submission[])[] => {
  const batches: Submission[][] = []
  for (let taken = 0; taken < events; ) {
    const batch: Submission[] = []
    for (let size = 0; size < 512; ) {
      const next = load.next()
      if (next.done === true) break
      batch.push(next.value)
      size += next.value.drafts.length
    }
    if (batch.length === 0) break
    taken += batch.reduce((sum, { drafts }) => sum + drafts.length, 0)
    batches.push(batch)
  }
  return batches
}

/** Time per event in a thread of 100,000 events, as a multiple of that in a new one. */
export const giantThreadRatio = (
  directory: string,
  workload: Omit<WorkloadOptions, "events" | "threads">,
): Effect.Effect<number, BenchError, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const nowMs = () => Number(clock.unsafeCurrentTimeNanos()) / 1e6
    const database = yield* openSqlite({ file: join(directory, "threadfold.db"), migrations: databaseGroups })
    const writer = makeSqliteWriter(database, { clock: () => clock.unsafeCurrentTimeMillis() })
    const one = { ...workload, threads: 1, events: PAST + ROUNDS * STRETCH * 2 }
    const giant = submissions(one)
    for (const batch of take(giant, PAST)) writer.process(batch)
    let giantMs = 0
    let freshMs = 0
    for (let round = 0; round < ROUNDS; round++) {
      const fresh = submissions({ ...one, startAt: workload.startAt + 1_000_000 * (round + 1) })
      const [inGiant, inFresh] = [take(giant, STRETCH), take(fresh, STRETCH)]
      const from = nowMs()
      for (const batch of inGiant) writer.process(batch)
      const between = nowMs()
      for (const batch of inFresh) writer.process(batch)
      giantMs += between - from
      freshMs += nowMs() - between
    }
    return giantMs / freshMs
  })
