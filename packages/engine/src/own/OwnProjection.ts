/**
 * Projections of one's own: tables that a program folds from the log, in a file beside the database. They follow the log behind the
 * writer: rows and place are written in one transaction, so that each event is folded once, whatever ends the process.
 */
import { renameSync } from "node:fs"
import { join } from "node:path"
import { decodeRow, removeDatabase } from "@threadfold/event-log"
import { type Context, Deferred, Effect, Layer, Schema, type Scope, Stream, SubscriptionRef } from "effect"
import { Engine } from "../Engine.js"
import { type OwnProjectionSpec, type OwnTables, openTables, type SqlValue } from "./OwnTables.js"

/** A projection of one's own has stopped, or a question to it failed. */
export class OwnProjectionFailed extends Schema.TaggedError<OwnProjectionFailed>()("OwnProjectionFailed", {
  name: Schema.String,
  reason: Schema.String,
}) {
  override get message(): string {
    return `The projection ${this.name}: ${this.reason}.`
  }
}

/** Whether the rows are what the log leads to. */
export interface OwnCheck {
  readonly ok: boolean
  /** Sequence that both are of. */
  readonly sequence: number
  /** Hash of the rows, and of those that a new fold of the log leads to. */
  readonly hash: string
  readonly expected: string
}

export interface OwnProjection {
  /** Sequence up to which the rows are folded. */
  readonly position: Effect.Effect<number>
  /** Waits until the rows are folded up to a sequence; fails where the projection has stopped. */
  readonly reached: (sequence: number) => Effect.Effect<void, OwnProjectionFailed>
  /** Rows that a statement reads. */
  readonly query: (
    sql: string,
    ...values: readonly SqlValue[]
  ) => Effect.Effect<readonly Readonly<Record<string, unknown>>[], OwnProjectionFailed>
  /** SHA-256 of all rows, hex. */
  readonly hash: Effect.Effect<string, OwnProjectionFailed>
  /** Folds the log anew beside the rows, then puts the new ones in their place: a question sees the old or the new ones. */
  readonly rebuild: Effect.Effect<void, OwnProjectionFailed>
  /** Folds the log anew, and compares. Nothing is changed. */
  readonly check: Effect.Effect<OwnCheck, OwnProjectionFailed>
}

/** Events that are folded in one transaction: some milliseconds. */
const page = 256

/** Names are names of files. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,63}$/

/**
 * Opens a projection over the engine's log and follows it for the life of the scope. `directory`: where its file lies; the data directory
 * is its place. Fails where the file cannot be opened. A fold that throws stops it: `reached` then fails and names the event.
 */
export const openOwnProjection = (
  spec: OwnProjectionSpec,
  directory: string,
): Effect.Effect<OwnProjection, OwnProjectionFailed, Engine | Scope.Scope> =>
  Effect.gen(function* () {
    const { log } = yield* Engine
    const failed = (error: unknown) =>
      new OwnProjectionFailed({ name: spec.name, reason: error instanceof Error ? error.message : String(error) })
    const attempt = <A>(work: () => A) => Effect.try({ try: work, catch: failed })
    if (!namePattern.test(spec.name)) return yield* failed("a name has lower-case letters, digits and hyphens")

    const file = join(directory, `own-${spec.name}.db`)
    const types = spec.types === undefined ? null : new Set(spec.types)
    const open = (path: string) => attempt(() => openTables(path, spec, { logId: log.logId, head: log.published() }))
    let tables = yield* open(file)
    yield* Effect.addFinalizer(() => Effect.sync(() => tables.close()))
    const folded = yield* SubscriptionRef.make(tables.position())
    const stopped = yield* Deferred.make<never, OwnProjectionFailed>()
    // The follower and the swap of a rebuild take turns.
    const turn = yield* Effect.makeSemaphore(1)

    /** Folds rows of the log into tables; types that are not wanted are not even decoded. */
    const fold = (into: OwnTables, rows: readonly Parameters<typeof decodeRow>[0][], until: number) =>
      attempt(() => into.fold(rows.filter(({ type }) => types === null || types.has(type)).map(decodeRow), until)).pipe(
        Effect.mapError(({ reason }) =>
          failed(`it stands at ${into.position()}, before events up to ${until}: ${reason}`),
        ),
      )

    const follow = log.subscribe({ after: tables.position(), pageSize: page }).pipe(
      Stream.mapError(failed),
      Stream.runForEachChunk((rows) =>
        Effect.gen(function* () {
          const until = [...rows].at(-1)?.sequence ?? tables.position()
          yield* fold(tables, [...rows], until)
          yield* SubscriptionRef.set(folded, until)
        }).pipe(turn.withPermits(1)),
      ),
      Effect.catchAll((error) => Deferred.fail(stopped, error)),
    )
    yield* Effect.forkScoped(follow)

    /** Brings tables up to a sequence of the log. */
    const bring = (into: OwnTables, to: number) =>
      Effect.gen(function* () {
        while (into.position() < to) {
          const after = into.position()
          const rows = yield* Effect.mapError(log.read({ after, until: to, limit: page }), failed)
          yield* fold(into, rows, rows.length < page ? to : (rows.at(-1)?.sequence ?? to))
          // Others have their turn between two pages.
          yield* Effect.yieldNow()
        }
      })

    /** Tables that are folded anew in a file beside, up to where the projection is; `use` runs while that stands still. */
    const anew = <A>(
      purpose: string,
      use: (fresh: OwnTables, path: string) => Effect.Effect<A, OwnProjectionFailed>,
    ) => {
      const path = `${file}.${purpose}`
      const scratch = Effect.acquireRelease(
        Effect.zipRight(
          attempt(() => removeDatabase(path)),
          open(path),
        ),
        (opened) =>
          Effect.sync(() => {
            opened.close()
            removeDatabase(path)
          }),
      )
      return Effect.scoped(
        Effect.gen(function* () {
          const fresh = yield* scratch
          yield* bring(fresh, tables.position())
          return yield* turn.withPermits(1)(Effect.zipRight(bring(fresh, tables.position()), use(fresh, path)))
        }),
      )
    }

    return {
      position: SubscriptionRef.get(folded),
      reached: (sequence) =>
        folded.changes.pipe(
          Stream.takeUntil((position) => position >= sequence),
          Stream.runDrain,
          Effect.raceFirst(Deferred.await(stopped)),
        ),
      query: (sql, ...values) => attempt(() => tables.ask(sql, ...values)),
      hash: attempt(() => tables.hash()),
      check: anew("check", (fresh) =>
        attempt(() => {
          const [hash, expected] = [tables.hash(), fresh.hash()]
          return { ok: hash === expected, sequence: tables.position(), hash, expected }
        }),
      ),
      rebuild: anew("new", (fresh, path) =>
        Effect.uninterruptible(
          Effect.gen(function* () {
            yield* attempt(() => {
              // Closed, each is one file.
              fresh.close()
              tables.close()
              removeDatabase(file)
              renameSync(path, file)
            })
            tables = yield* open(file)
          }),
        ),
      ),
    }
  })

/** The same as a layer, under a tag of one's own. */
export const ownProjectionLayer = <Self>(
  tag: Context.Tag<Self, OwnProjection>,
  spec: OwnProjectionSpec,
  directory: string,
): Layer.Layer<Self, OwnProjectionFailed, Engine> => Layer.scoped(tag, openOwnProjection(spec, directory))
