/** Every error below the server as the problem that its callers are shown. */

import type { BenchFailed, ProgramUnavailable } from "@threadfold/bench"
import type { StorageUnavailable } from "@threadfold/contracts"
import { Problem, type ProblemSlug } from "@threadfold/contracts/problem"
import type { RefusalReason } from "@threadfold/core"
import type { EngineService, QueueFull, SubmitError, SubscriptionRefused } from "@threadfold/engine"
import { type OpenError, type ReadOnlyError, type SalvageError, StorageLost } from "@threadfold/event-log"
import type { BundleConflict, BundleInvalid, ExportFailed, ImportFailed } from "@threadfold/imports"
import type {
  AgentCannot,
  AgentFailed,
  AgentUnknown,
  BlobMismatch,
  BlobsFull,
  BlobUnknown,
  CommandUnknown,
  ConfigurationRefused,
  ListUnsupported,
  LoginUnknown,
  LoginUnsupported,
  PartRefused,
  RegistrationInvalid,
  SessionConflict,
  VoiceInputsFull,
  VoiceLimit,
  VoiceNotLive,
  VoiceStartsFull,
} from "@threadfold/orchestrator"
import type { ThreadListError } from "@threadfold/projections"
import type { VoiceFailed, VoiceRefused } from "@threadfold/providers"
import { Effect, Match } from "effect"
import type { EnvironmentInvalid } from "../config/Environment.js"
import type { PlatformUnsupported } from "../config/platform.js"
import type { CannotListen } from "../http/node/Listener.js"
import type { MomentsBusy } from "../moments/momentProtocol.js"
import type { NoDatabaseIn } from "../offline/dataDirectory.js"

/** What the packages below the server fail with, and what the server itself fails with until a caller is told. */
export type ServiceError =
  | StorageUnavailable
  | OpenError
  | ReadOnlyError
  | SalvageError
  | ThreadListError
  | SubmitError
  | QueueFull
  | AgentCannot
  | AgentUnknown
  | AgentFailed
  | BlobMismatch
  | BlobsFull
  | BlobUnknown
  | PartRefused
  | CommandUnknown
  | ConfigurationRefused
  | ListUnsupported
  | LoginUnknown
  | LoginUnsupported
  | RegistrationInvalid
  | SessionConflict
  | VoiceRefused
  | VoiceFailed
  | VoiceNotLive
  | VoiceInputsFull
  | VoiceLimit
  | VoiceStartsFull
  | ImportFailed
  | MomentsBusy
  | BundleInvalid
  | BundleConflict
  | ExportFailed
  | BenchFailed
  | ProgramUnavailable
  | CannotListen
  | NoDatabaseIn
  | EnvironmentInvalid
  | PlatformUnsupported

const refusals: Readonly<Record<RefusalReason, ProblemSlug>> = {
  "thread-not-found": "thread-not-found",
  "thread-conflict": "thread-conflict",
  "thread-busy": "thread-busy",
  "thread-not-run": "thread-not-run",
  "thread-read-only": "thread-read-only",
  "thread-purged": "thread-purged",
  "session-not-found": "session-not-found",
  "session-conflict": "session-conflict",
  "resource-not-found": "resource-not-found",
  "turn-active": "turn-active",
  "request-ended": "request-ended",
  "answer-not-taken": "answer-not-taken",
  "queue-conflict": "queue-conflict",
  "blob-not-found": "blob-not-found",
  "invalid-request": "invalid-request",
  "voice-busy": "voice-busy",
  "precondition-failed": "precondition-failed",
  "message-lost": "internal",
}

const resources = {
  thread: "thread-not-found",
  session: "session-not-found",
  turn: "turn-not-found",
  request: "request-not-found",
  row: "resource-not-found",
} as const

const bundles: Readonly<Record<BundleInvalid["kind"], ProblemSlug>> = {
  not: "not-a-bundle",
  newer: "bundle-too-new",
  damaged: "bundle-damaged",
  "too-large": "bundle-too-large",
}

const exports: Readonly<Record<ExportFailed["kind"], ProblemSlug>> = {
  "thread-missing": "thread-not-found",
  "thread-purged": "thread-purged",
  damaged: "database-damaged",
  "file-exists": "invalid-request",
  "too-large": "invalid-request",
  "page-not-built": "invalid-request",
}

const subscriptions: Readonly<Record<SubscriptionRefused["reason"], ProblemSlug>> = {
  "not-found": "subscription-not-found",
  full: "subscriptions-full",
  "beyond-end": "invalid-request",
}

