/** Answers questions about earlier moments of threads, over a connection of its own that reads the log. Every answer pauses often. */
import { Problem } from "@threadfold/contracts/problem"
import { FOLD_VERSION, fold, settlementOf } from "@threadfold/core"
import {
  areBad,
  boundedDiff,
  boundedWhatIf,
  decodeEdits,
  diffSnapshots,
  Overlay,
  whatIfSteps,
} from "@threadfold/core/model"
import { eventSourceOf, sha256 } from "@threadfold/engine"
import { decodeRow, type LogDriver, sqliteDriver } from "@threadfold/event-log"
import {
  checkpointDirectory,
  eventsOf,
  Moments,
  type Page,
  type ThreadListError,
  type ThreadMoment,
} from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Cause, Effect, Exit, Option } from "effect"
import { fitAnswer, fitPage } from "../bounds/fit.js"
import { formatCursor } from "../http/stream/Frame.js"
import { beforeFirst, hasEnded, type Moment, nothingOf, purgedProblem } from "../offline/moments.js"
import { namedEvent } from "../offline/namedEvent.js"
import { refusedEdits } from "../offline/whatIfReport.js"
import { toProblem } from "../problems/toProblem.js"
import {
  cursorAt,
  type ForkPoint,
  type MomentAnswer,
  type MomentList,
  type MomentPageQuery,
  type MomentQuestion,
  placeAt,
} from "./momentProtocol.js"

/** Events of the longest thread whose moments are compared: both documents are in memory. */
const longestDiff = 100_000

/** Events of the longest thread that is folded with edits beside itself. */
const longestWhatIf = 20_000

/** Events that are read at a time where nothing is folded. */
const pageSize = 500

type Steps<A> = Generator<void, A>

const notFound = (threadId: string) =>
  new Problem({ slug: "thread-not-found", detail: `No thread has the id ${threadId}.` })

export interface MomentReaderOptions {
  /** The database. */
  readonly file: string
  /** The data directory: checkpoints lie in a directory of their own in it. */
  readonly directory: string
  /** Our clock, ms. */
  readonly clock: () => number
  /** Events between two checkpoints, if not the usual number. */
  readonly interval?: number
}

export class MomentReader {
  private readonly handle: Sqlite.Database
  private readonly driver: LogDriver
  private readonly moments: Moments

  constructor({ clock, directory, file, ...others }: MomentReaderOptions) {
    this.handle = new Sqlite(file, { readonly: true, fileMustExist: true })
    this.driver = sqliteDriver(this.handle)
    const source = eventSourceOf(this.driver)
    const { logId } = this.driver
    this.moments = new Moments({ logId, source, directory: checkpointDirectory(directory), clock, ...others })
  }

  close(): void {
    this.moments.close()
    this.handle.close()
  }

  /** Forgets what is kept of a thread, which was purged. Throws where its file cannot be removed. */
  forget(threadId: string): void {
    this.moments.drop(threadId)
  }

  /** Answers a question. Throws a `Problem`, or what the database throws. */
  *answer(question: MomentQuestion): Steps<MomentAnswer> {
    const { threadId } = question
    switch (question.kind) {
      case "thread": {
        const { limit, rewound, sequence } = question
        return yield* this.read(threadId, sequence, ({ queries, sequence }) =>
          Effect.map(
            fitAnswer(limit, ({ limit, textBytes }) =>
              Effect.map(
                queries.threadSnapshot(threadId, { limitPerList: limit, textBytes, rewound }),
                ({ more, snapshot }) => {
                  const cursors = Object.entries(more).map(([list, cursor]) => [list, cursorAt(sequence, cursor)])
                  return { ...snapshot, more: Object.fromEntries(cursors) }
                },
              ),
            ),
            ({ value }) => value,
          ),
        )
      }
      case "list":
        return yield* this.page(question)
      case "usage":
        return yield* this.read(threadId, question.sequence, ({ queries }) => queries.usage(threadId))
      case "rows":
        return yield* this.read(threadId, question.sequence, ({ queries, sequence, state }) =>
          Effect.map(
            fitAnswer(question.limit, (room) =>
              Effect.map(queries.rowsSnapshot(threadId, { ...room, state }), (rows) => ({
                ...rows,
                sequence,
                cursor: formatCursor(this.driver.logId, sequence),
              })),
            ),
            ({ value }) => value,
          ),
        )
      case "whatif":
        return yield* this.whatIf(threadId, question.edits, question.sequence)
      case "diff":
        return yield* this.diff(question)
      case "find": {
        const sequence = yield* this.find(threadId, question.moment)
        return { json: JSON.stringify({ threadId, sequence }), sequence: this.driver.head() }
      }
      case "fork": {
        const { sequence, state } = yield* this.at(threadId, yield* this.endOfTurn(threadId, question.turnId))
        const point: ForkPoint = { sequence, usage: state.usage, settling: settlementOf(state, "forked") }
        return { json: JSON.stringify(point), sequence: this.driver.head() }
      }
    }
  }

