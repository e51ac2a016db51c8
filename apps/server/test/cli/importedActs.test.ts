/** A thread from another machine never acts by itself, whatever was allowed, chosen or queued there: by the built program. */
import { chmodSync, existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { ExportReport, ImportReport, ThreadSnapshot } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { Engine, sha256 } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { expect, it } from "vitest"
import { busyThread, command } from "../http/support/Managed.js"
import { testAgent } from "../http/support/TestOrchestration.js"
import { callAs, serverOn } from "../http/support/TestServer.js"
import { built, document, temporary } from "./program.js"
import { type CalledServer, serve } from "./server.js"

const rules = [{ kind: "command_approval", action: "accept", afterMs: 1_000 }]
const chosen = { mode: "everything" }

/** A thread that runs a turn, asks, has messages waiting, a choice of its person, and a rule that says yes to every command. */
const seed = (directory: string) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const { threadId } = yield* busyThread
        yield* command("POST", `/v1/threads/${threadId}/unattended`, { rules })
        const engine = yield* Engine
        const event = {
          type: "session.configure-requested",
          payload: { chosen, settings: {} },
          native: null,
          channel: null,
          seq: null,
          at: 1,
          eventId: mintId(sha256, 1, "a choice"),
        }
        yield* engine.submit({ drafts: [{ to: { streamId: threadId }, sessionId: null, actor: "client", event }] })
        const { body } = yield* callAs(ThreadSnapshot, `/v1/threads/${threadId}`)
        expect(body.thread).toMatchObject({ chosen, unattended: rules, queued: 2 })
        return threadId
      }).pipe(Effect.provide(serverOn(directory))),
    ),
  )

const Created = Schema.Struct({ threadId: Schema.String })

const send = async <A, I>({ call }: CalledServer, schema: Schema.Schema<A, I>, path: string, body?: object) => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
  const answer = await call(path, body === undefined ? {} : init)
  expect([path, answer.ok]).toEqual([path, true])
  return Schema.decodeUnknownSync(schema)(await answer.json())
}

it("has no rules, runs nothing and answers nothing, beside a thread of the same agent that does", async () => {
  const parent = temporary()
  const [from, to] = [join(parent, "from"), join(parent, "to")]
  const [file, agent, started] = [join(parent, "x.bundle"), join(parent, "agent"), join(parent, "started")]
  // An agent that says that it was started, and nothing else.
  writeFileSync(agent, `#!/bin/sh\necho started >> '${started}'\nexec cat > /dev/null\n`)
  chmodSync(agent, 0o700)
  const threadId = await seed(from)
  await document(ExportReport, ["export", file, "--redact", "none", "--data-dir", from], built)
  const imported = await document(ImportReport, ["import", "threadfold", file, "--data-dir", to], built)
  const [stream] = imported.bundle?.streams.filter(({ streamId }) => streamId === threadId) ?? []
  // The rules are taken back, the queue is held, the session ends, and so does its turn for good.
  expect(stream).toMatchObject({ status: "imported", settled: 4 })

  const config = { agents: { [testAgent.name]: { kind: "acp", command: agent } }, reaper: { watchMs: 100 } }
  writeFileSync(join(to, "threadfold.json"), JSON.stringify(config))
  const server = await serve(to)
  const before = await send(server, ThreadSnapshot, `/v1/threads/${threadId}`)
  expect(before.thread).toMatchObject({ unattended: null, chosen, queued: 2, queueHeld: true })
  expect(before.requests.filter(({ status }) => status === "open" || status === "answering")).toEqual([])

  // What is asked for after it is done: the outbox, which looks at all threads, has come by.
  const other = await send(server, Created, "/v1/threads", { agent: testAgent.name })
  await send(server, Created, `/v1/threads/${other.threadId}/messages`, { text: "go" })
  while (!existsSync(started)) await setTimeout(20)
  const { thread } = await send(server, ThreadSnapshot, `/v1/threads/${threadId}`)
  expect(thread).toEqual(before.thread)

  server.child.kill("SIGTERM")
  await server.ended
  const handle = new Sqlite(databaseFile(to), { readonly: true })
  const called = handle.prepare<[], string>("SELECT DISTINCT thread_id FROM effects").pluck().all()
  handle.close()
  expect(called).toEqual([other.threadId])
  // The same bundle again: it is as it was left.
  const again = await document(ImportReport, ["import", "threadfold", file, "--data-dir", to], built)
  expect([again.events, again.bundle?.streams.map(({ status }) => status)]).toEqual([
    0,
    again.bundle?.streams.map(() => "present"),
  ])
})