/** One line per tag: an error that is not here does not compile. */
const slugFor: (error: ServiceError) => ProblemSlug = Match.type<ServiceError>().pipe(
  Match.withReturnType<ProblemSlug>(),
  Match.tagsExhaustive({
    AgentCannot: () => "unsupported",
    AgentFailed: () => "agent-failed",
    AgentUnknown: () => "agent-not-found",
    BenchFailed: () => "internal",
    BlobMismatch: () => "blob-mismatch",
    BlobsFull: () => "blobs-full",
    BlobUnknown: () => "blob-not-found",
    BundleConflict: () => "bundle-conflict",
    BundleInvalid: ({ kind }) => bundles[kind],
    CannotListen: () => "address-taken",
    CommandConflict: () => "command-conflict",
    CommandRefused: ({ reason }) => refusals[reason],
    CommandUnknown: () => "command-not-found",
    ConfigurationRefused: ({ reason }) => reason,
    CursorInvalid: () => "invalid-cursor",
    DataDirectoryOwned: () => "data-directory-owned",
    DatabaseDamaged: () => "database-damaged",
    DatabaseNotFound: () => "database-not-found",
    DatabaseTooNew: () => "database-too-new",
    DatabaseUnreadable: () => "database-unreadable",
    EffectConflict: () => "effect-conflict",
    EngineFailed: () => "internal",
    EngineStopped: () => "unavailable",
    EnvironmentInvalid: () => "invalid-configuration",
    ExportFailed: ({ kind }) => exports[kind],
    LimitInvalid: () => "invalid-request",
    ListUnsupported: () => "unsupported",
    LoginUnknown: () => "resource-not-found",
    LoginUnsupported: () => "unsupported",
    LiveSessionPresent: () => "thread-busy",
    MomentsBusy: () => "too-many-requests",
    NotARecording: () => "not-a-recording",
    NoDatabaseIn: () => "database-not-found",
    PartRefused: ({ reason }) => reason,
    PlatformUnsupported: () => "platform-unsupported",
    ProgramUnavailable: () => "unavailable",
    QueueFull: () => "too-many-requests",
    RecordingChanged: () => "recording-changed",
    RecordingTooNew: () => "not-a-recording",
    RecordingUnreadable: () => "recording-not-found",
    RegistrationInvalid: () => "invalid-request",
    RestoreRefused: () => "thread-conflict",
    RowNotFound: ({ resource }) => resources[resource],
    SalvageTargetExists: () => "invalid-request",
    SessionConflict: () => "session-conflict",
    StorageFailed: () => "storage-failed",
    StorageFull: () => "disk-full",
    StorageLost: () => "storage-lost",
    StorageReadOnly: () => "storage-read-only",
    StorageUnavailable: () => "unavailable",
    StorageUncertain: () => "storage-uncertain",
    SubscriptionRefused: ({ reason }) => subscriptions[reason],
    ThreadIncomplete: () => "thread-busy",
    UnknownSource: () => "invalid-request",
    VoiceFailed: () => "voice-failed",
    VoiceInputsFull: () => "too-many-requests",
    VoiceLimit: () => "voice-busy",
    VoiceStartsFull: () => "voice-busy",
    VoiceNotLive: () => "voice-not-live",
    VoiceRefused: () => "voice-refused",
  }),
)

/** The problem of an error; what is one already stays as it is. */
export const toProblem = (error: ServiceError | Problem): Problem =>
  error._tag === "Problem" ? error : new Problem({ slug: slugFor(error), detail: error.message })

/**
 * Fails with problems alone. What a read of lost files ends in is whatever SQLite meets in them, and their writer may have ended
 * of it: then the loss is the answer.
 */
export const orProblem =
  ({ storage }: EngineService) =>
  <A, R>(work: Effect.Effect<A, ServiceError | Problem, R>): Effect.Effect<A, Problem, R> => {
    /** The loss where the files are lost, else what went wrong. */
    const orLost = <E>(failed: Effect.Effect<never, E>): Effect.Effect<never, E | StorageLost> =>
      Effect.flatMap(
        storage,
        ({ lost }): Effect.Effect<never, E | StorageLost> =>
          lost === null ? failed : Effect.fail(new StorageLost({ ...lost, committed: false })),
      )
    const failedOrLost = <E extends ServiceError>(error: E) => orLost(Effect.fail(error))
    return work.pipe(
      Effect.catchTags({
        StorageUnavailable: failedOrLost,
        StorageFailed: failedOrLost,
        EngineFailed: failedOrLost,
        EngineStopped: failedOrLost,
      }),
      Effect.catchAllDefect((defect) => orLost(Effect.die(defect))),
      Effect.mapError(toProblem),
    )
  }
