/**
 * The engine as a service: it takes submissions and acknowledges them once they are durable. The same interface over a writer in
 * this thread (tests, offline commands) and over one in a worker thread (`serve`), so that a slow disk flush never stops HTTP,
 * streams or the agents' pipes.
 */
import type { EffectRow, Receipt } from "@threadfold/contracts"
import type { Fold } from "@threadfold/core"
import {
  type DiskLimits,
  type DiskSpace,
  type FileChange,
  type LogReader,
  liveReader,
  type OpenError,
  type OwnerDetails,
  openReadOnly,
  openSqlite,
  type ReadOnlyError,
  StorageFailed,
  type StorageGuard,
  storageGuard,
} from "@threadfold/event-log"
import { Clock, Context, Effect, Layer, Option, type Scope } from "effect"
import { type EngineStopped, QueueFull, type SubmitError } from "./Errors.js"
import { type DraftResult, type Submission, streamsOf } from "./Submission.js"
import { startWriterThread, type WriterThreadOptions } from "./thread/index.js"
import { startUpkeep } from "./upkeep/index.js"
import {
  CommitLoop,
  databaseGroups,
  makeWriter,
  type RowListener,
  Shares,
  sqliteSetup,
  type WriterPort,
} from "./writer/index.js"

/** What a submission led to. */
export interface Acknowledged {
  /** Highest sequence when it was committed. */
  readonly head: number
  /** One per event of the command, then one per draft, in order. */
  readonly results: readonly DraftResult[]
  /** What the command led to; null: there was none. */
  readonly receipt: Receipt | null
  /** Effects that the command left. */
  readonly effects: readonly EffectRow[]
}

/** The state of the storage. */
export interface StorageState {
  /**
   * What happened to the files of the database; null: they are those that were opened. Once they are lost, nothing is written any
   * more.
   */
  readonly lost: FileChange | null
  /** Free space of the disk; null where it is not known. */
  readonly space: DiskSpace | null
}

/** What the engine does for other packages. */
export interface EngineService {
  /**
   * Commits a submission and returns when it is durable. Waits while too much is queued: that is the backpressure to the source.
   * Fails with the reason for which all of it was refused.
   */
  readonly submit: (submission: Submission) => Effect.Effect<Acknowledged, SubmitError>
  /** The same, but fails at once with `QueueFull` where {@link submit} would wait. */
  readonly trySubmit: (submission: Submission) => Effect.Effect<Acknowledged, SubmitError | QueueFull>
  /** A small value of the log, or null. */
  readonly getMeta: (key: string) => Effect.Effect<string | null, EngineStopped>
  /** Looks at the files and the disk now; some microseconds. */
  readonly storage: Effect.Effect<StorageState>
  /**
   * Calls the listener after every commit with the rows that it changed, for the life of the scope. Returns the sequence after which
   * no change is missing. There is one listener at a time.
   */
  readonly watchRows: (listener: RowListener) => Effect.Effect<number, EngineStopped, Scope.Scope>
  /** The log; its subscriptions are woken by every commit. */
  readonly log: LogReader
}

/** Events that may be queued or under way at a time. */
const CAPACITY = 16_384
/** How many of them may belong to one stream: the rest is for other streams. */
const STREAM_CAPACITY = CAPACITY / 4

