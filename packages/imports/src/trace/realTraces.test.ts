/** Fresh traces of the real Codex against a mock model: what an import makes of them, and what Codex's own reducer does. */
import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { makeCodexDriver } from "@threadfold/providers"
import { ofType, type Watched, watch } from "@threadfold/providers/testing"
import {
  codexHome,
  installedAgent,
  killProcess,
  makeHold,
  OpenAi,
  type ReducedTrace,
  reducedTrace,
  traceBundles,
} from "@threadfold/testkit"
import { Effect } from "effect"
import { MemoryLog } from "../../test/MemoryLog.js"
import { differences, rowsOf, running, traced, violations } from "../../test/traced.js"
import { traceBundle } from "./traceBundle.js"

const codex = installedAgent("codex")
const title = codex.installed ? "the real Codex" : `the real Codex (skipped: ${codex.reason})`
const run = promisify(execFile)

let turns = 0

/** A Codex that writes traces, and the model that it asks. */
const tracing = Effect.gen(function* () {
  if (!codex.installed) return yield* Effect.dieMessage("skipped")
  const { command } = codex
  const model = yield* OpenAi.server()
  const home = yield* codexHome({ baseUrl: model.baseUrl })
  const traces = join(home.folder, "traces")
  mkdirSync(traces)
  const driver = makeCodexDriver({ command, env: { ...home.env, CODEX_ROLLOUT_TRACE_ROOT: traces } })
  const connection = yield* driver.connect({ connectionId: "traces", marks: {} })
  const watched = yield* watch(connection)
  const thread = Effect.map(
    connection.startThread({
      threadId: "0199aaaa-0000-7000-8000-000000000001",
      cwd: home.cwd,
      settings: { approvalPolicy: "untrusted", sandbox: "workspace-write" },
    }),
    ({ nativeThreadId }) => nativeThreadId,
  )
  const send = (nativeThreadId: string) => {
    turns += 1
    const turnId = `0199bbbb-0000-7000-8000-${String(turns).padStart(12, "0")}`
    return Effect.tap(connection.sendTurn({ nativeThreadId, turnId, text: "go" }), ({ answered }) => answered)
  }
  const bundleOf = (nativeThreadId: string) => {
    const name = readdirSync(traces).find((one) => one.endsWith(nativeThreadId))
    if (name === undefined) throw new Error(`no trace of ${nativeThreadId}`)
    return join(traces, name)
  }
  const reduced = (bundle: string) =>
    Effect.promise(async (): Promise<ReducedTrace> => {
      const out = join(bundle, "reduced.json")
      await run(command, ["debug", "trace-reduce", "-o", out, bundle], { env: home.env })
      return reducedTrace(readFileSync(out, "utf8"))
    })
  return { bundleOf, connection, model, reduced, send, thread, traces, watched }
})

type Tracing = Effect.Effect.Success<typeof tracing>

const ofThread =
  (thread: string, is: Parameters<Watched["until"]>[0]): Parameters<Watched["until"]>[0] =>
  (one) =>
    one.scope.kind === "session" && one.scope.nativeThreadId === thread && is(one)

const ended = ({ watched }: Tracing, thread: string) => watched.until(ofThread(thread, ofType("turn.completed")))

/** What is run, and where an import says more than Codex's reducer, or says it in other words. */
const scenarios: Readonly<
  Record<
    string,
    {
      readonly differs?: readonly string[]
      readonly run: (of: Tracing, thread: string) => Effect.Effect<unknown, unknown>
    }
  >
