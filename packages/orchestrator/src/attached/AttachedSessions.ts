/**
 * Attached sessions: opened, fed, kept alive and ended by an adapter outside, over whatever protocol it speaks. All that lasts is in
 * the log. A session whose adapter is silent for its lease ends by an event.
 */
import {
  type AttachedSession,
  type AttachRequest,
  type SessionId,
  type SessionRow,
  StorageUnavailable,
} from "@threadfold/contracts"
import {
  type Acknowledged,
  type CommandSubmission,
  type DraftResult,
  Engine,
  QueueFull,
  type Submission,
  type SubmitError,
} from "@threadfold/engine"
import { Projections, type RowError } from "@threadfold/projections"
import type { HeldSecrets } from "@threadfold/providers"
import { Clock, Context, Effect, Either, Layer } from "effect"
import { LRUCache } from "lru-cache"
import { RegistrationInvalid, SessionConflict } from "../Errors.js"
import { decodeLines } from "./decodeLines.js"
import { makeLeases } from "./Leases.js"
import { type LineContext, type LineRules, type ParsedLine, type PushedLine, readLine } from "./lines.js"
import { inPieces } from "./pieces.js"
import { attachedRedaction } from "./redaction.js"
import { attachCommand, contentKey, contentOf, detachCommand, leaseLapsed } from "./registration.js"

/** What an attached session may push, and what is never recorded of it. */
export interface AttachedSettingsShape {
  /** Longest line of a push, bytes; a longer one is `line-too-long`. */
  readonly maxLineBytes: number
  /** Secrets that are redacted before anything is recorded; null: none is held. */
  readonly secrets: HeldSecrets | null
}

/** Lines of 1 MiB, and no secrets. */
export const defaultAttachedSettings: AttachedSettingsShape = { maxLineBytes: 1024 * 1024, secrets: null }

/** The settings of attached sessions; {@link defaultAttachedSettings} unless others are provided. */
export class AttachedSettings extends Context.Reference<AttachedSettings>()(
  "@threadfold/orchestrator/AttachedSettings",
  {
    defaultValue: () => defaultAttachedSettings,
  },
) {}

/** The row of an attached session. */
interface Attached extends Omit<SessionRow, "leaseMs"> {
  readonly leaseMs: number
  /** Sequence of the log that it is true for. */
  readonly head: number
}

/** How a look at an attached session fails. */
export type AttachedReadError = RowError | SessionConflict
/** How the opening or the end of an attached session fails. */
export type AttachError = SubmitError | AttachedReadError | RegistrationInvalid

/** What became of a pushed line. */
export interface LineOutcome extends Pick<ParsedLine, "line" | "seq" | "fault" | "unknown"> {
  /** What the writer did with it; null: it was not stored, because it has no number that can be read. */
  readonly result: DraftResult | null
}

/** Submissions of attached sessions since the service was built. */
export interface SubmissionCounts {
  /** Handed to the writer and not answered yet. */
  readonly waiting: number
  readonly committed: number
}

export interface AttachedSessionsService {
  /**
   * Opens a session; `created` is false when it was opened before with the same content. Fails with `SessionConflict`,
   * `RegistrationInvalid`, `CommandRefused` for a thread that is taken, or as the writer fails.
   */
  readonly attach: (
    sessionId: SessionId,
    registration: AttachRequest,
  ) => Effect.Effect<{ readonly created: boolean; readonly session: AttachedSession }, AttachError>
  /** The session that lines are for. Fails with `RowNotFound`, or `SessionConflict` for one that is not attached. */
  readonly require: (sessionId: string) => Effect.Effect<LineContext, AttachedReadError>
  /**
   * Stores lines, and says after the commit what became of each. A line that is no event is kept as `provider.unmapped` under its
   * number. Fails with `QueueFull` where nothing was taken.
   */
  readonly push: (
    context: LineContext,
    lines: readonly PushedLine[],
  ) => Effect.Effect<readonly LineOutcome[], SubmitError | QueueFull>
  /**
   * Stores one line as `push` does, without a fiber: adapters push events one by one, and this is most of what a server does. False:
   * nothing of it was begun, and it has to be pushed the other way.
   */
  readonly pushNow: (
    sessionId: string,
    line: PushedLine,
    done: (outcome: Either.Either<LineOutcome, SubmitError | QueueFull>) => void,
  ) => boolean
  /** Does what belongs to a push before its lines are there, such as reading them: the lease does not lapse meanwhile. */
  readonly feeding: <A, E, R>(context: LineContext, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Renews the lease. */
  readonly heartbeat: (sessionId: string) => Effect.Effect<AttachedSession, AttachedReadError>
  /** Ends the session; a session that has ended stays as it is. */
  readonly detach: (sessionId: string) => Effect.Effect<AttachedSession, SubmitError | AttachedReadError>
  readonly submissions: () => SubmissionCounts
}

/** Sessions whose {@link LineContext} is kept: what is fed most, and small. */
const keptContexts = 4_096

/** Longest line that is decoded without a pause, bytes. */
const longestNow = 64 * 1024

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const projections = yield* Projections
  const { maxLineBytes, secrets } = yield* AttachedSettings
  const redaction = attachedRedaction(secrets)
  const rules: LineRules = { maxBytes: maxLineBytes, redact: redaction.redact, redactText: redaction.redactText }
  const counts = { waiting: 0, committed: 0 }

