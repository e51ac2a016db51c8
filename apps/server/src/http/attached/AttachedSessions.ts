/** Attached sessions: opened, fed, kept alive and ended by an adapter outside. All that lasts is in the log. */
import { type SessionId, type SessionRow, StorageUnavailable } from "@threadfold/contracts"
import type { AttachedSession, AttachRequest, LineResult } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import type {
  Acknowledged,
  CommandSubmission,
  DraftResult,
  EngineService,
  QueueFull,
  Submission,
  SubmitError,
} from "@threadfold/engine"
import { Projections, type RowError } from "@threadfold/projections"
import type { HeldSecrets } from "@threadfold/providers"
import { Clock, Effect, type Scope } from "effect"
import { toProblem } from "../../problems/toProblem.js"
import type { Metrics } from "../Metrics.js"
import { decodeLines } from "./decodeLines.js"
import { makeLeases } from "./Leases.js"
import { type LineContext, type LineRules, lineReader, type ParsedLine } from "./lines.js"
import { inPieces } from "./pieces.js"
import type { FoundLine } from "./pushedBody.js"
import { attachedRedaction } from "./redaction.js"
import { attachCommand, contentKey, contentOf, detachCommand, leaseLapsed } from "./registration.js"

/** The row of an attached session. */
interface Attached extends Omit<SessionRow, "leaseMs"> {
  readonly leaseMs: number
  /** Sequence of the log that it is true for. */
  readonly head: number
}

/** How the opening or the end of an attached session fails. */
export type AttachedError = SubmitError | RowError | Problem

export interface AttachedSessions {
  /**
   * Opens a session; `created` is false when it was opened before with the same content. Fails with `session-conflict`,
   * `thread-busy` or what the writer fails with.
   */
  readonly attach: (
    sessionId: SessionId,
    body: AttachRequest,
  ) => Effect.Effect<{ readonly created: boolean; readonly session: AttachedSession }, AttachedError>
  /** The session that lines are for. Fails with `RowNotFound`, or `session-conflict` for one that is not attached. */
  readonly require: (sessionId: string) => Effect.Effect<LineContext, RowError | Problem>
  /** Stores lines, and says what became of each. Fails with `QueueFull` where nothing was taken. */
  readonly push: (
    context: LineContext,
    lines: readonly FoundLine[],
  ) => Effect.Effect<readonly LineResult[], SubmitError | QueueFull>
  readonly heartbeat: (sessionId: string) => Effect.Effect<AttachedSession, RowError | Problem>
  readonly detach: (sessionId: string) => Effect.Effect<AttachedSession, AttachedError>
}

const conflict = (detail: string) => new Problem({ slug: "session-conflict", detail })

/** Longest place in an answer, characters: an answer to a line has at most 200 bytes. */
const longestPlace = 48

/** A place as the answer names it: one byte a character. */
const shownPlace = (place: string): string => place.replace(/[^\w.:[\]-]/g, "?").slice(0, longestPlace)

/** The answer to a line; `result`: what became of it in the log, where it was stored. */
export const lineResult = ({ line, seq, fault, unknown }: ParsedLine, result: DraftResult | undefined): LineResult => {
  const isStored = result !== undefined && (result.status === "appended" || result.status === "gap")
  const status = result === undefined || (isStored && fault !== null) ? "invalid" : result.status
  const said = fault ?? unknown
  const problem = status === "duplicate" ? undefined : (result?.problem ?? said?.problem)
  const place = problem !== said?.problem ? "" : (said?.place ?? "")
  return {
    line,
    seq,
    status,
    ...(result === undefined || result.sequence === null ? {} : { sequence: result.sequence }),
    ...(problem === undefined ? {} : { problem }),
    ...(place === "" ? {} : { place: shownPlace(place) }),
  }
}

