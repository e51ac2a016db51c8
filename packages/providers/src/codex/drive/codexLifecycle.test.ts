/** The life of a Codex process, with an agent that misbehaves on demand. */
import { describe, expect, it } from "@effect/vitest"
import { type FakeAgentScript, killProcess, readFakeAgentLog } from "@threadfold/testkit"
import { Effect, Exit, Fiber, Scope, TestClock } from "effect"
import {
  connect,
  connected,
  identified,
  left,
  logFile,
  ours,
  running,
  turnId,
} from "../../../test/support/fakeCodex.js"
import { openFiles } from "../../../test/support/processes.js"
import { stillRunning } from "../../process/ProcessTable.js"
import { contentFaults, numberingFaults } from "../../testing/TranslatorContract.js"
import { ofType, watch } from "../../testing/Watched.js"

describe("a Codex that runs", () => {
  it.scopedLive("may write unknown lines: they are kept, and the others are mapped", () =>
    Effect.gen(function* () {
      const garbage = ["not json", '{"id":0', "[1,2]", '{"method":7}', '"text"', '{"id":"unknown","result":{}}']
      const { watched, nativeThreadId } = yield* running({
        start: [{ raw: "starting up …" }, { raw: "" }],
        turns: [[...garbage.map((raw) => ({ raw })), { say: "Still here." }]],
      })
      yield* watched.until(ofType("turn.completed", nativeThreadId))
      const all = watched.all()
      const kept = all.filter(ofType("provider.unmapped")).map(({ event }) => event.raw)
      expect(kept).toEqual(expect.arrayContaining(["starting up …", ...garbage]))
      expect(numberingFaults(all)).toEqual([])
      expect(contentFaults(all)).toEqual([])
    }),
  )

  it.scopedLive("has its reference before its first event, though Codex names the thread before it answers", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ answers: { "thread/start": { afterMs: 30 } } })
      const [one, other] = yield* Effect.all(
        [connection.startThread({ threadId: ours }), connection.startThread({ threadId: "another" })],
        { concurrency: 2 },
      )
      yield* watched.until(ofType("thread.started", other.nativeThreadId))
      expect([...watched.references].sort()).toEqual(
        [
          [one.nativeThreadId, ours],
          [other.nativeThreadId, "another"],
        ].sort(),
      )
      expect(numberingFaults(watched.all())).toEqual([])
    }),
  )

  it.scopedLive("has its reference after a resume, too, and loses it when the resume is refused", () =>
    Effect.gen(function* () {
      const script = `
        const say = (message) => console.log(JSON.stringify(message))
        let answer = () => {}
        require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
          const { id, method, params } = JSON.parse(line)
          if (method === "initialize") say({ id, result: {} })
          if (method === "turn/steer") answer()
          if (method !== "thread/resume") return
          const threadId = params.threadId
          if (threadId === "gone") return say({ id, error: { code: -32600, message: "no rollout found" } })
          say({ method: "thread/status/changed", params: { threadId, status: { type: "idle" } } })
          answer = () => say({ id, result: { thread: { id: threadId } } })
        })`
      const { connection, watched } = yield* connected({}, { command: process.execPath, args: ["-e", script] })
      const resumed = yield* Effect.fork(connection.resumeThread({ threadId: ours, nativeThreadId: "stored" }))
      yield* watched.until(ofType("session.started", "stored"))
      expect(watched.all().some(ofType("session.configured"))).toBe(false)
      expect(watched.references.get("stored")).toBe(ours)
      yield* connection.steer({ nativeThreadId: "stored", nativeTurnId: "x", text: "now answer" })
      yield* Fiber.join(resumed)
      yield* Effect.flip(connection.resumeThread({ threadId: "other", nativeThreadId: "gone" }))
      expect(connection.reference("gone")).toBeNull()
    }),
  )

  it.scopedLive("may refuse to open a thread", () =>
    Effect.gen(function* () {
      const { connection } = yield* connected({ answers: { "thread/start": { refuse: "no more threads" } } })
      expect(yield* Effect.flip(connection.startThread({ threadId: ours }))).toMatchObject({
        _tag: "Refused",
        operation: "start-thread",
        message: "no more threads",
      })
    }),
  )

  it.scoped("that never answers makes the operation time out", () =>
    Effect.gen(function* () {
      const connection = yield* connect({ answers: { "thread/start": "never" } })
      const asked = yield* Effect.fork(Effect.flip(connection.startThread({ threadId: ours })))
      yield* TestClock.adjust(30_000)
      expect(yield* Fiber.join(asked)).toMatchObject({ _tag: "TimedOut", operation: "start-thread", afterMs: 30_000 })
    }),
  )

  it.scopedLive("may refuse a turn: the answer says so, and the event names our turn", () =>
    Effect.gen(function* () {
      const { delivered, nativeThreadId, watched } = yield* running({ answers: { "turn/start": { refuse: "busy" } } })
      expect(yield* Effect.flip(delivered.answered)).toMatchObject({
        _tag: "Refused",
        operation: "send-turn",
        message: "busy",
      })
      const failed = yield* watched.until(ofType("turn.start-failed", nativeThreadId))
      expect(failed.event).toMatchObject({ turnId, payload: { error: { message: "busy" } } })
    }),
  )

  it.scopedLive("that exits during an operation fails its answer, and reports why it exited", () =>
    Effect.gen(function* () {
      const { delivered, watched } = yield* running({
        start: [{ stderr: "out of memory" }],
        answers: { "turn/start": { exit: 9 } },
      })
      const lost = yield* Effect.flip(delivered.answered)
      expect(lost).toMatchObject({ _tag: "ConnectionLost" })
      expect(lost.message).toContain("ended with code 9")
      const events = yield* watched.ended
      const end = { code: 9, signal: null, message: "out of memory", reason: "exit" }
      expect(events.slice(-2).map(({ event }) => [event.type, event.payload])).toEqual([
        ["session.exited", end],
        ["connection.closed", end],
      ])
    }),
  )

  it.scopedLive("that closes its output and goes on running is ended", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* running({
        turns: [[{ closeStdout: true }, { hang: true }]],
        ignoreSigterm: true,
        ignoreStdinEnd: true,
      })
      const events = yield* watched.ended
      expect(events.at(-1)?.event).toMatchObject({ type: "connection.closed", payload: { reason: "exit" } })
      expect(JSON.stringify(events.at(-1)?.event.payload)).toContain("The agent closed its output.")
      expect(yield* left).toEqual([])
      yield* connection.stop
    }),
  )

  it.scopedLive("that ignores SIGTERM is killed after the grace period", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* running({
        turns: [[{ hang: true }]],
        ignoreSigterm: true,
        ignoreStdinEnd: true,
      })
      yield* connection.stop
      const events = yield* watched.ended
      expect(events.slice(-2).map(({ event }) => event.payload)).toEqual([
        { code: null, signal: "SIGKILL", reason: "exit" },
        { code: null, signal: "SIGKILL", reason: "stopped" },
      ])
      expect(yield* left).toEqual([])
    }),
  )

  it.scopedLive.skipIf(process.platform === "win32")("takes its children with it, however it ends", () =>
    Effect.gen(function* () {
      for (const end of ["stop", "kill", "exit"] as const) {
        const log = yield* logFile
        const children = [
          { spawn: { ignoreSignals: true, ownGroup: true, holdStdout: true } },
          { spawn: { ignoreSignals: true } },
        ]
        const last = end === "exit" ? [{ exit: 5 }] : [{ say: "up" }, { hang: true as const }]
        const { connection, nativeThreadId, watched } = yield* running({ log, turns: [[...children, ...last]] })
        if (end !== "exit") yield* watched.until(ofType("content.delta", nativeThreadId))
        const entries = readFakeAgentLog(log)
        const agent = entries.flatMap((entry) => (entry.is === "start" ? [entry.pid] : []))
        const family = yield* identified(entries.flatMap((entry) => (entry.is === "spawned" ? [entry.child] : [])))
        if (end === "stop") yield* connection.stop
        if (end === "kill") for (const pid of agent) killProcess(pid)
        const events = yield* watched.ended
        expect(events.at(-1)?.event.type).toBe("connection.closed")
        yield* connection.stop
        expect(readFakeAgentLog(log).filter((entry) => entry.is === "spawned")).toHaveLength(2)
        expect(yield* stillRunning(family)).toEqual([])
        expect(yield* left).toEqual([])
      }
    }),
  )

  it.scopedLive("waits for a slow consumer, and loses no event", () =>
    Effect.gen(function* () {
      const text = Array.from({ length: 10_000 }, (_, index) => `word ${index} `).join("")
      const connection = yield* connect({ turns: [[{ say: text, deltas: 10_000 }]] })
      const { nativeThreadId } = yield* connection.startThread({ threadId: ours })
      const delivered = yield* connection.sendTurn({ nativeThreadId, turnId, text: "go" })
      yield* delivered.answered
      const watched = yield* watch(connection)
      yield* watched.until(ofType("turn.completed", nativeThreadId))
      const deltas = watched.all().filter(ofType("content.delta", nativeThreadId))
      const said = deltas.map(({ event }) =>
        typeof event.payload === "object" && event.payload !== null && "delta" in event.payload
          ? event.payload.delta
          : "",
      )
      expect(said.join("")).toBe(text)
      expect(numberingFaults(watched.all())).toEqual([])
    }),
  )

  it.scopedLive("is closed for one thread at a time, and may open it again", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched } = yield* running({ turns: [[{ say: "up" }, { hang: true }]] })
      yield* watched.until(ofType("content.delta", nativeThreadId))
      yield* connection.closeThread(nativeThreadId)
      yield* connection.resumeThread({ threadId: ours, nativeThreadId })
      yield* watched.until(
        ({ event, scope }) => event.type === "session.started" && scope.kind === "session" && scope.session === 2,
      )
      const ofFirst = watched.all().filter(({ scope }) => scope.kind === "session" && scope.session === 1)
      expect(ofFirst.slice(-2).map(({ event }) => [event.type, event.payload])).toMatchObject([
        [expect.anything(), expect.anything()],
        ["session.exited", { reason: "detached" }],
      ])
      expect(ofFirst.filter(ofType("turn.completed"))).toHaveLength(1)
    }),
  )

  it.scoped("that does not end a turn is not closed for ever", () =>
    Effect.gen(function* () {
      const script: FakeAgentScript = { turns: [[{ say: "up" }, { hang: true }]], ignoreInterrupt: true }
      const { connection, nativeThreadId, watched } = yield* running(script)
      yield* watched.until(ofType("content.delta", nativeThreadId))
      const closed = yield* Effect.fork(Effect.flip(connection.closeThread(nativeThreadId)))
      yield* TestClock.adjust(30_000)
      expect(yield* Fiber.join(closed)).toMatchObject({ _tag: "TimedOut", operation: "stop", afterMs: 30_000 })
    }),
  )

  it.scopedLive("asks, and takes the whole answer", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched } = yield* running({ turns: [[{ ask: "question" }]] })
      const asked = yield* watched.until(ofType("user-input.requested", nativeThreadId))
      const nativeRequestId = asked.event.native?.requestId ?? ""
      expect(nativeRequestId).toBe("0")
      const answer = (decision: string, data?: unknown) =>
        connection.answer({ nativeThreadId, nativeRequestId, decision, data })
      expect(yield* Effect.flip(answer("accept"))).toMatchObject({ _tag: "Refused", operation: "answer" })
      yield* answer("answer", { answers: { q: ["one"] } })
      yield* watched.until(ofType("turn.completed", nativeThreadId))
      const said = watched.all().filter(ofType("item.completed", nativeThreadId)).at(-1)
      expect(said?.event.payload).toMatchObject({ text: 'answered {"q":{"answers":["one"]}}' })
    }),
  )

  it.scopedLive("is steered into the running turn", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched } = yield* running({
        turns: [[{ say: "up" }, { awaitSteer: true }, { say: "steered" }]],
      })
      const started = yield* watched.until(ofType("turn.started", nativeThreadId))
      yield* watched.until(ofType("content.delta", nativeThreadId))
      const nativeTurnId = started.event.native?.turnId ?? ""
      const steered = yield* connection.steer({ nativeThreadId, nativeTurnId, text: "more" })
      yield* steered.answered
      expect((yield* watched.until(ofType("turn.completed", nativeThreadId))).event.native?.turnId).toBe(nativeTurnId)
      const late = yield* connection.steer({ nativeThreadId, nativeTurnId, text: "too late" })
      expect((yield* Effect.flip(late.answered))._tag).toBe("Refused")
    }),
  )

  it.scopedLive("is interrupted in the turn that took the place of the named one without a reported end", () =>
    Effect.gen(function* () {
      const log = yield* logFile
      const { connection, nativeThreadId, watched } = yield* running({ log, turns: [[{ moveOn: true }]] })
      const started = yield* watched.until(ofType("turn.started", nativeThreadId))
      const nativeTurnId = started.event.native?.turnId ?? ""
      const next = yield* watched.until(
        ({ event }) => event.type === "turn.started" && event.native?.turnId !== nativeTurnId,
      )
      const { answered } = yield* connection.interrupt({ nativeThreadId, nativeTurnId })
      yield* answered
      const ended = yield* watched.until(ofType("turn.completed", nativeThreadId))
      expect(ended.event).toMatchObject({ native: next.event.native, payload: { outcome: "interrupted" } })
      const named = readFakeAgentLog(log).flatMap((entry) =>
        entry.is === "received" && entry.method === "turn/interrupt" ? [entry.message] : [],
      )
      expect(named).toMatchObject([
        { params: { turnId: nativeTurnId } },
        { params: { turnId: next.event.native?.turnId } },
      ])
    }),
  )

  it.scopedLive("is not interrupted in a turn that came after the named one had ended", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched } = yield* running({ turns: [[{ say: "one" }], [{ hang: true }]] })
      const over = yield* watched.until(ofType("turn.completed", nativeThreadId))
      yield* connection.sendTurn({ nativeThreadId, turnId: ours, text: "two" })
      const nativeTurnId = over.event.native?.turnId ?? ""
      yield* watched.until(({ event }) => event.type === "turn.started" && event.native?.turnId !== nativeTurnId)
      const late = yield* connection.interrupt({ nativeThreadId, nativeTurnId })
      expect((yield* Effect.flip(late.answered))._tag).toBe("Refused")
      expect(watched.all().filter(ofType("turn.completed", nativeThreadId))).toHaveLength(1)
    }),
  )

  it.live.skipIf(process.platform !== "linux")("costs no open file and no process, thirty times over", () =>
    Effect.gen(function* () {
      // A shell starts faster than Node: it answers the handshake, and ends with its input.
      const script = `read line; echo '{"id":1,"result":{}}'; exec cat > /dev/null`
      const cycle = Effect.scoped(
        Effect.gen(function* () {
          const { connection, watched } = yield* connected({}, { command: "sh", args: ["-c", script] })
          yield* connection.stop
          yield* watched.ended
        }),
      )
      yield* cycle
      const before = openFiles()
      yield* Effect.repeatN(cycle, 29)
      // Other tests may open one or two; a leak is thirty.
      expect(openFiles()).toBeLessThan(before + 10)
      expect(yield* left).toEqual([])
    }),
  )

  it.scopedLive("reports its end when its scope closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const connection = yield* Scope.extend(connect({}), scope)
      const watched = yield* watch(connection)
      yield* connection.startThread({ threadId: ours })
      yield* Scope.close(scope, Exit.void)
      expect((yield* watched.ended).slice(-2).map(({ event }) => event.type)).toEqual([
        "session.exited",
        "connection.closed",
      ])
    }),
  )

  it.scopedLive("ends a start whose caller was interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.scoped(connect({ answers: { initialize: "never" } })))
      while ((yield* left).length === 0) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      expect(yield* left).toEqual([])
    }),
  )
})