  const counted = <E>(submission: Effect.Effect<Acknowledged, E>): Effect.Effect<Acknowledged, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        counts.waiting += 1
      }),
      () =>
        Effect.tap(submission, () =>
          Effect.sync(() => {
            counts.committed += 1
          }),
        ),
      () =>
        Effect.sync(() => {
          counts.waiting -= 1
        }),
    )
  const submit = (submission: Submission) => counted(engine.submit(submission))

  const command = (submission: CommandSubmission, meta: Submission["meta"] = {}) =>
    submit({ drafts: [], command: submission, meta })

  /** The row of a session, and the sequence of the log that it is true for. */
  const attached = (sessionId: string): Effect.Effect<Attached, AttachedReadError> =>
    Effect.flatMap(projections.sessionRow(sessionId), ({ sequence, value: { leaseMs, ...row } }) =>
      row.mode === "attached" && leaseMs !== null
        ? Effect.succeed({ ...row, leaseMs, head: sequence })
        : new SessionConflict({
            message: `Session ${sessionId} is ${row.mode}; only attached ones are fed from outside.`,
          }),
    )

  /** By session. Nothing in a context changes while the session exists. */
  const contexts = new LRUCache<string, LineContext>({ max: keptContexts })
  const contextOf = (sessionId: string): Effect.Effect<LineContext, AttachedReadError> => {
    const known = contexts.get(sessionId)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.map(attached(sessionId), ({ startedAt, threadId }) => {
      const context: LineContext = { sessionId, streamId: threadId, startedAt: startedAt ?? 0 }
      contexts.set(sessionId, context)
      return context
    })
  }

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
      Effect.catchAll(({ message }) =>
        Effect.as(Effect.logWarning(`the lease of session ${sessionId} could not be ended`, message), false),
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
    engine.log.read({ streamId: id, limit: 1, texts: "beginnings" }).pipe(
      Effect.mapBoth({
        onFailure: ({ reason }) => new StorageUnavailable({ failed: "The database could not be read", reason }),
        onSuccess: (rows) => rows.length > 0,
      }),
    )

  /** Registrations run one after another: each sees what the one before it made of a session. */
  const oneAtATime = yield* Effect.makeSemaphore(1)

  /** Opens it; false: it was open already. */
  const open = (
    sessionId: SessionId,
    registration: AttachRequest,
  ): Effect.Effect<boolean, SubmitError | RegistrationInvalid> =>
    Effect.gen(function* () {
      const opening = attachCommand(sessionId, registration, yield* Clock.currentTimeMillis)
      if (opening === null) return yield* new RegistrationInvalid({ message: "The body names no thread." })
      const { results } = yield* command(opening, { [contentKey(sessionId)]: contentOf(registration) })
      return results.length > 0
    })

  const attach: AttachedSessionsService["attach"] = (sessionId, received) =>
    Effect.gen(function* () {
      const registration = redaction.registration(received)
      const content = contentOf(registration)
      const before = yield* engine.getMeta(contentKey(sessionId))
      if (before !== null && before !== content) {
        return yield* new SessionConflict({ message: `Session ${sessionId} was opened with ${before}.` })
      }
      // What names no thread is numbered by its stream, a session's events by the session: one id must not be both.
      if (before === null && (yield* isStream(sessionId))) {
        return yield* new SessionConflict({ message: `${sessionId} is the id of a thread or connection.` })
      }
      // A repeat finds everything as it asks for it, and writes nothing.
      const created = before === null && (yield* open(sessionId, registration))
      const row = yield* attached(sessionId)
      if (row.endedAt === null) yield* leases.hold(sessionId, row.leaseMs)
      return { created, session: view(row) }
    }).pipe(oneAtATime.withPermits(1))

  const push: AttachedSessionsService["push"] = (context, lines) =>
    Effect.gen(function* () {
      const read = (found: PushedLine) => readLine(rules, context, found)
      const outcomes: LineOutcome[] = []
      for (let start = 0; start < lines.length; ) {
        const some = yield* inPieces(decodeLines(read, lines, start))
        const drafts = some.flatMap(({ draft }) => (draft === null ? [] : [draft]))
        // Once the first lines are stored, the rest waits for the queue: a refusal in the middle could not be answered.
        const { results } = yield* counted(start === 0 ? engine.trySubmit({ drafts }) : engine.submit({ drafts }))
        let next = 0
        for (const { draft, fault, line, seq, unknown } of some) {
          const result = draft === null ? null : (results[next++] ?? null)
          outcomes.push({ line, seq, fault, unknown, result })
        }
        start += some.length
      }
      return outcomes
    }).pipe((stored) => leases.during(context.sessionId, stored))

  /** The line, decoded; null: that takes so long that others have to be served meanwhile. */
  const decodedNow = (context: LineContext, found: PushedLine): ParsedLine | null => {
    if (found.end - found.start > Math.min(maxLineBytes, longestNow)) return null
    const step = readLine(rules, context, found).next()
    return step.done === true ? step.value : null
  }

  const pushNow: AttachedSessionsService["pushNow"] = (sessionId, found, done) => {
    const context = contexts.get(sessionId)
    const fed = context === undefined ? null : leases.feedNow(sessionId)
    if (context === undefined || fed === null) return false
    let isBegun = false
    try {
      const parsed = decodedNow(context, found)
      if (parsed === null) return false
      const { draft, fault, line, seq, unknown } = parsed
      counts.waiting += 1
      isBegun = true
      const isTaken = engine.offer({ drafts: draft === null ? [] : [draft] }, (outcome) => {
        counts.waiting -= 1
        if (outcome.ok) counts.committed += 1
        fed()
        if (!outcome.ok) return done(Either.left(outcome.error))
        return done(
          Either.right({ line, seq, fault, unknown, result: draft === null ? null : (outcome.results[0] ?? null) }),
        )
      })
      if (isTaken) return true
      counts.waiting -= 1
      fed()
      done(Either.left(new QueueFull()))
      return true
    } finally {
      if (!isBegun) fed()
    }
  }

  return AttachedSessions.of({
    attach,
    require: contextOf,
    push,
    pushNow,
    feeding: ({ sessionId }, work) => leases.during(sessionId, work),
    heartbeat: (sessionId) =>
      // The lease first: where it is lapsing just now, the row says what became of the session.
      Effect.map(Effect.zipRight(leases.touch(sessionId), attached(sessionId)), view),
    detach: (sessionId) =>
      Effect.gen(function* () {
        const { threadId } = yield* attached(sessionId)
        yield* command(detachCommand(sessionId, threadId, yield* Clock.currentTimeMillis))
        yield* leases.release(sessionId)
        return view(yield* attached(sessionId))
      }),
    submissions: () => ({ ...counts }),
  })
})

export class AttachedSessions extends Context.Tag("@threadfold/orchestrator/AttachedSessions")<
  AttachedSessions,
  AttachedSessionsService
>() {
  /** Watches the leases for the life of the layer. Fails where the open leases cannot be read. */
  static readonly layer: Layer.Layer<AttachedSessions, StorageUnavailable, Engine | Projections> = Layer.scoped(
    AttachedSessions,
    make,
  )
}
