/** Attached sessions over a real engine, without any server: what is pushed, and what an adapter's silence leads to. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { SessionId } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { Engine, sha256 } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { decodeRow } from "@threadfold/event-log"
import { Projections } from "@threadfold/projections"
import { Clock, Effect, Exit, Layer, Scope, TestClock } from "effect"
import { MonotonicClock } from "../host/SuspendDetector.js"
import { AttachedSessions, AttachedSettings, defaultAttachedSettings } from "./AttachedSessions.js"

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-attached-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
  ),
  (directory) => join(directory, "threadfold.db"),
)

const secret = "sk-0123456789abcdef"

/** Attached sessions of a database; no pause unless a test says so. */
const servicesOn = (file: string) =>
  AttachedSessions.layer.pipe(
    Layer.provideMerge(Projections.layer(file)),
    Layer.provideMerge(engineOn({ file })),
    Layer.provide(Layer.succeed(MonotonicClock, { now: Clock.currentTimeMillis })),
    Layer.provide(
      Layer.succeed(AttachedSettings, {
        ...defaultAttachedSettings,
        secrets: { values: [secret], onRedacted: () => undefined },
      }),
    ),
  )

const services = Layer.unwrapScoped(Effect.map(temporaryFile, servicesOn))

const session = SessionId.make(mintId(sha256, 0, "session"))
const registration = { provider: "test", nativeThreadId: "native-1", leaseMs: 30_000 }

const attach = Effect.flatMap(AttachedSessions, ({ attach }) => attach(session, registration))
const view = Effect.flatMap(Projections, (projections) =>
  Effect.map(projections.sessionRow(session), ({ value }) => value),
)

/** Pushes texts, a line each. */
const push = (...texts: readonly string[]) =>
  Effect.gen(function* () {
    const sessions = yield* AttachedSessions
    const lines = texts.map((text, index) => {
      const body = Buffer.from(text)
      return { line: index + 1, body, start: 0, end: body.length }
    })
    return yield* sessions.push(yield* sessions.require(session), lines)
  })

const notice = (seq: number, message = `notice ${seq}`) =>
  JSON.stringify({ type: "runtime.warning", channel: "adapter:test", seq, at: 1_000 + seq, payload: { message } })

describe("the lease of an attached session", () => {
  it.scoped("lapses by an event where nothing comes for it; events and heartbeats renew it", () =>
    Effect.gen(function* () {
      const { heartbeat } = yield* AttachedSessions
      yield* attach
      yield* TestClock.adjust("20 seconds")
      yield* push(notice(1))
      yield* TestClock.adjust("20 seconds")
      yield* heartbeat(session)
      yield* TestClock.adjust("20 seconds")
      expect(yield* view).toMatchObject({ status: "ready", endedAt: null })
      yield* TestClock.adjust("10 seconds")
      expect(yield* view).toMatchObject({ status: "stopped", cause: "lease-lapsed", evidence: "inferred" })
    }).pipe(Effect.provide(services)),
  )

  it.scoped("is whole again after a restart, and then lapses", () =>
    Effect.gen(function* () {
      const file = yield* temporaryFile
      const first = yield* Scope.make()
      yield* attach.pipe(Effect.provide(servicesOn(file)), Scope.extend(first))
      yield* Scope.close(first, Exit.void)
      yield* TestClock.adjust("10 minutes")
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("29 seconds")
        expect(yield* view).toMatchObject({ status: "ready", endedAt: null })
        yield* TestClock.adjust("1 seconds")
        expect(yield* view).toMatchObject({ cause: "lease-lapsed" })
      }).pipe(Effect.provide(servicesOn(file)))
    }),
  )
})

describe("what is pushed", () => {
  it.scoped("is stored line by line: a bad line under its number, and no line with its secrets", () =>
    Effect.gen(function* () {
      const { session: opened } = yield* attach
      const outcomes = yield* push(notice(1, `the key is ${secret}`), '{"channel":"adapter:test","seq":2}', "no JSON")
      expect(outcomes.map(({ fault, result, seq }) => [seq, fault?.problem ?? null, result?.status ?? null])).toEqual([
        [1, null, "appended"],
        [2, "not-an-event", "appended"],
        [null, "line-not-json", null],
      ])
      const { log } = yield* Engine
      const events = (yield* log.read({ streamId: opened.threadId, limit: 100 })).map(decodeRow).slice(-2)
      expect(events.map(({ seq, type }) => [seq, type])).toEqual([
        [1, "runtime.warning"],
        [2, "provider.unmapped"],
      ])
      expect(events[0]?.payload).toEqual({ message: "the key is [removed]" })
    }).pipe(Effect.provide(services)),
  )
})

describe("errors of an attached session", () => {
  it.scoped("are typed", () =>
    Effect.gen(function* () {
      const sessions = yield* AttachedSessions
      expect(yield* Effect.flip(sessions.heartbeat(session))).toMatchObject({ _tag: "RowNotFound" })
      expect(yield* Effect.flip(sessions.attach(session, { provider: "test", leaseMs: 30_000 }))).toMatchObject({
        _tag: "RegistrationInvalid",
      })
      yield* attach
      const other = sessions.attach(session, { ...registration, leaseMs: 5_000 })
      expect(yield* Effect.flip(other)).toMatchObject({ _tag: "SessionConflict" })
    }).pipe(Effect.provide(services)),
  )
})