> = {
  plain: {
    run: (of, thread) => {
      of.model.enqueue(OpenAi.reasoning("Planning.", "Hello."))
      return Effect.zipRight(of.send(thread), ended(of, thread))
    },
  },
  approval: {
    run: (of, thread) =>
      Effect.gen(function* () {
        of.model.enqueue(OpenAi.command("touch made"), OpenAi.plain("Made."))
        yield* of.send(thread)
        const asked = yield* of.watched.until(ofThread(thread, ofType("request.opened")))
        const nativeRequestId = asked.event.native?.requestId ?? "none"
        yield* of.connection.answer({ nativeThreadId: thread, nativeRequestId, decision: "accept" })
        yield* ended(of, thread)
      }),
  },
  interrupt: {
    differs: ['tool: "running" -> "interrupted"'],
    run: (of, thread) =>
      Effect.gen(function* () {
        of.model.enqueue(OpenAi.command("touch never"))
        yield* of.send(thread)
        const started = yield* of.watched.until(ofThread(thread, ofType("turn.started")))
        yield* of.watched.until(ofThread(thread, ofType("request.opened")))
        const nativeTurnId = started.event.native?.turnId ?? "none"
        yield* of.connection.interrupt({ nativeThreadId: thread, nativeTurnId })
        yield* ended(of, thread)
      }),
  },
  EOF: {
    run: (of, thread) => {
      of.model.enqueue(OpenAi.eof("partial", "item"), OpenAi.eof("partial"))
      return Effect.zipRight(of.send(thread), ended(of, thread))
    },
  },
  "EOF once": {
    run: (of, thread) => {
      of.model.enqueue(OpenAi.eof("partial", "item"), OpenAi.plain("Fine."))
      return Effect.zipRight(of.send(thread), ended(of, thread))
    },
  },
  failed: {
    run: (of, thread) => {
      of.model.enqueue(OpenAi.failed(), OpenAi.failed())
      return Effect.zipRight(of.send(thread), ended(of, thread))
    },
  },
}

const importOf = (bundle: string) =>
  Effect.gen(function* () {
    const log = new MemoryLog()
    const outcome = yield* traced(log, traceBundle(bundle, null))
    expect(outcome).toMatchObject({ unreadable: 0, bodies: { missing: 0, problems: [] } })
    expect([running(log), violations(log)]).toEqual([[], []])
    return log
  })

describe.skipIf(!codex.installed)(title, () => {
  it.scopedLive(
    "leaves traces that say the same to an import as to its own reducer",
    () =>
      Effect.gen(function* () {
        const of = yield* tracing
        const threads: (readonly [name: string, thread: string])[] = []
        for (const [name, scenario] of Object.entries(scenarios)) {
          const thread = yield* of.thread
          threads.push([name, thread])
          yield* scenario.run(of, thread)
        }
        yield* of.connection.stop
        yield* of.watched.ended
        for (const [name, thread] of threads) {
          const bundle = of.bundleOf(thread)
          const log = yield* importOf(bundle)
          expect([name, differences(log, yield* of.reduced(bundle))]).toEqual([name, scenarios[name]?.differs ?? []])
          expect([name, rowsOf(log, "anomalies")]).toEqual([name, []])
        }
      }),
    600_000,
  )

  it.scopedLive(
    "reduces the traces of the project to exactly what lies beside them",
    () =>
      Effect.gen(function* () {
        if (!codex.installed) return
        const home = yield* codexHome({ baseUrl: "http://127.0.0.1:9" })
        for (const { name, path, written } of traceBundles) {
          const out = join(home.folder, `${name}.json`)
          yield* Effect.promise(() => run(codex.command, ["debug", "trace-reduce", "-o", out, path], { env: home.env }))
          expect([name, JSON.parse(written())]).toEqual([name, JSON.parse(readFileSync(out, "utf8"))])
        }
      }),
    600_000,
  )

  it.scopedLive(
    "that was killed leaves a trace in which nothing runs after the import",
    () =>
      Effect.gen(function* () {
        const of = yield* tracing
        const thread = yield* of.thread
        const hold = makeHold()
        of.model.enqueue(OpenAi.hang(hold))
        yield* of.send(thread)
        yield* hold.reached
        const opened = of.watched.all().find(ofType("connection.opened"))?.event.payload
        const pid = typeof opened === "object" && opened !== null && "pid" in opened ? Number(opened.pid) : 0
        expect(pid).toBeGreaterThan(1)
        killProcess(pid)
        yield* of.watched.ended
        const bundle = of.bundleOf(thread)
        const log = yield* importOf(bundle)
        expect(differences(log, yield* of.reduced(bundle))).toEqual([
          'turn: "running" -> "interrupted"',
          'attempt: "running" -> "cancelled"',
        ])
      }),
    600_000,
  )
})
