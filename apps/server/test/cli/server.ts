/** A `serve --desktop` of the built program as a child process, and what adapters say to it. */
import type { ChildProcess } from "node:child_process"
import { createInterface } from "node:readline"
import { EventPage, PushResult } from "@threadfold/contracts/api"
import { Schema } from "effect"
import { start } from "./program.js"

const Hello = Schema.parseJson(
  Schema.Struct({ url: Schema.String, token: Schema.String, pid: Schema.Number, version: Schema.String }),
)

export interface RunningServer extends Schema.Schema.Type<typeof Hello> {
  readonly child: ChildProcess
  /** Exit code once it has ended; null for one that a signal killed. */
  readonly ended: Promise<number | null>
  readonly call: (path: string, init?: RequestInit) => Promise<Response>
}

/** Waits for the one line of a server that was started. Rejects with what it said on standard error where it ends before. */
export const serveBy = (child: ChildProcess): Promise<RunningServer> =>
  new Promise((resolve, reject) => {
    let stderr = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    const ended = new Promise<number | null>((done) => {
      child.on("exit", (code) => {
        reject(new Error(`the server ended with ${code}: ${stderr}`))
        done(code)
      })
    })
    if (child.stdout === null) return reject(new Error("no standard output"))
    createInterface({ input: child.stdout }).once("line", (line) => {
      const hello = Schema.decodeUnknownSync(Hello, { onExcessProperty: "error" })(line)
      const call = (path: string, init: RequestInit = {}) =>
        fetch(`${hello.url}${path}`, {
          ...init,
          headers: { authorization: `Bearer ${hello.token}`, ...Object.fromEntries(new Headers(init.headers)) },
        })
      resolve({ ...hello, child, ended, call })
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

/** Opens an attached session, and fails loudly where it is refused. */
export const attach = async (
  server: RunningServer,
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
export const push = async (server: RunningServer, sessionId: string, events: readonly object[]) => {
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
export const eventsOf = async (server: RunningServer, type: string) => {
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