const makeService = (port: WriterPort, guard: StorageGuard, log: LogReader): Effect.Effect<EngineService> =>
  Effect.map(Effect.makeSemaphore(CAPACITY), (room) => {
    const shares = new Shares(STREAM_CAPACITY)
    const commit = (submission: Submission): Effect.Effect<Acknowledged, SubmitError> =>
      // Not interruptible: the writer commits what it has taken, and the caller gets the acknowledgement.
      Effect.async<Acknowledged, SubmitError>((resume) => {
        port.offer(submission, (outcome) => resume(outcome.ok ? Effect.succeed(outcome) : Effect.fail(outcome.error)))
      }).pipe(Effect.uninterruptible)
    const size = (submission: Submission) => Math.min(CAPACITY, Math.max(1, submission.drafts.length))
    return {
      submit: (submission) => shares.within(submission, room.withPermits(size(submission))(commit(submission))),
      trySubmit: (submission) =>
        Effect.flatMap(
          shares.withinIfAvailable(submission, room.withPermitsIfAvailable(size(submission))(commit(submission))),
          Option.match({
            onNone: () => new QueueFull(),
            onSome: (acknowledged) => Effect.succeed(acknowledged),
          }),
        ),
      getMeta: (key) => port.getMeta(key),
      watchRows: (listener) =>
        Effect.acquireRelease(port.watchRows(listener), () => Effect.ignore(port.watchRows(null))),
      storage: Effect.sync(() => ({ lost: guard.look() ?? port.lost(), space: guard.space() })),
      log,
    }
  })

export interface EngineOptions {
  /** Path of the database file; its directory is the data directory. */
  readonly file: string
  /** Details of the owner; `held`: the caller owns the directory already. */
  readonly owner?: OwnerDetails | "held"
  /** When the disk is low and when it is full. */
  readonly disk?: DiskLimits
  /** Another fold, for tests that plant a fault. */
  readonly fold?: Fold
}

/** The engine. Its writer runs in this thread or in a worker thread. */
export class Engine extends Context.Tag("@threadfold/engine/Engine")<Engine, EngineService>() {
  /** The writer in this thread. */
  static readonly layerInProcess = (options: EngineOptions): Layer.Layer<Engine, OpenError> =>
    Layer.scoped(
      Engine,
      Effect.gen(function* () {
        const database = yield* openSqlite({ ...options, migrations: databaseGroups })
        const clock = yield* Clock.clockWith(Effect.succeed)
        const log = liveReader(database.driver)
        const setup = sqliteSetup(database, {
          clock: () => clock.unsafeCurrentTimeMillis(),
          ...(options.fold === undefined ? {} : { fold: options.fold }),
        })
        const writer = makeWriter(setup)
        const loop = new CommitLoop({
          process: (batch) => writer.process(batch),
          defer: setImmediate,
          onCommit: (_batch, outcomes) => {
            log.publish(writer.head, streamsOf(outcomes))
            tellRows()
          },
        })
        let listener: RowListener | null = null
        const tellRows = (): void => {
          const changed = writer.changed.take()
          if (changed !== null) listener?.(writer.head, changed)
        }
        const stopUpkeep = startUpkeep(
          setup,
          () => loop.busy,
          (streamIds) => {
            writer.refolded(streamIds)
            tellRows()
          },
        )
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            stopUpkeep()
            loop.drain()
          }),
        )
        return yield* makeService(
          {
            offer: (submission, done) => loop.offer(submission, done),
            getMeta: (key) => Effect.sync(() => database.driver.getMeta(key)),
            watchRows: (next) =>
              Effect.sync(() => {
                listener = next
                writer.changed.watch(next !== null)
                return writer.head
              }),
            lost: () => database.guard.lost,
          },
          database.guard,
          log,
        )
      }),
    )

  /** The writer in a worker thread; this thread reads through a connection of its own. */
  static readonly layerWorker = (
    options: WriterThreadOptions,
  ): Layer.Layer<Engine, OpenError | ReadOnlyError | EngineStopped> =>
    Layer.scoped(
      Engine,
      Effect.gen(function* () {
        const thread = yield* startWriterThread(options)
        const guard = yield* Effect.try({
          try: () => storageGuard(options.file, options.disk),
          catch: (error) => new StorageFailed({ message: `${options.file}: ${String(error)}.` }),
        })
        const log = yield* openReadOnly({ file: options.file, migrations: databaseGroups })
        thread.onCommit((head, streamIds) => log.publish(head, streamIds))
        return yield* makeService(thread, guard, log)
      }),
    )
}
