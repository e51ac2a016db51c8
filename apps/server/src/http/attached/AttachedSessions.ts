/** Attached sessions: opened, fed, kept alive and ended by an adapter outside. All that lasts is in the log. */
import * as SqlClient from "@effect/sql/SqlClient"
import { Problem } from "@threadfold/contracts"
import type { AttachedSession, AttachRequest, LineResult } from "@threadfold/contracts/api"
import type { Acknowledged, EngineService, Member, MemberResult, Submission } from "@threadfold/engine"
import { streamKey } from "@threadfold/engine"
import { decodeRow, type EventRow } from "@threadfold/event-log"
import { Projections } from "@threadfold/projections"
import { Clock, Effect, Schema, type Scope } from "effect"
import type { Metrics } from "../Metrics.js"
import { makeLeases } from "./Leases.js"
import type { FoundLine, LineContext, ParsedLine } from "./lines.js"
import { contentOf, destinationOf, registrationMembers, sessionEvent, sessionEventId } from "./registration.js"

/** Lines that are committed together: a long body lets others in between. */
const linesAtATime = 512
/** Lines that are decoded before everybody else has a turn: about a millisecond of work. */
const linesInOneGo = 64

/** Lets the event loop do what waits: other calls, streams, acknowledgements. */
const otherTurns = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const decode = (context: LineContext, lines: readonly FoundLine[]): Effect.Effect<readonly ParsedLine[]> =>
  Effect.gen(function* () {
    const parsed: ParsedLine[] = []
    for (let start = 0; start < lines.length; start += linesInOneGo) {
      if (start > 0) yield* otherTurns
      for (const line of lines.slice(start, start + linesInOneGo)) parsed.push(line.parse(context))
    }
    return parsed
  })

/** What a registration left in the log. */
interface Registration extends LineContext {
  readonly provider: string
  readonly leaseMs: number
  /** Sequence of its `session.started`. */
  readonly sequence: number
}

const Started = Schema.Struct({ provider: Schema.String, leaseMs: Schema.Number })
const decodeStarted = Schema.decodeUnknownOption(Started)

export interface AttachedSessions {
  /**
   * Opens a session; `created` is false when it was opened before with the same content. Fails with `session-conflict`,
   * `thread-busy` or what the writer fails with.
   */
  readonly attach: (
    sessionId: string,
    body: AttachRequest,
  ) => Effect.Effect<{ readonly created: boolean; readonly session: AttachedSession }, Problem>
  /** The session that lines are for. Fails with `session-not-found`, or `session-conflict` for one that is not attached. */
  readonly require: (sessionId: string) => Effect.Effect<LineContext, Problem>
  /** Stores lines, and says what became of each. Fails with `too-many-requests` where nothing was taken. */
  readonly push: (context: LineContext, lines: readonly FoundLine[]) => Effect.Effect<readonly LineResult[], Problem>
  readonly heartbeat: (sessionId: string) => Effect.Effect<AttachedSession, Problem>
  readonly detach: (sessionId: string) => Effect.Effect<AttachedSession, Problem>
}

const unreadable = (error: { readonly message: string }) =>
  new Problem({ slug: "unavailable", detail: `The database could not be read: ${error.message}.` })

const conflict = (detail: string) => new Problem({ slug: "session-conflict", detail })

/** Attached sessions that live, and their leases. */
const openLeases = (sql: SqlClient.SqlClient) =>
  Effect.mapError(
    sql.unsafe<{ readonly sessionId: string; readonly leaseMs: number | null }>(
      `SELECT session_id AS "sessionId", lease_ms AS "leaseMs" FROM sessions WHERE ended_at IS NULL AND mode = 'attached'`,
    ),
    unreadable,
  )

const lineResult = ({ line, seq, problem }: ParsedLine, result: MemberResult | undefined): LineResult => {
  if (result === undefined) return { line, seq, status: "invalid", ...(problem === null ? {} : { problem }) }
  const stored = result.status === "appended" || result.status === "gap"
  const status = stored && problem !== null ? "invalid" : result.status
  const said = problem ?? result.detail
  return {
    line,
    seq,
    status,
    ...(result.sequence === null ? {} : { sequence: result.sequence }),
    ...(said === undefined || status === "duplicate" ? {} : { problem: said }),
  }
}