  private *page({ list, query, sequence, threadId }: MomentQuestion & { readonly kind: "list" }): Steps<MomentAnswer> {
    const place = this.placeOf(query.cursor, sequence)
    const asked: MomentPageQuery = { ...query, cursor: place?.cursor }
    return yield* this.read(threadId, place?.sequence ?? sequence, ({ queries, sequence }) =>
      Effect.map(
        fitPage((given) => listOf(queries, list, threadId, { ...asked, ...given })),
        (page) => ({
          ...page,
          next: cursorAt(sequence, page.next),
          previous: cursorAt(sequence, page.previous),
        }),
      ),
    )
  }

  /** The place of a cursor. It has to be of the moment that is asked for; one beyond the end of the log was its end then. */
  private placeOf(cursor: string | undefined, sequence: number): ReturnType<typeof placeAt> {
    if (cursor === undefined) return null
    const place = placeAt(cursor)
    const isOfMoment = place !== null && (place.sequence === sequence || sequence > this.driver.head())
    if (isOfMoment) return place
    throw new Problem({
      slug: "invalid-cursor",
      detail: "It belongs to another moment of this list, or to the present.",
    })
  }

  private *diff({ from, threadId, to, ...page }: MomentQuestion & { readonly kind: "diff" }): Steps<MomentAnswer> {
    const before = yield* this.whole(threadId, from)
    yield
    const after = yield* this.whole(threadId, to)
    yield
    const sessionId = after.session?.sessionId ?? before.session?.sessionId ?? null
    const report = {
      threadId,
      from: before.sequence,
      to: after.sequence,
      ...boundedDiff(diffSnapshots(before, after), { threadId, sessionId }, page),
    }
    return { json: JSON.stringify(report), sequence: Math.max(before.sequence, after.sequence) }
  }

  private *whatIf(threadId: string, given: unknown, sequence: number | null): Steps<MomentAnswer> {
    const decoded = decodeEdits(given)
    if (areBad(decoded)) throw refusedEdits(decoded.bad)
    const events = this.driver.streamVersion(threadId)
    if (events === 0) throw notFound(threadId)
    const purged = purgedProblem(this.driver, threadId)
    if (purged !== null) throw purged
    if (events > longestWhatIf) {
      throw new Problem({
        slug: "diff-too-large",
        detail: `Thread ${threadId} has ${events} events; at most ${longestWhatIf} are folded twice here.`,
      })
    }
    // Between two pauses the log may grow.
    const until = Math.min(sequence ?? Number.MAX_SAFE_INTEGER, this.driver.head())
    const read = () => eventsOf(eventSourceOf(this.driver), threadId)
    const found = yield* whatIfSteps(threadId, read, decoded.edits, { digest: sha256, until })
    if (found === null) throw beforeFirst(this.driver, threadId)
    if (areBad(found)) throw refusedEdits(found.bad)
    const { state } = yield* this.at(threadId, until)
    const place = { threadId, sessionId: state.session?.sessionId ?? null }
    const versions = { foldVersion: FOLD_VERSION, otherFoldVersion: FOLD_VERSION }
    return { json: JSON.stringify({ ...boundedWhatIf(found, place), ...versions }), sequence: until }
  }

  private *whole(threadId: string, sequence: number) {
    const moment = yield* this.at(threadId, sequence)
    if (moment.streamVersion > longestDiff) {
      throw new Problem({
        slug: "diff-too-large",
        detail: `Thread ${threadId} had ${moment.streamVersion} events by then; at most ${longestDiff} are compared here.`,
      })
    }
    const { snapshot } = valueOf(Effect.runSyncExit(moment.queries.threadSnapshot(threadId, { limitPerList: null })))
    return snapshot
  }

  /** The sequence of a moment. */
  private *find(threadId: string, moment: Moment): Steps<number> {
    switch (moment.kind) {
      case "sequence":
        return (yield* this.at(threadId, moment.sequence)).sequence
      case "event":
        return (yield* this.at(threadId, namedEvent(this.driver, moment.event).sequence)).sequence
      case "time":
        return yield* this.lastUntil(threadId, moment.at)
      case "turn":
        return yield* this.endOfTurn(threadId, moment.turnId)
    }
  }

