/** A real server on a free port over a new data directory; everything goes when the scope ends. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ThreadSnapshot } from "@threadfold/contracts"
import { AttachedSession, PushResult } from "@threadfold/contracts/api"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { databaseFile } from "@threadfold/event-log"
import {
  AttachedSettings,
  defaultAttachedSettings,
  MonotonicClock,
  type OrchestrationParts,
} from "@threadfold/orchestrator"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { type HttpOptions, HttpServer, HttpServerLive } from "../../../src/http/index.js"
import { readSide } from "../../../src/serve/graph.js"
import { undeclared } from "./declared.js"
import { testOrchestration } from "./TestOrchestration.js"

/** Lines of the access log of a test's server. */
export class AccessLines extends Context.Tag("test/AccessLines")<AccessLines, string[]>() {}

export type TestOptions = Partial<Omit<HttpOptions, "accessLog">> & {
  /** Longest line of a push, bytes. */
  readonly maxLineBytes?: number
  /** Whether spans are made, as `serve` makes them where they are exported; unless told: none. */
  readonly traced?: boolean
  /** In the place of services of the orchestration. */
  readonly parts?: OrchestrationParts
}

/** A data directory of its own. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "threadfold-http-")))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
)

/** Both clocks go together, on a test's clock, too: no test pauses unless it says so. */
export const clocksTogether = { now: Clock.currentTimeMillis }

/** The server of a data directory. */
export const serverOn = (
  directory: string,
  { maxLineBytes = defaultAttachedSettings.maxLineBytes, traced = false, parts = {}, ...options }: TestOptions = {},
) => {
  const file = databaseFile(directory)
  const lines: string[] = []
  return HttpServerLive({
    dataDir: directory,
    version: "0.0.0-test",
    accessLog: (line) => lines.push(line),
    ...options,
  }).pipe(
    Layer.provideMerge(testOrchestration(parts)),
    Layer.provide(Layer.succeed(AttachedSettings, { ...defaultAttachedSettings, maxLineBytes })),
    Layer.provide(Layer.succeed(MonotonicClock, clocksTogether)),
    Layer.provideMerge(readSide(file)),
    Layer.provideMerge(engineOn({ file })),
    Layer.merge(Layer.succeed(AccessLines, lines)),
    Layer.provide(Layer.setTracerEnabled(traced)),
  )
}

/** A server over an empty data directory. */
export const testServer = (options: TestOptions = {}) =>
  Layer.unwrapScoped(Effect.map(temporaryDirectory, (directory) => serverOn(directory, options)))

/**
 * A call with the token, on a connection of its own: a kept one could be met by the next server on its port. An answer that
 * the OpenAPI document does not declare fails the test.
 */
export const call = (path: string, init: RequestInit = {}) =>
  Effect.flatMap(HttpServer, ({ url, token }) =>
    Effect.promise(async (signal) => {
      const response = await fetch(`${url}${path}`, {
        signal,
        ...init,
        headers: { authorization: `Bearer ${token}`, connection: "close", ...init.headers },
      })
      const wrong = await undeclared(`${url}${path}`, init.method ?? "GET", response)
      if (wrong !== null) throw new Error(wrong)
      return response
    }),
  )

/** A call with the token: status, headers and text. */
export const callText = (path: string, init: RequestInit = {}) =>
  Effect.flatMap(call(path, init), (response) =>
    Effect.map(
      Effect.promise(() => response.text()),
      (text) => ({ status: response.status, headers: response.headers, text }),
    ),
  )

/** A call with the token whose answer is JSON of this shape; another answer ends the test, and is shown. */
export const callAs = <A, I>(schema: Schema.Schema<A, I>, path: string, init: RequestInit = {}) =>
  Effect.flatMap(callText(path, init), ({ text, ...rest }) =>
    Schema.decodeUnknown(Schema.parseJson(schema))(text).pipe(
      Effect.mapBoth({
        onSuccess: (body) => ({ ...rest, body }),
        onFailure: ({ message }) => new Error(`${rest.status} ${text.slice(0, 500)}: ${message}`),
      }),
    ),
  ).pipe(Effect.orDie)

/** Sequence of the last event that is published. */
export const published = Effect.map(Engine, ({ log }) => log.published())

/** The snapshot of a thread. */
export const threadOf = (threadId: string) =>
  Effect.map(callAs(ThreadSnapshot, `/v1/threads/${threadId}`), ({ body }) => body)

/** A call to an attached session that answers with it. */
export const callSession = (id: string, path: string, method: string) =>
  callAs(AttachedSession, `/v1/sessions/${id}${path}`, { method })

/** A call that is expected to fail: its problem, without the `urn:` before the slug. */
export const problemOfCall = (path: string, init: RequestInit = {}) =>
  Effect.map(callAs(ProblemDetails, path, init), ({ body, headers, status }) => ({
    status,
    type: headers.get("content-type"),
    slug: body.type.replace("urn:threadfold:problem:", ""),
    detail: body.detail,
    headers,
  }))

const bodyOf = (method: string, type: string, body: string): RequestInit => ({
  method,
  headers: { "content-type": type },
  body,
})

/** Opens an attached session. */
export const attach = (sessionId: string, body: object) =>
  callAs(AttachedSession, `/v1/sessions/${sessionId}`, bodyOf("PUT", "application/json", JSON.stringify(body)))

/** Pushes events, one a line. */
export const push = (sessionId: string, lines: readonly (object | string)[]) =>
  callAs(
    PushResult,
    `/v1/sessions/${sessionId}/events`,
    bodyOf(
      "POST",
      "application/x-ndjson",
      lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
    ),
  )

/** A session id, the `n`th. */
export const sessionId = (n: number): string => `01990000-0000-7000-8000-${String(n).padStart(12, "0")}`

/** Opens the `n`th attached session, with a thread of its own. */
export const attachThread = (n: number) =>
  attach(sessionId(n), { provider: "test", nativeThreadId: `native-${n}`, leaseMs: 600_000 })

/** Makes the events of an adapter, numbered from 1 on. */
export const says = () => {
  let seq = 0
  return (type: string, native: object, payload: object = {}) => {
    seq += 1
    return { type, channel: "adapter:test", seq, at: 1_700_000_000_000 + seq, native, payload }
  }
}

/** An event of an adapter that says something harmless. */
export const notice = (seq: number, message = `notice ${seq}`) => ({
  type: "runtime.warning",
  channel: "adapter:test",
  seq,
  at: 1_700_000_000_000 + seq,
  payload: { message },
})

/** Notices from one number to another. */
export const notices = (from: number, to: number, message?: string) =>
  Array.from({ length: to - from + 1 }, (_, index) => notice(from + index, message))
