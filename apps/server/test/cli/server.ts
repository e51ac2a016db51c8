/** A `serve --desktop` of the built program as a child process, a server of the sources in this one, and what adapters say to them. */
import type { ChildProcess } from "node:child_process"
import { createInterface } from "node:readline"
import { EventPage, PushResult } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Exit, Schema, Scope } from "effect"
import { onTestFinished } from "vitest"
import { JobStarter } from "../../src/offline/runJob.js"
import { EngineStarter } from "../../src/serve/graph.js"
import { type ServeOptions, serve as serveFor } from "../../src/serve/serve.js"
import { jobsHere, writerHere } from "./inProcess.js"
import { start } from "./program.js"

const Hello = Schema.parseJson(
  Schema.Struct({ url: Schema.String, token: Schema.String, pid: Schema.Number, version: Schema.String }),
)

/** Where a server is, and how it is called with its token. */
export interface CalledServer {
  readonly url: string
  readonly token: string
  readonly call: (path: string, init?: RequestInit) => Promise<Response>
}

export interface RunningServer extends CalledServer, Schema.Schema.Type<typeof Hello> {
  readonly child: ChildProcess
  /** Exit code once it has ended and all that it said has come; null for one that a signal killed. */
  readonly ended: Promise<number | null>
}

const callsOf =
  ({ token, url }: Pick<CalledServer, "token" | "url">): CalledServer["call"] =>
  (path, init = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(init.headers)) },
    })

/** Waits for the one line of a server that was started. Rejects with what it said on standard error where it ends before. */
export const serveBy = (child: ChildProcess): Promise<RunningServer> =>
  new Promise((resolve, reject) => {
    let stderr = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    const ended = new Promise<number | null>((done) => {
      // Not "exit": what it said last may come after that.
      child.on("close", (code) => {
        reject(new Error(`the server ended with ${code}: ${stderr}`))
        done(code)
      })
    })
    if (child.stdout === null) return reject(new Error("no standard output"))
    createInterface({ input: child.stdout }).once("line", (line) => {
      const hello = Schema.decodeUnknownSync(Hello, { onExcessProperty: "error" })(line)
      resolve({ ...hello, child, ended, call: callsOf(hello) })
    })
  })

/** Starts it and waits for its one line. Rejects with what it said on standard error where it ends before. */
export const serve = (
  directory: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<RunningServer> => {
  const where = cwd === undefined ? {} : { cwd }
  return serveBy(start(["serve", "--desktop", "--data-dir", directory, ...args], { env, ...where }))
}

export interface ServerHere extends CalledServer {
  /** Ends it in good order; the end of the test does, too. */
  readonly stop: () => Promise<void>
  /** The problem for which it cannot go on. */
  readonly broken: () => Promise<Problem>
}

/**
 * Serves a directory in this process, writer and all: for what a server answers, a twentieth of the time that the start of a process
 * takes. What is about processes, threads or the built files needs {@link serve}.
 */
export const serveHere = async (directory: string, options: Partial<ServeOptions> = {}): Promise<ServerHere> => {
  const scope = await Effect.runPromise(Scope.make())
  const stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  onTestFinished(stop)
  const serving = await Effect.runPromise(
    serveFor({
      dataDir: directory,
      host: "127.0.0.1",
      port: 0,
      allowRemote: false,
      allowedHosts: [],
      config: null,
      inferenceGateway: false,
      accessLog: false,
      loadExample: false,
      ...options,
    }).pipe(
      Scope.extend(scope),
      Effect.provideService(EngineStarter, writerHere),
      Effect.provideService(JobStarter, jobsHere),
    ),
  )
  const { token, url } = serving
  return { url, token, call: callsOf(serving), stop, broken: () => Effect.runPromise(Effect.flip(serving.broken)) }
}

/** Opens an attached session, and fails loudly where it is refused. */
export const attach = async (
  server: Pick<CalledServer, "call">,
  sessionId: string,
  nativeThreadId: string,
  leaseMs = 600_000,
): Promise<void> => {
  const answer = await server.call(`/v1/sessions/${sessionId}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ provider: "test", nativeThreadId, leaseMs }),
  })
  if (!answer.ok) throw new Error(`attach: ${answer.status} ${await answer.text()}`)
}

/** Pushes events as lines; what became of them. Rejects where the server goes away meanwhile. */
export const push = async (server: Pick<CalledServer, "call">, sessionId: string, events: readonly object[]) => {
  const answer = await server.call(`/v1/sessions/${sessionId}/events`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: events.map((event) => `${JSON.stringify(event)}\n`).join(""),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`push: ${answer.status} ${text}`)
  return Schema.decodeUnknownSync(Schema.parseJson(PushResult))(text).results
}

/** Every event of a type, page by page. */
export const eventsOf = async (server: Pick<CalledServer, "call">, type: string) => {
  const found: Schema.Schema.Type<typeof EventPage>["items"][number][] = []
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`
    const text = await (await server.call(`/v1/events?limit=500&types=${type}${more}`)).text()
    const page: Schema.Schema.Type<typeof EventPage> = Schema.decodeUnknownSync(Schema.parseJson(EventPage))(text)
    found.push(...page.items)
    cursor = page.next
  }
  return found
}