  /** The last event before the first one that its source dates later. */
  private *lastUntil(threadId: string, time: number): Steps<number> {
    let found = 0
    for (let version = 0; ; ) {
      const page = this.driver.readStream(threadId, version, pageSize)
      if (version === 0 && page.length === 0) throw notFound(threadId)
      const later = page.findIndex(({ at }) => at > time)
      const last = later === -1 ? page.at(-1) : page[later - 1]
      found = last?.sequence ?? found
      if (later !== -1 || page.length < pageSize) break
      version = last?.streamVersion ?? version
      yield
    }
    if (found === 0) throw beforeFirst(this.driver, threadId)
    // Of an event that a purge emptied there is no thread to look at.
    const tombstone = this.driver.findByEventId(this.driver.purgeOf(threadId)?.eventId ?? "")
    if (tombstone !== null && found < tombstone.sequence) throw beforeFirst(this.driver, threadId)
    return found
  }

  /**
   * The last event of a turn, as `hasEnded` has it. A turn may go on after an end that was inferred, so that its row says too
   * little: the event that made the turn is found by halving, and what follows it is folded until the turn is over.
   */
  private *endOfTurn(threadId: string, turnId: string): Steps<number> {
    const isThere = ({ rows }: ThreadMoment): boolean => rows.find("turns", "key", [turnId])?.threadId === threadId
    const now = yield* this.at(threadId, this.driver.head())
    if (!isThere(now)) {
      throw nothingOf(this.driver, threadId, "turn-not-found", `Thread ${threadId} has no turn ${turnId}.`)
    }
    let [without, having] = [0, now.streamVersion]
    while (having - without > 1) {
      const middle = Math.floor((without + having) / 2)
      const sequence = this.driver.readStream(threadId, middle - 1, 1)[0]?.sequence ?? 0
      if (isThere(yield* this.at(threadId, sequence))) having = middle
      else without = middle
      yield
    }
    const made = this.driver.readStream(threadId, having - 1, 1)[0]
    const start = yield* this.at(threadId, made?.sequence ?? 0)
    const overlay = new Overlay(start.rows)
    const turnIn = (rows: Overlay) => rows.find("turns", "key", [turnId])
    let { sequence: last, state } = start
    // At one go: the rows below the overlay are those of the moment only until another one is looked at.
    for (let version = having; !hasEnded(turnIn(overlay)); ) {
      const page = this.driver.readStream(threadId, version, pageSize)
      for (const row of page) {
        const event = decodeRow(row)
        if (hasEnded(turnIn(overlay), event)) return last
        const result = fold(state, event, overlay)
        state = result.state
        overlay.stage(result.changes)
        last = row.sequence
        if (hasEnded(turnIn(overlay))) return last
      }
      if (page.length < pageSize) break
      version = page.at(-1)?.streamVersion ?? version
    }
    if (turnIn(overlay)?.status === "ended") return last
    throw new Problem({ slug: "turn-not-found", detail: `Turn ${turnId} has not ended.` })
  }

  /** What a query says of a moment. Where the checkpoints cannot be read after all, they are made again once. */
  private *read<A extends { readonly sequence: number }>(
    threadId: string,
    sequence: number,
    query: (moment: ThreadMoment) => Effect.Effect<A, ThreadListError>,
  ): Steps<MomentAnswer> {
    const ask = (moment: ThreadMoment) => Effect.runSyncExit(query(moment))
    let exit = ask(yield* this.at(threadId, sequence))
    if (isUnreadable(exit)) {
      this.moments.drop(threadId)
      exit = ask(yield* this.at(threadId, sequence))
    }
    const value = valueOf(exit)
    return { json: JSON.stringify(value), sequence: value.sequence }
  }

  private *at(threadId: string, sequence: number): Steps<ThreadMoment> {
    const look = yield* this.moments.at(threadId, Math.min(sequence, this.driver.head()))
    switch (look.kind) {
      case "found":
        return look.moment
      case "before":
        throw beforeFirst(this.driver, threadId)
      case "absent":
        throw notFound(threadId)
    }
  }
}

const listOf = (
  queries: ThreadMoment["queries"],
  list: MomentList,
  threadId: string,
  query: MomentPageQuery,
): Effect.Effect<Page<unknown>, ThreadListError> =>
  list === "anomalies"
    ? Effect.zipRight(queries.thread(threadId), queries.anomalies({ ...query, threadId }))
    : queries[list](threadId, query)

const isUnreadable = (exit: Exit.Exit<unknown, ThreadListError>): boolean =>
  Exit.isFailure(exit) && Option.exists(Cause.failureOption(exit.cause), ({ _tag }) => _tag === "StorageUnavailable")

/** What a query gives. Throws the problem of what it fails with. */
const valueOf = <A>(exit: Exit.Exit<A, ThreadListError>): A =>
  Exit.getOrElse(Exit.mapError(exit, toProblem), (cause) => {
    throw Cause.squash(cause)
  })
