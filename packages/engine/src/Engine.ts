/**
 * The engine as a service: it takes submissions and acknowledges them once they are durable. The same interface over a writer in
 * this thread (tests, offline commands) and over one in a worker thread (`serve`), so that a slow disk flush never stops HTTP,
 * streams or the agents' pipes.
 */
import type { MessagePort } from "node:worker_threads"
import type { TableName } from "@threadfold/contracts"
import type { Fold } from "@threadfold/core"
import {
  AllowedSizes,
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
import type { Replaced } from "@threadfold/projections"
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import { type EngineStopped, QueueFull, type SubmitError } from "./Errors.js"
import { type PurgeDemand, type PurgeState, purgeStateOf } from "./purge/index.js"
import { type Acknowledged, type EngineWriter, type Outcome, type Submission, sizeOf, streamsOf } from "./Submission.js"
import { commitThrough, startWriterThread, type WriterThreadOptions } from "./thread/index.js"
import { type RefoldAnswer, startUpkeep } from "./upkeep/index.js"
import {
  CommitLoop,
  databaseGroups,
  makeWriter,
  Room,
  type RowListener,
  Shares,
  spaceOf,
  sqliteSetup,
  submitErrorOf,
  type WriterPort,
} from "./writer/index.js"

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
export interface EngineService extends EngineWriter {
  /** Like `submit`, but fails at once with `QueueFull` where that would wait. */
  readonly trySubmit: (submission: Submission) => Effect.Effect<Acknowledged, SubmitError | QueueFull>
  /**
   * Like `trySubmit`, without a fiber: `done` is called once it is durable, or refused. False: there is no room for it now, nothing was
   * taken, and `done` is never called.
   */
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => boolean
  /** Looks at the files and the disk now; some microseconds. */
  readonly storage: Effect.Effect<StorageState>
  /**
   * Calls the listener after every commit with the rows that it changed, for the life of the scope. Returns the sequence after which
   * no change is missing.
   */
  readonly watchRows: (listener: RowListener) => Effect.Effect<number, EngineStopped, Scope.Scope>
  /**
   * Folds a stream again beside the writing, in short steps, and replaces its rows at once: a reader sees the old ones or the new
   * ones. `table`: only the rows of that table. Appends nothing and runs no effect.
   */
  readonly refold: (streamId: string, table: TableName | null) => Effect.Effect<Replaced, SubmitError>
  /**
   * Purges a thread: a tombstone with a sealed hash takes its place, and its content goes in short steps beside the writing. Answers when
   * the tombstone is durable; a thread that was purged before gets the answer of the first time. Refused while anything of the thread
   * lives, and with `precondition-failed` where it is at another version than `ifVersion`. `commandId`: id of the command, which the
   * tombstone names.
   */
  readonly purge: (demand: PurgeDemand) => Effect.Effect<PurgeState, SubmitError>
  /** The purge of a thread, with how far it is; null: it was not purged. */
  readonly purgeOf: (threadId: string) => Effect.Effect<PurgeState | null, SubmitError>
  /** Notes in the projections how far a rebuild is, for one that goes on after a kill; null: none is under way. */
  readonly noteRebuild: (point: string | null) => Effect.Effect<void, SubmitError>
  /** The log; its subscriptions are woken by every commit. */
  readonly log: LogReader
  /**
   * A port by which one other worker thread submits to the writer thread by itself (`openWriterLine`), for the life of the scope;
   * null where the writer is in this thread. What goes through it has no way through this thread.
   */
  readonly openPort: Effect.Effect<MessagePort | null, never, Scope.Scope>
}

/** Events that may be queued or under way at a time. */
const CAPACITY = 16_384
/** How many of them may belong to one stream: the rest is for other streams. */
const STREAM_CAPACITY = CAPACITY / 4

const makeService = (port: WriterPort, guard: StorageGuard, log: LogReader): Effect.Effect<EngineService> =>
  Effect.sync(() => {
    const room = new Room(CAPACITY)
    const shares = new Shares(STREAM_CAPACITY)
    const listeners = new Set<RowListener>()
    /** The port knows one listener: it tells all of ours. */
    const tellAll: RowListener = (head, changed) => {
      for (const listener of listeners) listener(head, changed)
    }
    const size = (submission: Submission) => Math.min(CAPACITY, sizeOf(submission))
    const offer: EngineService["offer"] = (submission, done) => {
      const giveShare = shares.takeNow(submission)
      if (giveShare === null) return false
      const events = size(submission)
      if (!room.takeNow(events)) {
        giveShare()
        return false
      }
      port.offer(submission, (outcome) => {
        room.give(events)
        giveShare()
        done(outcome)
      })
      return true
    }
    return {
      submit: (submission) => shares.within(submission, room.within(size(submission), commitThrough(port, submission))),
      trySubmit: (submission) =>
        // Not interruptible: the writer commits what it has taken, and the caller gets the acknowledgement.
        Effect.async<Acknowledged, SubmitError | QueueFull>((resume) => {
          const isTaken = offer(submission, (outcome) =>
            resume(outcome.ok ? Effect.succeed(outcome) : Effect.fail(outcome.error)),
          )
          if (!isTaken) resume(new QueueFull())
        }).pipe(Effect.uninterruptible),
      offer,
      getMeta: (key) => port.getMeta(key),
      refold: (streamId, table) => port.refold(streamId, table),
      noteRebuild: (point) => port.noteRebuild(point),
      purge: (demand) => port.purge(demand),
      purgeOf: (threadId) => port.purgeOf(threadId),
      watchRows: (listener) =>
        Effect.acquireRelease(
          Effect.suspend(() => {
            listeners.add(listener)
            return port.watchRows(tellAll)
          }),
          () =>
            Effect.suspend(() => {
              listeners.delete(listener)
              return listeners.size === 0 ? Effect.ignore(port.watchRows(null)) : Effect.void
            }),
        ),
      storage: Effect.sync(() => ({ lost: guard.look() ?? port.lost(), space: guard.space() })),
      log,
      openPort: Effect.acquireRelease(
        Effect.sync(() => port.connect()),
        (opened) => Effect.sync(() => opened?.close()),
      ),
    }
  })

/** A call of the writer's upkeep. Not interruptible: what it has begun it ends. */
const answered = (call: (done: (answer: RefoldAnswer) => void) => void): Effect.Effect<Replaced, SubmitError> =>
  Effect.async<Replaced, SubmitError>((resume) =>
    call((answer) => resume(answer.ok ? Effect.succeed(answer) : Effect.fail(answer.error))),
  ).pipe(Effect.uninterruptible)

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
        const upkeep = startUpkeep(setup, {
          busy: () => loop.busy,
          onRefolded: (streamIds) => {
            writer.refolded(streamIds)
            tellRows()
          },
          offer: (submission, done) => loop.offer(submission, done),
          space: spaceOf(database),
        })
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            upkeep.stop()
            loop.drain()
          }),
        )
        return yield* makeService(
          {
            offer: (submission, done) => loop.offer(submission, done),
            getMeta: (key) => Effect.sync(() => database.driver.getMeta(key)),
            refold: (streamId, table) => answered((done) => upkeep.refold(streamId, table, done)),
            purge: (demand) =>
              Effect.async<PurgeState, SubmitError>((resume) =>
                upkeep.purge(demand, (answer) =>
                  resume(answer.ok ? Effect.succeed(answer.purge) : Effect.fail(answer.error)),
                ),
              ).pipe(Effect.uninterruptible),
            purgeOf: (threadId) =>
              Effect.try({ try: () => purgeStateOf(database.driver, threadId), catch: submitErrorOf }),
            noteRebuild: (point) => Effect.asVoid(answered((done) => upkeep.noteRebuild(point, done))),
            watchRows: (next) =>
              Effect.sync(() => {
                listener = next
                writer.changed.watch(next !== null)
                return writer.head
              }),
            connect: () => null,
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
        const sizes = new AllowedSizes()
        const thread = yield* startWriterThread({ ...options, sizes: sizes.shared })
        const guard = yield* Effect.try({
          try: () => storageGuard(options.file, options.disk, sizes),
          catch: (error) => new StorageFailed({ message: `${options.file}: ${String(error)}.` }),
        })
        const log = yield* openReadOnly({ file: options.file, migrations: databaseGroups })
        thread.onCommit((head, streamIds) => log.publish(head, streamIds))
        return yield* makeService(thread, guard, log)
      }),
    )
}