/** The service, for the life of the scope: the monitor of leases runs in it. */
export const makeAttachedSessions = (
  engine: EngineService,
  metrics: Metrics,
  lineBytes: number,
  secrets?: HeldSecrets,
): Effect.Effect<AttachedSessions, StorageUnavailable, Projections | Scope.Scope> =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const redaction = attachedRedaction(secrets)
    const rules: LineRules = { maxBytes: lineBytes, redact: redaction.redact, redactText: redaction.redactText }

    const counted = <E>(submission: Effect.Effect<Acknowledged, E>): Effect.Effect<Acknowledged, E> =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          metrics.submitting += 1
        }),
        () =>
          Effect.tap(submission, () =>
            Effect.sync(() => {
              metrics.commits += 1
            }),
          ),
        () =>
          Effect.sync(() => {
            metrics.submitting -= 1
          }),
      )
    const submit = (submission: Submission) => counted(engine.submit(submission))

    const command = (submission: CommandSubmission, meta: Submission["meta"] = {}) =>
      submit({ drafts: [], command: submission, meta })

    /** The row of a session, and the sequence of the log that it is true for. Fails with `session-conflict` for others. */
    const attached = (sessionId: string): Effect.Effect<Attached, RowError | Problem> =>
      Effect.flatMap(projections.sessionRow(sessionId), ({ sequence, value: { leaseMs, ...row } }) =>
        row.mode === "attached" && leaseMs !== null
          ? Effect.succeed({ ...row, leaseMs, head: sequence })
          : conflict(`Session ${sessionId} is ${row.mode}; only attached ones are fed from outside.`),
      )

    const lapse = (row: Attached, leaseMs: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => submit({ drafts: [leaseLapsed(row, at, leaseMs)] }))

    const leases = yield* makeLeases((sessionId, leaseMs) =>
      Effect.gen(function* () {
        const row = yield* attached(sessionId)
        // It may have ended in another way meanwhile: its row decides.
        if (row.endedAt === null) yield* lapse(row, leaseMs)
        return true
      }).pipe(
        Effect.catchTag("RowNotFound", () => Effect.succeed(true)),
        Effect.catchAll((error) =>
          Effect.as(
            Effect.logWarning(`the lease of session ${sessionId} could not be ended`, toProblem(error).detail),
            false,
          ),
        ),
      ),
    )
    for (const { sessionId, leaseMs } of yield* projections.openLeases()) {
      if (leaseMs !== null) yield* leases.hold(sessionId, leaseMs)
    }

    const view = (row: Attached): AttachedSession => ({
      sessionId: row.sessionId,
      threadId: row.threadId,
      provider: row.provider ?? "",
      epoch: row.epoch,
      status: row.status,
      cause: row.cause,
      leaseMs: row.leaseMs,
      leaseExpiresAt: row.endedAt === null ? leases.expiresAt(row.sessionId) : null,
      sequence: row.head,
    })

    const isStream = (id: string): Effect.Effect<boolean, StorageUnavailable> =>
      engine.log.read({ streamId: id, limit: 1 }).pipe(
        Effect.mapBoth({
          onFailure: ({ reason }) => new StorageUnavailable({ failed: "The database could not be read", reason }),
          onSuccess: (rows) => rows.length > 0,
        }),
      )

    /** Registrations take turns: what one has said of a session, the next one sees. */
    const oneAtATime = yield* Effect.makeSemaphore(1)

    /** Opens it; false: it was open already. */
    const open = (sessionId: SessionId, body: AttachRequest): Effect.Effect<boolean, SubmitError | Problem> =>
      Effect.gen(function* () {
        const opening = attachCommand(sessionId, body, yield* Clock.currentTimeMillis)
        if (opening === null) {
          return yield* new Problem({ slug: "invalid-request", detail: "The body names no thread." })
        }
        const { results } = yield* command(opening, { [contentKey(sessionId)]: contentOf(body) })
        return results.length > 0
      })

    const attach: AttachedSessions["attach"] = (sessionId, said) =>
      Effect.gen(function* () {
        const body = redaction.registration(said)
        const content = contentOf(body)
        const before = yield* engine.getMeta(contentKey(sessionId))
        if (before !== null && before !== content) {
          return yield* conflict(`Session ${sessionId} was opened with ${before}.`)
        }
        // What names no thread is numbered by its stream, a session's events by the session: one id must not be both.
        if (before === null && (yield* isStream(sessionId))) {
          return yield* conflict(`${sessionId} is the id of a thread or connection.`)
        }
        // A repeat finds all as it is wanted, and writes nothing.
        const created = before === null && (yield* open(sessionId, body))
        const row = yield* attached(sessionId)
        if (row.endedAt === null) yield* leases.hold(sessionId, row.leaseMs)
        return { created, session: view(row) }
      }).pipe(oneAtATime.withPermits(1))

    const push: AttachedSessions["push"] = (context, lines) =>
      Effect.gen(function* () {
        yield* leases.touch(context.sessionId)
        const read = lineReader(context, rules)
        const results: LineResult[] = []
        for (let start = 0; start < lines.length; ) {
          const some = yield* inPieces(decodeLines(read, lines, start))
          const drafts = some.flatMap(({ draft }) => (draft === null ? [] : [draft]))
          // Once the first lines are in, the rest waits its turn: an answer in the middle would help nobody.
          const acknowledged = yield* counted(start === 0 ? engine.trySubmit({ drafts }) : engine.submit({ drafts }))
          let next = 0
          for (const line of some) {
            results.push(lineResult(line, line.draft === null ? undefined : acknowledged.results[next++]))
          }
          start += some.length
        }
        for (const { status } of results) metrics.line(status)
        return results
      })

    return {
      attach,
      require: (sessionId) =>
        Effect.map(attached(sessionId), ({ startedAt, threadId }) => ({
          sessionId,
          streamId: threadId,
          startedAt: startedAt ?? 0,
        })),
      push,
      heartbeat: (sessionId) =>
        Effect.gen(function* () {
          const row = yield* attached(sessionId)
          yield* leases.touch(sessionId)
          return view(row)
        }),
      detach: (sessionId) =>
        Effect.gen(function* () {
          const { threadId } = yield* attached(sessionId)
          yield* command(detachCommand(sessionId, threadId, yield* Clock.currentTimeMillis))
          yield* leases.release(sessionId)
          return view(yield* attached(sessionId))
        }),
    }
  })