/** The service, for the life of the scope: the monitor of leases runs in it. */
export const makeAttachedSessions = (
  engine: EngineService,
  metrics: Metrics,
): Effect.Effect<AttachedSessions, Problem, Projections | SqlClient.SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const sql = yield* SqlClient.SqlClient
    const { log } = engine

    const counted = (submission: Effect.Effect<Acknowledged, Problem>): Effect.Effect<Acknowledged, Problem> =>
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

    const registrationRow = (sessionId: string): Effect.Effect<EventRow | null, Problem> =>
      Effect.mapError(log.findByEventId(sessionEventId(sessionId, "session.started")), unreadable)

    const registration = (sessionId: string, row: EventRow): Effect.Effect<Registration, Problem> => {
      const started = decodeStarted(decodeRow(row).payload)
      return started._tag === "None"
        ? Effect.fail(conflict(`Session ${sessionId} is not attached.`))
        : Effect.succeed({
            ...started.value,
            sessionId,
            streamId: row.streamId,
            startedAt: row.at,
            sequence: row.sequence,
          })
    }

    const require = (sessionId: string): Effect.Effect<Registration, Problem> =>
      Effect.gen(function* () {
        const row = yield* registrationRow(sessionId)
        if (row !== null) return yield* registration(sessionId, row)
        const { value } = yield* projections.session(sessionId)
        return yield* conflict(`Session ${sessionId} is ${value.mode}; only attached ones are fed from outside.`)
      })

    const end = (known: Registration, actor: Member["actor"], type: string, payload: object) =>
      Effect.gen(function* () {
        const at = yield* Clock.currentTimeMillis
        const to = { streamId: known.streamId }
        yield* submit({ members: [sessionEvent(to, known.sessionId, actor, at, type, payload)] })
      })

    const isOpen = (sessionId: string) =>
      Effect.map(projections.session(sessionId), ({ value }) => value.endedAt === null)

    const leases = yield* makeLeases((sessionId, leaseMs) =>
      Effect.gen(function* () {
        // It may have ended in another way meanwhile: its row decides.
        if (yield* isOpen(sessionId)) {
          yield* end(yield* require(sessionId), "orchestrator", "session.lease-lapsed", { leaseMs })
        }
        return true
      }).pipe(
        Effect.catchAll((problem) =>
          problem.slug === "session-not-found"
            ? Effect.succeed(true)
            : Effect.as(
                Effect.logWarning(`the lease of session ${sessionId} could not be ended`, problem.detail),
                false,
              ),
        ),
      ),
    )
    for (const { sessionId, leaseMs } of yield* openLeases(sql)) {
      if (leaseMs !== null) yield* leases.hold(sessionId, leaseMs)
    }

    const view = (known: Registration): Effect.Effect<AttachedSession, Problem> =>
      Effect.map(projections.session(known.sessionId), ({ value }) => ({
        sessionId: known.sessionId,
        threadId: known.streamId,
        provider: known.provider,
        epoch: value.epoch,
        status: value.status,
        cause: value.cause,
        leaseMs: known.leaseMs,
        leaseExpiresAt: value.endedAt === null ? leases.expiresAt(known.sessionId) : null,
        sequence: known.sequence,
      }))

    /** The session as it was registered. Fails with `session-conflict` where the content was another. */
    const repeated = (sessionId: string, row: EventRow, body: AttachRequest) =>
      Effect.gen(function* () {
        const content = yield* Effect.mapError(log.native(row.sequence), unreadable)
        if (content !== contentOf(body)) {
          return yield* conflict(`Session ${sessionId} was opened with ${content ?? "no content that is kept"}.`)
        }
        const known = yield* registration(sessionId, row)
        if (yield* isOpen(sessionId)) yield* leases.hold(sessionId, known.leaseMs)
        return { created: false, session: yield* view(known) }
      })

    const exists = (
      query: Effect.Effect<unknown, Problem>,
      missing: Problem["slug"],
    ): Effect.Effect<boolean, Problem> =>
      query.pipe(
        Effect.as(true),
        Effect.catchIf(
          ({ slug }) => slug === missing,
          () => Effect.succeed(false),
        ),
      )

    const isNewThread = (streamId: string, key: string | undefined): Effect.Effect<boolean, Problem> =>
      Effect.gen(function* () {
        if (key !== undefined) return (yield* engine.getMeta(streamKey(key))) === null
        if (yield* exists(projections.thread(streamId), "thread-not-found")) return false
        const rows = yield* Effect.mapError(log.read({ streamId, limit: 1 }), unreadable)
        if (rows.length > 0) {
          return yield* new Problem({ slug: "invalid-request", detail: `${streamId} is the id of no thread.` })
        }
        return true
      })

    const attach: AttachedSessions["attach"] = (sessionId, body) =>
      Effect.gen(function* () {
        const before = yield* registrationRow(sessionId)
        if (before !== null) return yield* repeated(sessionId, before, body)
        if (yield* exists(projections.session(sessionId), "session-not-found")) {
          return yield* conflict(`Session ${sessionId} is not attached.`)
        }
        const to = destinationOf(sessionId, body)
        if (to === null) {
          return yield* new Problem({ slug: "invalid-request", detail: "The body names no thread." })
        }
        const newThread = yield* isNewThread(to.streamId, to.key)
        const at = yield* Clock.currentTimeMillis
        const { results } = yield* submit({
          members: registrationMembers(sessionId, body, to, newThread, at),
          refuseLive: true,
        })
        const row = yield* registrationRow(sessionId)
        if (row === null) return yield* conflict(`Session ${sessionId} could not be opened.`)
        // Somebody else opened it in the same moment.
        const own = results[newThread ? 1 : 0]?.status !== "duplicate"
        if (!own) return yield* repeated(sessionId, row, body)
        yield* leases.hold(sessionId, body.leaseMs)
        return { created: true, session: yield* view(yield* registration(sessionId, row)) }
      })

    const push: AttachedSessions["push"] = (context, lines) =>
      Effect.gen(function* () {
        yield* leases.touch(context.sessionId)
        const results: LineResult[] = []
        for (let start = 0; start < lines.length; start += linesAtATime) {
          const some = yield* decode(context, lines.slice(start, start + linesAtATime))
          const members = some.flatMap(({ member }) => (member === null ? [] : [member]))
          // Once the first lines are in, the rest waits its turn: an answer in the middle would help nobody.
          const acknowledged = yield* start === 0 ? counted(engine.trySubmit({ members })) : submit({ members })
          let next = 0
          for (const line of some) {
            results.push(lineResult(line, line.member === null ? undefined : acknowledged.results[next++]))
          }
        }
        for (const { status } of results) metrics.line(status)
        return results
      })

    return {
      attach,
      require,
      push,
      heartbeat: (sessionId) =>
        Effect.gen(function* () {
          const known = yield* require(sessionId)
          yield* leases.touch(sessionId)
          return yield* view(known)
        }),
      detach: (sessionId) =>
        Effect.gen(function* () {
          const known = yield* require(sessionId)
          if (yield* isOpen(sessionId)) yield* end(known, "client", "session.exited", { reason: "detached" })
          yield* leases.release(sessionId)
          return yield* view(known)
        }),
    }
  })
