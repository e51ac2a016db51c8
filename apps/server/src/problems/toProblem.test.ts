import { BenchFailed, ProgramUnavailable } from "@threadfold/bench"
import { StorageUnavailable } from "@threadfold/contracts"
import { Problem, type ProblemSlug } from "@threadfold/contracts/problem"
import { type RefusalReason, refusalReasons } from "@threadfold/core"
import {
  CommandConflict,
  CommandRefused,
  EffectConflict,
  EngineFailed,
  EngineStopped,
  LiveSessionPresent,
  QueueFull,
  StorageUncertain,
  SubscriptionRefused,
} from "@threadfold/engine"
import {
  DatabaseDamaged,
  DatabaseNotFound,
  DatabaseTooNew,
  DatabaseUnreadable,
  DataDirectoryOwned,
  SalvageTargetExists,
  StorageFailed,
  StorageFull,
  StorageLost,
  StorageReadOnly,
} from "@threadfold/event-log"
import { NotARecording, RecordingUnreadable, UnknownSource } from "@threadfold/imports"
import {
  AgentFailed,
  AgentUnknown,
  CommandUnknown,
  RegistrationInvalid,
  SessionConflict,
} from "@threadfold/orchestrator"
import { CursorInvalid, LimitInvalid, RowNotFound } from "@threadfold/projections"
import { describe, expect, it } from "vitest"
import { EnvironmentInvalid } from "../config/Environment.js"
import { PlatformUnsupported } from "../config/platform.js"
import { CannotListen } from "../http/node/Listener.js"
import { NoDatabaseIn } from "../offline/dataDirectory.js"
import { type ServiceError, toProblem } from "./toProblem.js"

const message = "It broke."
const lost = { kind: "database", found: "It is gone", committed: false } as const

/** What callers have been told of each error since the catalogue exists. */
const told: readonly (readonly [ServiceError, ProblemSlug, string])[] = [
  [new AgentFailed({ agent: "a", message }), "agent-failed", message],
  [
    new AgentUnknown({ name: "a", known: [] }),
    "agent-not-found",
    "a was neither found on this machine nor configured; nor was any other agent.",
  ],
  [
    new AgentUnknown({ name: "a", known: ["b", "c"] }),
    "agent-not-found",
    "a was neither found on this machine nor configured; these were: b, c.",
  ],
  [new BenchFailed({ message }), "internal", message],
  [new CannotListen({ host: "h", port: 1, reason: "taken" }), "address-taken", "h:1 cannot be listened on (taken)."],
  [new CommandConflict({ key: "k" }), "command-conflict", "The key k was used for another command."],
  [new CommandUnknown({ commandId: "c" }), "command-not-found", "No command has the id c."],
  [new CursorInvalid({ message }), "invalid-cursor", message],
  [new DataDirectoryOwned({ directory: "/d", owner: null }), "data-directory-owned", "/d has an owner."],
  [
    new DataDirectoryOwned({ directory: "/d", owner: { pid: 1, port: null } }),
    "data-directory-owned",
    "Process 1 without a port owns /d.",
  ],
  [
    new DataDirectoryOwned({ directory: "/d", owner: { pid: 1, port: 2 } }),
    "data-directory-owned",
    "Process 1 on port 2 owns /d.",
  ],
  [new DatabaseDamaged({ message }), "database-damaged", message],
  [new DatabaseNotFound({ file: "/f" }), "database-not-found", "There is no database at /f."],
  [new DatabaseTooNew({ message }), "database-too-new", message],
  [new DatabaseUnreadable({ message }), "database-unreadable", message],
  [new EffectConflict({ message }), "effect-conflict", message],
  [new EngineFailed({ message }), "internal", message],
  [new EngineStopped({ message }), "unavailable", message],
  [
    new EnvironmentInvalid({ variable: "X", accepts: "a number" }),
    "invalid-configuration",
    "The environment variable X takes a number.",
  ],
  [new LimitInvalid({ limit: 0 }), "invalid-request", "limit is 0; it must be a whole number from 1 to 500."],
  [
    new LiveSessionPresent({ threadId: "t", sessionId: "s", mode: "managed" }),
    "thread-busy",
    "Thread t has the managed session s.",
  ],
  [new NoDatabaseIn({ directory: "/d" }), "database-not-found", "There is no database in /d."],
  [
    new NotARecording({ name: "f", wanted: ["Codex"], seems: "an image" }),
    "not-a-recording",
    "f has no message of Codex about a thread. It seems to be an image.",
  ],
  [
    new PlatformUnsupported({ platform: "sunos" }),
    "platform-unsupported",
    "Data directories are not written on sunos. Use Linux or macOS; on Windows use WSL 2, which is Linux.",
  ],
  [new ProgramUnavailable({ message }), "unavailable", message],
  [new QueueFull(), "too-many-requests", "The writer's queue is full."],
  [new RecordingUnreadable({ name: "f", reason: "EACCES" }), "recording-not-found", "f: EACCES."],
  [new RegistrationInvalid({ message }), "invalid-request", message],
  [new RowNotFound({ resource: "thread", id: "x" }), "thread-not-found", "No thread has the id x."],
  [new RowNotFound({ resource: "session", id: "x" }), "session-not-found", "No session has the id x."],
  [new RowNotFound({ resource: "turn", id: "x" }), "turn-not-found", "No turn has the id x."],
  [new RowNotFound({ resource: "request", id: "x" }), "request-not-found", "No request has the id x."],
  [new SalvageTargetExists({ file: "/f" }), "invalid-request", "/f is there already."],
  [new SessionConflict({ message }), "session-conflict", message],
  [new StorageFailed({ message }), "storage-failed", message],
  [new StorageFull({ message }), "disk-full", message],
  [new StorageLost(lost), "storage-lost", "It is gone."],
  [new StorageReadOnly({ message }), "storage-read-only", message],
  [
    new StorageUnavailable({ failed: "The log could not be read", reason: "no" }),
    "unavailable",
    "The log could not be read: no.",
  ],
  [new StorageUncertain({ message }), "storage-uncertain", message],
  [new SubscriptionRefused({ reason: "not-found", message }), "subscription-not-found", message],
  [new SubscriptionRefused({ reason: "full", message }), "subscriptions-full", message],
  [new SubscriptionRefused({ reason: "beyond-end", message }), "invalid-request", message],
  [new UnknownSource({ source: "x", known: ["a", "b"] }), "invalid-request", 'There is no source "x". Known are a, b.'],
]

/** Refusals are told under the names that their reasons have, but for a fault of ours. */
const reasons = Object.keys(refusalReasons).filter((text): text is RefusalReason => Object.hasOwn(refusalReasons, text))

const shown = (error: ServiceError) => {
  const { detail, slug } = toProblem(error)
  return { slug, detail }
}

describe("an error", () => {
  it.each(told)("%s is told as %s", (error, slug, detail) => {
    expect(shown(error)).toEqual({ slug, detail })
  })

  it.each(reasons)("of a command refused with %s is told under that name", (reason) => {
    const slug = reason === "message-lost" ? "internal" : reason
    expect(shown(new CommandRefused({ reason, message }))).toEqual({ slug, detail: message })
  })

  it("that is a problem already stays as it is", () => {
    const problem = new Problem({ slug: "invalid-request", detail: message })
    expect(toProblem(problem)).toBe(problem)
  })
})
